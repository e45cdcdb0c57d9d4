"""What can happen to a country in the office's books."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.country.values import M49, ClassificationScheme, Iso3, Label40
from contracts.record import Fact
from contracts.types import (
    BothLanguages,
    Change,
    DecisionRef,
    Geo,
    Lang,
    Period,
    Reason,
    TaxonomyCode,
    Text80,
)


class CountryFact(Fact):
    country_id: str = ""


class Added(CountryFact):
    iso3: Iso3
    m49: M49 | None = None
    name: BothLanguages
    region: Text80 | None = None
    subregion: Text80 | None = None
    geo: Geo | None = None
    languages: tuple[Lang, ...] = ()


class Edited(CountryFact):
    changes: tuple[Change, ...]


class GroupAssigned(CountryFact):
    group_code: TaxonomyCode
    from_: date = Field(alias="from")
    decision_ref: DecisionRef
    previous_group_code: TaxonomyCode | None = None
    reason: Reason | None = None


class GroupAssignmentEnded(CountryFact):
    group_code: TaxonomyCode
    to: date
    decision_ref: DecisionRef


class CooperationListed(CountryFact):
    from_: date = Field(alias="from")
    list_label: Label40
    decision_ref: DecisionRef


class CooperationDelisted(CountryFact):
    to: date
    decision_ref: DecisionRef


class Classified(CountryFact):
    scheme: ClassificationScheme
    class_: TaxonomyCode = Field(alias="class")
    from_: date = Field(alias="from")
    edition: Label40 | None = None


class PeriodCorrected(CountryFact):
    """`pointer` names one dated entry, such as `/group_assignments/0`; `old` keeps what stood there."""

    pointer: Annotated[str, StringConstraints(pattern=r"^/[a-z_]+/\d+$")]
    old: Period
    new: Period
    reason: Reason
