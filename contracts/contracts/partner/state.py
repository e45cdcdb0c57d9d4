"""The public state of a partner."""

from __future__ import annotations

from contracts.identifiers import Identifier
from contracts.partner.identity import (
    DataConfirmation,
    Former,
    Governance,
    Level,
    NetworkTheme,
    PartnerKind,
    PartnerName,
    PublicContact,
    ReceivedIdentifier,
    Unit,
)
from contracts.partner.standing import Block, Membership, Privilege, Standing
from contracts.record import State
from contracts.types import Country, Geo, Id, Period, Subject, TaxonomyCode, Text300, Url


class Partner(State):
    standing: Standing
    kind: PartnerKind | None = None
    level: Level | None = None
    governance: Governance = Governance.UNKNOWN
    name: PartnerName
    country: Country
    city: Text300 | None = None
    geo: Geo | None = None
    website: Url | None = None
    identifiers: tuple[Identifier, ...] = ()
    identifiers_received: tuple[ReceivedIdentifier, ...] = ()
    units: tuple[Unit, ...] = ()
    contacts: tuple[PublicContact, ...] = ()
    privilege: Privilege | None = None
    block: Block | None = None
    eche: Period | None = None
    memberships: tuple[Membership, ...] = ()
    network_theme: NetworkTheme | None = None
    recognised_diplomas: bool | None = None
    relation_owner: Subject | None = None
    promoters: tuple[Subject, ...] = ()
    tags: tuple[TaxonomyCode, ...] = ()
    data_confirmed: DataConfirmation | None = None
    merged_into: Id | None = None
    formerly: tuple[Former, ...] = ()

    def identifier(self, scheme: str) -> str | None:
        return next((one.value for one in self.identifiers if one.scheme == scheme), None)

    def unit(self, unit_id: str) -> Unit | None:
        return next((unit for unit in self.units if unit.unit_id == unit_id), None)
