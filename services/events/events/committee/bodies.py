"""What the commands of a committee are asked with."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.agenda import FileRef, ItemKind, Origin
from contracts.committee import Acronym, CommitteeKind, DisciplineGroup, MemberRole, Rules
from contracts.types import (
    Body,
    BothLanguages,
    Country,
    DecisionRef,
    Id,
    LocalizedText,
    Period,
    Reason,
    Shape,
    Subject,
    TaxonomyCode,
    Text300,
)

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", strip_whitespace=True)]


class External(Shape):
    """A member from outside the university."""

    external_name: Text300
    organisation: Text300
    email: Email


class SetUpCommittee(Body):
    """`group_code` and `parent_id` belong to a regional group."""

    kind: CommitteeKind
    name: BothLanguages
    acronym: Acronym | None = None
    group_code: TaxonomyCode | None = None
    parent_id: Id | None = None
    in_office: Period
    rules: Rules
    decision_ref: DecisionRef

    @model_validator(mode="after")
    def _only_groups_have_a_code(self) -> Self:
        if (self.kind is CommitteeKind.REGIONAL_GROUP) != (self.group_code is not None):
            raise ValueError("a regional group has a group_code, no other committee has one")
        return self


class EditCommittee(Body):
    name: BothLanguages | None = None
    acronym: Acronym | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.acronym is None:
            raise ValueError("name or acronym")
        return self


class ChangeRules(Body):
    rules: Rules
    from_: date = Field(alias="from")


class AppointMember(Body):
    """A member of the university by `subject`, or an `external` person; the term's end follows from the rules."""

    subject: Subject | None = None
    external: External | None = None
    role: MemberRole
    term: Period
    discipline_group: DisciplineGroup | None = None

    @model_validator(mode="after")
    def _is_one_person(self) -> Self:
        if (self.subject is None) == (self.external is None):
            raise ValueError("either subject or external")
        return self


class EndMembership(Body):
    """The reason can be read on campus."""

    member_id: Id
    on: date
    reason: Reason


class SubmitItem(Body):
    """A question to the committee. Title and question can be read on campus.

    A promoter names itself as `promoter`. A request also says the day it was made and the countries of the parties
    that are not our own, so that the committee's competence on that day is noted.
    """

    kind: ItemKind
    title: LocalizedText
    question: LocalizedText
    origin: Literal[Origin.REQUESTED, Origin.OWN_INITIATIVE] = Origin.REQUESTED
    ref: FileRef | None = None
    request_id: Id | None = None
    promoter: Subject | None = None
    requested_on: date | None = None
    countries: tuple[Country, ...] | None = None
    competence_reason: LocalizedText | None = None


class WithdrawItem(Body):
    """The reason can be read on campus."""

    item_id: Id
    reason: Reason
