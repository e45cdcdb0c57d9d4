"""The facts of one topic folded into states anew, every version by its canonical bytes, and what is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import ValidationError

from chassis.mongo import Row
from chassis.taking import public_json
from chassis.upkeep.archive import Entry, Place
from contracts.record import Contract, Fact


@dataclass
class Folded:
    """One aggregate as its facts tell it: the digest of each version, the last state, and what could not be folded."""

    digests: dict[int, str] = field(default_factory=dict)
    last: Row = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        return max(self.digests, default=0)


def digest(state: Mapping[str, Any], *, versioned: bool = True) -> str:
    """The hash of a state's canonical JSON; without its version where versions may skip."""
    members = state if versioned else {name: value for name, value in state.items() if name != "version"}
    return hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).hexdigest()


def differing(one: Mapping[str, Any], other: Mapping[str, Any], among: Collection[str] | None = None) -> str:
    """The names of the members that are not equal."""
    names = set(one) | set(other) if among is None else set(among)
    return ", ".join(sorted(name for name in names if one.get(name) != other.get(name)))


def fold(contract: Contract[Any], entries: Iterable[Entry]) -> dict[str, Folded]:
    """Every aggregate of a facts topic, in whatever order its records stand there; duplicates count once.
    Proved by `test_duplicates_and_another_order_make_no_difference`."""
    by_key: dict[str, dict[tuple[int, int], Entry]] = {}
    folded: dict[str, Folded] = {}
    for entry in entries:
        if entry.place is None:
            continue
        kept = by_key.setdefault(entry.key, {}).setdefault((entry.place.version, entry.place.factno), entry)
        if kept.place != entry.place:
            fault = f"version {entry.place.version} has two facts number {entry.place.factno}"
            folded.setdefault(entry.key, Folded()).faults.append(fault)
    for key, facts in by_key.items():
        _fold_one(contract, [facts[place] for place in sorted(facts)], folded.setdefault(key, Folded()))
    return folded


def _fold_one(contract: Contract[Any], entries: Sequence[Entry], folded: Folded) -> None:
    state: Any = None
    before = Place("", 0, 0, "")
    for entry in entries:
        place = entry.place
        assert place is not None
        if not contract.personal and not _follows(place, before):
            folded.faults.append(f"no fact between version {_spelt(before)} and version {_spelt(place)}")
        try:
            state = contract.fold(state, [_fact(contract, entry)])
        except (ValidationError, ValueError, KeyError, AttributeError, TypeError, AssertionError) as fault:
            told = str(fault).splitlines()[0] if str(fault) else ""
            folded.faults.append(f"version {_spelt(place)} cannot be folded: {type(fault).__name__} {told}")
            return
        folded.last = public_json(state)
        folded.digests[place.version] = digest(folded.last, versioned=not contract.personal)
        before = place


def _follows(place: Place, before: Place) -> bool:
    if place.version == before.version:
        return place.factno == before.factno + 1
    return place.version == before.version + 1 and place.factno == 1


def _spelt(place: Place) -> str:
    return f"{place.version}, fact {place.factno}" if place.version else "0"


def _fact(contract: Contract[Any], entry: Entry) -> Fact:
    kind = contract.fact_types.get(entry.type)
    if kind is None:
        raise ValueError(f"unknown type {entry.type}")
    return kind.model_validate_json(entry.value or b"")
