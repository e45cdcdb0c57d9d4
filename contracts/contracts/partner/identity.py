"""Who a partner is: kind, names, codes, units and the contacts it has, without the persons."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints

from contracts.identifiers import IdentifierScheme
from contracts.types import Id, Lang, LocalizedText, Shape, Subject, Text80, Text300


class PartnerKind(StrEnum):
    UNIVERSITY = "university"
    RESEARCH_INSTITUTE = "research_institute"
    NETWORK = "network"
    NGO = "ngo"
    FUNDER = "funder"
    PUBLIC_AUTHORITY = "public_authority"
    DIPLOMATIC_MISSION = "diplomatic_mission"
    OFFICIAL_BODY = "official_body"
    OWN_STRUCTURE = "own_structure"
    OWN_INSTITUTION = "own_institution"


ACADEMIC_KINDS: Final = frozenset({PartnerKind.UNIVERSITY, PartnerKind.RESEARCH_INSTITUTE, PartnerKind.OWN_INSTITUTION})
POLITICAL_KINDS: Final = frozenset({PartnerKind.PUBLIC_AUTHORITY, PartnerKind.DIPLOMATIC_MISSION})
ASSOCIATE_KINDS: Final = ACADEMIC_KINDS | {
    PartnerKind.NGO,
    PartnerKind.NETWORK,
    PartnerKind.FUNDER,
    PartnerKind.OWN_STRUCTURE,
    PartnerKind.OFFICIAL_BODY,
}
"""Kinds that may be an associate of an academic agreement."""
KINDS_WITH_LEVEL: Final = POLITICAL_KINDS | {PartnerKind.OFFICIAL_BODY, PartnerKind.FUNDER}


class Level(StrEnum):
    BELGIAN_FEDERAL = "belgian_federal"
    BELGIAN_FRENCH_SPEAKING = "belgian_french_speaking"
    BELGIAN_OTHER = "belgian_other"
    EUROPEAN = "european"
    INTERNATIONAL = "international"
    FOREIGN = "foreign"


class Governance(StrEnum):
    PUBLIC_SERVICE = "public_service"
    PRIVATE_NON_PROFIT = "private_non_profit"
    PRIVATE = "private"
    GOVERNMENT_BODY = "government_body"
    UNKNOWN = "unknown"


class LocalName(Shape):
    """A name in one language; `und` where the source does not say which."""

    lang: Lang
    value: Text300


class PartnerName(Shape):
    display: Text300
    local: tuple[LocalName, ...] = ()
    acronym: Text80 | None = None
    aliases: tuple[Text300, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every spelling it is known by."""
        acronym = (self.acronym,) if self.acronym else ()
        return (self.display, *(name.value for name in self.local), *acronym, *self.aliases)


class ReceivedReason(StrEnum):
    FAILS_FORMAT = "fails_format"
    BELONGS_TO_OTHER = "belongs_to_other"


class ReceivedIdentifier(Shape):
    """A code as a source gave it, which no rule admits as an identifier."""

    scheme: IdentifierScheme
    text: Annotated[str, StringConstraints(max_length=300)]
    source: Text80
    reason: ReceivedReason
    partner_id: Id | None = None
    received_on: date | None = None


class UnitKind(StrEnum):
    FACULTY = "faculty"
    DEPARTMENT = "department"
    SCHOOL = "school"
    LABORATORY = "laboratory"
    OFFICE = "office"


class Unit(Shape):
    unit_id: Id
    name: LocalizedText
    kind: UnitKind
    ewp_ounit_id: Text80 | None = None
    parent_unit_id: Id | None = None
    closed_on: date | None = None


class ContactRole(StrEnum):
    GENERAL = "general"
    SIGNATORY = "signatory"
    EXCHANGE = "exchange"
    PROJECT = "project"
    PROTOCOL = "protocol"


class PublicContact(Shape):
    """That there is a contact, and for what; who it is stays with the partner's owner."""

    contact_id: Id
    role: ContactRole
    function: LocalizedText | None = None
    unit_id: Id | None = None


class NetworkType(StrEnum):
    INSTITUTIONAL = "institutional"
    THEMATIC = "thematic"


class NetworkTheme(Shape):
    type: NetworkType
    theme: LocalizedText | None = None


class DataConfirmation(Shape):
    on: date
    by: Subject
    pointers: tuple[str, ...] = ()


class Former(Shape):
    """A partner that was merged into this one."""

    partner_id: Id
    name: Text300
    merged_on: date


class OriginType(StrEnum):
    MANUAL = "manual"
    IMPORT = "import"
    REPRESENTATION = "representation"
    DELEGATION = "delegation"
    IIA = "iia"


class Origin(Shape):
    type: OriginType = OriginType.MANUAL
    ref: Text80 | None = None
