"""How each row of the meeting's table goes well, and how it is refused by each slug."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.events.tests.events_office import (
    DIRECTOR,
    OFFICER,
    PLATFORM,
    SECRETARY,
    TODAY,
    Office,
    advice,
    at,
    member,
    number,
    request,
    secretary_of,
    times,
)
from tests.support.tables import Ask, Case, done, refused

from chassis.decide import Caller, Loaded
from contracts.committee import Dissolved
from contracts.meeting import MeetingState

REASON: dict[str, Any] = {"reason": "the faculty is not ready"}
CONDITION = {"no": 1, "text": {"fr": "Joindre un budget.", "en": "Add a budget."}}
NONE_ELSE = {"against": 0, "abstain": 0}


def schedule(office: Office, **changes: Any) -> Ask:
    council, _ = office.seated()
    office.submit(council)
    body = {"committee_id": council, "mode": "online", **times(at(TODAY + timedelta(days=10)))} | changes
    return Ask(None, body, secretary_of(council))


def for_dissolved(office: Office) -> Ask:
    ask = schedule(office)
    office.tell("committee", ask.body["committee_id"], Dissolved(on=TODAY + timedelta(days=9)))
    return ask


def ahead(office: Office, caller: Caller = SECRETARY, **body: Any) -> Ask:
    """A scheduled meeting with one item on its agenda; `{item}` in the body is that item."""
    council, _ = office.seated()
    item_id = office.submit(council)
    return Ask(office.schedule(council), _naming(body, item_id), caller)


def _naming(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    return {name: item_id if value == "{item}" else value for name, value in body.items()}


def moved_beyond_office(office: Office) -> Ask:
    ask = ahead(office, **times(at(TODAY + timedelta(days=200))))
    (council,) = office.shelf["committee"]
    office.tell("committee", council, Dissolved(on=TODAY + timedelta(days=100)))
    return ask


def place(office: Office, days: int = 0, **changes: Any) -> Ask:
    council, _ = office.seated()
    sitting = office.schedule(council, days=10)
    body = {"item_id": office.submit(council)} | changes
    office.today += timedelta(days=days)
    return Ask(sitting, body, SECRETARY)


def removed_too_late(office: Office) -> Ask:
    ask = ahead(office, item_id="{item}", **REASON)
    office.today += timedelta(days=21)
    return ask


def reorder(office: Office, *order: int, days: int = 0) -> Ask:
    council, _ = office.seated()
    ids = [office.submit(council), office.submit(council)]
    sitting = office.schedule(council)
    office.today += timedelta(days=days)
    return Ask(sitting, {"order": [ids[each] for each in order]}, SECRETARY)


def sent_out(office: Office, caller: Caller = SECRETARY, **body: Any) -> Ask:
    ask = ahead(office, caller, **body)
    assert ask.id
    office.convene(ask.id)
    return ask


def convene(office: Office, days: int = 20, items: int = 1, **changes: Any) -> Ask:
    council, _ = office.seated()
    for _ in range(items):
        office.submit(council)
    sitting = office.schedule(council, days=days)
    return Ask(sitting, {"document_id": office.uploaded(sitting)} | changes, SECRETARY)


def declare(office: Office, caller: Caller | None = None, **changes: Any) -> Ask:
    """The first expert's conflict on the item of a scheduled meeting."""
    council, members = office.seated()
    body = {"item_id": office.submit(council), "member_id": members[1], **REASON} | changes
    return Ask(office.schedule(council), body, caller or member("expert-00", council))


def attended(office: Office, present: slice, *strangers: str) -> Ask:
    council, members = office.seated()
    office.submit(council)
    sitting = office.schedule(council)
    office.convene(sitting)
    there = [{"member_id": each, "present": "in_person"} for each in (*members[present], *strangers)]
    return Ask(sitting, {"attendance": there}, SECRETARY)


def sitting(office: Office, body: dict[str, Any], *before: tuple[str, dict[str, Any]], present: int = 4) -> Ask:
    """A meeting that began with so many of four members; `before` are commands on its item that went ahead."""
    council, members = office.seated()
    item_id = office.submit(council, request(), PLATFORM)
    id_ = office.schedule(council)
    office.convene(id_)
    office.hold(id_, members[:present], confirmed=True)
    for command, said in before:
        caller = PLATFORM if command == "withdraw_item" else SECRETARY
        office.done("meeting", command, id_, _naming(said, item_id), caller)
    return Ask(id_, _naming(body, item_id), SECRETARY)


ADVICE = advice("{item}")
DEFER: dict[str, Any] = {"item_id": "{item}", **REASON}
GIVEN, DEFERRED, WITHDRAWN = ("give_advice", ADVICE), ("defer_item", DEFER), ("withdraw_item", DEFER)


def attach(office: Office, **changes: Any) -> Ask:
    ask = ahead(office, OFFICER)
    assert ask.id
    body = {"document_id": office.uploaded(ask.id), "kind": "paper", "audience": "staff"}
    return Ask(ask.id, body | changes, OFFICER)


def meeting_at(office: Office, state: str) -> str:
    """A meeting in that state, also in those that no command leads to yet."""
    committee = office.set_up("cooperation_office")
    members = [office.appoint(committee, "expert-00")]
    office.submit(committee)
    id_ = office.schedule(committee)
    if state == MeetingState.CANCELLED:
        office.done("meeting", "cancel_meeting", id_, REASON, DIRECTOR)
    elif state != MeetingState.SCHEDULED:
        office.convene(id_)
        if state != MeetingState.CONVENED:
            office.hold(id_, members)
    held = office.shelf["meeting"][id_]
    reached = held.state.model_copy(update={"state": MeetingState(state)})
    office.shelf["meeting"][id_] = Loaded(reached, held.private)
    return id_


CASES: tuple[Case[Office], ...] = (
    done("schedule_meeting", schedule, to="scheduled"),
    *refused(
        "schedule_meeting",
        committee_dissolved=for_dissolved,
        slot_in_past=lambda o: schedule(o, **times(at(TODAY - timedelta(days=1)))),
        not_permitted=lambda o: Ask(None, schedule(o).body, secretary_of(number(9))),
    ),
    done("reschedule_meeting", lambda o: ahead(o, **times(at(TODAY + timedelta(days=30))))),
    *refused(
        "reschedule_meeting",
        committee_dissolved=moved_beyond_office,
        slot_in_past=lambda o: ahead(o, **times(at(TODAY - timedelta(days=1)))),
    ),
    done("place_item", place),
    *refused(
        "place_item",
        agenda_closed=lambda o: place(o, days=11),
        item_not_pending=lambda o: place(o, item_id=number(999)),
    ),
    done("remove_item", lambda o: ahead(o, item_id="{item}", **REASON)),
    *refused(
        "remove_item",
        agenda_closed=removed_too_late,
        item_not_on_agenda=lambda o: ahead(o, item_id=number(999), **REASON),
    ),
    done("order_items", lambda o: reorder(o, 1, 0)),
    *refused(
        "order_items",
        agenda_closed=lambda o: reorder(o, 1, 0, days=21),
        item_not_on_agenda=lambda o: reorder(o, 0),
    ),
    done("withdraw_item", lambda o: sent_out(o, PLATFORM, **DEFER)),
    *refused("withdraw_item", item_not_on_agenda=lambda o: sent_out(o, PLATFORM, item_id=number(999), **REASON)),
    done("convene_meeting", convene, to="convened"),
    *refused(
        "convene_meeting",
        agenda_empty=lambda o: convene(o, items=0),
        agenda_too_late=lambda o: convene(o, days=6),
        unknown_id=lambda o: convene(o, document_id=number(999)),
    ),
    done("declare_conflict", declare),
    done("declare_conflict", lambda o: declare(o, SECRETARY)),
    *refused(
        "declare_conflict",
        not_a_member_on_date=lambda o: declare(o, SECRETARY, member_id=number(999)),
        item_not_on_agenda=lambda o: declare(o, SECRETARY, item_id=number(999)),
        not_permitted=lambda o: declare(o, Caller("expert-01", member("expert-01", number(1)).roles)),
    ),
    done("record_attendance", lambda o: attended(o, slice(2)), to="held"),
    *refused(
        "record_attendance",
        quorum_not_met=lambda o: attended(o, slice(1)),
        not_a_member_on_date=lambda o: attended(o, slice(4), number(999)),
    ),
    done("give_advice", lambda o: sitting(o, ADVICE)),
    done("give_advice", lambda o: sitting(o, advice("{item}", "favourable_with_conditions", conditions=[CONDITION]))),
    *refused(
        "give_advice",
        quorum_not_met=lambda o: sitting(o, ADVICE, present=1),
        advice_already_given=lambda o: sitting(o, ADVICE, GIVEN),
        conflicted_vote_counted=lambda o: sitting(o, advice("{item}", votes={"for": 5, **NONE_ELSE})),
        conditions_missing=lambda o: sitting(o, advice("{item}", "favourable_with_conditions")),
        item_not_on_agenda=lambda o: sitting(o, ADVICE, DEFERRED),
        item_withdrawn=lambda o: sitting(o, ADVICE, WITHDRAWN),
        unknown_id=lambda o: sitting(o, advice(number(999))),
    ),
    done("defer_item", lambda o: sitting(o, DEFER)),
    *refused(
        "defer_item",
        advice_already_given=lambda o: sitting(o, DEFER, GIVEN),
        item_not_on_agenda=lambda o: sitting(o, DEFER, DEFERRED),
        item_withdrawn=lambda o: sitting(o, DEFER, WITHDRAWN),
        unknown_id=lambda o: sitting(o, DEFER | {"item_id": number(999)}),
    ),
    done("cancel_meeting", lambda o: sent_out(o, DIRECTOR, **REASON), to="cancelled"),
    done("attach_document", attach),
    *refused("attach_document", unknown_id=lambda o: attach(o, document_id=number(999))),
)
