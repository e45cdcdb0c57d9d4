"""How the facts of its life change an agreement: signing, register, its partners' fate, its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from contracts.agreement import life, papers, preparation
from contracts.agreement.entries import Changes, with_entry
from contracts.agreement.state import Agreement
from contracts.agreement.terms import (
    AgreementParty,
    AgreementState,
    Approval,
    Ending,
    FrozenText,
    Notice,
    Signature,
    Suspension,
    Transition,
)

SigningFact = (
    preparation.Approved
    | life.SigningOpened
    | life.Signed
    | life.FullySigned
    | life.NegotiationReopened
    | life.Registered
    | life.Activated
)
LifeFact = life.Suspended | life.Resumed | life.NoticeGiven | life.TacitlyExtended | papers.FlowsRecorded
PartnerFact = (
    life.TransitionEntered | life.TransitionLeft | life.PartyFlagged | life.PartyUnflagged | life.PartyFollowedMerge
)
EndingFact = preparation.Rejected | preparation.Withdrawn | life.Terminated | life.Expired | life.Renewed | life.Amended


def signed(agreement: Agreement, fact: SigningFact) -> Changes:
    match fact:
        case preparation.Approved():
            approval = Approval(by_role=fact.by_role, on=fact.happened_on, decision_ref=fact.decision_ref)
            terms = {name: getattr(fact, name) for name in ("start_on", "end_on", "renewal_mode", "notice_months")}
            return {"state": AgreementState.APPROVED, "approval": approval, **terms}
        case life.SigningOpened():
            awaited = tuple(Signature(**each.model_dump()) for each in fact.signatures)
            return {
                "state": AgreementState.SIGNING,
                "text": FrozenText(sha256=fact.sha256),
                "languages": fact.languages,
                "authentic_language": fact.authentic_language,
                "signatures": awaited,
            }
        case life.Signed():
            before = agreement.signature(fact.signature_no)
            signed = Signature(
                signature_no=fact.signature_no,
                party_no=fact.party_no,
                required=before.required if before else True,
                signed_on=fact.signed_on,
                method=fact.method,
            )
            return {"signatures": with_entry(agreement.signatures, signed, "signature_no")}
        case life.FullySigned():
            return {"state": AgreementState.SIGNED}
        case life.NegotiationReopened():
            return {"state": AgreementState.NEGOTIATING, "approval": None, "text": None, "signatures": ()}
        case life.Registered():
            return {
                "state": AgreementState.REGISTERED,
                "number": fact.number,
                "registered_on": fact.registered_on,
            }
        case life.Activated():
            return {"state": AgreementState.ACTIVE}
        case _:
            assert_never(fact)


def living(agreement: Agreement, fact: LifeFact) -> Changes:
    match fact:
        case life.Suspended():
            suspension = Suspension(from_=fact.from_, reason=fact.reason)
            return {"state": AgreementState.SUSPENDED, "suspension": suspension}
        case life.Resumed():
            return {"state": AgreementState.ACTIVE, "suspension": None}
        case life.NoticeGiven():
            given = Notice(given_on=fact.given_on, given_by_party=fact.given_by_party, effective_on=fact.effective_on)
            return {"notice": given}
        case life.TacitlyExtended():
            return {"end_on": fact.new_end_on}
        case papers.FlowsRecorded():
            others = tuple(each for each in agreement.flows if each.academic_year != fact.academic_year)
            return {"flows": (*others, *fact.rows)}
        case _:
            assert_never(fact)


def partner_followed(agreement: Agreement, fact: PartnerFact) -> Changes:
    match fact:
        case life.TransitionEntered():
            transition = Transition(
                from_=fact.happened_on, until=fact.until, partner_id=fact.partner_id, rule=fact.rule
            )
            return {"state": AgreementState.IN_TRANSITION, "transition": transition}
        case life.TransitionLeft():
            return {"state": fact.state, "transition": None, "suspension": None}
        case life.PartyFlagged():
            return {"parties": with_party(agreement.parties, fact.party_no, {"flagged": fact.reason})}
        case life.PartyUnflagged():
            return {"parties": with_party(agreement.parties, fact.party_no, {"flagged": None})}
        case life.PartyFollowedMerge():
            survivor: Changes = {"partner_id": fact.to_partner_id}
            return {"parties": with_party(agreement.parties, fact.party_no, survivor)}
        case _:
            assert_never(fact)


def ended(fact: EndingFact) -> Changes:
    over: Changes = {"pending_advice": None, "transition": None}
    match fact:
        case preparation.Rejected():
            ending = Ending(on=fact.happened_on, reason=fact.reason, by=fact.by)
            return over | {"state": AgreementState.REJECTED, "ending": ending}
        case preparation.Withdrawn():
            ending = Ending(on=fact.happened_on, reason=fact.reason, by=fact.by)
            return over | {"state": AgreementState.WITHDRAWN, "ending": ending}
        case life.Terminated():
            ending = Ending(on=fact.on, reason=fact.reason, by=fact.by)
            return over | {"state": AgreementState.TERMINATED, "ending": ending}
        case life.Expired():
            return over | {"state": AgreementState.EXPIRED, "ending": Ending(on=fact.on)}
        case life.Renewed():
            return over | {"state": AgreementState.RENEWED, "ending": Ending(on=fact.on)}
        case life.Amended():
            return over | {"state": AgreementState.AMENDED, "ending": Ending(on=fact.on)}
        case _:
            assert_never(fact)


def with_party(parties: Iterable[AgreementParty], no: int, changes: Changes) -> tuple[AgreementParty, ...]:
    return tuple(each.model_copy(update=changes) if each.no == no else each for each in parties)
