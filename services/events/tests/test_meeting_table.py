"""Every row of the meeting's table: what it does, what it refuses, and where it is not offered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from services.events.tests.events_office import (
    AGGREGATES,
    DIRECTOR,
    OFFICER,
    PLATFORM,
    SECRETARY,
    TODAY,
    Office,
    advice,
    at,
    item,
    member,
    number,
    request,
    secretary_of,
    slug,
    times,
)

from chassis.decide import Caller, Refusal
from chassis.taking import Taken
from contracts.agenda import Origin
from contracts.committee import Dissolved
from contracts.meeting import Convened, Held, ItemState, MeetingState
from contracts.types import AdviceOutcome, Audience
from events.meeting.bodies import GiveAdvice, RecordAttendance, ScheduleMeeting

REASON: dict[str, Any] = {"reason": "the faculty is not ready"}


def schedule(office: Office, council: str, **changes: Any) -> Taken | Refusal:
    body = {"committee_id": council, "mode": "online", **times(at(TODAY + timedelta(days=10))), **changes}
    return office.take("meeting", "schedule_meeting", None, body, SECRETARY)


def asked(office: Office, sitting: str, command: str, caller: Caller = SECRETARY, **body: Any) -> str:
    return slug(office.take("meeting", command, sitting, body, caller))


def with_item(office: Office, experts: int = 3, **changes: Any) -> tuple[str, list[str], str, str]:
    """A council, its members, a sitting that began with everybody there, and the item on its agenda."""
    council, members = office.seated(experts)
    item_id = office.submit(council, request(**changes), PLATFORM)
    return council, members, office.held(council, members), item_id


def test_the_next_scheduled_meeting_takes_what_waits() -> None:
    office = Office()
    council, _ = office.seated()
    first, second = office.submit(council, request(1), PLATFORM), office.submit(council, item())

    sitting = office.schedule(council)

    assert [(each.no, each.item_id) for each in office.meeting(sitting).items] == [(1, first), (2, second)]
    assert office.committee(council).pending_items == ()
    assert office.meeting(sitting).sitting_no is None


def test_a_meeting_is_scheduled_ahead_and_for_a_committee_in_office() -> None:
    office = Office()
    council, _ = office.seated()

    assert slug(schedule(office, number(999))) == "unknown-id"
    assert slug(schedule(office, council, **times(at(TODAY - timedelta(days=1))))) == "slot-in-past"
    office.tell("committee", council, Dissolved(on=TODAY + timedelta(days=9)))
    assert slug(schedule(office, council)) == "committee-dissolved"


def test_a_secretary_schedules_for_the_own_committee_only() -> None:
    office = Office()
    council, _ = office.seated()
    body = {"committee_id": council, "mode": "online", **times(at(TODAY + timedelta(days=10)))}

    for caller, expected in [
        (secretary_of(council), "done"),
        (secretary_of(number(9)), "not-permitted"),
        (OFFICER, "not-permitted"),
        (DIRECTOR, "done"),
    ]:
        assert slug(office.take("meeting", "schedule_meeting", None, body, caller)) == expected


def test_a_sitting_ends_after_it_begins() -> None:
    noon = at(TODAY, 12)
    with pytest.raises(ValueError, match="ends_at"):
        ScheduleMeeting.model_validate(
            {"committee_id": number(1), "mode": "online", "starts_at": noon, "ends_at": noon}
        )


def test_a_meeting_is_moved_ahead_only() -> None:
    office = Office()
    council, _ = office.seated()
    sitting = office.schedule(council)

    past = times(at(TODAY - timedelta(days=1)))
    assert asked(office, sitting, "reschedule_meeting", **past) == "slot-in-past"
    assert asked(office, sitting, "reschedule_meeting", **times(at(date(2026, 12, 3)))) == "done"
    assert office.meeting(sitting).day == date(2026, 12, 3)
    office.tell("committee", council, Dissolved(on=date(2026, 12, 31)))
    later = times(at(date(2027, 1, 5)))
    assert asked(office, sitting, "reschedule_meeting", **later) == "committee-dissolved"


def test_an_item_is_placed_once_and_removed_back_to_the_committee() -> None:
    office = Office()
    council, _ = office.seated()
    sitting = office.schedule(council)
    item_id = office.submit(council)

    assert asked(office, sitting, "place_item", item_id=item_id) == "done"
    assert asked(office, sitting, "place_item", item_id=item_id) == "item-not-pending"
    assert asked(office, sitting, "remove_item", item_id=item_id, **REASON) == "done"
    assert asked(office, sitting, "remove_item", item_id=item_id, **REASON) == "item-not-on-agenda"

    assert office.meeting(sitting).items == ()
    assert office.committee(council).pending(item_id) is not None


def test_the_agenda_is_closed_when_the_time_of_the_sitting_is_past() -> None:
    office = Office()
    council, _ = office.seated()
    placed = office.submit(council)
    sitting = office.schedule(council, days=10)
    waiting = office.submit(council)
    office.today += timedelta(days=11)

    assert asked(office, sitting, "place_item", item_id=waiting) == "agenda-closed"
    assert asked(office, sitting, "remove_item", item_id=placed, **REASON) == "agenda-closed"
    assert asked(office, sitting, "remove_item", PLATFORM, item_id=placed, **REASON) == "done"


def test_items_are_ordered_as_the_secretary_says() -> None:
    office = Office()
    council, _ = office.seated()
    ids = [office.submit(council) for _ in range(3)]
    sitting = office.schedule(council)

    assert asked(office, sitting, "order_items", order=ids[:2]) == "item-not-on-agenda"
    assert asked(office, sitting, "order_items", order=ids[::-1]) == "done"

    assert [(each.no, each.item_id) for each in office.meeting(sitting).items] == [
        (1, ids[2]),
        (2, ids[1]),
        (3, ids[0]),
    ]


def test_an_empty_agenda_is_not_sent_out() -> None:
    office = Office()
    council, _ = office.seated()

    assert slug(office.convene(office.schedule(council))) == "agenda-empty"


@pytest.mark.parametrize(("days", "reason", "expected"), [(7, None, "done"), (6, None, "late"), (6, "urgent", "done")])
def test_the_agenda_goes_out_in_time_or_is_urgent(days: int, reason: str | None, expected: str) -> None:
    office = Office()
    council, _ = office.seated()
    office.submit(council)
    sitting = office.schedule(council, days=days)

    outcome = office.convene(sitting, reason=reason)

    if isinstance(outcome, Refusal):
        assert (outcome.slug, expected) == ("agenda-too-late", "late")
        assert "7 jours" in outcome.reasons[0].text.fr
    else:
        convened = next(fact for fact in outcome.facts if isinstance(fact, Convened))
        assert expected == "done"
        assert convened.urgent == (reason == "urgent")


def test_the_agenda_is_a_document_uploaded_for_this_meeting() -> None:
    office = Office()
    council, _ = office.seated()
    office.submit(council)
    sitting, other = office.schedule(council), office.schedule(council)

    assert slug(office.convene(sitting, document_id=office.uploaded(other))) == "unknown-id"
    assert slug(office.convene(sitting, document_id=number(999))) == "unknown-id"
    assert slug(office.convene(sitting)) == "done"
    document = office.meeting(sitting).agenda_document_id
    assert document is not None
    card = office.documents["documents", document]
    assert (card["state"], card["kind"]) == ("attached", "agenda")


def test_g7_a_cancelled_sittings_number_is_given_again() -> None:
    office = Office()
    council, _ = office.seated()
    sittings = []
    for _ in range(3):
        office.submit(council)
        sittings.append(office.schedule(council))
        office.convene(sittings[-1])
    assert [office.meeting(each).sitting_no for each in sittings] == [1, 2, 3]

    asked(office, sittings[1], "cancel_meeting", **REASON)
    replacing = office.schedule(council)
    office.convene(replacing)

    assert office.meeting(replacing).sitting_no == 2
    assert office.meeting(sittings[2]).sitting_no == 3


def test_g7_numbers_are_those_of_the_committee_and_the_year() -> None:
    office = Office()
    council, _ = office.seated()
    office.submit(council)
    first = office.schedule(council)
    office.convene(first)
    office.submit(council)
    next_year = office.schedule(council, days=200)
    office.convene(next_year)
    other = office.set_up("cooperation_office")
    office.submit(other)
    elsewhere = office.schedule(other)
    office.convene(elsewhere)
    assert [office.meeting(each).sitting_no for each in (first, next_year, elsewhere)] == [1, 1, 1]

    asked(office, first, "reschedule_meeting", **times(at(date(2027, 2, 1))))

    assert office.meeting(first).sitting_no == 2


def test_members_in_office_that_day_open_the_sitting() -> None:
    office = Office()
    council, members = office.seated()
    office.submit(council)
    sitting = office.schedule(council, days=20)
    office.convene(sitting)
    ended = {"member_id": members[3], "on": TODAY + timedelta(days=19), "reason": "other duties"}
    office.done("committee", "end_membership", council, ended, SECRETARY)
    guest = office.appoint(council, "guest-01", "invited")
    office.today += timedelta(days=20)

    assert slug(office.hold(sitting, members)) == "not-a-member-on-date"
    taken = office.hold(sitting, [*members[:2], guest])

    assert isinstance(taken, Taken)
    held = taken.facts[0]
    assert isinstance(held, Held)
    assert (held.on, held.present, held.quorum, held.quorum_met) == (office.today, 2, 2, True)


def test_without_a_quorum_the_sitting_opens_only_when_confirmed_and_items_can_only_be_deferred() -> None:
    office = Office()
    council, members = office.seated(experts=15)
    item_id = office.submit(council)
    sitting = office.schedule(council)
    office.convene(sitting)

    refused = office.hold(sitting, members[:7])
    assert isinstance(refused, Refusal)
    assert refused.slug == "quorum-not-met"
    assert refused.reasons[0].text.fr == "7 présents, quorum 8\u00a0: un avis ne peut pas être rendu."
    opened = office.hold(sitting, members[:7], confirmed=True)

    assert isinstance(opened, Taken)
    assert opened.state.quorum_met is False
    assert asked(office, sitting, "give_advice", **advice(item_id)) == "quorum-not-met"
    assert asked(office, sitting, "defer_item", item_id=item_id, **REASON) == "done"


def test_each_member_is_named_once() -> None:
    twice = [{"member_id": number(1), "present": "online"}] * 2
    with pytest.raises(ValueError, match="once"):
        RecordAttendance.model_validate({"attendance": twice})


def test_g3_who_declared_a_conflict_is_not_counted_for_that_item() -> None:
    office = Office()
    council, members = office.seated(experts=5)
    first, second = office.submit(council, request(1), PLATFORM), office.submit(council, request(2), PLATFORM)
    sitting = office.held(council, members[:4])
    for each in members[:2]:
        assert asked(office, sitting, "declare_conflict", item_id=first, member_id=each, **REASON) == "done"

    refused = office.take("meeting", "give_advice", sitting, advice(first), SECRETARY)

    assert isinstance(refused, Refusal)
    assert refused.slug == "quorum-not-met"
    assert refused.reasons[0].text.en == "2 present, quorum 3: no advice can be given."
    assert asked(office, sitting, "give_advice", **advice(second)) == "done"
    assert asked(office, sitting, "defer_item", item_id=first, **REASON) == "done"


def test_a_conflict_is_declared_by_the_member_concerned_or_the_secretary() -> None:
    office = Office()
    council, members = office.seated()
    item_id = office.submit(council)
    sitting = office.schedule(council)
    own = {"item_id": item_id, "member_id": members[1], **REASON}

    assert asked(office, sitting, "declare_conflict", member("expert-01", council), **own) == "not-permitted"
    assert asked(office, sitting, "declare_conflict", member("expert-00", council), **own) == "done"
    again = office.take("meeting", "declare_conflict", sitting, own, SECRETARY)
    assert isinstance(again, Taken)
    assert again.decision.is_empty
    stranger = own | {"member_id": number(999)}
    assert asked(office, sitting, "declare_conflict", **stranger) == "not-a-member-on-date"
    elsewhere = own | {"item_id": number(998)}
    assert asked(office, sitting, "declare_conflict", **elsewhere) == "item-not-on-agenda"


def test_a_conflicts_reason_is_in_no_fact_and_no_state() -> None:
    office = Office()
    council, members = office.seated()
    item_id = office.submit(council)
    sitting = office.schedule(council)
    body = {"item_id": item_id, "member_id": members[0], "reason": "CANARY"}

    taken = office.done("meeting", "declare_conflict", sitting, body, SECRETARY)

    public = "".join(fact.model_dump_json() for fact in taken.facts) + taken.state.model_dump_json()
    assert "CANARY" not in public
    assert taken.private.conflicts[item_id][0].reason == "CANARY"


def test_advice_names_its_request_and_its_numbered_conditions_and_keeps_its_reasoning_private() -> None:
    office = Office()
    council, _, sitting, item_id = with_item(office)
    condition = {"no": 1, "text": {"fr": "Joindre un budget.", "en": "Add a budget."}}
    body = advice(
        item_id,
        "favourable_with_conditions",
        conditions=[condition],
        reasoning={"fr": "CANARY"},
        votes={"for": 3, "against": 1, "abstain": 0},
    )

    taken = office.done("meeting", "give_advice", sitting, body, SECRETARY)

    told = taken.facts[0].model_dump(mode="json", exclude_none=True)
    assert told["request_id"] == number(801)
    assert told["committee_id"] == council
    assert told["conditions"] == [condition]
    assert told["given_on"] == TODAY.isoformat()
    assert told["ref"] == {"type": "agreement", "id": number(701)}
    assert "CANARY" not in taken.facts[0].model_dump_json() + taken.state.model_dump_json()
    assert taken.private.deliberations[item_id].votes.for_ == 3
    assert taken.state.item(item_id).state is ItemState.ADVISED


def test_g2_advice_is_given_once() -> None:
    office = Office()
    _, _, sitting, item_id = with_item(office)
    asked(office, sitting, "give_advice", **advice(item_id))

    assert asked(office, sitting, "give_advice", **advice(item_id, "unfavourable")) == "advice-already-given"
    assert asked(office, sitting, "defer_item", item_id=item_id, **REASON) == "advice-already-given"
    assert asked(office, sitting, "give_advice", **advice(number(999))) == "unknown-id"
    assert asked(office, sitting, "defer_item", item_id=number(999), **REASON) == "unknown-id"


def test_g4_conditions_are_stated() -> None:
    office = Office()
    _, _, sitting, item_id = with_item(office)

    body = advice(item_id, "favourable_with_conditions")
    assert asked(office, sitting, "give_advice", **body) == "conditions-missing"


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "deferred"},
        {"conditions": [{"no": 1, "text": {"fr": "x"}}]},
        {"outcome": "favourable_with_conditions", "conditions": [{"no": 2, "text": {"fr": "x"}}]},
        {"reasoning": None},
    ],
)
def test_an_advice_hangs_together(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"outcome|conditions|reasoning"):
        GiveAdvice.model_validate(advice(number(1)) | changes)


def test_only_votes_of_members_present_and_free_of_conflict_are_counted() -> None:
    office = Office()
    council, members = office.seated(experts=4)
    item_id = office.submit(council)
    sitting = office.held(council, members[:4])
    asked(office, sitting, "declare_conflict", item_id=item_id, member_id=members[0], **REASON)
    none = {"against": 0, "abstain": 0}

    too_many = advice(item_id, votes={"for": 4, **none})
    assert asked(office, sitting, "give_advice", **too_many) == "conflicted-vote-counted"
    by_name = [{"member_id": members[0], "vote": "for"}]
    named = advice(item_id, votes={"for": 1, **none, "by_name": by_name})
    assert asked(office, sitting, "give_advice", **named) == "conflicted-vote-counted"
    assert asked(office, sitting, "give_advice", **advice(item_id, votes={"for": 3, **none})) == "done"


def test_g6_a_deferred_item_waits_again_for_the_next_meeting() -> None:
    office = Office()
    council, _, sitting, item_id = with_item(office)

    asked(office, sitting, "defer_item", item_id=item_id, **REASON)

    back = office.committee(council).pending(item_id)
    assert back is not None
    assert (back.origin, back.request_id) == (Origin.DEFERRED, number(801))
    gone = office.meeting(sitting).item(item_id)
    assert gone is not None
    assert (gone.state, gone.outcome) == (ItemState.DEFERRED, AdviceOutcome.DEFERRED)
    assert asked(office, sitting, "give_advice", **advice(item_id)) == "item-not-on-agenda"
    following = office.schedule(council)
    assert [each.item_id for each in office.meeting(following).items] == [item_id]


def test_g6_the_items_of_a_cancelled_meeting_wait_again() -> None:
    office = Office()
    council, _ = office.seated()
    item_id = office.submit(council)
    sitting = office.schedule(council)
    office.convene(sitting)

    assert asked(office, sitting, "cancel_meeting", DIRECTOR, **REASON) == "done"

    back = office.committee(council).pending(item_id)
    assert back is not None
    assert back.origin is Origin.DEFERRED
    assert office.meeting(sitting).state is MeetingState.CANCELLED


def test_a_withdrawn_file_stays_on_the_agenda_that_went_out_and_is_only_noted() -> None:
    office = Office()
    council, members = office.seated()
    item_id = office.submit(council, request(), PLATFORM)
    sitting = office.schedule(council)
    office.convene(sitting)

    assert asked(office, sitting, "withdraw_item", item_id=item_id, **REASON) == "not-permitted"
    assert asked(office, sitting, "withdraw_item", PLATFORM, item_id=item_id, **REASON) == "done"
    assert asked(office, sitting, "withdraw_item", PLATFORM, item_id=item_id, **REASON) == "item-not-on-agenda"
    office.hold(sitting, members[:1], confirmed=True)

    assert asked(office, sitting, "give_advice", **advice(item_id)) == "item-withdrawn"
    assert asked(office, sitting, "defer_item", item_id=item_id, **REASON) == "item-withdrawn"
    assert asked(office, sitting, "give_advice", item_id=item_id, outcome="noted") == "done"
    noted = office.meeting(sitting).item(item_id)
    assert noted is not None
    assert (noted.state, noted.outcome) == (ItemState.WITHDRAWN, AdviceOutcome.NOTED)


def test_documents_for_others_than_the_office_are_shown() -> None:
    office = Office()
    council, _ = office.seated()
    sitting = office.schedule(council)
    paper, note = office.uploaded(sitting), office.uploaded(sitting)

    body = {"document_id": paper, "kind": "paper", "audience": "staff"}
    assert asked(office, sitting, "attach_document", OFFICER, **body) == "done"
    assert asked(office, sitting, "attach_document", OFFICER, document_id=note, kind="note") == "done"
    assert asked(office, sitting, "attach_document", OFFICER, **body) == "unknown-id"

    assert [each.id for each in office.meeting(sitting).documents] == [paper]
    assert office.documents["documents", paper]["audience"] == Audience.STAFF


BODIES: dict[str, dict[str, Any]] = {
    "reschedule_meeting": times(at(TODAY + timedelta(days=30))),
    "place_item": {"item_id": number(1)},
    "remove_item": {"item_id": number(1), **REASON},
    "order_items": {"order": []},
    "withdraw_item": {"item_id": number(1), **REASON},
    "convene_meeting": {"document_id": number(1)},
    "declare_conflict": {"item_id": number(1), "member_id": number(2), **REASON},
    "record_attendance": {"attendance": []},
    "give_advice": advice(number(1)),
    "defer_item": {"item_id": number(1), **REASON},
    "cancel_meeting": REASON,
}


@pytest.mark.parametrize("command", sorted(BODIES))
def test_a_command_is_offered_only_in_the_states_of_its_row(command: str) -> None:
    office = Office()
    council, members = office.seated()
    reached: dict[str, str] = {}
    for state in ("scheduled", "convened", "held", "cancelled"):
        office.submit(council)
        reached[state] = office.schedule(council)
        if state in ("convened", "held"):
            office.convene(reached[state])
    office.hold(reached["held"], members)
    asked(office, reached["cancelled"], "cancel_meeting", **REASON)
    row = AGGREGATES["meeting"].command(command)

    for state, sitting in reached.items():
        outcome = office.take("meeting", command, sitting, BODIES[command], PLATFORM)
        assert (slug(outcome) == "transition-not-allowed") == (state not in row.from_states), state
