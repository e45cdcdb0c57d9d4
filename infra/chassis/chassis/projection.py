"""Views and local copies: what a state topic says, kept per key with the version it says it for.

Harmless by construction: a record is taken only when its version is newer than what is kept, so duplicates, replays and
late old records change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from chassis.consumer import Record, Waiting
from chassis.mongo import AWAY, SAME_KEY, Row, Session, Store, ascending
from chassis.parking import Parking
from chassis.telemetry import SAMPLED, Measures, heard_span, log
from contracts.record import Contract

Shape = Callable[[Row, Mapping[str, bytes]], Row]


def as_it_is(state: Row, headers: Mapping[str, bytes]) -> Row:
    return state


@dataclass(frozen=True)
class Projection:
    """A view: which contract's states, into which collection, shaped how (state JSON and headers → document)."""

    contract: Contract[Any]
    collection: str
    shape: Shape = as_it_is
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        return f"view {self.collection}"


@dataclass(frozen=True)
class Copy:
    """A local copy `{_id, version, …members}` of another service's public states; `members` empty keeps all."""

    contract: Contract[Any]
    collection: str
    members: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()

    def projection(self) -> Projection:
        if not self.members:
            return Projection(self.contract, self.collection, indexes=self.indexes)
        wanted = frozenset(self.members)

        def shape(state: Row, headers: Mapping[str, bytes]) -> Row:
            return {name: value for name, value in state.items() if name in wanted}

        return Projection(self.contract, self.collection, shape, self.indexes)


@dataclass
class Projector:
    """Hears one state topic for one projection.

    Guarantees: after the batch, every key's document is that of the newest version heard; the write is durable before the
    offsets are committed.
    """

    store: Store
    projection: Projection
    parking: Parking
    measures: Measures | None = None
    collection: str = ""
    last_offsets: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.collection = self.collection or self.projection.collection

    async def prepare(self) -> None:
        indexes = [ascending(*fields) for fields in self.projection.indexes]
        await self.store.index(self.collection, *indexes)

    async def hear(self, records: Sequence[Record]) -> Waiting:
        newest: dict[str, tuple[Row, Record]] = {}
        for record in records:
            try:
                document = self._document(record)
            except Exception as fault:
                await self.parking.park(record, self.projection.name, f"{type(fault).__name__}: {fault}")
                continue
            if document is None:
                continue
            self.parking.went_well(record.topic, self.projection.name)
            known = newest.get(document["_id"])
            if known is None or known[0]["version"] < document["version"]:
                newest[document["_id"]] = document, record
        if newest:
            await self._keep_or_park(newest)
        if self.measures:
            self.measures.heard.labels(records[0].topic, "projected").inc(len(newest))
        return {}

    def handles(self, name: str) -> bool:
        return name == self.projection.name

    async def again(self, name: str, record: Record) -> None:
        """A parked record once more; raises when it still cannot be kept."""
        document = self._document(record)
        if document is not None:
            await self.keep({document["_id"]: document})

    def _document(self, record: Record) -> Row | None:
        headers = dict(record.headers)
        type_, version = headers["ce_type"], int(headers["ce_sequence"])
        key = record.key.decode() if record.key else ""
        if not key or headers["ce_partitionkey"].decode() != key:
            raise ValueError("the key is not the aggregate's")
        if record.value is None:
            return {"_id": key, "version": version, "erased": True}
        if type_.decode() != self.projection.contract.snapshot_type:
            if self.measures:
                self.measures.heard.labels(record.topic, "unknown type").inc()
            return None
        trace = headers.get("ce_traceparent")
        if trace and chr(trace[-1]) in SAMPLED:
            attributes: dict[str, str | int] = {
                "passerelle.view": self.collection,
                "passerelle.version": version,
            }
            with heard_span(f"project {self.collection}", trace.decode("latin-1"), attributes):
                return self._shaped(record.value, headers, key, version)
        return self._shaped(record.value, headers, key, version)

    def _shaped(self, value: bytes, headers: Mapping[str, bytes], key: str, version: int) -> Row:
        state = orjson.loads(value)
        if not isinstance(state, dict) or state.get("id") != key or state.get("version") != version:
            raise ValueError("not a snapshot of this key and version")
        document = self.projection.shape(state, headers)
        document.pop("id", None)
        return {**document, "_id": key, "version": version}

    async def _keep_or_park(self, newest: Mapping[str, tuple[Row, Record]]) -> None:
        """All at once; when the store takes one of them never, one by one, so that only that one is put aside."""
        try:
            await self.keep({key: document for key, (document, _) in newest.items()})
        except AWAY:
            raise
        except Exception as fault:
            log.warning("a batch could not be kept whole", view=self.collection, fault=repr(fault)[:300])
            for key, (document, record) in newest.items():
                try:
                    await self.keep({key: document})
                except AWAY:
                    raise
                except Exception as refused:
                    await self.parking.park(record, self.projection.name, f"{type(refused).__name__}: {refused}")

    async def keep(self, newest: Mapping[str, Row]) -> None:
        """Takes each document unless what is kept under its id is as new."""
        versions = await self._versions(list(newest))
        fresh = [document for id_, document in newest.items() if id_ not in versions]
        newer = [
            document for id_, document in newest.items() if id_ in versions and versions[id_] < document["version"]
        ]
        if fresh:
            try:
                await self.store[self.collection].insert_many(fresh, ordered=False)
            except BulkWriteError as raced:
                if any(error["code"] != SAME_KEY for error in raced.details["writeErrors"]):
                    raise
                await self._one_by_one(fresh)
        if newer:
            await self.store.transaction(lambda session: self._replace(newer, session))

    async def _versions(self, ids: list[str]) -> dict[str, int]:
        rows = await self.store[self.collection].find({"_id": {"$in": ids}}, {"version": 1}).to_list(len(ids))
        return {row["_id"]: row["version"] for row in rows}

    async def _replace(self, documents: list[Row], session: Session) -> None:
        replacing = [ReplaceOne({"_id": d["_id"], "version": {"$lt": d["version"]}}, d) for d in documents]
        await self.store[self.collection].bulk_write(replacing, ordered=False, session=session)

    async def _one_by_one(self, documents: list[Row]) -> None:
        for document in documents:
            guarded = {"_id": document["_id"], "version": {"$lt": document["version"]}}
            try:
                await self.store[self.collection].replace_one(guarded, document, upsert=True)
            except DuplicateKeyError:
                continue  # what is kept is as new or newer


__all__ = ["Copy", "Projection", "Projector"]
