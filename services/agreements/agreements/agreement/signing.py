"""Signatures on the frozen text, by number; who signs is known to the office only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.bodies import OpenSigning, RecordSignature, WithReason
from agreements.agreement.known import Known, first
from agreements.agreement.papers import named_document, signed_copy
from agreements.agreement.party_rules import blocked_partners
from agreements.agreement.private import AgreementPrivate, Signatory
from agreements.agreement.rights_rules import rights_guard, rights_tests
from agreements.agreement.wording import day, same, say
from chassis.decide import Context, Decision, Outcome, Refusal, Text, refuse
from contracts.agreement import (
    Agreement,
    AgreementFact,
    FullySigned,
    NegotiationReopened,
    SignatureRequired,
    Signed,
    SigningOpened,
)

SIGNATORY_MISSING: Final = Text(
    "{party} n'a pas de signataire requis.", "{party} has no signatory whose signature is required."
)
PARTY_UNKNOWN: Final = Text("La convention n'a pas de partie n° {no}.", "The agreement has no party no. {no}.")
SIGNATURE_UNKNOWN: Final = Text(
    "La convention n'attend pas de signature n° {no}.", "The agreement awaits no signature no. {no}."
)
OWN_PARTY: Final = Text("Notre université", "Our university")
TEXT_CHANGED: Final = Text(
    "Le texte signé n'est pas le texte figé.", "The text that was signed is not the frozen text."
)
DUPLICATE: Final = Text("Cette signature est déjà enregistrée.", "This signature is recorded already.")
TOO_EARLY: Final = Text(
    "La signature est antérieure à l'approbation du {date}.", "The signature precedes the approval of {date}."
)
IN_FUTURE: Final = Text("La signature est datée dans le futur.", "The signature is dated in the future.")


def held_signing(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    known = Known.of(context)
    yield from rights_tests(state, known)
    yield from blocked_partners(state, known)


def open_signing(state: Agreement, private: AgreementPrivate, body: OpenSigning, context: Context) -> Outcome:
    if refusal := first(held_signing(state, private, context)):
        return refusal
    if refusal := first(_signatories_named(state, body, Known.of(context))):
        return refusal
    card = named_document(state, body.document_id, context)
    if isinstance(card, Refusal):
        return card
    begins = max((each.signature_no for each in private.signatories), default=0) + 1
    signatories = tuple(
        Signatory(signature_no=no, signatory_name=each.signatory_name, signatory_function=each.signatory_function)
        for no, each in enumerate(body.signatures, start=begins)
    )
    fact = SigningOpened(
        sha256=card["sha256"],
        languages=body.languages,
        authentic_language=body.authentic_language,
        signatures=tuple(
            SignatureRequired(signature_no=no, party_no=each.party_no, required=each.required)
            for no, each in enumerate(body.signatures, start=begins)
        ),
    )
    kept = private.model_copy(
        update={
            "text_document_id": body.document_id,
            "signatories": (*private.signatories, *signatories),
        }
    )
    return Decision(
        (fact,),
        private=kept,
        attaches=(body.document_id,),
        guards=rights_guard(state),
        relies_on=Known.of(context).rests_on(state),
    )


def _signatories_named(state: Agreement, body: OpenSigning, known: Known) -> Iterator[Refusal]:
    """Our university and each partner sign; an associate may."""
    for place, each in enumerate(body.signatures):
        if state.party(each.party_no) is None:
            text = say(PARTY_UNKNOWN, no=each.party_no)
            yield refuse("unknown-id", text, pointer=f"/signatures/{place}/party_no")
    signing = {each.party_no for each in body.signatures if each.required}
    for party in state.parties:
        if party.no not in signing and party.role != "associate":
            partner = known.partner(party.partner_id)
            name = same(partner.name.display) if partner and party.role != "own" else OWN_PARTY
            yield refuse("signatory-missing", say(SIGNATORY_MISSING, party=name), pointer="/signatures")


def held_signature(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    yield from blocked_partners(state, Known.of(context))


def record_signature(state: Agreement, private: AgreementPrivate, body: RecordSignature, context: Context) -> Outcome:
    if refusal := first(held_signature(state, private, context)):
        return refusal
    if refusal := first(_signature_fits(state, body, context)):
        return refusal
    if body.document_id is not None:
        card = signed_copy(state, body.document_id, context)
        if isinstance(card, Refusal):
            return card
    others = [each for each in state.signatures if each.signature_no != body.signature_no]
    awaited = next(each for each in state.signatures if each.signature_no == body.signature_no)
    party = next(party for party in state.parties if party.no == awaited.party_no)
    remaining = sum(each.required and each.signed_on is None for each in others)
    facts: list[AgreementFact] = [
        Signed(
            signature_no=body.signature_no,
            party_no=party.no,
            partner_id=party.partner_id,
            signed_on=body.signed_on,
            method=body.method,
            remaining=remaining,
            occurred_on=body.signed_on,
        )
    ]
    if remaining == 0:
        days = [each.signed_on for each in others if each.signed_on]
        facts.append(FullySigned(last_signed_on=max([body.signed_on, *days])))
    signatories = tuple(
        each.model_copy(update={"document_id": body.document_id}) if each.signature_no == body.signature_no else each
        for each in private.signatories
    )
    return Decision(
        tuple(facts),
        private=private.model_copy(update={"signatories": signatories}),
        attaches=(body.document_id,) if body.document_id else (),
        relies_on=Known.of(context).rests_on(state),
    )


def _signature_fits(state: Agreement, body: RecordSignature, context: Context) -> Iterator[Refusal]:
    """A3: an awaited signature, on the frozen text, not before the approval."""
    awaited = state.signature(body.signature_no)
    if awaited is None:
        text = say(SIGNATURE_UNKNOWN, no=body.signature_no)
        yield refuse("unknown-id", text, pointer="/signature_no")
    elif awaited.signed_on is not None:
        yield refuse("signature-duplicate", DUPLICATE, pointer="/signature_no")
    if state.text is None or body.sha256 != state.text.sha256:
        yield refuse("text-changed", TEXT_CHANGED, pointer="/sha256")
    if state.approval and body.signed_on < state.approval.on:
        text = say(TOO_EARLY, date=day(state.approval.on))
        yield refuse("signed-before-approval", text, pointer="/signed_on")
    if body.signed_on > context.today:
        yield refuse("signature-date-in-future", IN_FUTURE, pointer="/signed_on")


def reopen(state: Agreement, private: AgreementPrivate, body: WithReason, context: Context) -> Outcome:
    kept = private.model_copy(update={"approval": None, "text_document_id": None})
    return Decision((NegotiationReopened(reason=body.reason),), private=kept)
