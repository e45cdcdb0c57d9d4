"""What the mobility centre knows of a stay and keeps: the person, the exact days, the regime, the reasons."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from contracts.identifiers import Orcid
from contracts.types import Country, Id, Period, Reason, Shape, Subject, Text80, Text300


class Stage(StrEnum):
    """The states of the command table; six of them are public."""

    ANNOUNCED = "announced"
    REGISTERED = "registered"
    ASSESSED = "assessed"
    PREPARING = "preparing"
    CLEARED = "cleared"
    ARRIVED = "arrived"
    SETTLED = "settled"
    DEPARTING = "departing"
    CLOSED = "closed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    ERASED = "erased"


NEVER_TOOK_PLACE: Final = frozenset({Stage.REFUSED, Stage.CANCELLED, Stage.ERASED})

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, strip_whitespace=True)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()./-]{4,28}$", max_length=30, strip_whitespace=True)]


class Basis(StrEnum):
    EMPLOYMENT = "employment"
    GRANT = "grant"
    ENROLMENT = "enrolment"
    VISITING = "visiting"


class Regime(StrEnum):
    EEA_SWISS = "eea_swiss"
    THIRD_COUNTRY = "third_country"
    INTRA_EU_MOBILITY = "intra_eu_mobility"


class Length(StrEnum):
    UP_TO_90 = "up_to_90"
    OVER_90 = "over_90"


class Passport(Shape):
    number: Text80
    expires_on: date


class Person(Shape):
    """The holder, as one stay knows them."""

    given_name: Text300
    family_name: Text300
    birth_date: date | None = None
    nationalities: Annotated[tuple[Country, ...], Field(min_length=1, max_length=5)]
    gender: Text80 | None = None
    email: Email | None = None
    phone: Phone | None = None
    orcid: Orcid | None = None
    passport: Passport | None = None
    residence_country: Country | None = None


class Host(Shape):
    unit_id: Id
    supervisor: Subject


class OtherPermit(Shape):
    """A permit of another member state, for mobility within the Union."""

    country: Country
    expires_on: date


class Legal(Shape):
    regime: Regime
    basis: Basis
    length: Length
    other_eu_permit: OtherPermit | None = None


class LostBasis(Shape):
    agreement_id: Id
    cause: str
    on: date


class StayFile(Shape):
    """The private part of a stay. `agreement_id` follows a successor here and becomes public at arrival."""

    stage: Stage = Stage.ANNOUNCED
    holder_id: Id | None = None
    host: Host | None = None
    period: Period | None = None
    agreement_id: Id | None = None
    lost_bases: tuple[LostBasis, ...] = ()
    announced_by: Subject | None = None
    consent_notice_sent_on: date | None = None
    person: Person | None = None
    legal: Legal | None = None
    reason: Reason | None = None


IN_CLEAR: Final = frozenset(
    {
        "stage",
        "holder_id",
        "host",
        "period",
        "agreement_id",
        "lost_bases",
        "announced_by",
        "consent_notice_sent_on",
    }
)
"""The members that lie in the store as they are, because rules search by them. Every other one is sealed."""
