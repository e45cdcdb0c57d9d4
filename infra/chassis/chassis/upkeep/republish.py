"""Sends again, with the same ids, what the outbox says was told and a topic does not hold any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX
from chassis.outlet import Outlet
from chassis.relay import send_again
from chassis.upkeep.archive import Place, places, whole
from contracts.record import Contract

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Republished:
    """How many records of a topic were told, and how many of them had to be sent again."""

    topic: str
    told: int
    sent: int


async def republish(
    contracts: Sequence[Contract[Any]], bootstrap: str, store: Store, since: datetime | None = None
) -> AsyncIterator[Republished]:
    """Compares each topic of a service with its outbox and sends what is missing, each key in order.

    Of facts every one is wanted, of snapshots the last of each key. Rows that Kafka never acknowledged are left to the
    relay; `since` leaves out what was told before. The topics must exist.

    Proved by `test_only_what_is_missing_is_sent_again`.
    """
    outlet = Outlet(bootstrap, "republish")
    try:
        for contract in contracts:
            yield await _facts(contract, bootstrap, store, outlet, since)
            if contract.keeps_state:
                yield await _snapshots(contract, bootstrap, store, outlet, since)
    finally:
        await outlet.stop()


async def _facts(
    contract: Contract[Any], bootstrap: str, store: Store, outlet: Outlet, since: datetime | None
) -> Republished:
    topic = contract.events_topic
    there = {entry.place async for entry in whole(bootstrap, topic) if entry.place}
    told = sent = 0
    async for row in _rows(store, contract, since):
        wanted = set(places(row, topic))
        told += len(wanted)
        missing = {place.id for place in wanted - there}
        if missing:
            lost = [record for record in row["records"] if record["id"] in missing]
            sent += await send_again(outlet, {**row, "records": lost}, [topic])
    return Republished(topic, told, sent)


async def _snapshots(
    contract: Contract[Any], bootstrap: str, store: Store, outlet: Outlet, since: datetime | None
) -> Republished:
    topic = contract.state_topic
    last: dict[str, Place | None] = {}
    async for entry in whole(bootstrap, topic):
        last[entry.key] = entry.place
    newest: dict[str, tuple[str, int]] = {}
    async for row in _rows(store, contract, since, {"key": 1, "version": 1}):
        if row["version"] >= newest.get(row["key"], ("", 0))[1]:
            newest[row["key"]] = (row["_id"], row["version"])
    sent = 0
    for key, (row_id, version) in newest.items():
        kept = last.get(key)
        if kept is None or kept.version < version:
            row = await store[OUTBOX].find_one({"_id": row_id})
            sent += await send_again(outlet, row, [topic])
    return Republished(topic, len(newest), sent)


async def _rows(
    store: Store, contract: Contract[Any], since: datetime | None, fields: Row | None = None
) -> AsyncIterator[Row]:
    asked: Row = {"aggregate": contract.aggregate, "pending": {"$exists": False}}
    if since:
        asked["at"] = {"$gte": int(since.timestamp() * 1_000_000)}
    async for row in store[OUTBOX].find(asked, fields).sort([("key", 1), ("version", 1)]).batch_size(AT_ONCE):
        yield row
