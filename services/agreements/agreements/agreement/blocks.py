"""What a partner's block does to a live agreement, and what its lifting undoes (A5)."""

from __future__ import annotations

from collections.abc import Iterator

from agreements.agreement.bodies import FollowPartnerBlock
from agreements.agreement.known import Known
from agreements.agreement.private import AgreementPrivate
from chassis.decide import Context, Decision, Outcome
from contracts.agreement import (
    Agreement,
    AgreementFact,
    AgreementState,
    Expired,
    PartyFlagged,
    PartyUnflagged,
    Transition,
    TransitionEntered,
    TransitionLeft,
)
from contracts.partner import Partner


def follow_partner_block(
    state: Agreement, private: AgreementPrivate, body: FollowPartnerBlock, context: Context
) -> Outcome:
    """Brings the agreement in line with the partner's block as it is known now."""
    partner = Known.of(context).partner(body.partner_id)
    if partner is None:
        return Decision()
    multilateral = state.plurality == "multilateral"
    follow = _flagging(state, partner) if multilateral else _transition(state, partner, context)
    return Decision(tuple(follow))


def _flagging(state: Agreement, partner: Partner) -> Iterator[AgreementFact]:
    for party in state.parties:
        if party.partner_id != partner.id:
            continue
        if partner.block and party.flagged is None:
            yield PartyFlagged(party_no=party.no, partner_id=partner.id, reason="partner_blocked")
        elif partner.block is None and party.flagged == "partner_blocked":
            yield PartyUnflagged(party_no=party.no, partner_id=partner.id)


def _transition(state: Agreement, partner: Partner, context: Context) -> Iterator[AgreementFact]:
    if partner.block:
        entered = entering(state, partner)
        if not _is_in(state.transition, entered):
            yield entered
    elif state.transition and state.transition.partner_id == partner.id:
        yield from _leaving(state, partner, context)


def entering(state: Agreement, partner: Partner) -> TransitionEntered:
    """Until the agreement's end, or earlier when the block says so."""
    assert partner.block is not None, "the partner is blocked"
    assert state.end_on is not None, "a live agreement has an end"
    until = partner.block.transition.until
    return TransitionEntered(
        partner_id=partner.id,
        until=min(state.end_on, until) if until else state.end_on,
        rule=partner.block.transition.rule.value,
        decision_ref=partner.block.decision_ref,
    )


def _is_in(transition: Transition | None, entered: TransitionEntered) -> bool:
    if transition is None:
        return False
    same_partner = transition.partner_id == entered.partner_id
    return same_partner and (transition.until, transition.rule) == (entered.until, entered.rule)


def _leaving(state: Agreement, partner: Partner, context: Context) -> Iterator[AgreementFact]:
    today = context.today
    if state.end_on and state.end_on < today:
        yield TransitionLeft(partner_id=partner.id, state=AgreementState.EXPIRED)
        yield Expired(on=state.end_on)
    elif state.start_on and today < state.start_on:
        yield TransitionLeft(partner_id=partner.id, state=AgreementState.REGISTERED)
    else:
        yield TransitionLeft(partner_id=partner.id, state=AgreementState.ACTIVE)
