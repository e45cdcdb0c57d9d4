"""What decisions of committees and meetings are tied to, and rules that no story meets on its way."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError
from services.events.tests import committee_cases, meeting_cases
from services.events.tests.events_office import PLATFORM, SECRETARY, Office, at, request, times
from tests.support.tables import DONE, Case
from tests.support.ties import ties

from chassis.taking import Taken
from contracts.meeting import Rescheduled
from events.committee.bodies import EditCommittee
from events.meeting import AGGREGATE as MEETING

MEMBERS, AGENDA, SITTING = "guard members:<committee>", "guard agenda:<committee>", "guard sitting:<committee>:2026"
PLACED, BACK = "committee/<committee> item_placed", "committee/<committee> item_submitted"
CARD = {"attaches <document_id>", "frees documents/<document_id>", "puts documents/<document_id>"}
TIED: dict[str, set[str]] = {
    "set_up_committee": {"guard committees:in_office"},
    "change_rules": {MEMBERS},
    "appoint_member": {MEMBERS},
    "end_membership": {MEMBERS},
    "submit_item": {AGENDA},
    "schedule_meeting": {AGENDA, PLACED},
    "place_item": {AGENDA, PLACED},
    "remove_item": {BACK},
    "convene_meeting": {SITTING, *CARD},
    "record_attendance": {MEMBERS},
    "defer_item": {BACK},
    "cancel_meeting": {SITTING, BACK},
    "attach_document": CARD,
}
"""What each command's decision conflicts on and takes with it; the commands that are not named here: nothing."""

GOING_WELL = [
    pytest.param(aggregate, case, id=f"{aggregate} {case}")
    for aggregate, cases in (("committee", committee_cases.CASES), ("meeting", meeting_cases.CASES))
    for case in cases
    if case.slug == DONE
]


@pytest.mark.parametrize(("aggregate", "case"), GOING_WELL)
def test_a_decision_is_tied_to_what_it_rests_on(aggregate: str, case: Case[Office]) -> None:
    office = Office()
    ask = case.arrange(office)

    taken = office.done(aggregate, case.row, ask.id, ask.body, ask.caller)

    committee = getattr(taken.state, "committee_id", taken.state.id)
    expected = set(TIED.get(case.row, ()))
    if case.row == "submit_item" and "ref" in ask.body:
        expected.add("guard open_item:agreement:<other>")
    assert ties(taken.decision, {committee: "committee"}, ask.body) == expected


def test_a_question_rests_on_the_countries_that_say_who_is_competent() -> None:
    office = Office()
    council = office.set_up()
    office.documents["country_copies", "CM"] = {"_id": "CM", "version": 1, "group_assignments": []}

    taken = office.done("committee", "submit_item", council, request(countries=["CM"]), PLATFORM)

    assert taken.decision.relies_on == (("country_copies", "CM"),)


def test_a_sitting_moved_into_another_year_is_numbered_against_both_years() -> None:
    office = Office()
    council = office.set_up(in_office={"from": "2019-01-01", "to": "2030-12-31"})
    office.submit(council)
    sitting = office.schedule(council)
    assert isinstance(office.convene(sitting), Taken)

    taken = office.done("meeting", "reschedule_meeting", sitting, times(at(date(2027, 1, 12))), SECRETARY)

    assert taken.decision.guards == (f"sitting:{council}:2026", f"sitting:{council}:2027")
    assert [fact.sitting_no for fact in taken.facts if isinstance(fact, Rescheduled)] == [1]


def test_an_edit_of_a_committee_names_its_name_or_its_acronym() -> None:
    assert EditCommittee.model_validate({"acronym": "CDRI"}).acronym == "CDRI"
    with pytest.raises(ValidationError, match="name or acronym"):
        EditCommittee.model_validate({})


def test_g2_without_a_quorum_it_is_said_before_any_advice_that_the_quorum_is_not_met() -> None:
    office = Office()
    council, members = office.seated(experts=5)
    office.submit(council)
    with_quorum, without = office.held(council, members), office.schedule(council)
    office.submit(council)
    office.done("meeting", "place_item", without, {"item_id": _pending(office, council)}, SECRETARY)
    assert isinstance(office.convene(without), Taken)
    assert isinstance(office.hold(without, members[:1], confirmed=True), Taken)

    assert _held_to_advise(office, with_quorum) == []
    assert _held_to_advise(office, without) == ["quorum-not-met"]


def _pending(office: Office, committee: str) -> str:
    return str(office.committee(committee).pending_items[0].item_id)


def _held_to_advise(office: Office, meeting: str) -> list[str]:
    row, loaded = MEETING.command("give_advice"), office.shelf["meeting"][meeting]
    assert row.held is not None
    context = office.context(row.needs, loaded, None, SECRETARY, meeting)
    return [each.slug for each in row.held(loaded.state, loaded.private, context)]
