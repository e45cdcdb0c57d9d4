"""What callers send with the commands of an agreement."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.agreement import AgreementKind, MobilityTerms, ReviewKind, ReviewOutcome, SignatureMethod
from contracts.types import (
    AdviceOutcome,
    Body,
    Condition,
    DecisionRef,
    Id,
    Isced,
    Lang,
    LocalizedText,
    LongText,
    Reason,
    Resources,
    Sdg,
    Sha256,
    Subject,
    TaxonomyCode,
    Text300,
)

Note = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
No = Annotated[int, Field(ge=1)]
RenewalMode = Literal["none", "express", "tacit"]
NoticeMonths = Annotated[int, Field(ge=0, le=24)]


class NamedParty(Body):
    partner_id: Id
    unit_id: Id | None = None
    role: Literal["own", "partner", "associate"]


Parties = Annotated[tuple[NamedParty, ...], Field(min_length=2, max_length=60)]


class OpenTerms(Body):
    """What may be said at the start and changed until the text is agreed."""

    framework_id: Id | None = None
    subject_areas: Annotated[tuple[Isced, ...], Field(max_length=50)] = ()
    sdgs: Annotated[tuple[Sdg, ...], Field(max_length=17)] = ()
    languages: Annotated[tuple[Lang, ...], Field(max_length=10)] = ()
    start_on: date | None = None
    end_on: date | None = None
    renewal_mode: RenewalMode | None = None
    notice_months: NoticeMonths | None = None
    resources: Resources | None = None
    promoter: Subject | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start_on and self.end_on and self.end_on < self.start_on:
            raise ValueError("start_on is not after end_on")
        return self


class DraftAgreement(OpenTerms):
    kind: AgreementKind
    title: LocalizedText
    parties: Parties
    purpose: LongText
    responsible_officer: Subject


class EditAgreement(OpenTerms):
    """Changed fields only; a field sent as null is emptied, where it may be empty."""

    title: LocalizedText | None = None
    parties: Parties | None = None
    purpose: LongText | None = None

    @model_validator(mode="after")
    def _keeps_what_every_agreement_has(self) -> Self:
        for name in ("title", "parties", "purpose"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be emptied")
        return self


class SetConditions(Body):
    conditions: Annotated[tuple[MobilityTerms, ...], Field(max_length=200)]


class SubmitForReview(Body):
    """`standard_template`: the text is the office's own, so that it needs no legal review."""

    promoter: Subject | None = None
    resources: Resources | None = None
    standard_template: bool = False


class RecordReview(Body):
    """`assessment_id` stands for the rights test, which only the reaction to `partners` records."""

    kind: ReviewKind
    outcome: ReviewOutcome
    note: Note | None = None
    assessment_id: Id | None = None


class RecordRound(Body):
    direction: Literal["sent", "received"]
    on: date
    document_id: Id
    note: Note | None = None


class RequestAdvice(Body):
    """Without `committee_id` the request goes to the competent committee; to another one only with a reason."""

    question: LocalizedText
    committee_id: Id | None = None
    reason: LocalizedText | None = None


class RecordAdvice(Body):
    request_id: Id
    committee_id: Id
    meeting_id: Id
    item_id: Id
    outcome: AdviceOutcome
    conditions: tuple[Condition, ...] = ()
    given_on: date


class WithReason(Body):
    reason: Reason


class AnsweredCondition(Body):
    no: No
    text: LongText


class AnswerAdviceConditions(Body):
    request_id: Id
    answers: Annotated[tuple[AnsweredCondition, ...], Field(min_length=1, max_length=100)]


class ApproveAgreement(Body):
    decision_ref: DecisionRef | None = None
    note: Note | None = None


class RejectAgreement(Body):
    reason: LocalizedText


class SignatureAwaited(Body):
    party_no: No
    signatory_name: Text300
    signatory_function: Text300
    required: bool = True


class OpenSigning(Body):
    document_id: Id
    languages: Annotated[tuple[Lang, ...], Field(min_length=1, max_length=10)]
    authentic_language: Lang | None = None
    signatures: Annotated[tuple[SignatureAwaited, ...], Field(min_length=1, max_length=60)]

    @model_validator(mode="after")
    def _authentic_language_is_one_of_them(self) -> Self:
        if self.authentic_language and self.authentic_language not in self.languages:
            raise ValueError("the authentic language is one of the languages")
        return self


class RecordSignature(Body):
    """`sha256` is that of the text that was signed; `document_id` a signed copy of it."""

    signature_no: No
    signed_on: date
    method: SignatureMethod
    sha256: Sha256
    document_id: Id | None = None


class AssignOfficer(Body):
    responsible_officer: Subject


class AttachDocument(Body):
    document_id: Id
    kind: TaxonomyCode
    title: Text300 | None = None
    lang: Lang | None = None
    replaces: Id | None = None


class FollowPartnerBlock(Body):
    partner_id: Id
