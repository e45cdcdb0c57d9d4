"""How the facts of preparation change an agreement: terms, reviews, advice."""

from __future__ import annotations

from typing import assert_never

from contracts.agreement import life, papers, preparation
from contracts.agreement.entries import Changes, with_entry
from contracts.agreement.state import Agreement
from contracts.agreement.terms import (
    Advice,
    AdviceCondition,
    AgreementState,
    PendingAdvice,
    Review,
    Round,
)
from contracts.types import Change

DraftingFact = preparation.Edited | preparation.ConditionsSet | life.OfficerAssigned | papers.Corrected
ReviewFact = (
    preparation.SubmittedForReview
    | preparation.ReviewRecorded
    | preparation.NegotiationOpened
    | preparation.RoundRecorded
)
AdviceFact = (
    preparation.AdviceRequested
    | preparation.AdviceRecorded
    | preparation.AdviceRequestWithdrawn
    | preparation.AdviceConditionsAnswered
)


def redrafted(agreement: Agreement, fact: DraftingFact) -> Agreement:
    match fact:
        case preparation.Edited():
            return agreement.with_changes(fact.changes)
        case papers.Corrected():
            return agreement.with_changes([Change(pointer=fact.pointer, new=fact.new)])
        case preparation.ConditionsSet():
            return agreement.model_copy(update={"conditions": fact.conditions})
        case life.OfficerAssigned():
            return agreement.model_copy(update={"responsible_officer": fact.responsible_officer})
        case _:
            assert_never(fact)


def reviewed(agreement: Agreement, fact: ReviewFact) -> Changes:
    match fact:
        case preparation.SubmittedForReview():
            return {
                "state": AgreementState.UNDER_REVIEW,
                "promoter": fact.promoter or agreement.promoter,
                "reviews": tuple(Review(review_id=each.review_id, kind=each.kind) for each in fact.reviews_required),
            }
        case preparation.ReviewRecorded():
            recorded = Review(review_id=fact.review_id, kind=fact.kind, outcome=fact.outcome, on=fact.on)
            return {"reviews": with_entry(agreement.reviews, recorded, "review_id")}
        case preparation.NegotiationOpened():
            return {"state": AgreementState.NEGOTIATING}
        case preparation.RoundRecorded():
            exchanged = Round(no=fact.no, direction=fact.direction, on=fact.on)
            return {"rounds": with_entry(agreement.rounds, exchanged, "no")}
        case _:
            assert_never(fact)


def advised(agreement: Agreement, fact: AdviceFact) -> Changes:
    match fact:
        case preparation.AdviceRequested():
            pending = PendingAdvice(
                request_id=fact.request_id, committee_id=fact.committee_id, requested_on=fact.requested_on
            )
            return {"state": AgreementState.AWAITING_ADVICE, "pending_advice": pending}
        case preparation.AdviceRecorded():
            advice = Advice(
                request_id=fact.request_id,
                committee_id=fact.committee_id,
                meeting_id=fact.meeting_id,
                item_id=fact.item_id,
                outcome=fact.outcome,
                conditions=tuple(AdviceCondition(no=each.no, text=each.text) for each in fact.conditions),
                given_on=fact.given_on,
            )
            given = with_entry(agreement.advice, advice, "request_id")
            return {"state": AgreementState.NEGOTIATING, "pending_advice": None, "advice": given}
        case preparation.AdviceRequestWithdrawn():
            return {"state": AgreementState.NEGOTIATING, "pending_advice": None}
        case preparation.AdviceConditionsAnswered():
            return {"advice": tuple(_answered(each, fact) for each in agreement.advice)}
        case _:
            assert_never(fact)


def _answered(advice: Advice, fact: preparation.AdviceConditionsAnswered) -> Advice:
    if advice.request_id != fact.request_id:
        return advice
    conditions = tuple(
        each.model_copy(update={"answered_on": fact.happened_on}) if each.no in fact.nos else each
        for each in advice.conditions
    )
    return advice.model_copy(update={"conditions": conditions})
