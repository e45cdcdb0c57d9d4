"""Rules on what an agreement says: POL-17 resources, dates and duration (A12), framework (A9), overlap (A10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from agreements.agreement.known import Known
from agreements.agreement.party_rules import by_policy
from agreements.agreement.wording import day, say
from chassis.decide import Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind, months_after
from contracts.types import Period, Resources

LONGEST_MONTHS: Final = 60

COMMITS_NOTHING: Final = Text(
    "Un protocole d'intention n'engage pas de moyens\u00a0; utilisez une convention spécifique.",
    "A memorandum of understanding commits no resources; use a specific agreement.",
)
FRAMEWORK_REQUIRED: Final = Text(
    "Une convention spécifique se rattache à un accord-cadre.",
    "A specific agreement belongs to a framework agreement.",
)
TWO_PARTIES: Final = Text(
    "Un accord interinstitutionnel lie exactement deux établissements\u00a0; préparez une convention par paire.",
    "An inter-institutional agreement binds exactly two institutions; prepare one agreement per pair.",
)
OVERLAP: Final = Text(
    "Une convention du même type couvre déjà ces parties jusqu'au {date} ({number}).",
    "An agreement of the same kind covers these parties already until {date} ({number}).",
)
MISSING: Final = {
    "start_on": Text("La date de début manque.", "The first day is missing."),
    "end_on": Text("La date de fin manque.", "The last day is missing."),
    "renewal_mode": Text("Le mode de reconduction manque.", "The renewal mode is missing."),
    "notice_months": Text("Le préavis manque.", "The notice period is missing."),
}
REVERSED: Final = Text("La fin précède le début.", "The last day comes before the first.")
TOO_LONG: Final = Text(
    "La convention peut durer au plus jusqu'au {date}.", "The agreement may last until {date} at most."
)
OUTSIDE_PERIOD: Final = Text(
    "La période dépasse celle de l'accord-cadre ({start} – {end}).",
    "The period goes beyond that of the framework agreement ({start} – {end}).",
)
OUTSIDE_PARTIES: Final = Text(
    "Un partenaire n'est pas partie à l'accord-cadre.", "A partner is not a party of the framework agreement."
)
FRAMEWORK_NOT_LIVE: Final = Text("L'accord-cadre n'est pas en vigueur.", "The framework agreement is not in force.")


def resources_allowed(agreement: Agreement, resources: Resources | None) -> Iterator[Refusal]:
    """POL-17."""
    if agreement.kind is AgreementKind.MOU and resources and resources.level != "none":
        yield by_policy("POL-17", "mou-commits-nothing", COMMITS_NOTHING)


def framework_named(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    if agreement.kind is AgreementKind.IIA and len(agreement.parties) != 2:
        yield refuse("iia-needs-two-parties", TWO_PARTIES, pointer="/parties")
    if agreement.kind is not AgreementKind.SPECIFIC:
        return
    framework = known.framework(agreement)
    if framework is None or framework.kind is not AgreementKind.FRAMEWORK:
        yield refuse("framework-required", FRAMEWORK_REQUIRED, pointer="/framework_id")


def overlapping(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """A10: one live agreement of a kind for the same partners and units at a time."""
    if agreement.start_on is None:
        return
    period = Period.model_construct(from_=agreement.start_on, to=agreement.end_on)
    for other in known.related(agreement):
        same = other.is_live and other.kind is agreement.kind and sides(other) == sides(agreement)
        superseded = agreement.supersedes and agreement.supersedes.agreement_id == other.id
        if not same or superseded or not (other.start_on and other.end_on):
            continue
        if period.overlaps(Period(from_=other.start_on, to=other.end_on)):
            text = say(OVERLAP, date=day(other.end_on), number=other.number or "–")
            yield refuse("overlapping-agreement", text, agreement_id=other.id)


def sides(agreement: Agreement) -> frozenset[tuple[str, str]]:
    return frozenset((party.partner_id, party.unit_id or "") for party in agreement.parties)


def dates_complete(agreement: Agreement) -> Iterator[Refusal]:
    for name, text in MISSING.items():
        if getattr(agreement, name) is None:
            yield refuse("dates-missing", text, pointer=f"/{name}")
    if agreement.start_on and agreement.end_on and agreement.end_on < agreement.start_on:
        yield refuse("dates-missing", REVERSED, pointer="/end_on")


def duration_allowed(agreement: Agreement, programme_ends_on: date) -> Iterator[Refusal]:
    """A12: at most five years; an inter-institutional agreement ends with the programme at the latest."""
    if agreement.start_on is None or agreement.end_on is None:
        return
    last = months_after(agreement.start_on, LONGEST_MONTHS)
    if agreement.kind is AgreementKind.IIA:
        last = min(last, programme_ends_on)
    if agreement.end_on > last:
        yield refuse("duration-too-long", say(TOO_LONG, date=day(last)), pointer="/end_on")


def within_framework(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """A9: a specific agreement lies within a live framework agreement, in time and in parties."""
    framework = known.framework(agreement)
    if agreement.kind is not AgreementKind.SPECIFIC or framework is None:
        return
    if not (framework.is_live and framework.start_on and framework.end_on):
        yield refuse("specific-outside-framework", FRAMEWORK_NOT_LIVE, pointer="/framework_id")
        return
    start, end = agreement.start_on or framework.start_on, agreement.end_on or framework.end_on
    if start < framework.start_on or end > framework.end_on:
        text = say(OUTSIDE_PERIOD, start=day(framework.start_on), end=day(framework.end_on))
        yield refuse("specific-outside-framework", text, pointer="/end_on")
    partners = {party.partner_id for party in framework.parties}
    if any(party.role == "partner" and party.partner_id not in partners for party in agreement.parties):
        yield refuse("specific-outside-framework", OUTSIDE_PARTIES, pointer="/parties")
