"""Echo: the owner listens to its own snapshots and answers an old one that comes after a newer with the current one.

A relay that was frozen past its lease may wake and send what it had in hand. Compaction would keep that for ever; so the
last record of a key must be the owner's newest, and this makes it so.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo import ReplaceOne

from chassis.consumer import Ear
from chassis.mongo import Store
from chassis.outbox import OUTBOX
from chassis.outlet import Outlet
from chassis.reading import Record, Waiting
from chassis.relay import send_again
from chassis.telemetry import UNREAD, Measures, log
from contracts.record import Contract

REMEMBERED_KEYS: Final = 50_000
SUSPECTS: Final = "echo_suspects"


@dataclass(frozen=True, slots=True)
class Newest:
    """What was told last of a key; `whole` when Kafka has acknowledged all of it."""

    version: int
    whole: bool


class Echo:
    """Hears one of the service's own state topics.

    A key whose version goes back is answered at once. One met for the first time (since the start, since another process
    heard its partition, or since it was forgotten for newer ones) is only suspected while it is behind its owner: what it
    lacks may be on its way, so it is answered when its partition was read to the end and nothing came. Suspects are kept
    in the store before their offsets are committed: whoever hears the partition then answers them.

    Proved by `test_a_relay_frozen_past_its_lease_cannot_leave_an_old_snapshot_behind`.
    """

    def __init__(self, store: Store, contract: Contract[Any], outlet: Outlet, measures: Measures = UNREAD) -> None:
        self._store, self._contract, self._outlet, self._measures = store, contract, outlet, measures
        self.topic = contract.state_topic
        self._last: OrderedDict[str, int] = OrderedDict()
        self._heard_at: dict[str, int] = {}
        self._since: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._suspects: dict[str, int] = {}
        self._turn = asyncio.Lock()

    async def hear(self, records: Sequence[Record]) -> Waiting:
        """Answers what comes after something newer, suspects what may; a partition never waits for it.
        Proved by `test_what_another_worker_heard_meanwhile_is_not_taken_for_known`."""
        async with self._turn:
            await self._hear(records)
        return {}

    async def _hear(self, records: Sequence[Record]) -> None:
        suspects, back = dict(self._suspects), set[str]()
        heard: dict[str, tuple[int, int]] = {}
        for record in records:
            self._follow(record)
            read = _key_and_version(record)
            if read is None:
                continue
            key, version = read
            before = heard[key][0] if key in heard else self._known(key, record.partition)
            if before is None or version < before:
                suspects[key] = record.partition
            if before is not None and version < before:
                back.add(key)
            heard[key] = version, record.offset
        behind = await self._behind(suspects, lambda key: heard[key][0] if key in heard else self._last.get(key, 0))
        await self._keep_in_mind({key: (suspects[key], heard[key][0]) for key in behind if key in heard})
        for key, (version, offset) in heard.items():
            self._remember(key, version, offset)
        await self._clear(self._suspects.keys() - behind.keys())
        self._suspects = {key: suspects[key] for key in behind}
        await self._answer({key for key in back if key in behind and behind[key].whole})

    async def settle(self, ear: Ear) -> None:
        """Answers the suspects of partitions that have been read to their end; those of the one who heard them before are
        taken over.
        Proved by `test_a_suspect_is_answered_by_whoever_hears_its_partition_next` and
        `test_a_suspect_that_is_taken_over_while_something_is_heard_is_not_forgotten`."""
        async with self._turn:
            await self._settle(ear)

    async def _settle(self, ear: Ear) -> None:
        for row in await self._store[SUSPECTS].find({"topic": self.topic}).to_list(None):
            self._suspects.setdefault(row["key"], row["partition"])
            self._last.setdefault(row["key"], row["version"])
        if not self._suspects:
            return
        suspects = dict(self._suspects)
        behind = await self._behind(suspects, lambda key: self._last.get(key, 0))
        read = await ear.caught_up()
        lacking = {key for key, told in behind.items() if told.whole and self._last.get(key, 0) < told.version}
        await self._clear(suspects.keys() - behind.keys())
        await self._answer({key for key in lacking if suspects[key] in read})

    def _follow(self, record: Record) -> None:
        """A partition that does not go on where it was left was heard by somebody else meanwhile."""
        if record.offset != self._next.get(record.partition):
            self._since[record.partition] = record.offset
        self._next[record.partition] = record.offset + 1

    def _known(self, key: str, partition: int) -> int | None:
        known = self._heard_at.get(key, -1) >= self._since[partition]
        return self._last.get(key) if known else None

    def _remember(self, key: str, version: int, offset: int) -> None:
        self._last[key], self._heard_at[key] = version, offset
        self._last.move_to_end(key)
        while len(self._last) > REMEMBERED_KEYS:
            forgotten, _ = self._last.popitem(last=False)
            self._heard_at.pop(forgotten, None)

    async def _behind(self, keys: Collection[str], last: Callable[[str], int]) -> dict[str, Newest]:
        """Those whose last record is older than what was told."""
        if not keys:
            return {}
        match = {"aggregate": self._contract.aggregate, "key": {"$in": list(keys)}}
        newest = {"_id": "$key", "version": {"$max": "$version"}, "pending": {"$max": "$pending"}}
        rows = await self._store.aggregate(OUTBOX, [{"$match": match}, {"$group": newest}])
        told = {row["_id"]: Newest(row["version"], row.get("pending") is None) for row in rows}
        return {key: newest for key, newest in told.items() if last(key) < newest.version}

    async def _keep_in_mind(self, suspects: Mapping[str, tuple[int, int]]) -> None:
        rows = [
            {"_id": f"{self.topic}/{key}", "topic": self.topic, "key": key, "partition": partition, "version": version}
            for key, (partition, version) in suspects.items()
        ]
        if rows:
            kept = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
            await self._store[SUSPECTS].bulk_write(kept, ordered=False)

    async def _clear(self, keys: Iterable[str]) -> None:
        ids = []
        for key in keys:
            self._suspects.pop(key, None)
            ids.append(f"{self.topic}/{key}")
        if ids:
            await self._store[SUSPECTS].delete_many({"_id": {"$in": ids}})

    async def _answer(self, keys: Collection[str]) -> None:
        for key in sorted(keys):
            of_key = {"aggregate": self._contract.aggregate, "key": key}
            for newest in await self._store[OUTBOX].find(of_key).sort([("version", -1)]).limit(1).to_list(1):
                await send_again(self._outlet, newest, [self.topic])
                log.warning("an old snapshot came after a newer one; sent again", key=key, version=newest["version"])
                self._last[key] = newest["version"]
                self._measures.echoed.inc()
        await self._clear(keys)


def _key_and_version(record: Record) -> tuple[str, int] | None:
    headers = dict(record.headers)
    if record.key is None or "ce_sequence" not in headers:
        return None
    try:
        return record.key.decode(), int(headers["ce_sequence"])
    except (ValueError, TypeError):
        return None
