"""What a committee is made of: its rules, its quorum and its members' dated seats."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.types import Id, Period, Reason, Shape, Subject


class CommitteeState(StrEnum):
    IN_OFFICE = "in_office"
    DISSOLVED = "dissolved"


class CommitteeKind(StrEnum):
    COUNCIL = "council"
    REGIONAL_GROUP = "regional_group"
    COOPERATION_OFFICE = "cooperation_office"
    ADVISORY = "advisory"


class MemberRole(StrEnum):
    CHAIR = "chair"
    SUBSTITUTE_CHAIR = "substitute_chair"
    EXPERT = "expert"
    SECRETARY = "secretary"
    INVITED = "invited"


VOTING = frozenset({MemberRole.CHAIR, MemberRole.SUBSTITUTE_CHAIR, MemberRole.EXPERT})

DisciplineGroup = Literal["human", "exact", "health"]
Acronym = Annotated[str, StringConstraints(min_length=1, max_length=20, strip_whitespace=True)]


class Quorum(Shape):
    """A fraction of the members in office (0.5 = half of them) or a number of members."""

    kind: Literal["fraction", "number"]
    value: Annotated[float, Field(gt=0, le=1_000)]

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "fraction" and self.value > 1:
            raise ValueError("a fraction is at most 1")
        if self.kind == "number" and self.value != int(self.value):
            raise ValueError("a number of members is whole")
        return self

    def needed(self, members: int) -> int:
        """How many of so many members make the quorum."""
        if self.kind == "number":
            return int(self.value)
        return ceil(Fraction(str(self.value)) * members)


class Rules(Shape):
    quorum: Quorum
    meetings_per_year: Annotated[int, Field(ge=0, le=60)]
    term_years: Annotated[int, Field(ge=1, le=10)] = 2
    agenda_days: Annotated[int, Field(ge=0, le=60)] = 7
    open_to_all: bool = False
    voting: Literal["consensus", "majority"] = "consensus"


class DatedRules(Shape):
    """Rules and the day they hold from."""

    from_: date = Field(alias="from")
    rules: Rules


class Member(Shape):
    """A person's seat; without `subject` it is an external one, whose name stays with the service."""

    member_id: Id
    role: MemberRole
    term: Period
    subject: Subject | None = None
    discipline_group: DisciplineGroup | None = None
    earlier_terms: tuple[Period, ...] = ()
    ended_on: date | None = None
    ended_reason: Reason | None = None

    def service(self) -> tuple[Period, ...]:
        """The periods really served: each term, the last one cut where the membership ended."""
        last = self.term
        if self.ended_on is None or (last.to is not None and last.to <= self.ended_on):
            return (*self.earlier_terms, last)
        if self.ended_on < last.from_:
            return self.earlier_terms
        return (*self.earlier_terms, last.model_copy(update={"to": self.ended_on}))

    def serves_on(self, day: date) -> bool:
        return any(period.covers(day) for period in self.service())

    def serves_within(self, period: Period) -> bool:
        return any(served.overlaps(period) for served in self.service())

    @property
    def votes(self) -> bool:
        return self.role in VOTING
