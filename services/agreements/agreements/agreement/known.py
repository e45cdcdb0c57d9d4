"""What a decision knows beside the agreement: partners, countries, committees, rights tests, other agreements.

The `needs` of the command table ask for it, `Known` reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final

from pydantic import Field

from agreements.settings import AgreementsSettings
from chassis.decide import Context, Doc, Document, Find, Found, Next, Other, Refusal, Rows
from contracts.agreement import REGISTERED_OR_LATER, Agreement, AgreementParty
from contracts.country import Country
from contracts.partner import AssessmentOutcome, AssessmentPurpose, Partner
from contracts.types import Id, Shape

PARTNERS: Final = "partner_copies"
COUNTRIES: Final = "country_copies"
COMMITTEES: Final = "committee_copies"
RIGHTS: Final = "rights_assessments"
DOCUMENTS: Final = "documents"
RELATED: Final = "agreements with the same partners"
RELATED_AT_MOST: Final = 10_000
"""With those that ended long ago, and of every partner of a network."""

Needs = Callable[[Any, Any, Any, Found], Iterable[Find]]


class RightsAssessment(Shape):
    """A partner's rights test for one agreement, as heard from `partners`."""

    id: Id = Field(alias="_id")
    partner_id: Id
    subject_id: Id
    purpose: AssessmentPurpose
    outcome: AssessmentOutcome
    activities_doubtful: bool = False
    assessed_on: date


@dataclass(frozen=True)
class Known:
    found: Found
    today: date
    settings: AgreementsSettings

    @classmethod
    def of(cls, context: Context) -> Known:
        return cls(context.found, context.today, context.settings)

    def partner(self, partner_id: str) -> Partner | None:
        copy = self.found.doc(PARTNERS, partner_id)
        return Partner.model_validate(named(copy)) if copy else None

    def counterparts(self, agreement: Agreement) -> list[tuple[AgreementParty, Partner]]:
        """The parties that are not our own, with what is known of them."""
        pairs = ((party, self.partner(party.partner_id)) for party in agreement.counterparts)
        return [(party, partner) for party, partner in pairs if partner]

    def countries(self, agreement: Agreement) -> list[str]:
        """The countries of the parties that are not our own."""
        return sorted({partner.country for _, partner in self.counterparts(agreement)})

    def country(self, code: str) -> Country | None:
        copy = self.found.doc(COUNTRIES, code)
        return Country.model_validate(named(copy)) if copy else None

    def country_copies(self, agreement: Agreement) -> list[Document]:
        copies = (self.found.doc(COUNTRIES, code) for code in self.countries(agreement))
        return [copy for copy in copies if copy]

    def unknown_countries(self, agreement: Agreement) -> list[str]:
        return [code for code in self.countries(agreement) if self.found.doc(COUNTRIES, code) is None]

    @property
    def committees(self) -> Sequence[Document]:
        return [named(copy) for copy in self.found.rows(COMMITTEES)]

    def committee(self, committee_id: str | None) -> Document | None:
        return next((each for each in self.committees if each["id"] == committee_id), None)

    @property
    def rights(self) -> list[RightsAssessment]:
        return [RightsAssessment.model_validate(row) for row in self.found.rows(RIGHTS)]

    def related(self, agreement: Agreement) -> list[Agreement]:
        """Other agreements, registered or later, that name one of the same partners."""
        rows = (row for row in self.found.rows(RELATED) if row["_id"] != agreement.id)
        return [Agreement.model_validate(row["public"]) for row in rows]

    def framework(self, agreement: Agreement) -> Agreement | None:
        loaded = self.found.other("agreement", agreement.framework_id)
        return loaded.state if loaded else None

    def document(self, agreement_id: str, document_id: str) -> Document | None:
        """The card of a document that was handed in for this agreement."""
        card = self.found.doc(DOCUMENTS, document_id)
        return card if card and card["aggregate_id"] == agreement_id else None

    def rests_on(self, agreement: Agreement) -> tuple[tuple[str, str], ...]:
        return tuple((PARTNERS, party.partner_id) for party in agreement.counterparts)


def named(copy: Document) -> Document:
    """A local copy with its id as in the public state."""
    return {**copy, "id": copy["_id"]}


def first(refusals: Iterable[Refusal]) -> Refusal | None:
    return next(iter(refusals), None)


def not_known_yet(*references: str) -> Refusal:
    return Refusal("reference-not-known-yet", members={"retry_after_seconds": 1, "references": list(references)})


def all_of(*needs: Needs) -> Needs:
    def asked(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
        return chain.from_iterable(each(state, private, body, found) for each in needs)

    return asked


def partner_ids(state: Agreement | None, body: Any, *, own: bool = True) -> list[str]:
    """The partners of the parties in question: those a body names, else those of the agreement."""
    named = getattr(body, "parties", None) or (state.parties if state else ())
    return [party.partner_id for party in named if own or party.role != "own"]


def partners_and_countries(state: Agreement | None, private: Any, body: Any, found: Found) -> Iterable[Find]:
    for partner_id in partner_ids(state, body):
        yield Doc(PARTNERS, partner_id)
        copy = found.doc(PARTNERS, partner_id)
        if copy:
            yield Doc(COUNTRIES, copy["country"])


def committees(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
    yield Rows(COMMITTEES, COMMITTEES, {})


def rights(state: Agreement, private: Any, body: Any, found: Found) -> Iterable[Find]:
    yield Rows(RIGHTS, RIGHTS, {"subject_id": state.id})


def related(state: Agreement | None, private: Any, body: Any, found: Found) -> Iterable[Find]:
    partners = {"$in": partner_ids(state, body, own=False)}
    states = {"$in": sorted(REGISTERED_OR_LATER)}
    named = {"public.parties.partner_id": partners, "state": states}
    yield Rows(RELATED, "agreement", named, limit=RELATED_AT_MOST)


def framework(state: Agreement | None, private: Any, body: Any, found: Found) -> Iterable[Find]:
    framework_id = getattr(body, "framework_id", None) or (state.framework_id if state else None)
    if framework_id:
        yield Other("agreement", framework_id)


def document(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
    document_id = getattr(body, "document_id", None)
    if document_id:
        yield Doc(DOCUMENTS, document_id)


def number_of_the_year(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
    if body is not None:
        yield Next(counter(found.today))


def counter(today: date) -> str:
    return f"register:{today.year}"
