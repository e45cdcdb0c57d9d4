"""What a service owes Kafka and what stands there: rows that wait, and the records of its topics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from tests.support.coast import records_of
from tests.support.ground import Room
from tests.support.lamps import Lamps, opened
from tests.support.lantern import Dimmed
from tests.support.watching import eventually

from chassis.mongo import Row
from chassis.outbox import Told, outbox_row


def ids(records: Sequence[Any]) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in records]


async def promised(door: Lamps, topic: str) -> list[str]:
    """The ids of all that the service said it would tell there."""
    rows = await door.store["outbox"].find({}).sort([("at", 1)]).to_list(None)
    return [record["id"] for row in rows for record in row["records"] if record["topic"] == topic]


async def pending(door: Lamps) -> int:
    return int(await door.store["outbox"].count_documents({"pending": {"$gt": 0}}))


async def drained(door: Lamps, within_seconds: float = 30) -> None:
    async def waiting() -> int:
        return await pending(door)

    await eventually(waiting, lambda left: left == 0, within_seconds=within_seconds)


@asynccontextmanager
async def api(room: Room) -> AsyncIterator[Lamps]:
    """Takes commands; publishing is somebody else's work."""
    async with opened(room.settings, worker=False) as door:
        yield door


async def facts(room: Room) -> list[Any]:
    return await records_of(room.bootstrap, room.words.lantern.events_topic)


async def snapshots(room: Room) -> list[Any]:
    return await records_of(room.bootstrap, room.words.lantern.state_topic)


def row_of(room: Room, key: str, version: int, at: int) -> Row:
    contract = room.words.lantern
    fact = contract.stamp(Dimmed(brightness=1), key, version, date(2026, 11, 2))
    told = Told("lamps", "anna", "c", datetime.now(UTC))
    return outbox_row(contract, key, version, [fact], {"id": key, "version": version}, told, at)
