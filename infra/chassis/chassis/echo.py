"""Echo: the owner listens to its own snapshots and answers an old one that comes after a newer with the current one.

A relay that was frozen past its lease may wake and send what it had in hand. Compaction would keep that for ever; so the
last record of a key must be the owner's newest, and this makes it so.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any, Final

from chassis.consumer import Ear, Record, Waiting
from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX
from chassis.outlet import Outlet
from chassis.relay import send_again
from chassis.telemetry import Measures, log
from contracts.record import Contract

REMEMBERED_KEYS: Final = 50_000


class Echo:
    """Hears one of the service's own state topics.

    A key whose version goes back is answered at once. One met for the first time (since the start, or since it was forgotten
    for newer ones) is only suspected while it is behind its owner: what it lacks may be on its way, so it is answered when
    its partition was read to the end and nothing came.
    """

    def __init__(self, store: Store, contract: Contract[Any], outlet: Outlet, measures: Measures | None = None) -> None:
        self._store, self._contract, self._outlet, self._measures = store, contract, outlet, measures
        self._last: OrderedDict[str, int] = OrderedDict()
        self._suspects: dict[str, int] = {}

    async def hear(self, records: Sequence[Record]) -> Waiting:
        back: set[str] = set()
        for record in records:
            read = _key_and_version(record)
            if read is None:
                continue
            key, version = read
            before = self._last.get(key)
            if before is None or version < before:
                self._suspects[key] = record.partition
            if before is not None and version < before:
                back.add(key)
            self._remember(key, version)
        await self._answer(back & await self._behind())
        return {}

    async def settle(self, ear: Ear) -> None:
        """Answers the suspects of partitions that have been read to their end."""
        behind = await self._behind()
        if behind:
            read = await ear.caught_up()
            await self._answer({key for key in behind if self._suspects.get(key) in read} & await self._behind())

    def _remember(self, key: str, version: int) -> None:
        self._last[key] = version
        self._last.move_to_end(key)
        while len(self._last) > REMEMBERED_KEYS:
            self._last.popitem(last=False)

    async def _behind(self) -> set[str]:
        """The suspects whose last record is older than what Kafka has acknowledged; cleared are those that are not."""
        if not self._suspects:
            return set()
        told = await self._told(self._suspects)
        for key in [key for key in self._suspects if self._last.get(key, 0) >= told.get(key, (0, False))[0]]:
            del self._suspects[key]
        return {key for key in self._suspects if not told[key][1]}

    async def _told(self, keys: Collection[str]) -> dict[str, tuple[int, bool]]:
        """The newest version told of each, and whether some of it still waits for Kafka."""
        match = {"aggregate": self._contract.aggregate, "key": {"$in": list(keys)}}
        newest = {"_id": "$key", "version": {"$max": "$version"}, "pending": {"$max": "$pending"}}
        rows = await self._store.aggregate(OUTBOX, [{"$match": match}, {"$group": newest}])
        return {row["_id"]: (row["version"], row.get("pending") is not None) for row in rows}

    async def _answer(self, keys: Collection[str]) -> None:
        for key in sorted(keys):
            row = await self.current(key)
            if row is None:
                continue
            await send_again(self._outlet, row, [self._contract.state_topic])
            self._remember(key, row["version"])
            self._suspects.pop(key, None)
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
    except (ValueError, TypeError):
        return None
