"""The register: gap-free numbers by year, and what must be true of an agreement that gets one (A2, A3, A11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.deadlines import activation
from agreements.agreement.known import Known, counter, first
from agreements.agreement.papers import SIGNED_COPY
from agreements.agreement.party_rules import academic_parties, blocked_partners
from agreements.agreement.private import AgreementPrivate
from agreements.agreement.rights_rules import rights_guard, rights_tests
from agreements.agreement.term_rules import overlapping
from chassis.decide import Context, Decision, New, Nothing, Outcome, Refusal, Text, refuse
from contracts.agreement import Agreement, AgreementKind, Registered, SignatureMethod, evolve
from contracts.identifiers import write_registration_number

ENTRIES: Final = "register_entries"

NO_SIGNED_TEXT: Final = Text("L'enregistrement attend l'exemplaire signé.", "Registration waits for the signed copy.")
NOT_MUTUAL: Final = Text(
    "L'accord interinstitutionnel n'est pas encore approuvé par les deux établissements.",
    "The inter-institutional agreement is not yet approved by both institutions.",
)


def held_registration(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    known = Known.of(context)
    yield from blocked_partners(state, known)
    yield from _signed_text(state, private)
    if state.kind is AgreementKind.IIA and not (state.iia and state.iia.both_approved):
        yield refuse("iia-not-mutually-approved", NOT_MUTUAL, pointer="/iia")
    yield from rights_tests(state, known)
    yield from academic_parties(state, known)
    yield from overlapping(state, known)


def _signed_text(state: Agreement, private: AgreementPrivate) -> Iterator[Refusal]:
    """A signed copy is on file, unless both systems' approvals stand for the signatures."""
    recorded = {each.signature_no for each in state.signatures if each.signed_on}
    copies = any(each.document_id for each in private.signatories if each.signature_no in recorded)
    attached = any(each.kind == SIGNED_COPY for each in private.documents)
    by_approval = all(each.method is SignatureMethod.EWP_APPROVAL for each in state.signatures if each.signed_on)
    if not (copies or attached or by_approval):
        yield refuse("signed-text-missing", NO_SIGNED_TEXT)


def register(state: Agreement, private: AgreementPrivate, body: Nothing, context: Context) -> Outcome:
    """Number, entry and state change are one transaction: no gap can arise (A2), and since each takes the year's next
    number, no two registrations decide side by side (A10)."""
    if refusal := first(held_registration(state, private, context)):
        return refusal
    today, known = context.today, Known.of(context)
    n = context.found.number(counter(today))
    number = write_registration_number(known.settings.register_prefix, today.year, n)
    registered = Registered.model_validate(
        {
            "number": number,
            "registered_on": today,
            "kind": state.kind,
            "parties": state.parties,
            "start_on": state.start_on,
            "end_on": state.end_on,
            "notice_on": state.notice_on,
        }
    )
    activated = activation(evolve(state, registered), today)
    entry = {
        "_id": f"{today.year}-{n:04d}",
        "agreement_id": state.id,
        "kind": str(state.kind),
        "registered_on": today.isoformat(),
    }
    return Decision(
        (registered, activated) if activated else (registered,),
        rows=(New(ENTRIES, entry),),
        guards=rights_guard(state),
        relies_on=known.rests_on(state),
    )
