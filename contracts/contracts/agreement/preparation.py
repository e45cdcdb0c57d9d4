"""Facts of an agreement in preparation. No text of a review, round, advice or answer is in them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.agreement.exchange import MobilityCondition
from contracts.agreement.terms import (
    AgreementKind,
    AgreementParty,
    AgreementState,
    NoticeMonths,
    Plurality,
    RenewalMode,
    ReviewKind,
    ReviewOutcome,
    ReviewRequired,
    Supersedes,
)
from contracts.identifiers import RegistrationNumber
from contracts.record import Fact
from contracts.types import (
    AdviceOutcome,
    Change,
    Condition,
    Country,
    DecisionRef,
    Id,
    Isced,
    Lang,
    LocalizedText,
    LongText,
    Reason,
    Sdg,
    Subject,
    TaxonomyCode,
)


class AgreementFact(Fact):
    agreement_id: str = ""


class ClockFact(AgreementFact):
    """Said by time itself; `due_on` is the day on which it should have been said."""

    due_on: date | None = None


class TermsFact(AgreementFact):
    """What both ways into the register say at the start."""

    kind: AgreementKind
    title: LocalizedText
    parties: tuple[AgreementParty, ...]
    plurality: Plurality
    purpose: LongText
    subject_areas: tuple[Isced, ...] = ()
    sdgs: tuple[Sdg, ...] = ()
    framework_id: Id | None = None
    supersedes: Supersedes | None = None
    lineage_id: Id
    responsible_officer: Subject
    promoter: Subject | None = None
    languages: tuple[Lang, ...] = ()
    start_on: date | None = None
    end_on: date | None = None
    renewal_mode: RenewalMode | None = None
    notice_months: NoticeMonths | None = None


class Drafted(TermsFact):
    pass


class Imported(TermsFact):
    source: TaxonomyCode
    row: Annotated[int, Field(ge=1)] | None = None
    state: AgreementState
    legacy_number: Annotated[str, StringConstraints(max_length=40)] | None = None
    number: RegistrationNumber | None = None
    registered_on: date | None = None


class Edited(AgreementFact):
    changes: tuple[Change, ...]


class ConditionsSet(AgreementFact):
    conditions: tuple[MobilityCondition, ...]


class SubmittedForReview(AgreementFact):
    reviews_required: tuple[ReviewRequired, ...]
    promoter: Subject | None = None


class ReviewRecorded(AgreementFact):
    review_id: Id
    kind: ReviewKind
    outcome: ReviewOutcome
    on: date


class NegotiationOpened(AgreementFact):
    pass


class RoundRecorded(AgreementFact):
    no: Annotated[int, Field(ge=1)]
    direction: Literal["sent", "received"]
    on: date
    document_id: Id


class AdviceRequested(AgreementFact):
    """`competence_reason` says why it goes to this committee; `countries` are the counterparts'."""

    request_id: Id
    committee_id: Id
    competence_reason: LocalizedText
    question: LocalizedText
    kind: AgreementKind
    title: LocalizedText
    partner_ids: tuple[Id, ...]
    countries: tuple[Country, ...]
    requested_on: date


class AdviceRecorded(AgreementFact):
    request_id: Id
    committee_id: Id
    meeting_id: Id
    item_id: Id
    outcome: AdviceOutcome
    conditions: tuple[Condition, ...] = ()
    given_on: date


class AdviceRequestWithdrawn(AgreementFact):
    request_id: Id
    reason: Reason


class AdviceConditionsAnswered(AgreementFact):
    request_id: Id
    nos: tuple[int, ...]


class Approved(AgreementFact):
    by_role: Literal["director", "vice_rector"]
    decision_ref: DecisionRef | None = None
    start_on: date
    end_on: date
    renewal_mode: RenewalMode
    notice_months: NoticeMonths


class Rejected(AgreementFact):
    """`request_id` names the advice request that ends with it."""

    reason: LocalizedText
    request_id: Id | None = None
    by: Subject | None = None


class Withdrawn(AgreementFact):
    """`request_id` names the advice request that ends with it."""

    reason: Reason
    request_id: Id | None = None
    by: Subject | None = None
