"""What can happen to a partner's identity. Every member is public: people appear as opaque ids only."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from contracts.identifiers import Identifier, IdentifierScheme
from contracts.partner.identity import (
    ContactRole,
    Governance,
    Level,
    NetworkTheme,
    Origin,
    PartnerKind,
    PartnerName,
    ReceivedIdentifier,
    ReceivedReason,
    UnitKind,
)
from contracts.record import Fact
from contracts.types import (
    Audience,
    Change,
    Country,
    Geo,
    Id,
    LocalizedText,
    Period,
    Reason,
    Sha256,
    Subject,
    TaxonomyCode,
    Text80,
    Text300,
    Url,
)

Pointers = tuple[Annotated[str, StringConstraints(max_length=200)], ...]


class PartnerFact(Fact):
    partner_id: str = ""


class Registered(PartnerFact):
    """The office takes the organisation up, or accepts a suggestion."""

    kind: PartnerKind
    level: Level | None = None
    governance: Governance = Governance.UNKNOWN
    name: PartnerName
    country: Country
    city: Text300 | None = None
    geo: Geo | None = None
    website: Url | None = None
    identifiers: tuple[Identifier, ...] = ()
    identifiers_received: tuple[ReceivedIdentifier, ...] = ()
    eche: Period | None = None
    network_theme: NetworkTheme | None = None
    recognised_diplomas: bool | None = None
    tags: tuple[TaxonomyCode, ...] = ()
    promoters: tuple[Subject, ...] = ()
    origin: Origin = Origin()
    confirmed_distinct_from: tuple[Id, ...] = ()


class Suggested(PartnerFact):
    name: PartnerName
    country: Country
    city: Text300 | None = None
    website: Url | None = None
    promoters: tuple[Subject, ...] = ()
    origin: Origin = Origin()


class SuggestionDismissed(PartnerFact):
    reason: Reason


class Edited(PartnerFact):
    changes: tuple[Change, ...]


class IdentifierSet(PartnerFact):
    scheme: IdentifierScheme
    value: str


class IdentifierRemoved(PartnerFact):
    scheme: IdentifierScheme
    value: str
    reason: Reason | None = None


class IdentifierReceived(PartnerFact):
    """A source gave a code that no rule admits; `belongs_to` is the partner that has it."""

    scheme: IdentifierScheme
    text: Text300
    source: Text80
    reason: ReceivedReason
    belongs_to: Id | None = None


class UnitAdded(PartnerFact):
    unit_id: Id
    name: LocalizedText
    kind: UnitKind
    ewp_ounit_id: Text80 | None = None
    parent_unit_id: Id | None = None


class UnitClosed(PartnerFact):
    unit_id: Id
    closed_on: date


class ContactAdded(PartnerFact):
    contact_id: Id
    role: ContactRole
    function: LocalizedText | None = None
    unit_id: Id | None = None


class ContactChanged(PartnerFact):
    contact_id: Id
    role: ContactRole
    function: LocalizedText | None = None
    unit_id: Id | None = None


class ContactRemoved(PartnerFact):
    contact_id: Id


class DocumentAttached(PartnerFact):
    document_id: Id
    kind: TaxonomyCode
    sha256: Sha256
    audience: Audience


class NoteAdded(PartnerFact):
    note_id: Id


class CorrectionProposed(PartnerFact):
    pointer: str


class Corrected(PartnerFact):
    """`old` and `new` are absent where the pointer is private."""

    pointer: str
    old: object = None
    new: object = None
    reason: Reason


class ChangeStaged(PartnerFact):
    staged_change_id: Id
    source: TaxonomyCode
    action: Literal["create", "update", "close"]
    pointers: Pointers


class StagedChangeDecided(PartnerFact):
    staged_change_id: Id
    taken: Pointers = ()
    kept: Pointers = ()


class DataConfirmed(PartnerFact):
    on: date
    by: Subject
    pointers: Pointers = ()
