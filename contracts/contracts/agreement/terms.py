"""The words an agreement is written with: kinds, states, parties, reviews, advice, signatures, endings."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.types import (
    AdviceOutcome,
    Condition,
    DecisionRef,
    Id,
    LocalizedText,
    Party,
    Shape,
    Subject,
)


class AgreementKind(StrEnum):
    MOU = "mou"
    FRAMEWORK = "framework"
    SPECIFIC = "specific"
    EXCHANGE = "exchange"
    IIA = "iia"
    JOINT_DEGREE = "joint_degree"
    COTUTELLE = "cotutelle"


class AgreementState(StrEnum):
    DRAFT = "draft"
    UNDER_REVIEW = "under_review"
    NEGOTIATING = "negotiating"
    AWAITING_ADVICE = "awaiting_advice"
    APPROVED = "approved"
    SIGNING = "signing"
    SIGNED = "signed"
    REGISTERED = "registered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    IN_TRANSITION = "in_transition"
    RENEWED = "renewed"
    AMENDED = "amended"
    TERMINATED = "terminated"
    EXPIRED = "expired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


LIVE: Final = frozenset(
    {
        AgreementState.REGISTERED,
        AgreementState.ACTIVE,
        AgreementState.SUSPENDED,
        AgreementState.IN_TRANSITION,
    }
)
REGISTERED_OR_LATER: Final = LIVE | {
    AgreementState.RENEWED,
    AgreementState.AMENDED,
    AgreementState.TERMINATED,
    AgreementState.EXPIRED,
}
ENDED: Final = (REGISTERED_OR_LATER - LIVE) | {AgreementState.REJECTED, AgreementState.WITHDRAWN}

Plurality = Literal["bilateral", "multilateral"]
RenewalMode = Literal["none", "express", "tacit"]
FlagReason = Literal["partner_blocked", "unit_closed", "merged_double"]
NoticeMonths = Annotated[int, Field(ge=0, le=24)]


class AgreementParty(Party):
    """A side of an agreement; `flagged` says why an officer must look at it."""

    flagged: FlagReason | None = None


class Supersedes(Shape):
    """Which agreement of the same lineage this one follows."""

    agreement_id: Id
    relation: Literal["amendment", "renewal"]


class ReviewKind(StrEnum):
    RIGHTS = "rights"
    LEGAL = "legal"
    FACULTY = "faculty"
    FINANCE = "finance"
    DATA_PROTECTION = "data_protection"
    DUAL_USE = "dual_use"
    TEACHING = "teaching"


class ReviewOutcome(StrEnum):
    PENDING = "pending"
    POSITIVE = "positive"
    POSITIVE_WITH_REMARKS = "positive_with_remarks"
    NEGATIVE = "negative"


class ReviewRequired(Shape):
    review_id: Id
    kind: ReviewKind


class Review(ReviewRequired):
    """A check before negotiation; its note stays with the office."""

    outcome: ReviewOutcome = ReviewOutcome.PENDING
    on: date | None = None


class Round(Shape):
    """One exchange of text; the text itself stays with the office."""

    no: Annotated[int, Field(ge=1)]
    direction: Literal["sent", "received"]
    on: date


class PendingAdvice(Shape):
    request_id: Id
    committee_id: Id
    requested_on: date


class AdviceCondition(Condition):
    """A condition of an advice; the answer's text stays with the office."""

    answered_on: date | None = None


class Advice(Shape):
    request_id: Id
    committee_id: Id
    meeting_id: Id
    item_id: Id
    outcome: AdviceOutcome
    conditions: tuple[AdviceCondition, ...] = ()
    given_on: date


class Approval(Shape):
    by_role: Literal["director", "vice_rector"]
    on: date
    decision_ref: DecisionRef | None = None


class SignatureMethod(StrEnum):
    HANDWRITTEN = "handwritten"
    ADES = "ades"
    QES = "qes"
    EWP_APPROVAL = "ewp_approval"


class SignatureRequired(Shape):
    """A signature to come, by number and party; who signs stays with the office."""

    signature_no: Annotated[int, Field(ge=1)]
    party_no: Annotated[int, Field(ge=1)]
    required: bool = True


class Signature(SignatureRequired):
    signed_on: date | None = None
    method: SignatureMethod | None = None


class FrozenText(Shape):
    """The text that is signed, as the hash of its bytes."""

    sha256: str


class Suspension(Shape):
    from_: date = Field(alias="from")
    reason: str


class Transition(Shape):
    """How long an agreement with a blocked partner may still run."""

    from_: date = Field(alias="from")
    until: date
    partner_id: Id
    rule: Literal["run_to_term", "end_by"]


class Notice(Shape):
    given_on: date
    given_by_party: Annotated[int, Field(ge=1)]
    effective_on: date


class Ending(Shape):
    on: date
    reason: LocalizedText | str | None = None
    by: Subject | None = None


def months_after(day: date, months: int) -> date:
    """The same day so many months later (earlier when negative), clamped to the month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def notice_date(end_on: date | None, notice_months: int | None) -> date | None:
    """The last day to give notice or to begin renewing."""
    if end_on is None or notice_months is None:
        return None
    return months_after(end_on, -notice_months)
