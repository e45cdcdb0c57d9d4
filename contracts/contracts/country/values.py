"""The values a country is described with: codes, classes and entries that hold for a period."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from contracts.types import DecisionRef, Period, Shape, TaxonomyCode

Iso3 = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
M49 = Annotated[str, StringConstraints(pattern=r"^\d{3}$")]
Label40 = Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]


class CountryState(StrEnum):
    LISTED = "listed"


class ClassificationScheme(StrEnum):
    DAC = "dac"
    INCOME = "income"
    ERASMUS = "erasmus"
    EU = "eu"
    EEA = "eea"


class ErasmusRole(StrEnum):
    PROGRAMME = "programme"
    ASSOCIATED = "associated"
    THIRD = "third"


class DacClass(StrEnum):
    LDC = "ldc"
    OTHER_LIC = "other_lic"
    LMIC = "lmic"
    UMIC = "umic"
    NONE = "none"


class IncomeClass(StrEnum):
    LOW = "low"
    LOWER_MIDDLE = "lower_middle"
    UPPER_MIDDLE = "upper_middle"
    HIGH = "high"


class Membership(StrEnum):
    """Of the European Union; of the European Economic Area or Switzerland."""

    MEMBER = "member"
    NONE = "none"


CLASSES: Final[dict[ClassificationScheme, frozenset[str]]] = {
    ClassificationScheme.DAC: frozenset(DacClass),
    ClassificationScheme.INCOME: frozenset(IncomeClass),
    ClassificationScheme.ERASMUS: frozenset(ErasmusRole),
    ClassificationScheme.EU: frozenset(Membership),
    ClassificationScheme.EEA: frozenset(Membership),
}


class Dated(Shape):
    """Something that holds for a period."""

    period: Period


class GroupAssignment(Dated):
    group_code: TaxonomyCode
    decision_ref: DecisionRef
    entered_on: date


class CooperationPeriod(Dated):
    list_label: Label40
    decision_ref: DecisionRef
    entered_on: date


class ErasmusPeriod(Dated):
    role: ErasmusRole


class DacPeriod(Dated):
    class_: DacClass = Field(alias="class")
    edition: Label40 | None = None


class IncomePeriod(Dated):
    class_: IncomeClass = Field(alias="class")
    source: Label40 | None = None
