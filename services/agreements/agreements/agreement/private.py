"""What the office keeps of an agreement beside its public state. Only the signatories' names are personal data."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from contracts.types import Document, Id, LongText, Resources, Subject


class Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ReviewNote(Kept):
    review_id: Id
    by: Subject
    note: str | None = None
    assessment_id: Id | None = None


class RoundPaper(Kept):
    no: int
    document_id: Id
    note: str | None = None


class Answer(Kept):
    request_id: Id
    no: int
    text: LongText
    by: Subject
    on: date


class ApprovalNote(Kept):
    by: Subject
    note: str | None = None


class Signatory(Kept):
    """Who signs under a signature number, and the signed copy when there is one."""

    signature_no: int
    signatory_name: str
    signatory_function: str
    document_id: Id | None = None


class AgreementPrivate(Kept):
    created_by: Subject = "clock"
    resources: Resources | None = None
    reviews: tuple[ReviewNote, ...] = ()
    rounds: tuple[RoundPaper, ...] = ()
    answers: tuple[Answer, ...] = ()
    approval: ApprovalNote | None = None
    text_document_id: Id | None = None
    signatories: tuple[Signatory, ...] = ()
    documents: tuple[Document, ...] = ()
