"""Where a partner stands with us: activation, the fundamental-rights test, and the block that two persons decide."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.decide import Context, Decision, Find, Found, Other, Outcome, Refusal, Text, refuse
from contracts.partner import (
    Activated,
    AssessmentOutcome,
    BlockAmended,
    Blocked,
    BlockLifted,
    BlockProposed,
    Partner,
    PartnerKind,
    ReferralClosed,
    RightsAssessed,
    Standing,
    TransitionRule,
)
from partners.partner.policy import (
    country_unknown,
    identity_incomplete,
    not_freshly_assessed,
    referred,
    second_person,
    unknown_child,
)
from partners.partner.private import Assessment, BlockProposal, PartnerPrivate, Referral
from partners.partner.standing_bodies import (
    ActivatePartner,
    AmendBlock,
    DecideBlock,
    LiftBlock,
    ProposeBlock,
    RecordReferralOpinion,
    RecordRightsAssessment,
)

ANOTHER_DECIDES = Text(
    "Le blocage est décidé par une autre personne que celle qui l'a proposé.",
    "A block is decided by another person than the one who proposed it.",
)
ANOTHER_ANSWERS = Text(
    "L'avis sur un test est consigné par une autre personne que celle qui l'a fait.",
    "The opinion on an assessment is recorded by another person than the one who made it.",
)


def activate_needs(
    state: Partner, private: PartnerPrivate, body: ActivatePartner | None, found: Found
) -> Iterable[Find]:
    yield Other("country", state.country)


def activate_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    return filter(None, (identity_incomplete(state), country_unknown(state, context.found)))


def activate_partner(state: Partner, private: PartnerPrivate, body: ActivatePartner, context: Context) -> Outcome:
    for refusal in activate_held(state, private, context):
        return refusal
    return Decision((Activated(relation_owner=body.relation_owner),))


def record_rights_assessment(
    state: Partner, private: PartnerPrivate, body: RecordRightsAssessment, context: Context
) -> Outcome:
    assessed_on = body.assessed_on or context.today
    if assessed_on > context.today:
        return refuse("assessment-date-in-future", pointer="/assessed_on")
    is_referred = body.outcome is AssessmentOutcome.REFERRED
    assessment = Assessment(
        assessment_id=context.new_id(),
        subject_ref=body.subject_ref,
        purpose=body.purpose,
        assessed_on=assessed_on,
        assessor=context.caller.subject,
        q1_institution=body.q1_institution,
        q2_activities=body.q2_activities,
        note=body.note,
        outcome=body.outcome,
        referral=Referral(sent_on=context.today) if is_referred else None,
    )
    fact = RightsAssessed(
        assessment_id=assessment.assessment_id,
        subject_ref=assessment.subject_ref,
        purpose=assessment.purpose,
        q1_institution=assessment.q1_institution,
        q2_activities=assessment.q2_activities,
        outcome=assessment.outcome,
        assessed_on=assessed_on,
    )
    kept = private.model_copy(update={"assessments": (*private.assessments, assessment)})
    return Decision((fact,), kept, answer={"assessment_id": assessment.assessment_id})


def opinion_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    waiting = referred(private)
    if not waiting:
        yield refuse("assessment-not-referred")
    elif all(assessment.assessor == context.caller.subject for assessment in waiting):
        yield from filter(None, (second_person(waiting[0].assessor, context, ANOTHER_ANSWERS),))


def record_referral_opinion(
    state: Partner, private: PartnerPrivate, body: RecordReferralOpinion, context: Context
) -> Outcome:
    """P10: whoever made the assessment does not close it."""
    assessment = next((a for a in private.assessments if a.assessment_id == body.assessment_id), None)
    if assessment is None:
        return unknown_child("/assessment_id")
    if assessment.outcome is not AssessmentOutcome.REFERRED or assessment.referral is None:
        return refuse("assessment-not-referred", pointer="/assessment_id")
    if refusal := second_person(assessment.assessor, context, ANOTHER_ANSWERS):
        return refusal
    answered = {
        "opinion_on": context.today,
        "opinion": body.opinion,
        "document_id": body.document_id,
    }
    closed = assessment.model_copy(
        update={
            "outcome": body.outcome,
            "referral": assessment.referral.model_copy(update=answered),
        }
    )
    assessments = (closed if a.assessment_id == closed.assessment_id else a for a in private.assessments)
    fact = ReferralClosed(
        assessment_id=closed.assessment_id,
        subject_ref=closed.subject_ref,
        purpose=closed.purpose,
        outcome=body.outcome,
        opinion_on=context.today,
    )
    return Decision((fact,), private.model_copy(update={"assessments": tuple(assessments)}))


def own_institution_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    if state.kind is PartnerKind.OWN_INSTITUTION:
        yield refuse("own-institution-fixed")


def propose_block(state: Partner, private: PartnerPrivate, body: ProposeBlock, context: Context) -> Outcome:
    for refusal in own_institution_held(state, private, context):
        return refusal
    proposal = BlockProposal(scope=body.scope, reason=body.reason, by=context.caller.subject, on=context.today)
    fact = BlockProposed(scope=body.scope, reason=body.reason)
    return Decision((fact,), private.model_copy(update={"block_proposal": proposal}))


def decide_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    proposal = private.block_proposal
    if proposal is None:
        yield refuse("no-open-proposal")
    else:
        yield from filter(None, (second_person(proposal.by, context, ANOTHER_DECIDES),))


def decide_block(state: Partner, private: PartnerPrivate, body: DecideBlock, context: Context) -> Outcome:
    for refusal in decide_held(state, private, context):
        return refusal
    assert private.block_proposal is not None
    transition = body.transition
    if transition.rule is TransitionRule.END_BY and transition.until is None:
        return refuse("transition-date-missing", pointer="/transition/until")
    fact = Blocked(
        scope=body.scope,
        reason=private.block_proposal.reason,
        decision_ref=body.decision_ref,
        transition=transition,
        re_evaluation_on=body.re_evaluation_on,
        previous_standing=state.standing,
    )
    kept = private.model_copy(
        update={
            "block_proposal": None,
            "block_proposed_by": private.block_proposal.by,
            "standing_before_block": state.standing.value,
        }
    )
    return Decision((fact,), kept)


def amend_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    return filter(None, (second_person(private.block_proposed_by, context, ANOTHER_DECIDES),))


def amend_block(state: Partner, private: PartnerPrivate, body: AmendBlock, context: Context) -> Outcome:
    for refusal in amend_held(state, private, context):
        return refusal
    assert state.block is not None
    transition = body.transition or state.block.transition
    if transition.rule is TransitionRule.END_BY and transition.until is None:
        return refuse("transition-date-missing", pointer="/transition/until")
    fact = BlockAmended(scope=body.scope or state.block.scope, transition=transition, decision_ref=body.decision_ref)
    return Decision((fact,))


def lift_held(state: Partner, private: PartnerPrivate, context: Context) -> Iterable[Refusal]:
    return filter(None, (not_freshly_assessed(state, private, context.today),))


def lift_block(state: Partner, private: PartnerPrivate, body: LiftBlock, context: Context) -> Outcome:
    """Back to where it stood; a privilege does not come back by itself."""
    for refusal in lift_held(state, private, context):
        return refusal
    before = Standing(private.standing_before_block or Standing.ACTIVE)
    standing = Standing.ACTIVE if before is Standing.PRIVILEGED else before
    fact = BlockLifted(decision_ref=body.decision_ref, reason=body.reason, standing=standing)
    kept = private.model_copy(update={"standing_before_block": None, "block_proposed_by": None})
    return Decision((fact,), kept)
