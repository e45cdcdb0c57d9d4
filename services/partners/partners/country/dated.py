"""Groups, lists and classes of a country, each for a period."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.decide import Context, Decision, Doc, Find, Found, Outcome, refuse
from contracts.country import (
    CLASSIFIED_IN,
    DATED_MEMBERS,
    Classified,
    CooperationDelisted,
    CooperationListed,
    Country,
    GroupAssigned,
    GroupAssignmentEnded,
    PeriodCorrected,
    entries_of,
    open_entry,
    period_of,
)
from partners.country.bodies import (
    AssignGroup,
    CorrectPeriod,
    DelistCooperationCountry,
    EndGroupAssignment,
    ListAsCooperationCountry,
    SetClassification,
)
from partners.country.policy import (
    COMMITTEES,
    LOOKING_BACK,
    follows,
    group_in_office,
    not_by_council,
    overlaps_another,
)


def assign_group(state: Country, private: object, body: AssignGroup, context: Context) -> Outcome:
    """C1: assigning closes the open assignment on the day before."""
    group = group_in_office(body.group_code, body.from_, context.found)
    if group is None:
        return refuse("group-unknown", pointer="/group_code")
    if not follows(state.group_assignments, body.from_):
        return refuse("assignment-overlap", pointer="/from")
    if body.from_ < context.today - LOOKING_BACK and body.reason is None:
        return refuse("retroactive-change-needs-reason", pointer="/reason")
    before = open_entry(state.group_assignments)
    fact = GroupAssigned(
        group_code=body.group_code,
        from_=body.from_,
        decision_ref=body.decision_ref,
        previous_group_code=before.group_code if before else None,
        reason=body.reason,
    )
    return Decision((fact,), relies_on=((COMMITTEES, group["_id"]),))


def end_group_assignment(state: Country, private: object, body: EndGroupAssignment, context: Context) -> Outcome:
    before = open_entry(state.group_assignments)
    if before is None or before.period.from_ > body.to:
        return refuse("assignment-not-open", pointer="/to")
    fact = GroupAssignmentEnded(group_code=before.group_code, to=body.to, decision_ref=body.decision_ref)
    return Decision((fact,))


def list_needs(state: Country, private: object, body: ListAsCooperationCountry | None, found: Found) -> Iterable[Find]:
    if body and body.decision_ref.body.committee_id:
        yield Doc(COMMITTEES, body.decision_ref.body.committee_id)


def list_as_cooperation_country(
    state: Country, private: object, body: ListAsCooperationCountry, context: Context
) -> Outcome:
    council_id = body.decision_ref.body.committee_id
    council = context.found.doc(COMMITTEES, council_id)
    if refusal := not_by_council(body.decision_ref, council):
        return refusal
    if open_entry(state.cooperation_periods) or not follows(state.cooperation_periods, body.from_):
        return refuse("already-listed", pointer="/from")
    fact = CooperationListed(from_=body.from_, list_label=body.list_label, decision_ref=body.decision_ref)
    return Decision((fact,), relies_on=((COMMITTEES, str(council_id)),))


def delist_cooperation_country(
    state: Country, private: object, body: DelistCooperationCountry, context: Context
) -> Outcome:
    listed = open_entry(state.cooperation_periods)
    if listed is None or listed.period.from_ > body.to:
        return refuse("not-listed", pointer="/to")
    return Decision((CooperationDelisted(to=body.to, decision_ref=body.decision_ref),))


def set_classification(state: Country, private: object, body: SetClassification, context: Context) -> Outcome:
    if not follows(entries_of(state, CLASSIFIED_IN[body.scheme]), body.from_):
        return refuse("assignment-overlap", pointer="/from")
    fact = Classified(scheme=body.scheme, class_=body.class_, from_=body.from_, edition=body.edition)
    return Decision((fact,))


def correct_period(state: Country, private: object, body: CorrectPeriod, context: Context) -> Outcome:
    """C5: the past changes by correction alone, and the fact keeps what stood there."""
    member, index = body.pointer.strip("/").split("/")
    entries = entries_of(state, member) if member in DATED_MEMBERS else ()
    if int(index) >= len(entries) or period_of(entries[int(index)]) != body.old:
        return refuse("correction-stale", pointer="/old")
    if overlaps_another(entries, int(index), body.new):
        return refuse("assignment-overlap", pointer="/new")
    fact = PeriodCorrected(pointer=body.pointer, old=body.old, new=body.new, reason=body.reason)
    return Decision((fact,)) if body.new != body.old else Decision()
