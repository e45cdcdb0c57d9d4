"""From the date to the agenda: scheduling, what stands on it, sending it out, and calling it off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from chassis.decide import (
    Also,
    Context,
    Decision,
    Doc,
    Find,
    Found,
    Other,
    Outcome,
    Refusal,
    Rows,
    refuse,
)
from contracts.agenda import Origin, Question
from contracts.committee import Committee
from contracts.committee import ItemPlaced as LeftCommittee
from contracts.committee import ItemSubmitted as BackAtCommittee
from contracts.meeting import (
    AgendaLine,
    Cancelled,
    Convened,
    Item,
    ItemPlaced,
    ItemRemoved,
    ItemsOrdered,
    ItemWithdrawn,
    Meeting,
    MeetingState,
    Rescheduled,
    Scheduled,
)
from events.meeting import policy
from events.meeting.bodies import (
    CancelMeeting,
    ConveneMeeting,
    ItemWithReason,
    OrderItems,
    PlaceItem,
    RescheduleMeeting,
    ScheduleMeeting,
)
from events.meeting.documents import attached, pending_card
from events.meeting.private import MeetingPrivate


def the_committee(state: Meeting | None, private: Any, body: Any, found: Found) -> Iterable[Find]:
    if state is not None:
        yield Other("committee", state.committee_id)
    elif body is not None:
        yield Other("committee", body.committee_id)


def and_its_sittings(state: Meeting, private: Any, body: Any, found: Found) -> Iterable[Find]:
    yield from the_committee(state, private, body, found)
    yield Rows("sittings", "meeting", {"public.committee_id": state.committee_id, "state": {"$ne": "cancelled"}})
    if isinstance(body, ConveneMeeting):
        yield Doc("documents", body.document_id)


def committee_of(state: Meeting, context: Context) -> Committee:
    """The meeting's committee; it is of this service, so it is always there."""
    loaded = context.found.other("committee", state.committee_id)
    if loaded is None:
        raise LookupError(f"committee/{state.committee_id}")
    committee: Committee = loaded.state
    return committee


def schedule(state: None, private: None, body: ScheduleMeeting, context: Context) -> Outcome:
    loaded = context.found.other("committee", body.committee_id)
    if loaded is None:
        return refuse("unknown-id", pointer="/committee_id")
    fact = Scheduled(
        committee_id=body.committee_id,
        starts_at=body.starts_at.astimezone(UTC),
        ends_at=body.ends_at.astimezone(UTC),
        mode=body.mode,
        place=body.place,
    )
    new = Meeting(id=context.id, **{name: getattr(fact, name) for name in _SCHEDULED})
    refusal = policy.in_office(loaded.state, new.day) or _past(fact, context)
    if refusal:
        return refusal
    waiting: Sequence[Question] = loaded.state.pending_items
    return _placed(new, waiting, (fact,))


_SCHEDULED = ("committee_id", "starts_at", "ends_at", "mode", "place")


def _past(times: Scheduled | Rescheduled, context: Context) -> Refusal | None:
    return refuse("slot-in-past", pointer="/starts_at") if times.starts_at <= context.now else None


def _placed(state: Meeting, items: Sequence[Question], before: tuple[Scheduled, ...] = ()) -> Decision:
    """The items on the agenda and away from the committee's list, in one transaction (G1)."""
    first = len(state.items) + 1
    placed = tuple(ItemPlaced(**each.asked(), no=no) for no, each in enumerate(items, start=first))
    left = tuple(LeftCommittee(item_id=each.item_id, meeting_id=state.id, request_id=each.request_id) for each in items)
    also = (Also("committee", state.committee_id, left),) if left else ()
    return Decision((*before, *placed), also=also, guards=(f"agenda:{state.committee_id}",))


def back_at_committee(state: Meeting, items: Iterable[Item], origin: Origin | None = None) -> tuple[Also, ...]:
    """The items wait at the committee again, under the ids they had."""
    facts = tuple(BackAtCommittee(**each.asked() | ({"origin": origin} if origin else {})) for each in items)
    return (Also("committee", state.committee_id, facts),) if facts else ()


def reschedule(state: Meeting, private: Any, body: RescheduleMeeting, context: Context) -> Outcome:
    fact = Rescheduled(starts_at=body.starts_at.astimezone(UTC), ends_at=body.ends_at.astimezone(UTC), place=body.place)
    moved = state.model_copy(update={"starts_at": fact.starts_at})
    refusal = policy.in_office(committee_of(state, context), moved.day) or _past(fact, context)
    if refusal:
        return refusal
    if state.sitting_no is None or moved.day.year == state.day.year:
        return Decision((fact,))
    numbered = fact.model_copy(update={"sitting_no": policy.free_number(moved, _sittings(context))})
    return Decision((numbered,), guards=(_sitting_guard(state), _sitting_guard(moved)))


def _sittings(context: Context) -> list[Meeting]:
    return [Meeting.model_validate(row["public"]) for row in context.found.rows("sittings")]


def _sitting_guard(state: Meeting) -> str:
    return f"sitting:{state.committee_id}:{state.day.year}"


def held_to_place(state: Meeting, private: Any, context: Context) -> Iterable[Refusal]:
    if state.starts_at <= context.now:
        yield refuse("agenda-closed")


def place(state: Meeting, private: Any, body: PlaceItem, context: Context) -> Outcome:
    for refusal in held_to_place(state, private, context):
        return refusal
    item = committee_of(state, context).pending(body.item_id)
    return _placed(state, (item,)) if item else refuse("item-not-pending")


def remove(state: Meeting, private: Any, body: ItemWithReason, context: Context) -> Outcome:
    """Back to the committee; a file that was taken back leaves a forgotten agenda too."""
    if context.caller.is_person:
        for refusal in held_to_place(state, private, context):
            return refusal
    item = state.item(body.item_id)
    if item is None:
        return refuse("item-not-on-agenda")
    fact = ItemRemoved(item_id=item.item_id, reason=body.reason, request_id=item.request_id)
    return Decision((fact,), also=back_at_committee(state, (item,)))


def order(state: Meeting, private: Any, body: OrderItems, context: Context) -> Outcome:
    for refusal in held_to_place(state, private, context):
        return refusal
    if sorted(body.order) != sorted(each.item_id for each in state.items):
        return refuse("item-not-on-agenda", pointer="/order")
    return Decision((ItemsOrdered(order=body.order),))


def withdraw(state: Meeting, private: Any, body: ItemWithReason, context: Context) -> Outcome:
    item = state.item(body.item_id)
    if item is None or not item.is_open:
        return refuse("item-not-on-agenda")
    return Decision((ItemWithdrawn(item_id=item.item_id, reason=body.reason, request_id=item.request_id),))


def held_to_convene(state: Meeting, private: Any, context: Context) -> Iterable[Refusal]:
    if not state.items:
        yield refuse("agenda-empty")


def convene(state: Meeting, private: Any, body: ConveneMeeting, context: Context) -> Outcome:
    for refusal in held_to_convene(state, private, context):
        return refusal
    late = policy.agenda_late(state, committee_of(state, context), context.today)
    if late and body.reason != "urgent":
        return late
    card = pending_card(body.document_id, state, context)
    if card is None:
        return refuse("unknown-id", pointer="/document_id")
    kept = attached(card, "agenda")
    lines = tuple(AgendaLine(item_id=each.item_id, no=each.no, kind=each.kind, ref=each.ref) for each in state.items)
    convened = Convened(
        sitting_no=policy.free_number(state, _sittings(context)),
        items=lines,
        document_id=body.document_id,
        urgent=late is not None,
    )
    return Decision((convened, *kept.facts), guards=(_sitting_guard(state),), rows=kept.rows, attaches=kept.attaches)


def cancel(state: Meeting, private: MeetingPrivate, body: CancelMeeting, context: Context) -> Outcome:
    back = [each for each in state.items if each.is_open]
    fact = Cancelled(reason=body.reason, items=tuple(each.item_id for each in back))
    guards = (_sitting_guard(state),) if state.state is MeetingState.CONVENED else ()
    return Decision((fact,), also=back_at_committee(state, back, Origin.DEFERRED), guards=guards)
