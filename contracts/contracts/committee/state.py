"""A committee as everybody may see it, and how each fact changes it."""

from __future__ import annotations

from datetime import date

from contracts.agenda import Question
from contracts.committee.composition import (
    Acronym,
    CommitteeKind,
    CommitteeState,
    DatedRules,
    Member,
    Rules,
)
from contracts.committee.facts import (
    CommitteeFacts,
    Dissolved,
    Edited,
    ItemPlaced,
    ItemSubmitted,
    ItemWithdrawn,
    MeetingsShort,
    MemberAppointed,
    MemberRenewed,
    MembershipEnded,
    RulesChanged,
    SetUp,
    TermEnding,
)
from contracts.record import State
from contracts.types import BothLanguages, Id, Period, TaxonomyCode


class Committee(State):
    state: CommitteeState = CommitteeState.IN_OFFICE
    kind: CommitteeKind
    name: BothLanguages
    acronym: Acronym | None = None
    group_code: TaxonomyCode | None = None
    parent_id: Id | None = None
    in_office: Period
    rules: tuple[DatedRules, ...]
    members: tuple[Member, ...] = ()
    pending_items: tuple[Question, ...] = ()

    def rules_on(self, day: date) -> Rules:
        """The rules in force on that day; before the first, the first."""
        dated = [each.rules for each in self.rules if each.from_ <= day]
        return dated[-1] if dated else self.rules[0].rules

    def sits_on(self, day: date) -> bool:
        return self.in_office.covers(day)

    def member(self, member_id: str) -> Member | None:
        return next((each for each in self.members if each.member_id == member_id), None)

    def pending(self, item_id: str) -> Question | None:
        return next((each for each in self.pending_items if each.item_id == item_id), None)

    def voters_on(self, day: date) -> tuple[Member, ...]:
        """The members who make a quorum on that day."""
        return tuple(each for each in self.members if each.votes and each.serves_on(day))


def evolve(state: Committee | None, fact: CommitteeFacts) -> Committee:
    """The committee after the fact; it begins with `set_up`."""
    if isinstance(fact, SetUp):
        return _set_up(fact)
    if state is None:
        raise ValueError(f"a committee does not begin with {fact.short_name()}")
    match fact:
        case Edited():
            return state.with_changes(fact.changes)
        case RulesChanged():
            rules = [*state.rules, DatedRules(from_=fact.from_, rules=fact.rules)]
            return state.model_copy(update={"rules": tuple(sorted(rules, key=lambda each: each.from_))})
        case MemberAppointed() | MemberRenewed() | MembershipEnded():
            return state.model_copy(update={"members": _members_after(state.members, fact)})
        case ItemSubmitted():
            return state.model_copy(update={"pending_items": (*_others(state, fact.item_id), Question.of(fact))})
        case ItemPlaced() | ItemWithdrawn():
            return state.model_copy(update={"pending_items": _others(state, fact.item_id)})
        case Dissolved():
            in_office = state.in_office.model_copy(update={"to": fact.on})
            return state.model_copy(update={"state": CommitteeState.DISSOLVED, "in_office": in_office})
        case TermEnding() | MeetingsShort():
            return state


def _set_up(fact: SetUp) -> Committee:
    return Committee(
        id=fact.committee_id,
        kind=fact.kind,
        name=fact.name,
        acronym=fact.acronym,
        group_code=fact.group_code,
        parent_id=fact.parent_id,
        in_office=fact.in_office,
        rules=(DatedRules(from_=fact.in_office.from_, rules=fact.rules),),
    )


def _members_after(
    members: tuple[Member, ...], fact: MemberAppointed | MemberRenewed | MembershipEnded
) -> tuple[Member, ...]:
    if isinstance(fact, MemberAppointed):
        member = Member(
            member_id=fact.member_id,
            role=fact.role,
            term=fact.term,
            subject=fact.subject,
            discipline_group=fact.discipline_group,
        )
        return (*members, member)
    return tuple(_seat_after(each, fact) if each.member_id == fact.member_id else each for each in members)


def _seat_after(member: Member, fact: MemberRenewed | MembershipEnded) -> Member:
    if isinstance(fact, MembershipEnded):
        return member.model_copy(update={"ended_on": fact.on, "ended_reason": fact.reason})
    changed = {"earlier_terms": member.service(), "term": fact.term, "ended_on": None, "ended_reason": None}
    return member.model_copy(update=changed)


def _others(state: Committee, item_id: str) -> tuple[Question, ...]:
    return tuple(each for each in state.pending_items if each.item_id != item_id)
