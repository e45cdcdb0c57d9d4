"""The rules a partner's commands rest on, with the sentences in which they refuse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from chassis.decide import Context, Doc, Document, Find, Found, Other, Reason, Refusal, Rows, Text, refuse
from contracts.identifiers import IdentifierScheme, claim_key, normalised
from contracts.partner import (
    ACADEMIC_KINDS,
    ASSOCIATE_KINDS,
    AssessedType,
    AssessmentOutcome,
    Partner,
    PartnerKind,
    ReceivedReason,
)
from partners.partner.bodies import GivenIdentifiers, missing_by_kind
from partners.partner.private import Assessment, PartnerPrivate
from partners.partner.similarity import similar

CLAIMS: Final = "identifier_claims"
OWN_CLAIM: Final = "kind:own_institution"
AGREEMENTS: Final = "agreement_copies"
ENDED: Final = ("renewed", "amended", "expired", "terminated", "rejected", "withdrawn")
ACADEMIC_AGREEMENTS: Final = frozenset({"framework", "specific", "exchange", "iia", "joint_degree", "cotutelle"})
FRESH_MONTHS: Final = 12


def country_of(body: object, state: Partner | None) -> str | None:
    code = getattr(body, "country", None)
    if isinstance(code, str):
        return code
    return state.country if state else None


def claims_needed(identifiers: GivenIdentifiers) -> Iterable[Find]:
    for one in identifiers:
        if value := admitted(one.scheme, one.value):
            yield Doc(CLAIMS, claim_key(one.scheme, value))


def admitted(scheme: IdentifierScheme, text: str) -> str | None:
    """The normalised value; None where the scheme refuses the text (P2)."""
    try:
        return normalised(scheme, text)
    except ValueError:
        return None


def held_by_other(scheme: IdentifierScheme, value: str, own_id: str, found: Found) -> str | None:
    """The partner, other than this one, to which the value belongs (P1)."""
    claim = found.doc(CLAIMS, claim_key(scheme, value))
    holder = str(claim["partner_id"]) if claim else None
    return holder if holder != own_id else None


def identifier_refused(scheme: IdentifierScheme, text: str, own_id: str, found: Found, pointer: str) -> Refusal | None:
    value = admitted(scheme, text)
    if value is None:
        said = Text(
            f"« {text} » n'est pas un identifiant {scheme.upper()} valable.",
            f"“{text}” is not a valid {scheme.upper()} identifier.",
        )
        return refuse("identifier-invalid", said, pointer=pointer, scheme=scheme)
    if holder := held_by_other(scheme, value, own_id, found):
        said = Text(
            f"L'identifiant {value} appartient déjà à un autre partenaire.",
            f"The identifier {value} belongs to another partner already.",
        )
        return refuse("identifier-taken", said, pointer=pointer, partner_id=holder, scheme=scheme)
    return None


def why_not_admitted(scheme: IdentifierScheme, text: str, own_id: str, found: Found) -> ReceivedReason | None:
    value = admitted(scheme, text)
    if value is None:
        return ReceivedReason.FAILS_FORMAT
    return ReceivedReason.BELONGS_TO_OTHER if held_by_other(scheme, value, own_id, found) else None


NAMES: Final = ("public.name",)
AT_MOST: Final = 20_000
"""Partners that may be meant, and agreements that name one: our own institution is a party to all of them."""


def similar_needed(country: str, identifiers: GivenIdentifiers = ()) -> Iterable[Find]:
    """Partners of the same country, and those that brought the same text from elsewhere."""
    alive = {"state": {"$ne": "merged"}}
    here = {"public.country": country, **alive}
    yield Rows("same_country", "partner", here, limit=AT_MOST, fields=NAMES)
    if texts := [one.value for one in identifiers]:
        there = {"public.identifiers_received.text": {"$in": texts}, **alive}
        yield Rows("same_text", "partner", there, limit=AT_MOST, fields=NAMES)


def similar_exists(names: Iterable[str], confirmed: Iterable[str], context: Context) -> Refusal | None:
    """P15: a warning, set aside by confirming each candidate as distinct."""
    stored = {row["_id"]: row for row in context.found.rows("same_country")}
    scores = {row["_id"]: 1.0 for row in context.found.rows("same_text")}
    stored |= {row["_id"]: row for row in context.found.rows("same_text")}
    near = similar(names, context.found.rows("same_country"), context.settings.generic_words)
    scores |= {id_: score for id_, score in near.items() if id_ not in scores}
    left = {id_: score for id_, score in scores.items() if id_ not in set(confirmed)}
    if not left:
        return None
    candidates = [
        {"id": id_, "name": stored[id_]["public"]["name"]["display"], "score": score}
        for id_, score in sorted(left.items(), key=lambda pair: -pair[1])[:20]
    ]
    names_shown = ", ".join(str(one["name"]) for one in candidates[:5])
    said = Text(
        f"Un partenaire semblable existe déjà : {names_shown}. Confirmez qu'il s'agit d'un autre établissement.",
        f"A similar partner exists already: {names_shown}. Confirm that this one is distinct.",
    )
    return refuse("similar-partner-exists", said, pointer="/name", candidates=candidates)


def identity_incomplete(state: Partner) -> Refusal | None:
    missing = "kind" if state.kind is None else missing_by_kind(state.kind, state.level, state.network_theme)
    if missing is None:
        return None
    said = Text(f"Il manque encore : {missing}.", f"Still missing: {missing}.")
    return refuse("identity-incomplete", said, pointer=f"/{missing}")


def country_unknown(state: Partner, found: Found) -> Refusal | None:
    if found.other("country", state.country) is not None:
        return None
    return refuse("country-unknown", pointer="/country", country=state.country)


def may_hold(kind: PartnerKind, agreement: Document, role: str) -> bool:
    """Whether a partner of this kind may stand in this role of that agreement (POL-19)."""
    if agreement.get("kind") not in ACADEMIC_AGREEMENTS:
        return True
    return kind in (ASSOCIATE_KINDS if role == "associate" else ACADEMIC_KINDS)


def agreements_naming(partner_id: str) -> Rows:
    naming = {"parties.partner_id": partner_id, "state": {"$nin": list(ENDED)}}
    return Rows("agreements", AGREEMENTS, naming, limit=AT_MOST, fields=("kind", "parties"))


def kind_in_use(state: Partner, kind: PartnerKind, found: Found) -> Refusal | None:
    """P13, as far as agreements name the partner."""
    for agreement in found.rows("agreements"):
        roles = (p["role"] for p in agreement["parties"] if p["partner_id"] == state.id)
        if not all(may_hold(kind, agreement, role) for role in roles):
            return refuse("kind-change-blocked-by-use", pointer="/kind", agreement_id=agreement["_id"])
    return None


def schac_in_use(scheme: IdentifierScheme, found: Found) -> Refusal | None:
    """Erasmus Without Paper addresses an institution by its SCHAC id."""
    if scheme is not IdentifierScheme.SCHAC:
        return None
    for agreement in found.rows("agreements"):
        if agreement.get("kind") == "iia":
            return refuse("identifier-in-use-by-iia", agreement_id=agreement["_id"])
    return None


def referred(private: PartnerPrivate) -> tuple[Assessment, ...]:
    """Assessments that wait for an opinion."""
    return tuple(a for a in private.assessments if a.outcome is AssessmentOutcome.REFERRED)


def months_later(day: date, months: int) -> date:
    """The same day number, clamped to the month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(number, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def not_freshly_assessed(state: Partner, private: PartnerPrivate, today: date) -> Refusal | None:
    """The newest assessment of the partner itself was made under the block, is favourable and not out of date."""
    own = [
        a for a in private.assessments if a.subject_ref.type is AssessedType.PARTNER and a.subject_ref.id == state.id
    ]
    newest = max(reversed(own), key=lambda assessment: assessment.assessed_on, default=None)
    favourable = (AssessmentOutcome.CLEAR, AssessmentOutcome.CLEARED)
    if (
        newest
        and newest.outcome in favourable
        and (state.block is None or newest.assessed_on >= state.block.from_)
        and months_later(newest.assessed_on, FRESH_MONTHS) >= today
    ):
        return None
    return refuse("no-fresh-rights-assessment")


def second_person(first: str | None, context: Context, text: Text) -> Refusal | None:
    """Four eyes: the second step is taken by somebody else."""
    if first is None or context.caller.subject != first:
        return None
    return Refusal("second-person-required", (Reason("second-person-required", text),))


def unknown_child(pointer: str) -> Refusal:
    return refuse("unknown-id", Text("Cet élément n'existe pas.", "There is no such item."), pointer=pointer)


def region_needed(state: Partner | None, private: Any, body: object, found: Found) -> Iterable[Find]:
    if code := country_of(body, state):
        yield Other("country", code)
