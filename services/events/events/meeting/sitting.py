"""The sitting: who is there, who stands aside, and what is advised on each item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chassis.decide import Context, Decision, Outcome, Refusal, refuse
from contracts.agenda import Origin
from contracts.committee import Committee
from contracts.meeting import AdviceGiven, ConflictDeclared, Held, ItemDeferred, ItemState, Meeting
from contracts.roles import SEC
from events.meeting import policy
from events.meeting.agenda import back_at_committee, committee_of
from events.meeting.bodies import DeclareConflict, GiveAdvice, ItemWithReason, RecordAttendance
from events.meeting.private import Conflict, Deliberation, MeetingPrivate


def record_attendance(state: Meeting, private: MeetingPrivate, body: RecordAttendance, context: Context) -> Outcome:
    committee, on = committee_of(state, context), min(state.day, context.today)
    for no, each in enumerate(body.attendance):
        if not _sits(committee, each.member_id, on):
            return refuse("not-a-member-on-date", pointer=f"/attendance/{no}/member_id")
    there = {each.member_id for each in body.attendance if each.is_there}
    voters = tuple(each.member_id for each in committee.voters_on(on) if each.member_id in there)
    quorum = policy.quorum_on(committee, on)
    lacking = policy.no_quorum(len(voters), quorum)
    if lacking and not body.confirmed:
        return lacking
    held = Held(on=on, present=len(voters), quorum=quorum, quorum_met=lacking is None)
    noted = private.model_copy(update={"attendance": body.attendance, "voters": voters})
    return Decision((held,), noted, guards=(f"members:{state.committee_id}",))


def _sits(committee: Committee, member_id: str, on: date) -> bool:
    member = committee.member(member_id)
    return member is not None and member.serves_on(on)


def declare_conflict(state: Meeting, private: MeetingPrivate, body: DeclareConflict, context: Context) -> Outcome:
    item, committee = state.item(body.item_id), committee_of(state, context)
    if item is None or not item.is_open:
        return refuse("item-not-on-agenda", pointer="/item_id")
    if not _sits(committee, body.member_id, state.day):
        return refuse("not-a-member-on-date", pointer="/member_id")
    own = _is(context, committee, body.member_id)
    if not own and not context.caller.may((SEC,), policy.reach(state, private, body, context.found)):
        return Refusal("not-permitted", members={"roles": [SEC.value]})
    if body.member_id in private.conflicted(item.item_id):
        return Decision()
    declared = (*private.conflicts.get(item.item_id, ()), Conflict(member_id=body.member_id, reason=body.reason))
    noted = private.model_copy(update={"conflicts": private.conflicts | {item.item_id: declared}})
    return Decision((ConflictDeclared(item_id=item.item_id, member_id=body.member_id),), noted)


def _is(context: Context, committee: Committee, member_id: str) -> bool:
    member = committee.member(member_id)
    return member is not None and member.subject == context.caller.subject


def held_to_advise(state: Meeting, private: MeetingPrivate, context: Context) -> Iterable[Refusal]:
    if not state.quorum_met and not any(policy.only_noted(each) for each in state.items):
        yield refuse("quorum-not-met")


def give_advice(state: Meeting, private: MeetingPrivate, body: GiveAdvice, context: Context) -> Outcome:
    item = state.item(body.item_id)
    if item is None:
        return refuse("unknown-id", pointer="/item_id")
    for refusal in policy.against_advice(item, state, private, body):
        return refusal
    fact = AdviceGiven(
        item_id=item.item_id,
        ref=item.ref,
        request_id=item.request_id,
        outcome=body.outcome,
        conditions=body.conditions,
        committee_id=state.committee_id,
        given_on=context.today,
    )
    kept = Deliberation(reasoning=body.reasoning, votes=body.votes)
    noted = private.model_copy(update={"deliberations": private.deliberations | {item.item_id: kept}})
    return Decision((fact,), noted)


def defer(state: Meeting, private: MeetingPrivate, body: ItemWithReason, context: Context) -> Outcome:
    item = state.item(body.item_id)
    if item is None:
        return refuse("unknown-id", pointer="/item_id")
    for refusal in policy.not_waiting(item):
        return refusal
    if item.state is ItemState.WITHDRAWN:
        return refuse("item-withdrawn")
    fact = ItemDeferred(item_id=item.item_id, ref=item.ref, request_id=item.request_id, reason=body.reason)
    return Decision((fact,), also=back_at_committee(state, (item,), Origin.DEFERRED))
