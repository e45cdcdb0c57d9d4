"""The command table of a meeting."""

from __future__ import annotations

from typing import Final

from chassis.decide import CREATION, Command
from contracts.meeting import MeetingState
from contracts.roles import DIR, MEM, OFF, SEC, SERVICE
from events.meeting import agenda, bodies, documents, sitting

SCHEDULED: Final = frozenset({"scheduled"})
AHEAD: Final = frozenset({"scheduled", "convened"})
CONVENED: Final = frozenset({"convened"})
OPEN: Final = frozenset({"scheduled", "convened", "held"})
HELD: Final = frozenset({"held"})
ANY: Final = frozenset(state.value for state in MeetingState)

# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "schedule_meeting", bodies.ScheduleMeeting, CREATION, (SEC, DIR), agenda.schedule,
        to=("scheduled",), needs=agenda.the_committee,
        refusals=("committee-dissolved", "slot-in-past"),
    ),
    Command(
        "reschedule_meeting", bodies.RescheduleMeeting, AHEAD, (SEC,), agenda.reschedule,
        needs=agenda.and_its_sittings,
        refusals=("committee-dissolved", "slot-in-past"),
    ),
    Command(
        "place_item", bodies.PlaceItem, SCHEDULED, (SEC, SERVICE), agenda.place,
        needs=agenda.the_committee, held=agenda.held_to_place,
        refusals=("agenda-closed", "item-not-pending"),
    ),
    Command(
        "remove_item", bodies.ItemWithReason, SCHEDULED, (SEC, SERVICE), agenda.remove,
        needs=agenda.the_committee, held=agenda.held_to_place,
        refusals=("agenda-closed", "item-not-on-agenda"),
    ),
    Command(
        "order_items", bodies.OrderItems, SCHEDULED, (SEC,), agenda.order, held=agenda.held_to_place,
        refusals=("agenda-closed", "item-not-on-agenda"),
    ),
    Command(
        "withdraw_item", bodies.ItemWithReason, CONVENED | HELD, (SERVICE,), agenda.withdraw,
        refusals=("item-not-on-agenda",),
    ),
    Command(
        "convene_meeting", bodies.ConveneMeeting, SCHEDULED, (SEC,), agenda.convene,
        to=("convened",), needs=agenda.and_its_sittings, held=agenda.held_to_convene,
        refusals=("agenda-empty", "agenda-too-late"),
    ),
    Command(
        "declare_conflict", bodies.DeclareConflict, OPEN, (MEM, SEC), sitting.declare_conflict,
        needs=agenda.the_committee,
        refusals=("not-a-member-on-date", "item-not-on-agenda"),
    ),
    Command(
        "record_attendance", bodies.RecordAttendance, CONVENED, (SEC,), sitting.record_attendance,
        to=("held",), needs=agenda.the_committee,
        refusals=("quorum-not-met", "not-a-member-on-date"),
    ),
    Command(
        "give_advice", bodies.GiveAdvice, HELD, (SEC,), sitting.give_advice, held=sitting.held_to_advise,
        refusals=(
            "quorum-not-met", "advice-already-given", "conflicted-vote-counted", "conditions-missing",
            "item-not-on-agenda", "item-withdrawn",
        ),
    ),
    Command(
        "defer_item", bodies.ItemWithReason, HELD, (SEC,), sitting.defer,
        needs=agenda.the_committee,
        refusals=("advice-already-given", "item-not-on-agenda", "item-withdrawn"),
    ),
    Command(
        "cancel_meeting", bodies.CancelMeeting, AHEAD, (SEC, DIR), agenda.cancel,
        to=("cancelled",), needs=agenda.the_committee,
    ),
    Command(
        "attach_document", bodies.AttachDocument, ANY, (SEC, OFF), documents.attach,
        needs=documents.the_document,
    ),
)
# fmt: on
