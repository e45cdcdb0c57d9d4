"""How aggregates lie in the store: reading what a command needs, and writing all that a decision changes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chassis.decide import Aggregate, Context, Decision, Doc, Document, Find, Found, Gone, Loaded, Next, Other, Rows
from chassis.mongo import Row, Session, Store, Writes
from chassis.outbox import OUTBOX, Told, outbox_row
from chassis.problems import Problem
from chassis.taking import Taken, after


class TooMany(Exception):
    """More documents match than the limit of who asks for them: nothing is decided on a part of them.
    Proved by `test_a_rule_is_told_of_all_that_matches_or_the_command_fails`."""


async def all_matching(cursor: Any, asked: str, limit: int) -> list[Row]:
    """What a find brings, in its order; raises `TooMany`, which says what was asked.
    Proved by `test_a_reaction_is_given_all_that_matches_or_fails`."""
    rows: list[Row] = await cursor.limit(limit + 1).to_list(limit + 1)
    if len(rows) > limit:
        raise TooMany(f"{asked}: more than {limit} match")
    return rows


class Drawer:
    """What a seal may read and write: documents of this store, in the aggregate's own transaction."""

    def __init__(self, store: Store, session: Session | None) -> None:
        self._store, self._session = store, session

    async def document(self, collection: str, id_: str) -> Document | None:
        found: Row | None = await self._store[collection].find_one({"_id": id_}, session=self._session)
        return found

    async def insert(self, collection: str, document: Document) -> None:
        await self._store[collection].insert_one(dict(document), session=self._session)


class Shelf:
    """Aggregate documents `{_id, version, state, public, private, at, next_due?}` and everything beside them."""

    def __init__(self, store: Store, aggregates: Mapping[str, Aggregate]) -> None:
        self._store, self._aggregates = store, aggregates

    async def load(self, aggregate: str, id_: str, session: Session | None) -> Loaded | None:
        """The aggregate as it is stored, opened; None when there is none."""
        document = await self._store[aggregate].find_one({"_id": id_}, session=session)
        if document is None:
            return None
        kind, private = self._aggregates[aggregate], document["private"]
        if kind.unseal:
            private = await kind.unseal(Drawer(self._store, session), id_, private)
        state = kind.contract.state.model_validate(document["public"])
        return Loaded(state, kind.private.model_validate(private), document["at"])

    async def find(self, finds: Sequence[Find], session: Session | None) -> dict[tuple[str, ...], Any]:
        """What the finds bring, by what asked for it; documents of a collection in one go. Raises `TooMany`.
        Proved by `test_what_asks_for_too_much_says_how_it_is_called_and_how_much_it_may_have`."""
        results: dict[tuple[str, ...], Any] = {}
        documents: dict[str, list[Doc]] = {}
        for find in finds:
            match find:
                case Doc():
                    documents.setdefault(find.collection, []).append(find)
                case Rows():
                    fields = dict.fromkeys(find.fields, 1) or None
                    cursor = self._store[find.collection].find(dict(find.filter), fields, session=session)
                    ordered = cursor.sort(list(find.sort)) if find.sort else cursor
                    results[find.key] = await all_matching(ordered, f"{find.name} of {find.collection}", find.limit)
                case Other():
                    results[find.key] = await self.load(find.aggregate, find.id, session)
                case Next():
                    results[find.key] = await self._next(find.counter, session)
        for collection, asked in documents.items():
            ids = [doc.id for doc in asked]
            cursor = self._store[collection].find({"_id": {"$in": ids}}, session=session).batch_size(len(ids) + 1)
            rows = await cursor.to_list(len(ids))
            by_id = {row["_id"]: row for row in rows}
            results.update({doc.key: by_id.get(doc.id) for doc in asked})
        return results

    async def _next(self, counter: str, session: Session | None) -> int:
        counted = await self._store["counters"].find_one_and_update(
            {"_id": counter}, {"$inc": {"next": 1}}, upsert=True, return_document=True, session=session
        )
        return int(counted["next"])

    async def put_back(self, found: Found, session: Session) -> None:
        """The numbers drawn for a command that was refused: the next one gets them.
        Proved by `test_a_refused_creation_leaves_its_number_to_the_next`."""
        for kind, *counter in found.results:
            if kind == "next":
                back = {"$inc": {"next": -1}}
                await self._store["counters"].update_one({"_id": counter[0]}, back, session=session)

    async def write(
        self,
        aggregate: Aggregate,
        loaded: Loaded | None,
        taken: Taken,
        context: Context,
        told: Told,
        session: Session,
        writes: Writes,
    ) -> None:
        """Gathers everything a decision changes in `writes`, to be sent in `session`'s transaction.
        Proved by `test_forty_racing_commands_on_one_aggregate_make_forty_versions`."""
        decision = taken.decision
        await self._save(aggregate, context.id, loaded, taken, told, session, writes)
        for also in decision.also:
            other = self._aggregates[also.aggregate]
            before = context.found.other(also.aggregate, also.id)
            changed = after(other, before, Decision(also.facts, also.private), replace(context, id=also.id))
            await self._save(other, also.id, before, changed, replace(told, answer=None), session, writes)
        for row in decision.rows:
            if isinstance(row, Gone):
                writes.delete(row.collection, row.id)
            else:
                writes.insert(row.collection, dict(row.document))
        for key in sorted(set(decision.guards)):
            guard(writes, key)
        for collection, copy_id in sorted(set(decision.relies_on)):
            touch(writes, collection, copy_id)
        if decision.attaches:
            attached = {"$set": {"state": "attached", "aggregate": aggregate.name, "aggregate_id": context.id}}
            swept_away_meanwhile = Problem("unknown-id")
            writes.update_all("documents", sorted(set(decision.attaches)), attached, otherwise=swept_away_meanwhile)

    async def _save(
        self,
        aggregate: Aggregate,
        id_: str,
        loaded: Loaded | None,
        taken: Taken,
        told: Told,
        session: Session,
        writes: Writes,
    ) -> None:
        public = taken.public
        private: Document = taken.private.model_dump(mode="json", by_alias=True, exclude_none=True)
        if aggregate.seal:
            private = await aggregate.seal(Drawer(self._store, session), id_, private)
        version = taken.state.version
        at = max(time.time_ns() // 1_000, loaded.at + 1 if loaded else 0)
        document: Row = {
            "_id": id_,
            "version": version,
            "state": aggregate.state_of(Loaded(taken.state, taken.private)),
            "public": public,
            "private": private,
            "at": at,
        }
        due = aggregate.next_due(taken.state, taken.private)
        if due:
            document["next_due"] = due.isoformat()
        if loaded is None:
            writes.insert(aggregate.name, document)
        else:
            read = {"_id": id_, "version": loaded.state.version}
            writes.replace(aggregate.name, read, document, otherwise=Problem("version-stale"))
        if taken.facts:
            writes.insert(OUTBOX, outbox_row(aggregate.contract, id_, version, taken.facts, public, told, at))


def guard(writes: Writes, key: str) -> None:
    """Two transactions that touch the same key cannot both commit on what they read.
    Proved by `test_two_commands_under_one_guard_do_not_both_slip_past_the_rule`."""
    writes.update("guards", {"_id": key}, {"$inc": {"touched": 1}}, upsert=True)


def touch(writes: Writes, collection: str, id_: str) -> None:
    """As `guard`, on a local copy: it conflicts with the copy's own change.
    Proved by `test_a_command_that_rests_on_a_copy_never_decides_on_one_that_changes_meanwhile`."""
    writes.update(collection, {"_id": id_}, {"$inc": {"touched": 1}})
