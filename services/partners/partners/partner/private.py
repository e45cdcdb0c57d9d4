"""What the office knows of a partner that never leaves this service: persons, notes, assessments, open proposals."""

from __future__ import annotations

from datetime import date

from contracts.identifiers import IdentifierScheme
from contracts.partner import (
    Answer,
    AssessmentOutcome,
    AssessmentPurpose,
    BlockScope,
    ContactRole,
    Origin,
    SubjectRef,
)
from contracts.types import Document, Id, Lang, LocalizedText, Shape, Subject


class Contact(Shape):
    """A person met at the partner."""

    contact_id: Id
    given_name: str
    family_name: str
    function: LocalizedText | None = None
    unit_id: Id | None = None
    email: str | None = None
    phone: str | None = None
    languages: tuple[Lang, ...] = ()
    role: ContactRole
    since: date
    left_on: date | None = None


class Note(Shape):
    note_id: Id
    on: date
    by: Subject
    text: str


class Referral(Shape):
    """A doubtful assessment sent to the contact point, and what it answered."""

    sent_on: date
    opinion_on: date | None = None
    opinion: LocalizedText | None = None
    document_id: Id | None = None


class Assessment(Shape):
    """Answers are never changed; only the outcome of a referral is added."""

    assessment_id: Id
    subject_ref: SubjectRef
    purpose: AssessmentPurpose
    assessed_on: date
    assessor: Subject
    q1_institution: Answer
    q2_activities: Answer
    note: LocalizedText | None = None
    outcome: AssessmentOutcome
    referral: Referral | None = None


class BlockProposal(Shape):
    scope: BlockScope
    reason: LocalizedText
    by: Subject
    on: date


class ReceivedText(Shape):
    """How an admitted identifier was written where it came from."""

    scheme: IdentifierScheme
    text: str


class PartnerPrivate(Shape):
    address: str | None = None
    origin: Origin = Origin()
    suggestion: str | None = None
    received: tuple[ReceivedText, ...] = ()
    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()
    documents: tuple[Document, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    block_proposal: BlockProposal | None = None
    block_proposed_by: Subject | None = None
    standing_before_block: str | None = None
