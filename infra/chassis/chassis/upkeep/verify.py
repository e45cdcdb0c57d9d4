"""Whether what is kept is what was told: facts folded anew against owners, last snapshots, views and local copies.

Every comparison is by (aggregate, version) and goes both ways: what one side lacks is named as well as what it has too
much. Contracts and databases are given; nothing here knows an aggregate by name.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from chassis.mongo import Row, Store
from chassis.upkeep.archive import Entry, told, whole
from chassis.upkeep.folding import Folded, differing, digest, fold
from contracts.record import Contract

BETWEEN_ROUNDS_SECONDS: Final = 0.5
KEPT_BESIDE: Final = ("_id", "view", "touched")
"""What a view or a local copy keeps beside the public state."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`where` names the side that does not agree with the facts: facts, owner, last record, or a collection."""

    aggregate: str
    key: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """`differences` are those that stood until patience was over; `counted` says how much was compared."""

    differences: tuple[Difference, ...]
    counted: Mapping[str, int]


@dataclass(frozen=True)
class Houses:
    """Where things are kept: each service's database, and the database with a view per contract's collection."""

    store: Store
    databases: Mapping[str, str]
    views: str | None = None

    def of(self, service: str) -> Store:
        return self.store.sibling(self.databases[service])


@dataclass
class _Round:
    differences: set[Difference] = field(default_factory=set)
    counted: Counter[str] = field(default_factory=Counter)

    def say(self, contract: Contract[Any], key: str, where: str, what: str) -> None:
        self.differences.add(Difference(contract.aggregate, key, where, what))


async def verify(
    contracts: Sequence[Contract[Any]], bootstrap: str, houses: Houses, *, patience_seconds: float = 10.0
) -> Report:
    """Compares until nothing differs or patience is over.

    What is on its way differs in one round and not in the next: only what every round finds is a difference.

    Proved by `test_what_is_still_on_its_way_is_waited_for`.
    """
    until = time.monotonic() + patience_seconds
    lasting: set[Difference] | None = None
    while True:
        found = await _compare(contracts, bootstrap, houses)
        lasting = found.differences if lasting is None else lasting & found.differences
        if not found.differences or time.monotonic() > until:
            return Report(tuple(sorted(lasting)), found.counted)
        await asyncio.sleep(BETWEEN_ROUNDS_SECONDS)


async def _compare(contracts: Sequence[Contract[Any]], bootstrap: str, houses: Houses) -> _Round:
    found = _Round()
    for contract in contracts:
        owners = await _owners(contract, houses) if contract.keeps_state else {}
        promised = await told(houses.of(contract.service), contract.aggregate, contract.events_topic)
        facts = [entry async for entry in whole(bootstrap, contract.events_topic)]
        found.counted["facts"] += len(facts)
        if not contract.personal:
            _facts_against_outbox(contract, facts, promised, found)
        if contract.keeps_state:
            folded = fold(contract, facts)
            found.counted["aggregates"] += len(owners)
            _owners_against_facts(contract, owners, folded, found)
            await _last_records(contract, owners, bootstrap, found)
            await _kept(contract, owners, folded, houses, found)
    return found


async def _owners(contract: Contract[Any], houses: Houses) -> dict[str, Row]:
    rows = houses.of(contract.service)[contract.aggregate].find({}, {"public": 1})
    return {row["_id"]: row["public"] async for row in rows}


def _facts_against_outbox(
    contract: Contract[Any], facts: Sequence[Entry], promised: Mapping[Any, bool], found: _Round
) -> None:
    there = {entry.place for entry in facts if entry.place}
    for place, pending in promised.items():
        if place not in there and not pending:
            found.say(contract, place.key, "facts", f"version {place.version}, fact {place.factno} is missing")
    for place in there - promised.keys():
        what = f"version {place.version}, fact {place.factno} is there and was never told"
        found.say(contract, place.key, "facts", what)


def _owners_against_facts(
    contract: Contract[Any], owners: Mapping[str, Row], folded: Mapping[str, Folded], found: _Round
) -> None:
    for key, facts in folded.items():
        if not contract.personal:
            for fault in facts.faults:
                found.say(contract, key, "facts", fault)
        if key not in owners and facts.last.get(contract.state_field) != "erased":
            found.say(contract, key, "owner", f"has nothing, the facts tell {facts.version} versions")
    for key, public in owners.items():
        facts = folded.get(key, Folded())
        version = facts.version if contract.personal else public["version"]
        if contract.personal and facts.faults:
            continue  # its first facts are past their retention
        if version not in facts.digests:
            found.say(contract, key, "owner", f"has version {version}, the facts end at {facts.version}")
        elif facts.digests[version] != digest(public, versioned=not contract.personal):
            told_otherwise = f"; {members}" if (members := differing(public, facts.last)) else ""
            found.say(contract, key, "owner", f"version {version} is not what its facts tell{told_otherwise}")


async def _last_records(contract: Contract[Any], owners: Mapping[str, Row], bootstrap: str, found: _Round) -> None:
    last = {entry.key: entry async for entry in whole(bootstrap, contract.state_topic)}
    for key in last.keys() - owners.keys():
        if last[key].value is not None:
            found.say(contract, key, "last record", "is there, the owner has nothing")
    for key, public in owners.items():
        if fault := _fault_of_record(contract, last.get(key), public):
            found.say(contract, key, "last record", fault)


def _fault_of_record(contract: Contract[Any], entry: Entry | None, public: Row) -> str | None:
    if entry is None:
        return "is missing"
    if entry.value is None:
        return None if public.get(contract.state_field) == "erased" else "is a tombstone"
    if entry.place is None or entry.type != contract.snapshot_type:
        return "is no snapshot"
    if not contract.personal and entry.place.version != public["version"]:
        return f"is of version {entry.place.version}, the owner has {public['version']}"
    snapshot: Row = orjson.loads(entry.value)
    if digest(snapshot, versioned=not contract.personal) != digest(public, versioned=not contract.personal):
        return f"of version {entry.place.version} is not the owner's state; {differing(snapshot, public)}"
    return None


async def _kept(
    contract: Contract[Any],
    owners: Mapping[str, Row],
    folded: Mapping[str, Folded],
    houses: Houses,
    found: _Round,
) -> None:
    if houses.views:
        rows = await _rows(houses.store.sibling(houses.views), contract.collection)
        _against_rows(contract, owners, folded, rows, f"{houses.views}.{contract.collection}", None, found)
    for database in houses.databases.values():
        copies = f"{contract.aggregate}_copies"
        if copies not in await houses.store.sibling(database).names():
            continue
        rows = await _rows(houses.store.sibling(database), copies)
        wanted = {name for row in rows.values() for name in row} - {*KEPT_BESIDE, "erased"}
        _against_rows(contract, owners, folded, rows, f"{database}.{copies}", wanted, found)


async def _rows(store: Store, collection: str) -> dict[str, Row]:
    return {row["_id"]: row async for row in store[collection].find({})}


def _against_rows(
    contract: Contract[Any],
    owners: Mapping[str, Row],
    folded: Mapping[str, Folded],
    rows: Mapping[str, Row],
    where: str,
    members: set[str] | None,
    found: _Round,
) -> None:
    """`members` are those that a copy keeps; a view (None) keeps all."""
    found.counted["rows of views and copies"] += len(rows)
    for key in rows.keys() - owners.keys() - folded.keys():
        found.say(contract, key, where, "is there, the owner has nothing")
    for key, public in owners.items():
        if fault := _fault_of_row(rows.get(key), public, folded.get(key, Folded()), members):
            found.say(contract, key, where, fault)


def _fault_of_row(row: Row | None, public: Row, folded: Folded, members: set[str] | None) -> str | None:
    if row is None:
        return f"is missing, the owner has version {public['version']}"
    if row.get("erased"):
        return None
    expected = folded.last or public
    if row.get("version") != expected["version"]:
        return f"has version {row.get('version')}, the facts end at {expected['version']}"
    kept = {"id": row["_id"], **{name: value for name, value in row.items() if name not in KEPT_BESIDE}}
    names = differing(kept, expected, members)
    return f"version {row['version']} differs; {names}" if names else None
