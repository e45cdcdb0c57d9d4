"""POL-18: which reviews an agreement needs, and which of them hold back its negotiation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.known import Known
from agreements.agreement.party_rules import by_policy, cooperation_countries
from agreements.agreement.wording import REVIEWS, listed, say
from chassis.decide import Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind, ReviewKind, ReviewOutcome
from contracts.types import Resources

WITH_PERSONAL_DATA: Final = frozenset(
    {AgreementKind.EXCHANGE, AgreementKind.IIA, AgreementKind.JOINT_DEGREE, AgreementKind.COTUTELLE}
)
WITH_STANDARD_TEMPLATE: Final = frozenset({AgreementKind.MOU, AgreementKind.IIA})

PENDING: Final = Text("Examens en attente\u00a0: {list}.", "Reviews still pending: {list}.")
NEGATIVE: Final = Text("Examens défavorables\u00a0: {list}.", "Negative reviews: {list}.")
PROMOTER_MISSING: Final = Text("Le nom du promoteur ou de la promotrice manque.", "The promoter is missing.")
RESOURCES_MISSING: Final = Text(
    "L'engagement de moyens n'est pas précisé.", "The commitment of resources is not stated."
)
GOALS_MISSING: Final = Text(
    "Une convention spécifique avec un pays de coopération nomme au moins un Objectif de développement durable.",
    "A specific agreement with a cooperation country names at least one Sustainable Development Goal.",
)


def review_data(agreement: Agreement, resources: Resources | None) -> Iterator[Refusal]:
    """What must be said before anybody can examine the agreement, here or with the submission."""
    if agreement.promoter is None:
        yield refuse("review-data-missing", PROMOTER_MISSING, pointer="/promoter")
    if resources is None:
        yield refuse("review-data-missing", RESOURCES_MISSING, pointer="/resources")


def goals_named(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    specific = agreement.kind is AgreementKind.SPECIFIC
    if specific and not agreement.sdgs and cooperation_countries(agreement, known):
        yield refuse("review-data-missing", GOALS_MISSING, pointer="/sdgs")


def reviews_required(
    agreement: Agreement, resources: Resources | None, standard_template: bool, known: Known
) -> list[ReviewKind]:
    with_unit = any(party.unit_id for party in agreement.parties)
    sensitive = bool(known.settings.dual_use_areas.intersection(agreement.subject_areas))
    doubtful = any(assessment.activities_doubtful for assessment in known.rights)
    on_template = standard_template and agreement.kind in WITH_STANDARD_TEMPLATE
    needed = {
        ReviewKind.RIGHTS: True,
        ReviewKind.LEGAL: not on_template,
        ReviewKind.FACULTY: with_unit or agreement.promoter is not None,
        ReviewKind.FINANCE: resources is not None and resources.level == "committed",
        ReviewKind.DATA_PROTECTION: agreement.kind in WITH_PERSONAL_DATA,
        ReviewKind.DUAL_USE: sensitive or doubtful,
        ReviewKind.TEACHING: agreement.kind is AgreementKind.JOINT_DEGREE,
    }
    return [kind for kind, is_needed in needed.items() if is_needed]


def reviews_done(agreement: Agreement) -> Iterator[Refusal]:
    """A pending rights test holds back approval, not negotiation."""
    pending = [
        REVIEWS[review.kind]
        for review in agreement.reviews
        if review.outcome is ReviewOutcome.PENDING and review.kind is not ReviewKind.RIGHTS
    ]
    negative = [REVIEWS[review.kind] for review in agreement.reviews if review.outcome is ReviewOutcome.NEGATIVE]
    if negative:
        yield refuse("review-negative", say(NEGATIVE, list=listed(negative)), pointer="/reviews")
    if pending:
        yield by_policy("POL-18", "reviews-pending", say(PENDING, list=listed(pending)))
