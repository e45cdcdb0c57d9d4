"""Facts of an agreement's life, from signing through the register to its end. No name is in them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.agreement.preparation import AgreementFact, ClockFact
from contracts.agreement.terms import (
    AgreementKind,
    AgreementParty,
    AgreementState,
    Plurality,
    SignatureMethod,
    SignatureRequired,
)
from contracts.identifiers import RegistrationNumber
from contracts.types import (
    DecisionRef,
    Id,
    Lang,
    LocalizedText,
    Reason,
    Sha256,
    Subject,
)

PartyNo = Annotated[int, Field(ge=1)]


class SigningOpened(AgreementFact):
    sha256: Sha256
    languages: tuple[Lang, ...]
    authentic_language: Lang | None = None
    signatures: tuple[SignatureRequired, ...]


class Signed(AgreementFact):
    """`remaining` counts the required signatures still to come."""

    signature_no: Annotated[int, Field(ge=1)]
    party_no: PartyNo
    partner_id: Id
    signed_on: date
    method: SignatureMethod
    remaining: Annotated[int, Field(ge=0)]


class FullySigned(AgreementFact):
    last_signed_on: date


class NegotiationReopened(AgreementFact):
    """The signatures and the approval are void."""

    reason: Reason


class Registered(AgreementFact):
    number: RegistrationNumber
    registered_on: date
    kind: AgreementKind
    parties: tuple[AgreementParty, ...]
    start_on: date
    end_on: date
    notice_on: date


class Activated(ClockFact):
    number: RegistrationNumber
    kind: AgreementKind
    parties: tuple[AgreementParty, ...]
    start_on: date
    end_on: date
    plurality: Plurality
    lineage_id: Id
    conditions_count: Annotated[int, Field(ge=0)]


class Suspended(AgreementFact):
    from_: date = Field(alias="from")
    reason: Reason


class Resumed(AgreementFact):
    on: date


class TransitionEntered(AgreementFact):
    partner_id: Id
    until: date
    rule: Literal["run_to_term", "end_by"]
    decision_ref: DecisionRef | None = None


class TransitionLeft(AgreementFact):
    """`state` is where the agreement goes on, or `expired` when its time has passed."""

    partner_id: Id
    state: Literal[AgreementState.REGISTERED, AgreementState.ACTIVE, AgreementState.EXPIRED]


class PartyFlagged(AgreementFact):
    party_no: PartyNo
    partner_id: Id
    reason: Literal["partner_blocked", "unit_closed", "merged_double"]


class PartyUnflagged(AgreementFact):
    """What the party was flagged for is no longer so."""

    party_no: PartyNo
    partner_id: Id


class NoticeGiven(AgreementFact):
    given_by_party: PartyNo
    given_on: date
    effective_on: date


class Terminated(ClockFact):
    on: date
    reason: LocalizedText
    mutual: bool
    decision_ref: DecisionRef | None = None
    by: Subject | None = None


class Expired(ClockFact):
    on: date


class AmendmentStarted(AgreementFact):
    successor_id: Id
    reason: Reason


class RenewalStarted(AgreementFact):
    successor_id: Id


class Renewed(AgreementFact):
    successor_id: Id
    on: date


class Amended(AgreementFact):
    successor_id: Id
    on: date


class TacitlyExtended(ClockFact):
    new_end_on: date
    extension_no: Annotated[int, Field(ge=1, le=2)]


class OfficerAssigned(AgreementFact):
    responsible_officer: Subject


class PartyFollowedMerge(AgreementFact):
    party_no: PartyNo
    from_partner_id: Id
    to_partner_id: Id
