"""Everything that can happen to a committee."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from contracts.agenda import Question
from contracts.committee.composition import Acronym, CommitteeKind, DisciplineGroup, MemberRole, Rules
from contracts.record import Fact
from contracts.types import BothLanguages, Change, DecisionRef, Id, Period, Reason, Subject, TaxonomyCode


class CommitteeFact(Fact):
    committee_id: str = ""


class SetUp(CommitteeFact):
    kind: CommitteeKind
    name: BothLanguages
    acronym: Acronym | None = None
    group_code: TaxonomyCode | None = None
    parent_id: Id | None = None
    in_office: Period
    rules: Rules
    decision_ref: DecisionRef | None = None


class Edited(CommitteeFact):
    changes: tuple[Change, ...]


class RulesChanged(CommitteeFact):
    rules: Rules
    from_: date = Field(alias="from")


class MemberAppointed(CommitteeFact):
    member_id: Id
    role: MemberRole
    term: Period
    subject: Subject | None = None
    discipline_group: DisciplineGroup | None = None


class MemberRenewed(CommitteeFact):
    member_id: Id
    term: Period


class MembershipEnded(CommitteeFact):
    member_id: Id
    on: date
    reason: Reason


class ItemSubmitted(CommitteeFact, Question):
    """Also an item that comes back from a meeting, under its own id."""


class ItemPlaced(CommitteeFact):
    item_id: Id
    meeting_id: Id
    request_id: Id | None = None


class ItemWithdrawn(CommitteeFact):
    item_id: Id
    reason: Reason
    request_id: Id | None = None


class Dissolved(CommitteeFact):
    on: date
    successor_ids: tuple[Id, ...] = ()


class TermEnding(CommitteeFact):
    member_id: Id
    term_to: date
    months: int


class MeetingsShort(CommitteeFact):
    year: int
    held: int
    wanted: int


CommitteeFacts = (
    SetUp
    | Edited
    | RulesChanged
    | MemberAppointed
    | MemberRenewed
    | MembershipEnded
    | ItemSubmitted
    | ItemPlaced
    | ItemWithdrawn
    | Dissolved
    | TermEnding
    | MeetingsShort
)
