"""Setting a committee up, its rules, and who sits in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from chassis.decide import Context, Decision, Find, Found, Outcome, Rows, refuse
from contracts.committee import (
    Committee,
    Edited,
    Member,
    MemberAppointed,
    MemberRole,
    MembershipEnded,
    RulesChanged,
    SetUp,
)
from contracts.types import Change, Period
from events.committee.bodies import AppointMember, ChangeRules, EditCommittee, EndMembership, SetUpCommittee
from events.committee.policy import full_term, seat_taken
from events.committee.private import CommitteePrivate

ALL = Rows("committees", "committee", {})


def every_committee(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
    return (ALL,)


def set_up(state: None, private: None, body: SetUpCommittee, context: Context) -> Outcome:
    refusal = seat_taken(body, context.found.rows(ALL.name))
    if refusal:
        return refusal
    fact = SetUp(**{name: getattr(body, name) for name in SetUpCommittee.model_fields})
    return Decision((fact,), guards=("committees:in_office",))


def edit(state: Committee, private: CommitteePrivate, body: EditCommittee, context: Context) -> Outcome:
    changed = body.model_dump(mode="json", exclude_none=True)
    now = state.model_dump(mode="json")
    changes = tuple(Change(pointer=f"/{name}", new=new) for name, new in changed.items() if now[name] != new)
    return Decision((Edited(changes=changes),)) if changes else Decision()


def change_rules(state: Committee, private: CommitteePrivate, body: ChangeRules, context: Context) -> Outcome:
    if body.from_ < context.today:
        return refuse("rules-retroactive", pointer="/from")
    return Decision((RulesChanged(rules=body.rules, from_=body.from_),), guards=(members_guard(state.id),))


def appoint(state: Committee, private: CommitteePrivate, body: AppointMember, context: Context) -> Outcome:
    term = full_term(body.term.from_, state.rules_on(body.term.from_).term_years)
    if body.term.to not in (None, term.to):
        return refuse("term-not-two-years", pointer="/term/to")
    if any(each.serves_within(term) for each in _seats_of(body, state, private)):
        return refuse("member-already-serving")
    if body.role is MemberRole.CHAIR and _chairs(state, term):
        return refuse("second-chair")
    member_id = context.new_id()
    fact = MemberAppointed(
        member_id=member_id,
        role=body.role,
        term=term,
        subject=body.subject,
        discipline_group=body.discipline_group,
    )
    kept = None
    if body.external:
        kept = private.model_copy(update={"externals": private.externals | {member_id: body.external}})
    return Decision((fact,), kept, guards=(members_guard(state.id),), answer={"member_id": member_id})


def _seats_of(body: AppointMember, state: Committee, private: CommitteePrivate) -> list[Member]:
    if body.external:
        known = private.external_with(body.external.email)
        return [each for each in state.members if each.member_id in known]
    return [each for each in state.members if each.subject == body.subject]


def _chairs(state: Committee, period: Period) -> list[Member]:
    return [each for each in state.members if each.role is MemberRole.CHAIR and each.serves_within(period)]


def end_membership(state: Committee, private: CommitteePrivate, body: EndMembership, context: Context) -> Outcome:
    member = state.member(body.member_id)
    if member is None:
        return refuse("unknown-id", pointer="/member_id")
    if not member.serves_on(body.on):
        return refuse("member-not-serving", pointer="/on")
    if member.role is MemberRole.CHAIR and not _led_without(state, member, body):
        return refuse("last-chair")
    fact = MembershipEnded(member_id=member.member_id, on=body.on, reason=body.reason)
    return Decision((fact,), guards=(members_guard(state.id),))


def _led_without(state: Committee, chair: Member, body: EndMembership) -> bool:
    leading = {MemberRole.CHAIR, MemberRole.SUBSTITUTE_CHAIR}
    next_day = body.on + timedelta(days=1)
    return any(each.role in leading and each.serves_on(next_day) for each in state.members if each is not chair)


def members_guard(committee_id: str) -> str:
    """Touched by who changes the composition and by who counts a quorum in it."""
    return f"members:{committee_id}"
