"""Where a partner stands: privilege, block, rights assessments and memberships."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from contracts.types import DecisionRef, Id, Period, Shape


class Standing(StrEnum):
    SUGGESTED = "suggested"
    PROSPECT = "prospect"
    ACTIVE = "active"
    PRIVILEGED = "privileged"
    DORMANT = "dormant"
    BLOCKED = "blocked"
    MERGED = "merged"
    ARCHIVED = "archived"


class Privilege(Shape):
    since: date
    review_on: date
    decision_ref: DecisionRef


class BlockScope(StrEnum):
    INSTITUTIONAL = "institutional"
    INSTITUTIONAL_AND_INDIVIDUAL = "institutional_and_individual"


class TransitionRule(StrEnum):
    RUN_TO_TERM = "run_to_term"
    END_BY = "end_by"


class Transition(Shape):
    """What becomes of agreements in force: `until` is the last day under `end_by`."""

    rule: TransitionRule
    until: date | None = None


class Block(Shape):
    scope: BlockScope
    from_: date = Field(alias="from")
    transition: Transition
    decision_ref: DecisionRef
    re_evaluation_on: date | None = None


class Answer(StrEnum):
    """To a question of the rights assessment."""

    NO = "no"
    DOUBT = "doubt"
    YES = "yes"


class AssessmentPurpose(StrEnum):
    CONCLUSION = "conclusion"
    RENEWAL = "renewal"
    REVIEW = "review"


class AssessmentOutcome(StrEnum):
    CLEAR = "clear"
    REFERRED = "referred"
    CLEARED = "cleared"
    ADVERSE = "adverse"


class AssessedType(StrEnum):
    AGREEMENT = "agreement"
    PROJECT = "project"
    PROGRAMME = "programme"
    PARTNER = "partner"


class SubjectRef(Shape):
    """The file an assessment is made for."""

    type: AssessedType
    id: Id


class MembershipRole(StrEnum):
    MEMBER = "member"
    ASSOCIATE = "associate"
    BOARD = "board"
    PRESIDENT = "president"
    HOST = "host"
    OBSERVER = "observer"


class Membership(Shape):
    membership_id: Id
    network_id: Id
    role: MembershipRole
    period: Period
