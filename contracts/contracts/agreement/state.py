"""An agreement as everybody may know it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints

from contracts.agreement.exchange import Flow, Iia, MobilityCondition
from contracts.agreement.terms import (
    LIVE,
    Advice,
    AgreementKind,
    AgreementParty,
    AgreementState,
    Approval,
    Ending,
    FrozenText,
    Notice,
    NoticeMonths,
    PendingAdvice,
    Plurality,
    RenewalMode,
    Review,
    Round,
    Signature,
    Supersedes,
    Suspension,
    Transition,
)
from contracts.identifiers import RegistrationNumber
from contracts.record import State
from contracts.types import Document, Id, Isced, Lang, LocalizedText, LongText, Sdg, Subject


class Agreement(State):
    """The public state. Signatories' names, notes, texts of rounds and answers, resources are not in it."""

    state: AgreementState
    kind: AgreementKind
    title: LocalizedText
    parties: tuple[AgreementParty, ...]
    plurality: Plurality
    lineage_id: Id
    supersedes: Supersedes | None = None
    framework_id: Id | None = None
    purpose: LongText
    subject_areas: tuple[Isced, ...] = ()
    sdgs: tuple[Sdg, ...] = ()
    languages: tuple[Lang, ...] = ()
    authentic_language: Lang | None = None
    start_on: date | None = None
    end_on: date | None = None
    renewal_mode: RenewalMode | None = None
    notice_months: NoticeMonths | None = None
    notice_on: date | None = None
    responsible_officer: Subject
    promoter: Subject | None = None
    reviews: tuple[Review, ...] = ()
    rounds: tuple[Round, ...] = ()
    pending_advice: PendingAdvice | None = None
    advice: tuple[Advice, ...] = ()
    approval: Approval | None = None
    text: FrozenText | None = None
    signatures: tuple[Signature, ...] = ()
    number: RegistrationNumber | None = None
    legacy_number: Annotated[str, StringConstraints(max_length=40)] | None = None
    registered_on: date | None = None
    imported: bool = False
    conditions: tuple[MobilityCondition, ...] = ()
    iia: Iia | None = None
    flows: tuple[Flow, ...] = ()
    suspension: Suspension | None = None
    transition: Transition | None = None
    notice: Notice | None = None
    ending: Ending | None = None
    documents: tuple[Document, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def counterparts(self) -> tuple[AgreementParty, ...]:
        """The parties that are not our own."""
        return tuple(party for party in self.parties if party.role != "own")

    def party(self, no: int) -> AgreementParty | None:
        return next((party for party in self.parties if party.no == no), None)

    def signature(self, no: int) -> Signature | None:
        return next((each for each in self.signatures if each.signature_no == no), None)
