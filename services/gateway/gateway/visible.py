"""Who may read what: one function, asked for every list, timeline, search, stream message and single document.

The answer is a filter of the store. The same filter is tried on a document in hand by `matches`, so that a list and a
live message can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chassis.decide import Caller
from contracts.roles import ADV, AFR, COO, DIR, MEM, OFF, OPS, PRO, REA, SEC, VR

Filter = Mapping[str, Any]
NOTHING: Final[Filter] = {"_id": {"$in": []}}
EVERYTHING: Final[Filter] = {}
STAFF: Final = (OFF, DIR, VR, SEC, MEM, COO, AFR, ADV, PRO, REA, OPS)
OFFICE: Final = (OFF, DIR, VR, COO)
REGISTERED: Final = (
    "registered",
    "active",
    "suspended",
    "in_transition",
    "renewed",
    "amended",
    "terminated",
    "expired",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What rights rest on beside the document: partners of the person's region, and what the person began."""

    regional_partners: frozenset[str] = field(default_factory=frozenset)
    regional_countries: frozenset[str] = field(default_factory=frozenset)
    own: frozenset[str] = field(default_factory=frozenset)


def visible(aggregate: str, who: Caller, known: Known) -> Filter:
    """The filter of what `who` may read of an aggregate's view."""
    if not who.has(*STAFF):
        return NOTHING
    rules = {
        "partner": _partner,
        "country": _all,
        "agreement": _agreement,
        "committee": _all,
        "meeting": _meeting,
        "stay": _stay,
    }
    return rules[aggregate](who, known) if aggregate in rules else NOTHING


def _all(who: Caller, known: Known) -> Filter:
    return EVERYTHING


def _any(*filters: Filter | None) -> Filter:
    found = [each for each in filters if each is not None]
    if any(each == EVERYTHING for each in found):
        return EVERYTHING
    if not found:
        return NOTHING
    return found[0] if len(found) == 1 else {"$or": found}


def _partner(who: Caller, known: Known) -> Filter:
    return _any(
        {"standing": {"$nin": ["suggested"]}},
        EVERYTHING if who.has(*OFFICE, ADV, OPS) else None,
        {"country": {"$in": sorted(known.regional_countries)}} if who.has(AFR) else None,
        {"_id": {"$in": sorted(known.own)}} if who.has(PRO) else None,
    )


def _agreement(who: Caller, known: Known) -> Filter:
    return _any(
        {"state": {"$in": list(REGISTERED)}},
        EVERYTHING if who.has(*OFFICE, SEC, ADV, OPS) else None,
        {"parties.partner_id": {"$in": sorted(known.regional_partners)}} if who.has(AFR) else None,
        {"view.committees": {"$in": committees(who, MEM)}} if who.has(MEM) else None,
        {"promoter": who.subject} if who.has(PRO) else None,
        {"_id": {"$in": sorted(known.own)}} if who.has(PRO) else None,
    )


def _meeting(who: Caller, known: Known) -> Filter:
    return _any(
        EVERYTHING if who.has(*OFFICE, AFR, OPS) else None,
        {"committee_id": {"$in": committees(who, SEC)}} if who.has(SEC) and committees(who, SEC) else None,
        EVERYTHING if who.has(SEC) and not committees(who, SEC) else None,
        {"committee_id": {"$in": committees(who, MEM)}} if who.has(MEM) else None,
        {"view.refs": {"$in": sorted(known.own)}} if who.has(PRO) else None,
    )


def _stay(who: Caller, known: Known) -> Filter:
    return _any(EVERYTHING if who.has(ADV) else None, {"_id": {"$in": sorted(known.own)}} if who.has(PRO) else None)


def may_see_pending_items(who: Caller, committee_id: str) -> bool:
    """Items that wait for a meeting: the office, and the committee's own secretary and members."""
    scoped = {*committees(who, SEC), *committees(who, MEM)}
    unlimited = who.has(SEC) and not committees(who, SEC)
    return who.has(*OFFICE, AFR, OPS) or unlimited or committee_id in scoped


def committees(who: Caller, role: str) -> list[str]:
    return sorted(who.roles.get(role, {}).get("committee_ids", frozenset()))


def matches(asked: Filter, document: Mapping[str, Any]) -> bool:
    """Whether a document passes a filter made here (members, `$in`, `$nin`, `$or`)."""
    return all(
        any(matches(each, document) for each in wanted)
        if member == "$or"
        else _meets(_values(document, member), wanted)
        for member, wanted in asked.items()
    )


def _meets(values: list[Any], wanted: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return wanted in values
    if "$in" in wanted:
        return any(value in wanted["$in"] for value in values)
    return not any(value in wanted["$nin"] for value in values)


def _values(document: Any, path: str) -> list[Any]:
    name, _, rest = path.partition(".")
    found = document.get(name) if isinstance(document, Mapping) else None
    inner = found if isinstance(found, list) else [found]
    return [value for each in inner for value in _values(each, rest)] if rest else inner
