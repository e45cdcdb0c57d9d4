"""A meeting as everybody concerned may see it, and how each fact changes it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from contracts.meeting.facts import (
    AdviceGiven,
    AgendaDue,
    Cancelled,
    ConflictDeclared,
    Convened,
    Count,
    DecisionAwaited,
    DecisionRecorded,
    DocumentAttached,
    Held,
    ItemDeferred,
    ItemPlaced,
    ItemRemoved,
    ItemsOrdered,
    ItemWithdrawn,
    MeetingFacts,
    MeetingMode,
    MinutesAmended,
    MinutesApproved,
    MinutesDrafted,
    MinutesDue,
    OpinionRecorded,
    Place,
    Rescheduled,
    Scheduled,
)
from contracts.meeting.items import Item, ItemNo, ItemState, Verdict
from contracts.record import State
from contracts.types import AdviceOutcome, Audience, Document, Id, Instant

BRUSSELS: Final = ZoneInfo("Europe/Brussels")


class MeetingState(StrEnum):
    SCHEDULED = "scheduled"
    CONVENED = "convened"
    HELD = "held"
    MINUTES_DRAFTED = "minutes_drafted"
    MINUTES_APPROVED = "minutes_approved"
    CANCELLED = "cancelled"


class Meeting(State):
    """`documents` are those that others than the office may read."""

    state: MeetingState = MeetingState.SCHEDULED
    committee_id: Id
    sitting_no: ItemNo | None = None
    starts_at: Instant
    ends_at: Instant
    mode: MeetingMode
    place: Place | None = None
    items: tuple[Item, ...] = ()
    agenda_document_id: Id | None = None
    held_on: date | None = None
    present: Count | None = None
    quorum: Count | None = None
    quorum_met: bool | None = None
    minutes_document_id: Id | None = None
    minutes_approved_on: date | None = None
    documents: tuple[Document, ...] = ()

    @property
    def day(self) -> date:
        """The day of the sitting in Brussels."""
        return self.starts_at.astimezone(BRUSSELS).date()

    def item(self, item_id: str) -> Item | None:
        return next((each for each in self.items if each.item_id == item_id), None)


def evolve(state: Meeting | None, fact: MeetingFacts) -> Meeting:
    """The meeting after the fact; it begins with `scheduled`."""
    if isinstance(fact, Scheduled):
        return _scheduled(fact)
    if state is None:
        raise ValueError(f"a meeting does not begin with {fact.short_name()}")
    if isinstance(fact, (Convened, Held, MinutesDrafted, MinutesAmended, MinutesApproved)):
        return _sitting_after(state, fact)
    if isinstance(fact, (ItemWithdrawn, AdviceGiven, ItemDeferred, DecisionRecorded)):
        changed = (_item_after(each, fact) if each.item_id == fact.item_id else each for each in state.items)
        return state.model_copy(update={"items": tuple(changed)})
    if isinstance(fact, (ItemPlaced, ItemRemoved, ItemsOrdered)):
        return _agenda_after(state, fact)
    match fact:
        case Rescheduled():
            return _rescheduled(state, fact)
        case Cancelled():
            return _cancelled(state, fact)
        case DocumentAttached():
            return _with_document(state, fact)
        case OpinionRecorded() | ConflictDeclared() | AgendaDue() | MinutesDue() | DecisionAwaited():
            return state


def _scheduled(fact: Scheduled) -> Meeting:
    return Meeting(
        id=fact.meeting_id,
        committee_id=fact.committee_id,
        sitting_no=fact.sitting_no,
        starts_at=fact.starts_at,
        ends_at=fact.ends_at,
        mode=fact.mode,
        place=fact.place,
    )


def _rescheduled(state: Meeting, fact: Rescheduled) -> Meeting:
    changes: dict[str, Any] = {"starts_at": fact.starts_at, "ends_at": fact.ends_at}
    if fact.place is not None:
        changes["place"] = fact.place
    if fact.sitting_no is not None:
        changes["sitting_no"] = fact.sitting_no
    return state.model_copy(update=changes)


def _sitting_after(
    state: Meeting, fact: Convened | Held | MinutesDrafted | MinutesAmended | MinutesApproved
) -> Meeting:
    changes: dict[str, Any]
    match fact:
        case Convened():
            changes = {
                "state": MeetingState.CONVENED,
                "sitting_no": fact.sitting_no,
                "agenda_document_id": fact.document_id,
            }
        case Held():
            counts = {"present": fact.present, "quorum": fact.quorum, "quorum_met": fact.quorum_met}
            changes = {"state": MeetingState.HELD, "held_on": fact.on, **counts}
        case MinutesDrafted() | MinutesAmended():
            changes = {"state": MeetingState.MINUTES_DRAFTED, "minutes_document_id": fact.document_id}
        case MinutesApproved():
            changes = {"state": MeetingState.MINUTES_APPROVED, "minutes_approved_on": fact.on}
    return state.model_copy(update=changes)


def _item_after(item: Item, fact: ItemWithdrawn | AdviceGiven | ItemDeferred | DecisionRecorded) -> Item:
    changes: dict[str, Any]
    match fact:
        case ItemWithdrawn():
            changes = {"state": ItemState.WITHDRAWN}
        case AdviceGiven():
            state = item.state if item.state is ItemState.WITHDRAWN else ItemState.ADVISED
            given = {"outcome": fact.outcome, "conditions": fact.conditions, "given_on": fact.given_on}
            changes = {"state": state, **given}
        case ItemDeferred():
            changes = {"state": ItemState.DEFERRED, "outcome": AdviceOutcome.DEFERRED}
        case DecisionRecorded():
            verdict = Verdict(**{name: getattr(fact, name) for name in Verdict.model_fields})
            changes = {"state": ItemState.DECIDED, "decision": verdict}
    return item.model_copy(update=changes)


def _agenda_after(state: Meeting, fact: ItemPlaced | ItemRemoved | ItemsOrdered) -> Meeting:
    """Agenda numbers run from 1 without a gap."""
    items: list[Item]
    if isinstance(fact, ItemPlaced):
        items = [*state.items, Item.of(fact, no=fact.no)]
    elif isinstance(fact, ItemRemoved):
        items = [each for each in state.items if each.item_id != fact.item_id]
    else:
        items = sorted(state.items, key=lambda each: fact.order.index(each.item_id))
    numbered = tuple(each.model_copy(update={"no": no}) for no, each in enumerate(items, start=1))
    return state.model_copy(update={"items": numbered})


def _cancelled(state: Meeting, fact: Cancelled) -> Meeting:
    back = {"state": ItemState.DEFERRED}
    items = tuple(each.model_copy(update=back) if each.item_id in fact.items else each for each in state.items)
    return state.model_copy(update={"state": MeetingState.CANCELLED, "items": items})


def _with_document(state: Meeting, fact: DocumentAttached) -> Meeting:
    if fact.audience is Audience.OFFICE:
        return state
    card = Document(
        id=fact.document_id,
        kind=fact.kind,
        sha256=fact.sha256,
        audience=fact.audience,
        added_on=fact.happened_on,
    )
    return state.model_copy(update={"documents": (*state.documents, card)})
