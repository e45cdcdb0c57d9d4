"""Facts around an agreement: the exchange with the partner's system, papers, corrections and reminders."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from contracts.agreement.exchange import Flow
from contracts.agreement.preparation import AgreementFact, ClockFact
from contracts.identifiers import AcademicYear
from contracts.types import Audience, Id, Reason, Sha256, Subject, TaxonomyCode


class PartnerIiaBound(AgreementFact):
    partner_iia_id: str


class IiaApprovedByUs(AgreementFact):
    partner_hash: str
    on: date


class IiaApprovedByPartner(AgreementFact):
    own_hash: str
    on: date


class IiaApprovalReset(AgreementFact):
    reason: Reason
    old_hash: str | None = None
    new_hash: str | None = None


class IiaReverted(AgreementFact):
    hash: str


class FlowsRecorded(AgreementFact):
    academic_year: AcademicYear
    rows: tuple[Flow, ...]


class DocumentAttached(AgreementFact):
    document_id: Id
    kind: TaxonomyCode
    sha256: Sha256
    audience: Audience


class CorrectionProposed(AgreementFact):
    pointer: str


class Corrected(AgreementFact):
    pointer: str
    old: Any = None
    new: Any = None
    reason: Reason


class ChangeStaged(AgreementFact):
    staged_change_id: Id
    source: TaxonomyCode
    action: TaxonomyCode
    pointers: tuple[str, ...]


class StagedChangeDecided(AgreementFact):
    staged_change_id: Id
    taken: tuple[str, ...]
    kept: tuple[str, ...]


class NoticeReminderDue(ClockFact):
    notice_on: date
    months_before: Annotated[int, Field(ge=1, le=12)]
    end_on: date
    responsible_officer: Subject
    promoter: Subject | None = None
    renewal_open: bool


class SigningStalled(ClockFact):
    days: Annotated[int, Field(ge=1)]
    missing: tuple[int, ...]


class AdviceOverdue(ClockFact):
    request_id: Id
    days: Annotated[int, Field(ge=1)]


class WindowReminderDue(ClockFact):
    academic_year: AcademicYear
    closes_on: date
