"""The rules of dated entries: one at a time, in the past only by correction, each resting on a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from chassis.decide import Document, Found, Refusal, Rows, Text, refuse
from contracts.country import Entry, period_of
from contracts.types import DecisionRef, Period

COMMITTEES: Final = "committee_copies"
LOOKING_BACK: Final = timedelta(days=31)

PROBLEMS: Final[Mapping[str, Text]] = {
    "country-exists": Text("Ce pays figure déjà dans la liste.", "This country is in the list already."),
    "group-unknown": Text(
        "Aucun groupe régional en fonction à cette date ne porte ce code.",
        "No regional group in office on that day bears this code.",
    ),
    "assignment-overlap": Text(
        "Une autre période couvre déjà une partie de ces dates.",
        "Another period covers some of these days already.",
    ),
    "retroactive-change-needs-reason": Text(
        "Une date de plus de 31 jours dans le passé demande un motif.",
        "A day more than 31 days in the past needs a reason.",
    ),
    "assignment-not-open": Text("Aucun rattachement n'est ouvert à cette date.", "No assignment is open on that day."),
    "already-listed": Text(
        "Ce pays figure déjà sur la liste à cette date.", "This country is on the list on that day already."
    ),
    "decision-not-by-council": Text(
        "La liste des pays de coopération est décidée par le Conseil des relations internationales.",
        "The list of cooperation countries is decided by the Committee of International Relations.",
    ),
    "not-listed": Text(
        "Ce pays ne figure pas sur la liste à cette date.", "This country is not on the list on that day."
    ),
    "correction-stale": Text(
        "La période à corriger n'est plus celle que vous avez lue.",
        "The period to correct is no longer the one you read.",
    ),
}


def groups_and_council() -> Rows:
    return Rows("committees", COMMITTEES, {"kind": {"$in": ["council", "regional_group"]}})


def group_in_office(code: str, on: date, found: Found) -> Document | None:
    """The regional group that bears the code on that day."""
    for committee in found.rows("committees"):
        if committee["kind"] != "regional_group" or committee.get("group_code") != code:
            continue
        if Period.model_validate(committee["in_office"]).covers(on):
            return committee
    return None


def not_by_council(decision: DecisionRef, committee: Document | None) -> Refusal | None:
    """C3: cooperation periods name a decision of a committee of kind council."""
    if decision.body.kind == "committee" and decision.body.committee_id:
        if committee is None:
            return Refusal("reference-not-known-yet", members={"retry_after_seconds": 1})
        if committee["kind"] == "council":
            return None
    return refuse("decision-not-by-council", pointer="/decision_ref/body")


def follows(entries: Sequence[Entry], from_: date) -> bool:
    """C1, C2: a new entry begins after every other has begun and every closed one has ended."""
    return all(period_of(entry).from_ < from_ and not _ends_after(period_of(entry), from_) for entry in entries)


def _ends_after(period: Period, day: date) -> bool:
    return period.to is not None and period.to >= day


def overlaps_another(entries: Iterable[Entry], index: int, new: Period) -> bool:
    return any(number != index and period_of(entry).overlaps(new) for number, entry in enumerate(entries))
