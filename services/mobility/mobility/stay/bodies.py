"""What a caller sends with each command about a stay."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.identifiers import Orcid
from contracts.stay import StayCategory
from contracts.types import Body, Country, Id, Period, Reason, Subject, TaxonomyCode, Text80, Text300
from mobility.stay.private import Basis, Email, OtherPermit, Passport, Phone


class HostBody(Body):
    """Where the guest is received; every stay needs a supervisor."""

    unit_id: Id
    supervisor: Subject | None = None


class NewHolder(Body):
    """A person not known yet."""

    given_name: Text300
    family_name: Text300


class AnnounceStay(Body):
    """Announces a guest: either a holder already known or a new person by name."""

    holder_id: Id | None = None
    person: NewHolder | None = None
    nationalities: Annotated[tuple[Country, ...], Field(min_length=1, max_length=5)]
    category: StayCategory
    host: HostBody
    period: Period
    home_partner_id: Id | None = None
    agreement_id: Id | None = None
    project_id: Id | None = None

    @model_validator(mode="after")
    def _one_holder(self) -> Self:
        if (self.holder_id is None) == (self.person is None):
            raise ValueError("either holder_id or person")
        return self


class RegisterStay(Body):
    """Completes the person's data; what the file already has need not be sent again."""

    residence_country: Country | None = None
    email: Email | None = None
    consent_notice_sent_on: date | None = None
    birth_date: date | None = None
    gender: Text80 | None = None
    phone: Phone | None = None
    orcid: Orcid | None = None
    passport: Passport | None = None


class AssessStay(Body):
    """Says on which basis the person comes; the regime and the length follow from the file."""

    basis: Basis
    other_eu_permit: OtherPermit | None = None


class WithReason(Body):
    """Ends a stay before arrival. The reason stays in the file."""

    reason: Reason


class LoseAgreementBasis(Body):
    """The agreement of the stay ended or was suspended."""

    agreement_id: Id
    cause: TaxonomyCode


class FollowSuccessor(Body):
    """The agreement of the stay was renewed or amended."""

    agreement_id: Id
    successor_id: Id
