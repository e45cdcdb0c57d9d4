"""The stay of a doctoral student, researcher or grant student: what the mobility centre tells about it.

No person, no exact day, no regime. Whatever else happens to a stay stands in mobility's own journal only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.identifiers import AcademicYear
from contracts.record import Contract, Fact, State
from contracts.types import Id, TaxonomyCode


class StayState(StrEnum):
    """The states that are told; the finer ones between them are mobility's own."""

    ANNOUNCED = "announced"
    ARRIVED = "arrived"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    ERASED = "erased"


class StayCategory(StrEnum):
    DOCTORAL = "doctoral"
    JOINT_DOCTORAL = "joint_doctoral"
    POSTDOC = "postdoc"
    VISITING_RESEARCHER = "visiting_researcher"
    EMPLOYED_RESEARCHER = "employed_researcher"
    GRANT_STUDENT = "grant_student"
    SHORT_VISIT = "short_visit"


Months = Annotated[int, Field(ge=0)]


class StayFact(Fact):
    stay_id: str = ""


class Announced(StayFact):
    category: StayCategory
    host_unit_id: Id
    home_partner_id: Id | None = None
    agreement_id: Id | None = None
    project_id: Id | None = None
    academic_year: AcademicYear


class Arrived(StayFact):
    """Says again where and under what, since both may change between announcement and arrival."""

    academic_year: AcademicYear
    category: StayCategory
    host_unit_id: Id
    home_partner_id: Id | None = None
    agreement_id: Id | None = None
    project_id: Id | None = None


class Closed(StayFact):
    academic_year: AcademicYear
    months: Months


class Cancelled(StayFact):
    pass


class Refused(StayFact):
    pass


class Erased(StayFact):
    pass


class AgreementBasisLost(StayFact):
    """The agreement of a stay not yet arrived ended or was suspended; an adviser decides what follows."""

    agreement_id: Id
    cause: TaxonomyCode


class HomePartnerFollowedMerge(StayFact):
    from_partner_id: Id
    to_partner_id: Id


StayFacts = Announced | Arrived | Closed | Cancelled | Refused | Erased | AgreementBasisLost | HomePartnerFollowedMerge


class Stay(State):
    state: StayState
    category: StayCategory
    host_unit_id: Id
    home_partner_id: Id | None = None
    agreement_id: Id | None = None
    project_id: Id | None = None
    academic_year: AcademicYear
    months: Months | None = None


def evolve(state: Stay | None, fact: StayFacts) -> Stay:
    """The stay after the fact; a stay begins with `announced`."""
    if isinstance(fact, Announced):
        return Stay(
            id=fact.stay_id,
            state=StayState.ANNOUNCED,
            category=fact.category,
            host_unit_id=fact.host_unit_id,
            home_partner_id=fact.home_partner_id,
            agreement_id=fact.agreement_id,
            project_id=fact.project_id,
            academic_year=fact.academic_year,
        )
    if state is None:
        raise ValueError(f"a stay does not begin with {fact.short_name()}")
    return state.model_copy(update=_changed(fact))


def _changed(fact: StayFacts) -> dict[str, object]:
    match fact:
        case Arrived():
            return {
                "state": StayState.ARRIVED,
                "category": fact.category,
                "host_unit_id": fact.host_unit_id,
                "home_partner_id": fact.home_partner_id,
                "agreement_id": fact.agreement_id,
                "project_id": fact.project_id,
                "academic_year": fact.academic_year,
            }
        case Closed():
            return {"state": StayState.CLOSED, "academic_year": fact.academic_year, "months": fact.months}
        case Cancelled():
            return {"state": StayState.CANCELLED}
        case Refused():
            return {"state": StayState.REFUSED}
        case Erased():
            return {"state": StayState.ERASED, "agreement_id": None, "project_id": None}
        case HomePartnerFollowedMerge():
            return {"home_partner_id": fact.to_partner_id}
        case _:
            return {}


STAY = Contract(
    aggregate="stay",
    service="mobility",
    collection="stays",
    state=Stay,
    facts=(
        Announced,
        Arrived,
        Closed,
        Cancelled,
        Refused,
        Erased,
        AgreementBasisLost,
        HomePartnerFollowedMerge,
    ),
    evolve=evolve,
    personal=True,
)
