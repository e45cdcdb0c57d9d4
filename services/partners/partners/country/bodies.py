"""What the commands of a country are told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.country import CLASSES, M49, ClassificationScheme, Iso3, Label40
from contracts.types import (
    Body,
    BothLanguages,
    Country,
    DecisionRef,
    Geo,
    Lang,
    LocalizedText,
    Period,
    Reason,
    TaxonomyCode,
    Text80,
)


class AddCountry(Body):
    """`iso2` is the country's key; region and subregion are the M49 labels in English."""

    iso2: Country
    iso3: Iso3
    m49: M49 | None = None
    name: BothLanguages
    region: Text80 | None = None
    subregion: Text80 | None = None
    geo: Geo | None = None
    languages: tuple[Lang, ...] = ()


class EditCountry(Body):
    """Only the members given are changed; null takes the notes away."""

    name: BothLanguages | None = None
    languages: tuple[Lang, ...] | None = None
    dial_notes: LocalizedText | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for member in self.model_fields_set & {"name", "languages"}:
            if getattr(self, member) is None:
                raise ValueError(f"{member} cannot be taken away")
        return self


class AssignGroup(Body):
    """A day more than 31 days ago needs a reason."""

    group_code: TaxonomyCode
    from_: date = Field(alias="from")
    decision_ref: DecisionRef
    reason: Reason | None = None


class EndGroupAssignment(Body):
    to: date
    decision_ref: DecisionRef


class ListAsCooperationCountry(Body):
    """The decision is one of the council."""

    from_: date = Field(alias="from")
    list_label: Label40
    decision_ref: DecisionRef


class DelistCooperationCountry(Body):
    to: date
    decision_ref: DecisionRef


class SetClassification(Body):
    """`member` or `none` for eu and eea; for dac, income and erasmus the class of the edition named."""

    scheme: ClassificationScheme
    class_: TaxonomyCode = Field(alias="class")
    from_: date = Field(alias="from")
    edition: Label40

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.class_ not in CLASSES[self.scheme]:
            raise ValueError(f"class is one of {', '.join(sorted(CLASSES[self.scheme]))}")
        return self


class CorrectPeriod(Body):
    """`pointer` names one dated entry, such as `/cooperation_periods/0`; `old` is the period that stands there."""

    pointer: Annotated[str, StringConstraints(pattern=r"^/[a-z_]+/\d{1,3}$")]
    old: Period
    new: Period
    reason: Reason
