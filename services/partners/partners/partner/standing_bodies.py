"""What the commands on a partner's standing are told."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from contracts.partner import Answer, AssessmentOutcome, AssessmentPurpose, BlockScope, SubjectRef, Transition
from contracts.types import Body, DecisionRef, Id, LocalizedText, Reason, Subject


class ActivatePartner(Body):
    relation_owner: Subject


class RecordRightsAssessment(Body):
    """Two questions, about the institution and about the activities; anything but two times `no` needs a note."""

    subject_ref: SubjectRef
    purpose: AssessmentPurpose
    q1_institution: Answer
    q2_activities: Answer
    note: LocalizedText | None = None
    assessed_on: date | None = None

    @property
    def outcome(self) -> AssessmentOutcome:
        clear = self.q1_institution is Answer.NO and self.q2_activities is Answer.NO
        return AssessmentOutcome.CLEAR if clear else AssessmentOutcome.REFERRED

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome is AssessmentOutcome.REFERRED and self.note is None:
            raise ValueError("a doubt or a yes needs a note")
        return self


class RecordReferralOpinion(Body):
    assessment_id: Id
    opinion: LocalizedText
    outcome: Literal[AssessmentOutcome.CLEARED, AssessmentOutcome.ADVERSE]
    document_id: Id | None = None


class ProposeBlock(Body):
    scope: BlockScope
    reason: LocalizedText


class DecideBlock(Body):
    decision_ref: DecisionRef
    scope: BlockScope
    transition: Transition
    re_evaluation_on: date | None = None


class AmendBlock(Body):
    decision_ref: DecisionRef
    scope: BlockScope | None = None
    transition: Transition | None = None

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if self.scope is None and self.transition is None:
            raise ValueError("scope or transition")
        return self


class LiftBlock(Body):
    decision_ref: DecisionRef
    reason: Reason
