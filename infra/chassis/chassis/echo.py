"""Echo: the owner listens to its own snapshots and answers an old one that comes after a newer with the current one.

A relay that was frozen past its lease may wake and send what it had in hand. Compaction would keep that for ever; so the
last record of a key must be the owner's newest, and this makes it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from chassis.consumer import Record, Waiting
from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX
from chassis.relay import send_again
from chassis.telemetry import Measures, log
from contracts.record import Contract


class Echo:
    """Hears one of the service's own state topics.

    Heads are kept in memory: a key met for the first time in this process is only suspected when it is behind its owner,
    and cleared when its newer record follows; suspects that are left when nothing follows are answered.
    """

    def __init__(
        self, store: Store, contract: Contract[Any], kafka: AIOKafkaProducer, measures: Measures | None = None
    ) -> None:
        self._store, self._contract, self._kafka, self._measures = store, contract, kafka, measures
        self._heads: dict[str, int] = {}
        self._suspects: set[str] = set()

    async def hear(self, records: Sequence[Record]) -> Waiting:
        stale: set[str] = set()
        unknown: set[str] = set()
        for record in records:
            read = _key_and_version(record)
            if read is None:
                continue
            key, version = read
            head = self._heads.get(key)
            if head is None:
                unknown.add(key)
            if head is not None and version < head:
                stale.add(key)
            else:
                stale.discard(key)
                self._heads[key] = version
        self._suspects |= unknown
        await self._answer(stale)
        await self._clear_suspects()
        return {}

    async def _clear_suspects(self) -> None:
        """A suspect behind its owner's last published version, with nothing of it on the way, is answered."""
        if not self._suspects:
            return
        keys = list(self._suspects)
        newest = await self._published(keys)
        behind = {key for key in keys if self._heads[key] < newest.get(key, 0)}
        self._suspects = behind
        if behind and not await self._on_the_way(behind):
            await self._answer(behind)

    async def settle(self) -> None:
        """Looks at the suspects once more when the topic is quiet."""
        await self._clear_suspects()

    async def _published(self, keys: list[str]) -> dict[str, int]:
        rows = await self._store[self._contract.aggregate].find({"_id": {"$in": keys}}, {"version": 1}).to_list(None)
        return {row["_id"]: row["version"] for row in rows}

    async def _on_the_way(self, keys: set[str]) -> bool:
        asked = {"aggregate": self._contract.aggregate, "key": {"$in": list(keys)}, "pending": {"$gt": 0}}
        return await self._store[OUTBOX].find_one(asked) is not None

    async def _answer(self, keys: set[str]) -> None:
        for key in sorted(keys):
            row = await self.current(key)
            if row is None:
                continue
            await send_again(self._kafka, row, [self._contract.state_topic])
            self._heads[key] = row["version"]
            self._suspects.discard(key)
            if self._measures:
                self._measures.echoed.inc()
            log.warning("an old snapshot came after a newer one; sent again", key=key, version=row["version"])

    async def current(self, key: str) -> Row | None:
        asked = {"aggregate": self._contract.aggregate, "key": key}
        rows = await self._store[OUTBOX].find(asked).sort([("version", -1)]).limit(1).to_list(1)
        return rows[0] if rows else None


def _key_and_version(record: Record) -> tuple[str, int] | None:
    headers = dict(record.headers)
    if record.key is None or "ce_sequence" not in headers:
        return None
    try:
        return record.key.decode(), int(headers["ce_sequence"])
    except ValueError:
        return None
