"""Everything that can happen to a meeting and to what stands on its agenda."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.agenda import FileRef, Question
from contracts.meeting.items import AgendaLine, Authority, Followed, ItemNo
from contracts.record import Fact
from contracts.types import (
    AdviceOutcome,
    Audience,
    Condition,
    Id,
    Instant,
    LocalizedText,
    Reason,
    Sha256,
    TaxonomyCode,
    Text80,
)

Count = Annotated[int, Field(ge=0)]
Place = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class MeetingMode(StrEnum):
    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"
    WRITTEN = "written"


class MeetingFact(Fact):
    meeting_id: str = ""


class Scheduled(MeetingFact):
    """Without a `sitting_no`: a meeting has one when it is convened."""

    committee_id: Id
    sitting_no: ItemNo | None = None
    starts_at: Instant
    ends_at: Instant
    mode: MeetingMode
    place: Place | None = None


class Rescheduled(MeetingFact):
    """`sitting_no` only when the new day lies in another year."""

    starts_at: Instant
    ends_at: Instant
    place: Place | None = None
    sitting_no: ItemNo | None = None


class ItemPlaced(MeetingFact, Question):
    no: ItemNo


class ItemRemoved(MeetingFact):
    item_id: Id
    reason: Reason
    request_id: Id | None = None


class ItemWithdrawn(MeetingFact):
    """The file was taken back after the agenda had gone out: the item stays and can only be noted."""

    item_id: Id
    reason: Reason
    request_id: Id | None = None


class ItemsOrdered(MeetingFact):
    order: tuple[Id, ...]


class Convened(MeetingFact):
    sitting_no: ItemNo
    items: tuple[AgendaLine, ...]
    document_id: Id
    urgent: bool = False


class OpinionRecorded(MeetingFact):
    item_id: Id
    member_id: Id


class ConflictDeclared(MeetingFact):
    item_id: Id
    member_id: Id


class Held(MeetingFact):
    """`quorum` is how many members were needed, `present` how many who count were there."""

    on: date
    present: Count
    quorum: Count
    quorum_met: bool


class AdviceGiven(MeetingFact):
    item_id: Id
    ref: FileRef | None = None
    request_id: Id | None = None
    outcome: AdviceOutcome
    conditions: tuple[Condition, ...] = ()
    committee_id: Id
    given_on: date


class ItemDeferred(MeetingFact):
    item_id: Id
    ref: FileRef | None = None
    request_id: Id | None = None
    reason: Reason


class MinutesDrafted(MeetingFact):
    document_id: Id


class MinutesAmended(MeetingFact):
    document_id: Id
    reason: Reason


class MinutesApproved(MeetingFact):
    on: date


class DecisionRecorded(MeetingFact):
    item_id: Id
    ref: FileRef | None = None
    authority: Authority
    followed: Followed
    reason: LocalizedText | None = None
    decided_on: date
    reference: Text80


class Cancelled(MeetingFact):
    """`items` are those that go back to the committee."""

    reason: Reason
    items: tuple[Id, ...] = ()


class DocumentAttached(MeetingFact):
    document_id: Id
    kind: TaxonomyCode
    sha256: Sha256
    audience: Audience


class AgendaDue(MeetingFact):
    days: Count
    due_on: date | None = None


class MinutesDue(MeetingFact):
    days: Count
    due_on: date | None = None


class DecisionAwaited(MeetingFact):
    item_id: Id
    days: Count
    due_on: date | None = None


MeetingFacts = (
    Scheduled
    | Rescheduled
    | ItemPlaced
    | ItemRemoved
    | ItemWithdrawn
    | ItemsOrdered
    | Convened
    | OpinionRecorded
    | ConflictDeclared
    | Held
    | AdviceGiven
    | ItemDeferred
    | MinutesDrafted
    | MinutesAmended
    | MinutesApproved
    | DecisionRecorded
    | Cancelled
    | DocumentAttached
    | AgendaDue
    | MinutesDue
    | DecisionAwaited
)
