"""Views and local copies: what a state topic says, kept per key with the version it says it for.

Harmless by construction: a record is taken only when its version is newer than what is kept, so duplicates, replays and
late old records change nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import orjson
from pymongo import ReplaceOne
from pymongo.errors import DuplicateKeyError

from chassis.mongo import AWAY, Row, Session, Store, ascending
from chassis.parking import Parking
from chassis.reading import Record, Waiting
from chassis.telemetry import SAMPLED, UNREAD, Measures, heard_since, log
from contracts.record import Contract

FEW: Final = 2
_version: Final = itemgetter(0)
Shape = Callable[[Row], Row]


def as_it_is(state: Row) -> Row:
    """A state kept as it was told."""
    return state


@dataclass(frozen=True)
class Projection:
    """A view or a local copy: which contract's states, into which collection, shaped how (state JSON → document). A copy
    `{_id, version, …members}` keeps the `members` it names; without them all is kept."""

    contract: Contract[Any]
    collection: str
    shape: Shape = as_it_is
    indexes: tuple[tuple[str, ...], ...] = ()
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"view {self.collection}"

    def kept(self, state: Row) -> Row:
        """What is kept of a state."""
        shaped = self.shape(state)
        return {name: shaped[name] for name in self.members if name in shaped} if self.members else shaped


@dataclass
class Projector:
    """Hears one state topic for one projection; `told` is given the documents that were put, for whoever waits in this process.

    Guarantees: after the batch, every key's document is that of the newest version heard; the write is durable before the
    offsets are committed.

    Proved by `test_two_workers_that_hear_the_same_states_agree_on_the_newest`.
    """

    store: Store
    projection: Projection
    parking: Parking
    measures: Measures = UNREAD
    collection: str = ""
    told: Callable[[Iterable[Row]], None] | None = None

    def __post_init__(self) -> None:
        self.collection = self.collection or self.projection.collection
        self._type = self.projection.contract.snapshot_type.encode()

    async def prepare(self) -> None:
        """Makes the projection's indexes."""
        indexes = [ascending(*fields) for fields in self.projection.indexes]
        await self.store.index(self.collection, *indexes)

    async def hear(self, records: Sequence[Record]) -> Waiting:
        """Headers say which record of each key is newest; only what is newer than what is kept is read any further."""
        begun = time.time_ns()
        told: dict[str, list[tuple[int, Record]]] = {}
        traced: list[tuple[int, bytes]] = []
        for record in records:
            try:
                place = self._place(record)
            except Exception as fault:
                await self._park(record, fault)
                continue
            if place is None:
                continue
            key, version, trace = place
            told.setdefault(key, []).append((version, record))
            if trace and chr(trace[-1]) in SAMPLED:
                traced.append((version, trace))
        versions = await self._versions(list(told)) if len(told) > FEW else {}
        newest: dict[str, tuple[Row, Record]] = {}
        for key, places in told.items():
            found = await self._newest(key, places, versions.get(key, 0))
            if found is not None:
                newest[key] = found
        if newest:
            await self._put_or_park(newest, versions)
        for version, trace in traced:
            attributes: dict[str, str | int] = {"passerelle.view": self.collection, "passerelle.version": version}
            heard_since(begun, f"project {self.collection}", trace.decode("latin-1"), attributes)
        self.measures.heard.labels(records[0].topic, "projected").inc(len(newest))
        return {}

    async def again(self, record: Record) -> None:
        """A parked record once more; raises when it still cannot be kept.
        Proved by `test_a_parked_state_is_kept_after_all_when_it_can_be`."""
        place = self._place(record)
        if place is not None:
            key, version, _ = place
            await self.keep({key: self._document(record.value, key, version)})

    async def _park(self, record: Record, fault: Exception) -> None:
        await self.parking.park(record, self.projection.name, f"{type(fault).__name__}: {fault}")

    def _place(self, record: Record) -> tuple[str, int, bytes | None] | None:
        """Whose state a record is, of which version, told in which trace; None for a type that is not known here."""
        headers = dict(record.headers)
        type_, version = headers["ce_type"], int(headers["ce_sequence"])
        if not record.key or headers["ce_partitionkey"] != record.key:
            raise ValueError("the key is not the aggregate's")
        if type_ != self._type and record.value is not None:
            self.measures.heard.labels(record.topic, "unknown type").inc()
            return None
        return record.key.decode(), version, headers.get("ce_traceparent")

    async def _newest(self, key: str, places: list[tuple[int, Record]], kept: int) -> tuple[Row, Record] | None:
        """The document of the newest readable record, when it is newer than what is kept; the unreadable are put aside."""
        if len(places) > 1:
            places = sorted(places, key=_version, reverse=True)
        for version, record in places:
            if version <= kept:
                break
            try:
                document = self._document(record.value, key, version)
            except Exception as fault:
                await self._park(record, fault)
                continue
            self.parking.went_well(record.topic, self.projection.name)
            return document, record
        return None

    def _document(self, value: bytes | None, key: str, version: int) -> Row:
        if value is None:
            return {"_id": key, "version": version, "erased": True}
        state = orjson.loads(value)
        if not isinstance(state, dict) or state.get("id") != key or state.get("version") != version:
            raise ValueError("not a snapshot of this key and version")
        document = self.projection.kept(state)
        document.pop("id", None)
        document["_id"], document["version"] = key, version
        return document

    async def _put_or_park(self, newest: Mapping[str, tuple[Row, Record]], versions: Mapping[str, int]) -> None:
        """All at once; when the store takes one of them never, one by one, so that only that one is put aside."""
        try:
            await self._put({key: document for key, (document, _) in newest.items()}, versions)
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
                    await self._park(record, refused)

    async def keep(self, newest: Mapping[str, Row]) -> None:
        """Takes each document unless what is kept under its id is as new.
        Proved by `test_an_older_state_that_comes_later_changes_nothing`."""
        await self._put(newest, await self._versions(list(newest)) if len(newest) > FEW else {})

    async def _put(self, newest: Mapping[str, Row], versions: Mapping[str, int]) -> None:
        """`versions` are those that are kept; few documents go one by one, which asks for none."""
        if len(newest) <= FEW:
            put = await self._one_by_one(newest.values())
        else:
            put = await self._together(newest, versions)
        if self.told:
            self.told(put)

    async def _together(self, newest: Mapping[str, Row], versions: Mapping[str, int]) -> list[Row]:
        """Gives what was put for certain; of a batch that met another worker's, that may leave some out."""
        fresh = [document for id_, document in newest.items() if id_ not in versions]
        newer = [
            document for id_, document in newest.items() if id_ in versions and versions[id_] < document["version"]
        ]
        if fresh and await self.store.insert_new(self.collection, fresh) < len(fresh):
            fresh = await self._one_by_one(fresh)
        if newer and await self.store.transaction(lambda session: self.replace(newer, session)) < len(newer):
            newer = []
        return fresh + newer

    async def _versions(self, ids: list[str]) -> dict[str, int]:
        found = self.store[self.collection].find({"_id": {"$in": ids}}, {"version": 1}).batch_size(len(ids) + 1)
        rows = await found.to_list(len(ids))
        return {row["_id"]: row["version"] for row in rows}

    async def replace(self, documents: list[Row], session: Session, *, than: str = "$lt") -> int:
        """Those whose kept version is less (`$lte`: or the same); how many were."""
        replacing = [ReplaceOne({"_id": d["_id"], "version": {than: d["version"]}}, d) for d in documents]
        done = await self.store[self.collection].bulk_write(replacing, ordered=False, session=session)
        return int(done.matched_count)

    async def _one_by_one(self, documents: Iterable[Row]) -> list[Row]:
        """Gives those that were put."""
        put = []
        for document in documents:
            guarded = {"_id": document["_id"], "version": {"$lt": document["version"]}}
            try:
                done = await self.store[self.collection].replace_one(guarded, document, upsert=True)
            except DuplicateKeyError:  # what is kept is as new or newer, or has just come
                done = await self.store[self.collection].replace_one(guarded, document)
            if done.matched_count or done.upserted_id is not None:
                put.append(document)
        return put
