"""Ending it before the register, and who looks after it."""

from __future__ import annotations

from agreements.agreement.bodies import AssignOfficer, RejectAgreement, WithReason
from agreements.agreement.private import AgreementPrivate
from chassis.decide import Context, Decision, Outcome
from contracts.agreement import Agreement, OfficerAssigned, Rejected, Withdrawn


def reject(state: Agreement, private: AgreementPrivate, body: RejectAgreement, context: Context) -> Outcome:
    request_id = state.pending_advice.request_id if state.pending_advice else None
    return Decision((Rejected(reason=body.reason, request_id=request_id, by=context.caller.subject),))


def withdraw(state: Agreement, private: AgreementPrivate, body: WithReason, context: Context) -> Outcome:
    request_id = state.pending_advice.request_id if state.pending_advice else None
    return Decision((Withdrawn(reason=body.reason, request_id=request_id, by=context.caller.subject),))


def assign_officer(state: Agreement, private: AgreementPrivate, body: AssignOfficer, context: Context) -> Outcome:
    if body.responsible_officer == state.responsible_officer:
        return Decision()
    return Decision((OfficerAssigned(responsible_officer=body.responsible_officer),))
