"""What can happen to a partner's standing: assessments, blocks, privileges, mergers, networks."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from contracts.identifiers import Identifier
from contracts.partner.identity import PartnerName
from contracts.partner.identity_facts import PartnerFact
from contracts.partner.standing import (
    Answer,
    AssessmentOutcome,
    AssessmentPurpose,
    BlockScope,
    MembershipRole,
    Standing,
    SubjectRef,
    Transition,
)
from contracts.types import DecisionRef, Id, LocalizedText, Reason, Subject, Text300


class Activated(PartnerFact):
    relation_owner: Subject


class PrivilegeProposed(PartnerFact):
    reason: LocalizedText
    review_on: date


class Privileged(PartnerFact):
    reason: LocalizedText
    decision_ref: DecisionRef
    review_on: date


class PrivilegeEnded(PartnerFact):
    reason: Reason
    decision_ref: DecisionRef


class BecameDormant(PartnerFact):
    reason: Reason
    last_activity_on: date | None = None


class RightsAssessed(PartnerFact):
    assessment_id: Id
    subject_ref: SubjectRef
    purpose: AssessmentPurpose
    q1_institution: Answer
    q2_activities: Answer
    outcome: AssessmentOutcome
    assessed_on: date


class ReferralClosed(PartnerFact):
    assessment_id: Id
    subject_ref: SubjectRef
    purpose: AssessmentPurpose
    outcome: AssessmentOutcome
    opinion_on: date


class BlockProposed(PartnerFact):
    scope: BlockScope
    reason: LocalizedText


class Blocked(PartnerFact):
    scope: BlockScope
    reason: LocalizedText
    decision_ref: DecisionRef
    transition: Transition
    re_evaluation_on: date | None = None
    previous_standing: Standing


class BlockAmended(PartnerFact):
    scope: BlockScope
    transition: Transition
    decision_ref: DecisionRef


class BlockLifted(PartnerFact):
    decision_ref: DecisionRef
    reason: Reason
    standing: Standing


class MergeProposed(PartnerFact):
    survivor_id: Id
    reason: Reason


class Merged(PartnerFact):
    """Told of the partner that ends in another one."""

    survivor_id: Id
    identifiers_moved: tuple[Identifier, ...] = ()
    name: PartnerName


class Absorbed(PartnerFact):
    """Told of the partner that goes on."""

    loser_id: Id
    loser_name: Text300
    identifiers: tuple[Identifier, ...] = ()


class NetworkJoined(PartnerFact):
    membership_id: Id
    network_id: Id
    role: MembershipRole
    from_: date = Field(alias="from")


class MembershipChanged(PartnerFact):
    membership_id: Id
    role: MembershipRole


class NetworkLeft(PartnerFact):
    membership_id: Id
    network_id: Id
    to: date
    reason: Reason | None = None


class Archived(PartnerFact):
    reason: Reason


class ReviewDue(PartnerFact):
    kind: Literal["privilege", "block", "membership"]
    due_on: date


class DormancyProposed(PartnerFact):
    last_activity_on: date
    months: int
