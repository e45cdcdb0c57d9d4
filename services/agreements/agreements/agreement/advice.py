"""Asking a committee for advice, and what is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agreements.agreement.advice_rules import (
    committee_chosen,
    competence_known,
    competence_reason,
    competent_committee,
    nobody_competent,
)
from agreements.agreement.bodies import AnswerAdviceConditions, RecordAdvice, RequestAdvice, WithReason
from agreements.agreement.known import COUNTRIES, Known, first
from agreements.agreement.party_rules import blocked_partners
from agreements.agreement.private import AgreementPrivate, Answer
from agreements.agreement.wording import day, say
from chassis.decide import Context, Decision, Outcome, Refusal, Text, refuse
from contracts.agreement import (
    AdviceConditionsAnswered,
    AdviceRecorded,
    AdviceRequested,
    AdviceRequestWithdrawn,
    Agreement,
)

ALREADY_REQUESTED: Final = Text("L'avis est demandé depuis le {date}.", "Advice was requested on {date} already.")
CONDITION_UNKNOWN: Final = Text("L'avis ne pose pas la condition {no}.", "The advice sets no condition {no}.")
NO_CONDITIONS: Final = Text("Aucun avis ne pose de condition.", "No advice sets conditions.")
REQUEST_CLOSED: Final = Text("Cette demande d'avis n'est plus ouverte.", "This request is not open any more.")


def held_request(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    """No competent committee holds nothing back here: another one may be named, with a reason."""
    known = Known.of(context)
    if state.pending_advice:
        text = say(ALREADY_REQUESTED, date=day(state.pending_advice.requested_on))
        yield refuse("advice-already-requested", text)
    yield from competence_known(state, known)
    yield from blocked_partners(state, known)


def request(state: Agreement, private: AgreementPrivate, body: RequestAdvice, context: Context) -> Outcome:
    known = Known.of(context)
    if refusal := first(held_request(state, private, context)):
        return refusal
    competent = competent_committee(state, known)
    committee_id = body.committee_id or competent
    if committee_id is None:
        return nobody_competent(state, known)
    if refusal := first(committee_chosen(committee_id, competent, body.reason, state, known)):
        return refusal
    stated = body.reason if committee_id != competent else None
    fact = AdviceRequested(
        request_id=context.new_id(),
        committee_id=committee_id,
        competence_reason=stated or competence_reason(state, committee_id, known),
        question=body.question,
        kind=state.kind,
        title=state.title,
        partner_ids=tuple(party.partner_id for party in state.counterparts),
        countries=tuple(known.countries(state)),
        requested_on=context.today,
    )
    copies = tuple((COUNTRIES, code) for code in fact.countries)
    return Decision((fact,), relies_on=known.rests_on(state) + copies)


def record(state: Agreement, private: AgreementPrivate, body: RecordAdvice, context: Context) -> Outcome:
    if state.pending_advice is None or state.pending_advice.request_id != body.request_id:
        return refuse("unknown-id", REQUEST_CLOSED, pointer="/request_id")
    return Decision((AdviceRecorded(**body.model_dump(), occurred_on=body.given_on),))


def withdraw_request(state: Agreement, private: AgreementPrivate, body: WithReason, context: Context) -> Outcome:
    assert state.pending_advice is not None, "an agreement that awaits advice has asked for it"
    return Decision((AdviceRequestWithdrawn(request_id=state.pending_advice.request_id, reason=body.reason),))


def held_answers(state: Agreement, private: AgreementPrivate, context: Context) -> Iterator[Refusal]:
    if not any(advice.conditions for advice in state.advice):
        yield refuse("advice-condition-unknown", NO_CONDITIONS)


def answer_conditions(
    state: Agreement, private: AgreementPrivate, body: AnswerAdviceConditions, context: Context
) -> Outcome:
    set_ = {each.no for advice in state.advice if advice.request_id == body.request_id for each in advice.conditions}
    for place, answer in enumerate(body.answers):
        if answer.no not in set_:
            text = say(CONDITION_UNKNOWN, no=answer.no)
            return refuse("advice-condition-unknown", text, pointer=f"/answers/{place}/no")
    answers = tuple(
        Answer(
            request_id=body.request_id,
            no=answer.no,
            text=answer.text,
            by=context.caller.subject,
            on=context.today,
        )
        for answer in body.answers
    )
    fact = AdviceConditionsAnswered(request_id=body.request_id, nos=tuple(sorted({answer.no for answer in answers})))
    return Decision((fact,), private=private.model_copy(update={"answers": (*private.answers, *answers)}))
