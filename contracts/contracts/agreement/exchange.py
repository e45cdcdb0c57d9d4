"""What an agreement says about exchange: mobility conditions, yearly flows, the electronic copy."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.identifiers import AcademicYear
from contracts.types import Id, Isced, Lang, Shape, TaxonomyCode, Text300


class MobilityKind(StrEnum):
    STUDENT_STUDIES = "student_studies"
    STUDENT_TRAINEESHIP = "student_traineeship"
    STAFF_TEACHING = "staff_teaching"
    STAFF_TRAINING = "staff_training"


class RecommendedLanguage(Shape):
    lang: Lang
    cefr: Literal["A1", "A2", "B1", "B2", "C1", "C2"] | None = None
    isced: Isced | None = None


class SubjectArea(Shape):
    isced: Isced
    clarification: Text300 | None = None


Quantity = Annotated[str, StringConstraints(pattern=r"^\d{1,4}(\.\d{1,2})?$")]


class MobilityTerms(Shape):
    """Who may send how many people to whom, in which academic years; parties are named by number."""

    mobility_kind: MobilityKind
    sending_party: Annotated[int, Field(ge=1)]
    sending_unit_id: Id | None = None
    receiving_party: Annotated[int, Field(ge=1)]
    receiving_unit_id: Id | None = None
    first_academic_year: AcademicYear
    last_academic_year: AcademicYear
    mobilities_per_year: Annotated[int, Field(ge=1)] | None = None
    languages: tuple[RecommendedLanguage, ...] = ()
    subject_areas: tuple[SubjectArea, ...] = ()
    other_terms: Annotated[str, StringConstraints(max_length=4_000)] | None = None
    total_months_per_year: Quantity | None = None
    total_days_per_year: Quantity | None = None
    blended: bool | None = None
    eqf_levels: tuple[Annotated[int, Field(ge=1, le=8)], ...] = ()


class MobilityCondition(MobilityTerms):
    no: Annotated[int, Field(ge=1)]


class Flow(Shape):
    academic_year: AcademicYear
    direction: Literal["in", "out"]
    mobility_kind: MobilityKind
    count: Annotated[int, Field(ge=0)]
    source: TaxonomyCode


class Iia(Shape):
    """What is exchanged with the partner's system; approvals hold while their hash is the present one."""

    own_iia_id: str
    partner_iia_id: str | None = None
    own_hash: str | None = None
    approved_by_us_on: date | None = None
    approved_by_partner_on: date | None = None
    both_approved: bool = False
