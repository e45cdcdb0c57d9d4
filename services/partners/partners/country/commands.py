"""The command table of a country."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.decide import CREATION, Command, Context, Decision, Find, Found, Other, Outcome, refuse
from contracts.country import Added, Country, CountryState, Edited
from contracts.roles import DIR, OFF, SEC, SERVICE
from contracts.types import Change
from partners.country.bodies import (
    AddCountry,
    AssignGroup,
    CorrectPeriod,
    DelistCooperationCountry,
    EditCountry,
    EndGroupAssignment,
    ListAsCooperationCountry,
    SetClassification,
)
from partners.country.dated import (
    assign_group,
    correct_period,
    delist_cooperation_country,
    end_group_assignment,
    list_as_cooperation_country,
    list_needs,
    set_classification,
)


def add_needs(state: None, private: object, body: AddCountry | None, found: Found) -> Iterable[Find]:
    if body:
        yield Other("country", body.iso2)


def add_country(state: None, private: object, body: AddCountry, context: Context) -> Outcome:
    if context.found.other("country", body.iso2):
        return refuse("country-exists", pointer="/iso2")
    fact = Added(
        iso3=body.iso3,
        m49=body.m49,
        name=body.name,
        region=body.region,
        subregion=body.subregion,
        geo=body.geo,
        languages=body.languages,
    )
    return Decision((fact,))


def edit_country(state: Country, private: object, body: EditCountry, context: Context) -> Outcome:
    given = body.model_dump(mode="json", exclude_none=True)
    before = state.model_dump(mode="json", exclude_none=True)
    changed = {name: given.get(name) for name in sorted(body.model_fields_set) if before.get(name) != given.get(name)}
    changes = tuple(Change(pointer=f"/{name}", new=value) for name, value in changed.items())
    return Decision((Edited(changes=changes),)) if changes else Decision()


LISTED: Final = frozenset({CountryState.LISTED})

# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    Command("add_country", AddCountry, CREATION, (DIR, SERVICE), add_country,
            to=("listed",), needs=add_needs, refusals=("country-exists",)),
    Command("edit_country", EditCountry, LISTED, (DIR, OFF), edit_country),
    Command("assign_group", AssignGroup, LISTED, (DIR, SEC), assign_group, refusals=(
        "group-unknown", "assignment-overlap", "retroactive-change-needs-reason")),
    Command("end_group_assignment", EndGroupAssignment, LISTED, (DIR, SEC), end_group_assignment,
            refusals=("assignment-not-open",)),
    Command("list_as_cooperation_country", ListAsCooperationCountry, LISTED, (DIR, SEC), list_as_cooperation_country,
            needs=list_needs, refusals=("already-listed", "decision-not-by-council")),
    Command("delist_cooperation_country", DelistCooperationCountry, LISTED, (DIR, SEC), delist_cooperation_country,
            refusals=("not-listed",)),
    Command("set_classification", SetClassification, LISTED, (OFF,), set_classification,
            refusals=("assignment-overlap",)),
    Command("correct_period", CorrectPeriod, LISTED, (DIR,), correct_period,
            refusals=("correction-stale", "assignment-overlap")),
)
# fmt: on
