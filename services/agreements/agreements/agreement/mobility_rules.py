"""Rules on mobility conditions: A13 parties and years, A14 what student and staff conditions carry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from agreements.agreement.known import Known
from chassis.decide import Reason, Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind, MobilityCondition

KINDS_WITH_CONDITIONS: Final = frozenset({AgreementKind.EXCHANGE, AgreementKind.IIA})

NOT_FOR_KIND: Final = Text(
    "Seuls les conventions d'échange et les accords interinstitutionnels portent des conditions de mobilité.",
    "Only exchange and inter-institutional agreements carry mobility conditions.",
)
NONE_SET: Final = Text("Aucune condition de mobilité n'est fixée.", "No mobility condition is set.")
INCOMPLETE: Final = {
    "sending_party": Text(
        "L'envoi et l'accueil reviennent à deux parties différentes de la convention.",
        "Sending and receiving are two different parties of the agreement.",
    ),
    "last_academic_year": Text(
        "La dernière année académique précède la première.", "The last academic year precedes the first."
    ),
    "first_academic_year": Text(
        "Les années académiques sortent de la période de la convention, à une année près.",
        "The academic years lie outside the agreement's period, give or take one year.",
    ),
    "mobilities_per_year": Text(
        "Le nombre de mobilités par an manque.", "The number of mobilities per year is missing."
    ),
    "blended": Text(
        "Une condition pour étudiants dit si la mobilité est hybride\u00a0; une condition pour le personnel non.",
        "A condition for students says whether mobility is blended; one for staff does not.",
    ),
    "eqf_levels": Text(
        "Une condition pour le personnel ne porte pas de niveau d'études.",
        "A condition for staff carries no level of study.",
    ),
    "total_months_per_year": Text(
        "Les mois valent pour les étudiants, les jours pour le personnel.",
        "Months are for students, days are for staff.",
    ),
}


def conditions_allowed(agreement: Agreement) -> Iterator[Refusal]:
    if agreement.kind not in KINDS_WITH_CONDITIONS:
        yield refuse("conditions-not-for-kind", NOT_FOR_KIND)


def conditions_set(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """A13: an exchange has at least one condition, and each holds for the agreement as it stands now."""
    if agreement.kind not in KINDS_WITH_CONDITIONS:
        return
    if not agreement.conditions:
        yield refuse("conditions-missing", NONE_SET, pointer="/conditions")
    yield from conditions_complete(agreement, known)


def conditions_complete(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """A13 and A14, with a pointer to every member that is missing or wrong."""
    possible = _possible_years(agreement, known.settings.academic_year_begins)
    reasons = tuple(
        Reason("condition-incomplete", INCOMPLETE[member], f"/conditions/{place}/{member}")
        for place, condition in enumerate(agreement.conditions)
        for member in _missing(agreement, condition, possible)
    )
    if reasons:
        yield Refusal("condition-incomplete", reasons)


def _missing(agreement: Agreement, condition: MobilityCondition, possible: range) -> Iterator[str]:
    parties = {condition.sending_party, condition.receiving_party}
    if len(parties) < 2 or any(agreement.party(no) is None for no in parties):
        yield "sending_party"
    first, last = (int(year[:4]) for year in (condition.first_academic_year, condition.last_academic_year))
    if last < first:
        yield "last_academic_year"
    if first not in possible or last not in possible:
        yield "first_academic_year"
    if condition.mobilities_per_year is None:
        yield "mobilities_per_year"
    of_students = condition.mobility_kind.startswith("student")
    if of_students != (condition.blended is not None):
        yield "blended"
    if condition.eqf_levels and not of_students:
        yield "eqf_levels"
    if condition.total_days_per_year if of_students else condition.total_months_per_year:
        yield "total_months_per_year"


def _possible_years(agreement: Agreement, begins: tuple[int, int]) -> range:
    """The academic years of the agreement's period and one on each side, by the year in which each begins."""
    first = _academic_year(agreement.start_on or date.min, begins) - 1
    last = _academic_year(agreement.end_on or date.max, begins) + 1
    return range(first, last + 1)


def _academic_year(day: date, begins: tuple[int, int]) -> int:
    return day.year if (day.month, day.day) >= begins else day.year - 1
