"""POL-06 when advice is required, POL-07 which committee is competent, A19 conditions answered before approval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.known import Known, not_known_yet
from agreements.agreement.party_rules import by_policy
from agreements.agreement.rights_rules import referred_partners
from agreements.agreement.wording import KINDS, both, day, listed, say
from chassis.decide import Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind
from contracts.competence import competent_group
from contracts.types import AdviceOutcome, BothLanguages, LocalizedText, Period, Resources

OPINIONS: Final = frozenset(
    {AdviceOutcome.FAVOURABLE, AdviceOutcome.FAVOURABLE_WITH_CONDITIONS, AdviceOutcome.UNFAVOURABLE}
)

REQUIRED: Final = Text(
    "Ce dossier doit recevoir l'avis du comité compétent ({committee})\u00a0: {why}.",
    "This file needs the advice of the competent committee ({committee}): {why}.",
)
NOBODY: Final = Text("aucun en fonction", "none in office")
MULTILATERAL: Final = Text("la convention est multilatérale", "the agreement is multilateral")
FIRST: Final = Text("c'est la première convention avec {name}", "it is the first agreement ever with {name}")
COSTLY: Final = Text("les moyens engagés dépassent {limit} EUR", "the resources committed exceed {limit} EUR")
OTHER_CURRENCY: Final = Text(
    "les moyens sont engagés dans une autre devise que l'euro",
    "the resources are committed in a currency other than the euro",
)
REFERRED: Final = Text(
    "le test des droits fondamentaux de {name} est passé par le point de contact",
    "the fundamental-rights test of {name} went to the contact point",
)
NOT_COMPETENT: Final = Text(
    "Aucun comité en fonction n'est compétent pour {countries} au {date}.",
    "No committee in office is competent for {countries} on {date}.",
)
UNEXPLAINED: Final = Text(
    "Le comité compétent au {date} est {committee}\u00a0; dites pourquoi le dossier va à un autre.",
    "The competent committee on {date} is {committee}; say why the file goes to another one.",
)
NOT_IN_OFFICE: Final = Text("Ce comité n'est pas en fonction.", "This committee is not in office.")
UNANSWERED: Final = Text(
    "L'approbation attend la réponse à {n} condition(s) de l'avis.",
    "Approval waits for the answer to {n} condition(s) of the advice.",
)
BY_GROUP: Final = LocalizedText(
    fr="Les pays concernés relèvent de ce seul groupe à cette date.",
    en="The countries concerned belong to this one group on that date.",
)
BY_COUNCIL: Final = LocalizedText(
    fr="Les pays concernés ne relèvent pas d'un seul groupe à cette date.",
    en="The countries concerned do not belong to one single group on that date.",
)


def competent_committee(agreement: Agreement, known: Known) -> str | None:
    """POL-07 today: by the groups of the counterparts' countries; None when nobody is in office."""
    return competent_group("agreement", known.country_copies(agreement), known.committees, known.today)


def competence_known(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    unknown = known.unknown_countries(agreement)
    if unknown:
        yield not_known_yet(*(f"country/{code}" for code in unknown))


def nobody_competent(agreement: Agreement, known: Known) -> Refusal:
    names = [known.country(code) for code in known.countries(agreement)]
    countries = listed(both(country.name) for country in names if country)
    text = say(NOT_COMPETENT, countries=countries, date=day(known.today))
    partners = [partner for _, partner in known.counterparts(agreement)]
    return by_policy("POL-07", "no-competent-committee", text, *partners)


def committee_chosen(
    committee_id: str, competent: str | None, reason: LocalizedText | None, agreement: Agreement, known: Known
) -> Iterator[Refusal]:
    """Another committee than the competent one must sit today, and be chosen for a reason."""
    if committee_id == competent:
        return
    committee = known.committee(committee_id)
    if committee is None:
        yield not_known_yet(f"committee/{committee_id}")
    elif not Period.model_validate(committee["in_office"]).covers(known.today):
        yield refuse("no-competent-committee", NOT_IN_OFFICE, pointer="/committee_id")
    elif reason is None and competent is None:
        yield nobody_competent(agreement, known)
    elif reason is None:
        text = say(UNEXPLAINED, committee=committee_words(competent, known), date=day(known.today))
        yield refuse("no-competent-committee", text, pointer="/reason")


def committee_words(committee_id: str | None, known: Known) -> Text:
    committee = known.committee(committee_id)
    return both(BothLanguages.model_validate(committee["name"])) if committee else NOBODY


def competence_reason(agreement: Agreement, committee_id: str, known: Known) -> LocalizedText:
    committee = known.committee(committee_id)
    return BY_GROUP if committee and committee["kind"] == "regional_group" else BY_COUNCIL


def advice_required(agreement: Agreement, resources: Resources | None, known: Known) -> Iterator[Refusal]:
    """POL-06, unless a committee has given its opinion."""
    why = why_advice(agreement, resources, known)
    if not why or any(advice.outcome in OPINIONS for advice in agreement.advice):
        return
    committee = committee_words(competent_committee(agreement, known), known)
    text = say(REQUIRED, committee=committee, why=listed(why))
    partners = [partner for _, partner in known.counterparts(agreement)]
    yield by_policy("POL-06", "advice-required", text, *partners)


def why_advice(agreement: Agreement, resources: Resources | None, known: Known) -> list[Text]:
    why = [KINDS[agreement.kind]] if agreement.kind in KINDS else []
    if agreement.plurality == "multilateral":
        why.append(MULTILATERAL)
    met = {party.partner_id for other in known.related(agreement) for party in other.parties}
    for _, partner in known.counterparts(agreement):
        if partner.id not in met:
            why.append(say(FIRST, name=partner.name.display))
    why += _costs(resources, known.settings.advice_above_eur)
    why += [say(REFERRED, name=partner.name.display) for partner in referred_partners(agreement, known)]
    return why


def _costs(resources: Resources | None, limit_eur: int) -> list[Text]:
    """An amount in another currency cannot be compared with the limit and counts as above it."""
    amount = resources.amount if resources and resources.level == "committed" else None
    if amount is None:
        return []
    if amount.currency != "EUR":
        return [OTHER_CURRENCY]
    if amount.value <= limit_eur:
        return []
    written = f"{limit_eur:,}"
    return [say(COSTLY, limit=Text(written.replace(",", "\u00a0"), written))]


def conditions_answered(agreement: Agreement) -> Iterator[Refusal]:
    """A19."""
    open_ = [each for advice in agreement.advice for each in advice.conditions if each.answered_on is None]
    if open_:
        yield refuse("advice-conditions-unanswered", say(UNANSWERED, n=len(open_)), pointer="/advice")


def needs_vice_rector(agreement: Agreement) -> bool:
    """Unfavourable advice, several partners or a joint degree: the vice-rector approves, by a decision."""
    unfavourable = bool(agreement.advice) and agreement.advice[-1].outcome is AdviceOutcome.UNFAVOURABLE
    return unfavourable or agreement.plurality == "multilateral" or agreement.kind is AgreementKind.JOINT_DEGREE
