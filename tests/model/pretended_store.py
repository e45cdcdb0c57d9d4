"""A store in memory with the interface that the chassis uses, whose every step waits for leave and may fail.

Transactions see a snapshot and meet a conflict when what they write was changed meanwhile, as on the real one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar

from pymongo import ReplaceOne
from pymongo.errors import DuplicateKeyError

from chassis.mongo import SAME_KEY, StoreAway

T = TypeVar("T")
Row = dict[str, Any]
Leave = Callable[[str], Awaitable[str]]
"""Waits until this step may be taken: `done`; `lost` (taken, the answer is lost) or `away` (not taken)."""


class Tables(dict[str, dict[str, Row]]):
    """What is kept, for every process that speaks to it."""

    def of(self, name: str) -> dict[str, Row]:
        return self.setdefault(name, {})

    def as_now(self) -> Tables:
        """Rows are replaced and never changed, so what is copied is who stands where."""
        return Tables({name: dict(rows) for name, rows in self.items()})


@dataclass
class View:
    """What a transaction sees and changes."""

    tables: Tables
    written: set[tuple[str, str]] = field(default_factory=set)


class Conflict(Exception):
    pass


@dataclass
class PretendedStore:
    """One process's connection."""

    tables: Tables
    leave: Leave
    name: str = "pretended"

    def __getitem__(self, collection: str) -> Shelf:
        return Shelf(self, collection)

    async def transaction(self, work: Callable[[Any], Awaitable[T]]) -> T:
        while True:
            if await self.leave("begin") != "done":
                raise StoreAway("begin")
            before = self.tables.as_now()
            view = View(before.as_now())
            try:
                result = await work(view)
            except DuplicateKeyError:
                continue
            leave = await self.leave("commit") if view.written else "done"
            if leave == "away":
                raise StoreAway("commit")
            if any(self.tables.of(c).get(i) != before.of(c).get(i) for c, i in view.written):
                continue
            for collection, id_ in view.written:
                if id_ in view.tables.of(collection):
                    self.tables.of(collection)[id_] = view.tables.of(collection)[id_]
                else:
                    self.tables.of(collection).pop(id_, None)
            if leave == "lost":
                raise StoreAway("the answer to a commit")
            return result

    def writes(self) -> PretendedWrites:
        return PretendedWrites(self)

    async def as_of_one_moment(
        self, collection: str, asked: Mapping[str, Any], sort: Sequence[tuple[str, int]], most: int
    ) -> list[Row]:
        return await self[collection].find(asked).sort(sort).limit(most).to_list(most)

    async def aggregate(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The one grouping that is asked for: the newest version of each key."""
        match, group = pipeline[0]["$match"], pipeline[1]["$group"]
        assert set(group) == {"_id", "version", "pending"}
        found: dict[str, Row] = {}
        for row in await self[collection].find(match).to_list(None):
            told = found.setdefault(row["key"], {"_id": row["key"], "version": 0, "pending": None})
            told["version"] = max(told["version"], row["version"])
            told["pending"] = max(filter(None, (told["pending"], row.get("pending"))), default=None)
        return list(found.values())

    async def index(self, *_: Any) -> None:
        return None


@dataclass
class PretendedWrites:
    """Made one after the other in the transaction that sends them."""

    store: PretendedStore
    gathered: list[Callable[[View], Awaitable[Any]]] = field(default_factory=list)

    def insert(self, collection: str, row: Row) -> None:
        self.gathered.append(lambda session: self.store[collection].insert_one(row, session=session))

    def replace(self, collection: str, asked: Row, row: Row, *, upsert: bool = False) -> None:
        self.gathered.append(
            lambda session: self.store[collection].replace_one(asked, row, upsert=upsert, session=session)
        )

    def update(
        self, collection: str, asked: Row, change: Row, *, otherwise: Exception | None = None, upsert: bool = False
    ) -> None:
        async def update(session: View) -> None:
            updated = await self.store[collection].update_one(asked, change, upsert=upsert, session=session)
            if otherwise and not updated.matched_count:
                raise otherwise

        self.gathered.append(update)

    def update_all(self, collection: str, ids: Sequence[str], change: Row) -> None:
        asked = {"_id": {"$in": ids}}
        self.gathered.append(lambda session: self.store[collection].update_many(asked, change, session=session))

    async def send(self, session: View) -> None:
        gathered, self.gathered = self.gathered, []
        for write in gathered:
            await write(session)


@dataclass
class Shelf:
    """One collection."""

    store: PretendedStore
    name: str

    def find(self, asked: Mapping[str, Any] | None = None, fields: Any = None, *, session: Any = None) -> Cursor:
        return Cursor(self, asked or {}, session)

    async def find_one(self, asked: Mapping[str, Any], fields: Any = None, *, session: Any = None) -> Row | None:
        found = await self.find(asked, session=session).limit(1).to_list(1)
        return found[0] if found else None

    async def rows(self, session: View | None, step: str = "read") -> dict[str, Row]:
        if session is not None:
            return session.tables.of(self.name)
        if await self.store.leave(step) == "away":
            raise StoreAway(step)
        return self.store.tables.of(self.name)

    async def insert_one(self, row: Row, *, session: View | None = None) -> None:
        rows = await self.rows(session, "write")
        if row["_id"] in rows:
            raise DuplicateKeyError("same _id", SAME_KEY)
        self._put(rows, row, session)

    async def update_one(
        self, asked: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool = False, session: View | None = None
    ) -> SimpleNamespace:
        rows = await self.rows(session, "write")
        matched = [row for row in rows.values() if matches(row, asked)][:1]
        if not matched and upsert:
            matched = [{"_id": asked["_id"]}]
        for row in matched:
            self._put(rows, changed(row, change), session)
        return SimpleNamespace(matched_count=len(matched))

    async def update_many(
        self, asked: Mapping[str, Any], change: Mapping[str, Any], *, session: View | None = None
    ) -> None:
        rows = await self.rows(session, "write")
        for row in [row for row in rows.values() if matches(row, asked)]:
            self._put(rows, changed(row, change), session)

    async def replace_one(
        self, asked: Mapping[str, Any], row: Row, *, upsert: bool = False, session: View | None = None
    ) -> SimpleNamespace:
        return self._replace(await self.rows(session, "write"), asked, row, upsert, session)

    async def bulk_write(
        self, replacing: Iterable[ReplaceOne[Row]], *, ordered: bool = True, session: View | None = None
    ) -> SimpleNamespace:
        rows = await self.rows(session, "write")
        done = [
            self._replace(rows, each._filter, dict(each._doc), bool(each._upsert), session).matched_count
            for each in replacing
        ]
        return SimpleNamespace(matched_count=sum(done))

    async def delete_many(self, asked: Mapping[str, Any]) -> None:
        rows = await self.rows(None, "write")
        for id_ in [id_ for id_, row in rows.items() if matches(row, asked)]:
            del rows[id_]

    def _replace(
        self, rows: dict[str, Row], asked: Mapping[str, Any], row: Row, upsert: bool, session: View | None
    ) -> SimpleNamespace:
        matched = any(matches(kept, asked) for kept in rows.values())
        if not matched and upsert and row["_id"] in rows:
            raise DuplicateKeyError("same _id", SAME_KEY)
        if matched or upsert:
            self._put(rows, row, session)
        return SimpleNamespace(matched_count=int(matched), upserted_id=row["_id"] if upsert and not matched else None)

    def _put(self, rows: dict[str, Row], row: Row, session: View | None) -> None:
        rows[row["_id"]] = dict(row)
        if session is not None:
            session.written.add((self.name, row["_id"]))


@dataclass
class Cursor:
    shelf: Shelf
    asked: Mapping[str, Any]
    session: Any
    order: Sequence[tuple[str, int]] = ()
    most: int | None = None

    def sort(self, order: Sequence[tuple[str, int]]) -> Cursor:
        self.order = order
        return self

    def batch_size(self, most: int) -> Cursor:
        return self

    def limit(self, most: int) -> Cursor:
        self.most = most
        return self

    async def to_list(self, most: int | None) -> list[Row]:
        rows = await self.shelf.rows(self.session)
        found = [dict(row) for row in rows.values() if matches(row, self.asked)]
        for name, direction in reversed(self.order):
            found.sort(key=lambda row: row[name], reverse=direction < 0)
        return found[: self.most]


def matches(row: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(_meets(row.get(name), wanted) for name, wanted in asked.items())


def _meets(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(value == wanted)
    for operator, operand in wanted.items():
        match operator:
            case "$gt":
                met = value is not None and value > operand
            case "$lt":
                met = value is not None and value < operand
            case "$lte":
                met = value is not None and value <= operand
            case "$in":
                met = value in operand
            case "$nin":
                met = value not in operand
            case _:
                raise NotImplementedError(operator)
        if not met:
            return False
    return True


def changed(row: Row, change: Mapping[str, Any]) -> Row:
    made = {**row, **change.get("$set", {})}
    for name in change.get("$unset", {}):
        made.pop(name, None)
    return made
