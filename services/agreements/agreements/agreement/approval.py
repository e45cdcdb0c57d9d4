"""The university's own decision to sign, by the right person and only when every rule holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.advice_rules import advice_required, conditions_answered, needs_vice_rector
from agreements.agreement.bodies import ApproveAgreement
from agreements.agreement.known import Known, first
from agreements.agreement.mobility_rules import conditions_set
from agreements.agreement.party_rules import academic_parties, blocked_partners
from agreements.agreement.private import AgreementPrivate, ApprovalNote
from agreements.agreement.rights_rules import rights_guard, rights_tests
from agreements.agreement.term_rules import dates_complete, duration_allowed, overlapping, within_framework
from chassis.decide import Context, Decision, Outcome, Refusal, Text, refuse
from contracts.agreement import Agreement, Approved
from contracts.roles import DIR, VR

SECOND_PERSON: Final = Text(
    "Cette étape revient à une autre personne que celle qui a fait la première.",
    "This step belongs to another person than the one who took the first.",
)
VICE_RECTOR_APPROVES: Final = Text(
    "L'approbation revient au vice-recteur ou à la vice-rectrice.", "The approval belongs to the vice-rector."
)
DIRECTOR_APPROVES: Final = Text("L'approbation revient à la direction.", "The approval belongs to the director.")
DECISION_MISSING: Final = Text(
    "L'approbation cite la décision sur laquelle elle repose.", "The approval names the decision it rests on."
)


def held_approval(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    known = Known.of(context)
    yield from _right_person(state, private, context)
    yield from rights_tests(state, known)
    yield from advice_required(state, private.resources, known)
    yield from conditions_answered(state)
    yield from dates_complete(state)
    yield from duration_allowed(state, known.settings.iia_programme_ends_on)
    yield from within_framework(state, known)
    yield from overlapping(state, known)
    yield from blocked_partners(state, known)
    yield from conditions_set(state, known)
    yield from academic_parties(state, known)


def _right_person(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    """4E3, and who approves what."""
    vice_rector = needs_vice_rector(state)
    role, text = (VR, VICE_RECTOR_APPROVES) if vice_rector else (DIR, DIRECTOR_APPROVES)
    if not context.caller.has(role):
        yield refuse("not-permitted", text, roles=[str(role)])
    if context.caller.subject in (private.created_by, state.responsible_officer):
        yield refuse("second-person-required", SECOND_PERSON)


def approve(state: Agreement, private: AgreementPrivate, body: ApproveAgreement, context: Context) -> Outcome:
    if refusal := first(held_approval(state, private, context)):
        return refusal
    by_role = "vice_rector" if needs_vice_rector(state) else "director"
    if by_role == "vice_rector" and body.decision_ref is None:
        return refuse("decision-ref-missing", DECISION_MISSING, pointer="/decision_ref")
    fact = Approved.model_validate(
        {
            "by_role": by_role,
            "decision_ref": body.decision_ref,
            "start_on": state.start_on,
            "end_on": state.end_on,
            "renewal_mode": state.renewal_mode,
            "notice_months": state.notice_months,
        }
    )
    note = ApprovalNote(by=context.caller.subject, note=body.note)
    return Decision(
        (fact,),
        private=private.model_copy(update={"approval": note}),
        guards=rights_guard(state),
        relies_on=Known.of(context).rests_on(state),
    )
