"""The rules a stay obeys, as pure functions of the file, of copies of other public states and of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from chassis.decide import Reason, Refusal, Text, refuse
from contracts.types import Period
from mobility.stay.private import NEVER_TOOK_PLACE, Legal, Length, OtherPermit, Regime, StayFile

Copy = Mapping[str, Any]

LIVE = frozenset({"registered", "active", "in_transition"})
"""States of an agreement under which a stay may begin; a suspended one gives no basis."""

SHORT_STAY_DAYS = 90
INTRA_EU_DAYS, INTRA_EU_WINDOW_DAYS = 180, 360

BLOCKED = Text(
    "Collaborations institutionnelles suspendues avec {name} depuis le {date}{reference}.",
    "Institutional partnerships with {name} are blocked since {date}{reference}.",
)
NOT_LIVE = Text("Aucune convention en vigueur avec {name} au {date}.", "No agreement in force with {name} on {date}.")
NO_SUPERVISOR = Text(
    "Le séjour n'a pas de promoteur·rice\u00a0: indiquez qui accueille cette personne.",
    "The stay has no supervisor: say who receives this person.",
)
OVERLAP = Text(
    "Cette personne a déjà un séjour annoncé du {from_} au {to}.",
    "This person already has a stay from {from_} to {to}.",
)
MISSING = Text("Donnée manquante\u00a0: {what}.", "Missing: {what}.")
NO_END = Text(
    "Le séjour n'a pas de date de fin\u00a0: sa durée et son régime ne peuvent être établis.",
    "The stay has no last day, so its length and regime cannot be found.",
)
COUNTRY_UNKNOWN = Text(
    "Le pays {country} n'est pas dans la liste des pays\u00a0: le régime ne peut être établi.",
    "The country {country} is not in the list of countries, so the regime cannot be found.",
)

REQUIRED_TO_REGISTER = {
    "/residence_country": Text("le pays de résidence", "the country of residence"),
    "/email": Text("l'adresse e-mail", "the e-mail address"),
    "/consent_notice_sent_on": Text("la date d'envoi de l'information", "the day on which the notice was sent"),
}


class OfficeRules(Protocol):
    """What the office configures for stays."""

    @property
    def academic_year_begins(self) -> tuple[int, int]: ...

    @property
    def eea_or_swiss(self) -> frozenset[str]: ...

    @property
    def other_eu_members(self) -> frozenset[str]: ...


def academic_year(day: date, begins: tuple[int, int]) -> str:
    """`2026/2027` for a day from 14 September 2026 to 13 September 2027; `begins` is month and day."""
    first = day.year if (day.month, day.day) >= begins else day.year - 1
    return f"{first}/{first + 1}"


def partner_blocked(partner: Copy) -> Refusal | None:
    """POL-03 for individuals: only a block that names them too, as POL-15 leaves the others free."""
    block = partner.get("block") or {}
    if partner.get("standing") != "blocked" or block.get("scope") != "institutional_and_individual":
        return None
    since = date.fromisoformat(block["from"])
    reference = (block.get("decision_ref") or {}).get("reference")
    text = BLOCKED.filled(
        name=partner["name"]["display"],
        reference=f" ({reference})" if reference else "",
        fr={"date": day_fr(since)},
        en={"date": day_en(since)},
    )
    refusal = refuse("partner-blocked", text, pointer="/home_partner_id", rule="POL-03")
    return _naming(refusal, partners=[partner["_id"]])


def agreement_for(named: Copy, lineage: Iterable[Copy], start_on: date) -> Copy | None:
    """The agreement a stay beginning that day lies under: the one named, or its successor."""
    candidates = [named, *(each for each in lineage if each["_id"] != named["_id"])]
    return next((each for each in candidates if _covers(each, start_on)), None)


def _covers(agreement: Copy, day: date) -> bool:
    first, last = agreement.get("start_on"), agreement.get("end_on")
    if agreement.get("state") not in LIVE or first is None:
        return False
    return first <= day.isoformat() and (last is None or day.isoformat() <= last)


def agreement_not_live(named: Copy, names: Sequence[str], start_on: date) -> Refusal:
    """POL-14: no agreement of the lineage is in force on the first day."""
    text = NOT_LIVE.filled(name=", ".join(names) or "–", fr={"date": day_fr(start_on)}, en={"date": day_en(start_on)})
    refusal = refuse("agreement-not-live", text, pointer="/agreement_id", rule="POL-14")
    return _naming(refusal, agreements=[named["_id"]])


def overlap(period: Period, others: Iterable[StayFile]) -> Refusal | None:
    """S3: stays of one holder do not overlap; those that never took place do not count."""
    for other in others:
        if other.stage in NEVER_TOOK_PLACE or other.period is None or not period.overlaps(other.period):
            continue
        to = other.period.to
        text = OVERLAP.filled(
            fr={"from_": day_fr(other.period.from_), "to": day_fr(to) if to else "…"},
            en={"from_": day_en(other.period.from_), "to": day_en(to) if to else "…"},
        )
        return refuse("stay-overlap", text, pointer="/period")
    return None


def days_in_window(period: Period, others: Iterable[StayFile]) -> int:
    """Days the holder is here within the 360 days that end with the stay, this stay included."""
    last = period.to or period.from_
    first = last - timedelta(days=INTRA_EU_WINDOW_DAYS - 1)
    counted = [period, *(o.period for o in others if o.period and o.stage not in NEVER_TOOK_PLACE)]
    spans = ((max(each.from_, first), min(each.to or last, last)) for each in counted)
    return sum((to - from_).days + 1 for from_, to in spans if from_ <= to)


def length_of(period: Period) -> Length:
    days = ((period.to or date.max) - period.from_).days + 1
    return Length.UP_TO_90 if days <= SHORT_STAY_DAYS else Length.OVER_90


def regime_of(
    eea_or_swiss: bool, permit: OtherPermit | None, period: Period, days_here: int, rules: OfficeRules
) -> Regime:
    """S8: nationality first, then a permit of another member state for a short time, else a third country."""
    if eea_or_swiss:
        return Regime.EEA_SWISS
    valid = permit and permit.country in rules.other_eu_members and permit.expires_on >= period.from_
    if valid and days_here <= INTRA_EU_DAYS:
        return Regime.INTRA_EU_MOBILITY
    return Regime.THIRD_COUNTRY


def is_eea_or_swiss(country: Copy, on: date, rules: OfficeRules) -> bool:
    """By the country's own dated membership where it has one, else by the configured list."""
    periods = country.get("eea_or_swiss")
    if periods:
        return any(Period.model_validate(each).covers(on) for each in periods)
    return country["_id"] in rules.eea_or_swiss


def undetermined(period: Period, unknown: Sequence[str]) -> Refusal | None:
    """Why the regime cannot be found, if it cannot."""
    texts = [COUNTRY_UNKNOWN.filled(country=code) for code in unknown]
    if period.to is None:
        texts.append(NO_END)
    return refuse("regime-undetermined", *texts) if texts else None


def open_items(file: StayFile) -> tuple[str, ...]:
    """The pointers that registration still waits for, in the order of the form."""
    person = file.person
    known = {
        "/residence_country": person.residence_country if person else None,
        "/email": person.email if person else None,
        "/consent_notice_sent_on": file.consent_notice_sent_on,
    }
    return tuple(pointer for pointer, value in known.items() if value is None)


def data_missing(pointers: Iterable[str]) -> Refusal:
    """What registration still waits for, one reason with its pointer each."""
    reasons = []
    for pointer in pointers:
        what = REQUIRED_TO_REGISTER[pointer]
        text = MISSING.filled(fr={"what": what.fr}, en={"what": what.en})
        reasons.append(Reason("data-missing", text, pointer))
    return Refusal("data-missing", tuple(reasons))


def _naming(refusal: Refusal, **refs: object) -> Refusal:
    return Refusal(refusal.slug, refusal.reasons, refusal.rule, refs, refusal.members)


def day_fr(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def day_en(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def legal(regime: Regime, period: Period, basis: Any, permit: OtherPermit | None) -> Legal:
    return Legal(regime=regime, basis=basis, length=length_of(period), other_eu_permit=permit)
