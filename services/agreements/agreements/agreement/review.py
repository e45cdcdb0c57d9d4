"""From draft to negotiation: submission, reviews, rounds of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.bodies import RecordReview, RecordRound, SubmitForReview
from agreements.agreement.known import Known, first
from agreements.agreement.papers import named_document
from agreements.agreement.party_rules import blocked_partners
from agreements.agreement.private import AgreementPrivate, ReviewNote, RoundPaper
from agreements.agreement.review_rules import goals_named, review_data, reviews_done, reviews_required
from agreements.agreement.rights_rules import rights_guard, rights_review
from agreements.agreement.term_rules import resources_allowed
from chassis.decide import Context, Decision, Nothing, Outcome, Refusal, Text, refuse
from contracts.agreement import (
    Agreement,
    AgreementFact,
    NegotiationOpened,
    ReviewKind,
    ReviewOutcome,
    ReviewRecorded,
    ReviewRequired,
    RoundRecorded,
    SubmittedForReview,
)
from contracts.roles import OFF, SERVICE

NEED_NOTE: Final = frozenset({ReviewOutcome.POSITIVE_WITH_REMARKS, ReviewOutcome.NEGATIVE})

NOT_REQUIRED: Final = Text(
    "Cet examen n'est pas demandé pour cette convention.", "This review is not required for this agreement."
)
NOTE_MISSING: Final = Text(
    "Des remarques ou un avis négatif s'accompagnent d'une note.",
    "Remarks and a negative outcome come with a note.",
)
IN_FUTURE: Final = Text("L'échange de texte est daté dans le futur.", "The round is dated in the future.")


def held_submission(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    known = Known.of(context)
    yield from goals_named(state, known)
    yield from blocked_partners(state, known)


def submit(state: Agreement, private: AgreementPrivate, body: SubmitForReview, context: Context) -> Outcome:
    known = Known.of(context)
    resources = body.resources or private.resources
    promoted = state.model_copy(update={"promoter": body.promoter or state.promoter})
    completed = private.model_copy(update={"resources": resources})
    if refusal := first(review_data(promoted, resources)):
        return refusal
    if refusal := first(held_submission(state, private, context)):
        return refusal
    if refusal := first(resources_allowed(state, resources)):
        return refusal
    required = tuple(
        ReviewRequired(review_id=context.new_id(), kind=kind)
        for kind in reviews_required(promoted, resources, body.standard_template, known)
    )
    facts: list[AgreementFact] = [
        SubmittedForReview(reviews_required=required, promoter=promoted.promoter),
        *_tested_before(promoted, required, known),
    ]
    return Decision(tuple(facts), private=completed, relies_on=known.rests_on(state), guards=rights_guard(state))


def _tested_before(
    agreement: Agreement, required: tuple[ReviewRequired, ...], known: Known
) -> Iterator[ReviewRecorded]:
    """The rights review of partners whose tests were done while the agreement was a draft."""
    outcome = rights_review(agreement, known.rights)
    for review in required:
        if review.kind is ReviewKind.RIGHTS and outcome is not ReviewOutcome.PENDING:
            yield ReviewRecorded(review_id=review.review_id, kind=review.kind, outcome=outcome, on=known.today)


def record_review(state: Agreement, private: AgreementPrivate, body: RecordReview, context: Context) -> Outcome:
    by_service = context.caller.has(SERVICE)
    if by_service != (body.kind is ReviewKind.RIGHTS):
        return Refusal("not-permitted", members={"roles": [str(SERVICE if body.kind is ReviewKind.RIGHTS else OFF)]})
    review = next((each for each in state.reviews if each.kind is body.kind), None)
    if review is None:
        return refuse("review-not-required", NOT_REQUIRED, pointer="/kind")
    if not by_service and body.outcome in NEED_NOTE and body.note is None:
        return refuse("remarks-need-note", NOTE_MISSING, pointer="/note")
    note = ReviewNote(
        review_id=review.review_id,
        by=context.caller.subject,
        note=body.note,
        assessment_id=body.assessment_id,
    )
    fact = ReviewRecorded(review_id=review.review_id, kind=body.kind, outcome=body.outcome, on=context.today)
    return Decision((fact,), private=private.model_copy(update={"reviews": (*private.reviews, note)}))


def held_negotiation(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    yield from reviews_done(state)
    yield from blocked_partners(state, Known.of(context))


def open_negotiation(state: Agreement, private: AgreementPrivate, body: Nothing, context: Context) -> Outcome:
    if refusal := first(held_negotiation(state, private, context)):
        return refusal
    return Decision((NegotiationOpened(),), relies_on=Known.of(context).rests_on(state))


def record_round(state: Agreement, private: AgreementPrivate, body: RecordRound, context: Context) -> Outcome:
    if body.on > context.today:
        return refuse("round-date-in-future", IN_FUTURE, pointer="/on")
    card = named_document(state, body.document_id, context)
    if isinstance(card, Refusal):
        return card
    no = len(state.rounds) + 1
    paper = RoundPaper(no=no, document_id=body.document_id, note=body.note)
    fact = RoundRecorded(no=no, direction=body.direction, on=body.on, document_id=body.document_id, occurred_on=body.on)
    kept = private.model_copy(update={"rounds": (*private.rounds, paper)})
    return Decision((fact,), private=kept, attaches=(body.document_id,))
