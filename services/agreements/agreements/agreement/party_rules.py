"""Office policy on who may be a party: A1, POL-03 blocked partners, POL-19 academic partners and political bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.known import Known, not_known_yet
from agreements.agreement.wording import both, day, say
from chassis.decide import Reason, Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind
from contracts.partner import (
    ACADEMIC_KINDS,
    ASSOCIATE_KINDS,
    POLITICAL_KINDS,
    BlockScope,
    Partner,
    PartnerKind,
    Standing,
)

NOT_USABLE: Final = {
    Standing.SUGGESTED: Text("proposée, pas encore acceptée", "suggested and not yet accepted"),
    Standing.ARCHIVED: Text("archivée", "archived"),
    Standing.MERGED: Text("fusionnée avec une autre", "merged into another one"),
}
OWN_MISSING: Final = Text(
    "Une convention a exactement une partie propre, et c'est notre université.",
    "An agreement has exactly one party of our own, and it is our university.",
)
DUPLICATE: Final = Text("{name} figure deux fois parmi les parties.", "{name} is named twice as a party.")
UNUSABLE: Final = Text(
    "{name} ne peut pas être partie\u00a0: sa fiche est {standing}.",
    "{name} cannot be a party: its record is {standing}.",
)
BLOCKED: Final = Text(
    "Collaborations institutionnelles suspendues avec {name} depuis le {date} ({reference}).",
    "Institutional partnerships with {name} are blocked since {date} ({reference}).",
)
INDIVIDUALS: Final = Text(
    " Les relations académiques individuelles restent possibles.",
    " Individual academic relations remain possible.",
)
NOT_ACADEMIC: Final = Text(
    "{name} n'est pas un établissement universitaire ou de recherche\u00a0: une convention de ce type se "
    "conclut avec des partenaires universitaires.",
    "{name} is not a university or research institution: an agreement of this kind is concluded with "
    "academic partners.",
)
POLITICAL: Final = Text(
    "{name} relève des autorités politiques\u00a0: aucune convention n'est conclue avec les régimes des pays "
    "où nous travaillons ({country}). Les contacts diplomatiques se notent comme représentation.",
    "{name} is a political authority: no agreement is concluded with the regimes of the countries where we "
    "work ({country}). Record diplomatic contacts as a representation.",
)


def parties_well_formed(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """A1, and every party known here."""
    unknown = [f"partner/{each.partner_id}" for each in agreement.parties if not known.partner(each.partner_id)]
    if unknown:
        yield not_known_yet(*unknown)
        return
    own = [known.partner(party.partner_id) for party in agreement.parties if party.role == "own"]
    if [each.kind for each in own if each] != [PartnerKind.OWN_INSTITUTION]:
        yield refuse("own-party-missing", OWN_MISSING, pointer="/parties")
    ids = [party.partner_id for party in agreement.parties]
    for partner_id in sorted({each for each in ids if ids.count(each) > 1}):
        partner = known.partner(partner_id)
        if partner:
            yield refuse("party-duplicate", say(DUPLICATE, name=partner.name.display), pointer="/parties")
    for _, partner in known.counterparts(agreement):
        if partner.standing in NOT_USABLE:
            text = say(UNUSABLE, name=partner.name.display, standing=NOT_USABLE[partner.standing])
            yield refuse("partner-not-usable", text, pointer="/parties")


def blocked_partners(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """POL-03."""
    for _, partner in known.counterparts(agreement):
        if partner.standing is Standing.BLOCKED and partner.block:
            text = say(
                BLOCKED,
                name=partner.name.display,
                date=day(partner.block.from_),
                reference=partner.block.decision_ref.reference,
            )
            if partner.block.scope is BlockScope.INSTITUTIONAL:
                text = Text(text.fr + INDIVIDUALS.fr, text.en + INDIVIDUALS.en)
            yield by_policy("POL-03", "partner-blocked", text, partner)


def academic_parties(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    """POL-19: no political body where we work; academic partners for every kind but the memorandum."""
    pairs = known.counterparts(agreement)
    political = [partner for _, partner in pairs if partner.kind in POLITICAL_KINDS]
    if political:
        yield from _political_bodies(political, agreement, known)
    if agreement.kind is AgreementKind.MOU:
        return
    for party, partner in pairs:
        admitted = ASSOCIATE_KINDS if party.role == "associate" else ACADEMIC_KINDS
        if partner.kind not in admitted:
            text = say(NOT_ACADEMIC, name=partner.name.display)
            yield by_policy("POL-19", "partner-not-academic", text, partner)


def _political_bodies(political: list[Partner], agreement: Agreement, known: Known) -> Iterator[Refusal]:
    unknown = known.unknown_countries(agreement)
    if unknown:
        yield not_known_yet(*(f"country/{code}" for code in unknown))
    worked_in = cooperation_countries(agreement, known)
    for partner in political if worked_in else ():
        text = say(POLITICAL, name=partner.name.display, country=worked_in[0])
        yield by_policy("POL-19", "political-body-in-agreement", text, partner)


def cooperation_countries(agreement: Agreement, known: Known) -> list[Text]:
    """The names of the parties' countries that are on the list of cooperation countries today."""
    countries = [known.country(code) for code in known.countries(agreement)]
    return [
        both(country.name)
        for country in countries
        if country and any(listed.period.covers(known.today) for listed in country.cooperation_periods)
    ]


def by_policy(rule: str, slug: str, text: Text, *partners: Partner) -> Refusal:
    """A refusal that the office keeps, because a rule of its policy stands behind it."""
    refs = {"partners": [partner.id for partner in partners]} if partners else {}
    return Refusal(slug, (Reason(slug, text),), rule=rule, refs=refs)
