"""The country: dated groups, lists and classes, each resting on a decision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.decide import Aggregate, Find, Found, Nothing, Reach
from contracts.country import COUNTRY, Country
from partners.country.commands import COMMANDS
from partners.country.policy import PROBLEMS, groups_and_council


def reach(state: Country | None, private: object, body: object, found: Found) -> Reach:
    """The country, its region, and the committees that speak for it: the council and its groups."""
    code = state.id if state else getattr(body, "iso2", None)
    region = state.region if state else getattr(body, "region", None)
    codes = {entry.group_code for entry in state.group_assignments} if state else set()
    codes.add(getattr(body, "group_code", ""))
    speaking = (
        committee["_id"]
        for committee in found.rows("committees")
        if committee["kind"] == "council" or committee.get("group_code") in codes
    )
    return {
        "countries": frozenset({code} if code else ()),
        "regions": frozenset({region} if region else ()),
        "committee_ids": frozenset(speaking),
    }


def needs(state: Country | None, private: object, body: object, found: Found) -> Iterable[Find]:
    if state:
        yield groups_and_council()


AGGREGATE: Final = Aggregate(
    contract=COUNTRY,
    commands=COMMANDS,
    creator="add_country",
    problems=PROBLEMS,
    private=Nothing,
    reach=reach,
    needs=needs,
    id_of=lambda body: body.iso2,
)
