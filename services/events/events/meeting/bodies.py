"""What the commands of a meeting are asked with."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.meeting import MeetingMode, Place
from contracts.types import (
    AdviceOutcome,
    Audience,
    Body,
    Condition,
    Id,
    Instant,
    Lang,
    LongText,
    Reason,
    Shape,
    TaxonomyCode,
    Text300,
)

Count = Annotated[int, Field(ge=0, le=1_000)]


class _Times(Body):
    starts_at: Instant
    ends_at: Instant
    place: Place | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at is after starts_at")
        return self


class ScheduleMeeting(_Times):
    """The items that wait at the committee go onto its agenda."""

    committee_id: Id
    mode: MeetingMode


class RescheduleMeeting(_Times):
    pass


class PlaceItem(Body):
    item_id: Id


class ItemWithReason(Body):
    """The reason can be read on campus."""

    item_id: Id
    reason: Reason


class OrderItems(Body):
    """All items of the agenda in their new order."""

    order: tuple[Id, ...]


class ConveneMeeting(Body):
    """The agenda goes out; `urgent` when it goes out later than the rules say."""

    document_id: Id
    reason: Literal["urgent"] | None = None


class Attended(StrEnum):
    IN_PERSON = "in_person"
    ONLINE = "online"
    EXCUSED = "excused"
    ABSENT = "absent"


class Presence(Shape):
    """A proxy is noted; only who is there counts for the quorum."""

    member_id: Id
    present: Attended
    proxy_to: Id | None = None

    @property
    def is_there(self) -> bool:
        return self.present in (Attended.IN_PERSON, Attended.ONLINE)


class RecordAttendance(Body):
    """`confirmed` opens the sitting without a quorum: its items can then only be deferred."""

    attendance: tuple[Presence, ...]
    confirmed: bool = False

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len({each.member_id for each in self.attendance}) < len(self.attendance):
            raise ValueError("each member is named once")
        return self


class DeclareConflict(Body):
    """The reason is for the committee and the office."""

    item_id: Id
    member_id: Id
    reason: Reason


class Ballot(Shape):
    member_id: Id
    vote: Literal["for", "against", "abstain"]


class Votes(Shape):
    """Counts, and where the committee votes by name, who voted how."""

    for_: Count = Field(alias="for")
    against: Count
    abstain: Count
    by_name: tuple[Ballot, ...] = ()

    @property
    def cast(self) -> int:
        return self.for_ + self.against + self.abstain


class GiveAdvice(Body):
    """Conditions can be read on campus and are answered by their number; the reasoning stays with the office."""

    item_id: Id
    outcome: Literal[
        AdviceOutcome.FAVOURABLE,
        AdviceOutcome.FAVOURABLE_WITH_CONDITIONS,
        AdviceOutcome.UNFAVOURABLE,
        AdviceOutcome.NOTED,
    ]
    conditions: tuple[Condition, ...] = ()
    reasoning: LongText | None = None
    votes: Votes | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if [each.no for each in self.conditions] != list(range(1, len(self.conditions) + 1)):
            raise ValueError("conditions are numbered from 1")
        if self.conditions and self.outcome is not AdviceOutcome.FAVOURABLE_WITH_CONDITIONS:
            raise ValueError("only favourable_with_conditions has conditions")
        if self.reasoning is None and self.outcome is not AdviceOutcome.NOTED:
            raise ValueError("an advice has its reasoning")
        return self


class CancelMeeting(Body):
    """The reason can be read on campus."""

    reason: Reason


class AttachDocument(Body):
    """What is not said here stays as it was said with the upload."""

    document_id: Id
    kind: TaxonomyCode
    title: Text300 | None = None
    lang: Lang | None = None
    audience: Audience | None = None
