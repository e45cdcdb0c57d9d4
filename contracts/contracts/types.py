"""The common types of the language: what every record, command and view spells the same way.

Shapes and limits are those of the domain specification, section 2. Parsing refuses what a rule does not admit;
nothing is repaired silently except where the specification says so (`EL`, `UK`).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)


class Shape(BaseModel):
    """A frozen value read from elsewhere: unknown members are ignored (tolerant reader).

    Its validator is made when it is first needed: a process reads a part of the language only.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True, defer_build=True
    )


class Body(BaseModel):
    """What a caller sends: unknown members are refused (strict writer)."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True, defer_build=True
    )


def _known_country(value: object) -> object:
    return {"EL": "GR", "UK": "GB"}.get(value, value) if isinstance(value, str) else value


def _zoned(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant names its zone")
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", value, flags=re.IGNORECASE):
        raise ValueError("an absolute http:// or https:// address")
    return value


type_id = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
Id = Annotated[str, StringConstraints(pattern=type_id)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[!-~]+$")]
Text80 = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Text300 = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), BeforeValidator(_known_country)]
Lang = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
TaxonomyCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=40)]
Url = Annotated[
    str,
    StringConstraints(max_length=2_048, strip_whitespace=True),
    AfterValidator(_web_address),
]
Isced = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
Sdg = Annotated[int, Field(ge=1, le=17)]
Instant = Annotated[datetime, AfterValidator(_zoned)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Amount = Annotated[str, StringConstraints(pattern=r"^-?\d{1,15}\.\d{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class LocalizedText(Shape):
    """French, English or both; each at most 500 characters."""

    fr: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    en: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.fr is None and self.en is None:
            raise ValueError("at least one of fr and en")
        return self


class LongText(Shape):
    """As `LocalizedText`, each at most 10,000 characters."""

    fr: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None
    en: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.fr is None and self.en is None:
            raise ValueError("at least one of fr and en")
        return self


class BothLanguages(Shape):
    """A text that is given in French and in English."""

    fr: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Period(Shape):
    """Calendar days, inclusive at both ends; without `to` it is open."""

    from_: date = Field(alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to < self.from_:
            raise ValueError("from is not after to")
        return self

    def covers(self, day: date) -> bool:
        return self.from_ <= day and (self.to is None or day <= self.to)

    def overlaps(self, other: Period) -> bool:
        return (other.to is None or self.from_ <= other.to) and (self.to is None or other.from_ <= self.to)


class Money(Shape):
    """An amount with exactly two decimals, in one currency."""

    amount: Amount
    currency: Currency

    @property
    def value(self) -> Decimal:
        return Decimal(self.amount)


class Geo(Shape):
    """Decimal degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class DecidingBody(Shape):
    kind: Literal["committee", "rector", "vice_rector", "academic_council", "board", "director"]
    committee_id: Id | None = None


class DecisionRef(Shape):
    """Where an authority's decision can be read again."""

    body: DecidingBody
    meeting_id: Id | None = None
    item_id: Id | None = None
    decided_on: date
    reference: Text80
    document_id: Id | None = None


class Audience(StrEnum):
    OFFICE = "office"
    STAFF = "staff"
    PUBLIC = "public"


class Document(Shape):
    """A document's public card; its bytes stay with the owner."""

    id: Id
    kind: TaxonomyCode
    title: Text300 | None = None
    lang: Lang | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: Sha256
    added_on: date | None = None
    audience: Audience = Audience.OFFICE
    replaces: Id | None = None


class Party(Shape):
    """One side of an agreement; `no` is stable for the life of the agreement."""

    no: Annotated[int, Field(ge=1)]
    partner_id: Id
    unit_id: Id | None = None
    role: Literal["own", "partner", "associate"]


class Resources(Shape):
    level: Literal["none", "committed"]
    amount: Money | None = None
    note: LocalizedText | None = None


class AdviceOutcome(StrEnum):
    FAVOURABLE = "favourable"
    FAVOURABLE_WITH_CONDITIONS = "favourable_with_conditions"
    UNFAVOURABLE = "unfavourable"
    DEFERRED = "deferred"
    NOTED = "noted"


class Condition(Shape):
    """A numbered condition set by an advice."""

    no: Annotated[int, Field(ge=1)]
    text: LocalizedText


class Change(Shape):
    """One edited member: a JSON pointer into the public state and its new value; a private pointer has no value."""

    pointer: Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$", max_length=200)]
    new: Any = None
