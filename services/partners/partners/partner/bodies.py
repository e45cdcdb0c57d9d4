"""What the commands of a partner are told: one model a row of the table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from contracts.identifiers import IdentifierScheme
from contracts.partner import (
    KINDS_WITH_LEVEL,
    ContactRole,
    Governance,
    Level,
    NetworkTheme,
    Origin,
    PartnerKind,
    PartnerName,
    UnitKind,
)
from contracts.types import (
    Audience,
    Body,
    Country,
    Geo,
    Id,
    Lang,
    LocalizedText,
    Period,
    Reason,
    Subject,
    TaxonomyCode,
    Text80,
    Text300,
    Url,
)

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, strip_whitespace=True)]
NoteText = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]


class GivenIdentifier(Body):
    """A code as somebody wrote it; whether its scheme admits it is decided by the command."""

    scheme: IdentifierScheme
    value: Text300


GivenIdentifiers = tuple[GivenIdentifier, ...]


class Classified(Body):
    """The members of which some are needed by kind."""

    kind: PartnerKind
    level: Level | None = None
    governance: Governance = Governance.UNKNOWN
    network_theme: NetworkTheme | None = None
    identifiers: GivenIdentifiers = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := missing_by_kind(self.kind, self.level, self.network_theme):
            raise ValueError(f"a partner of kind {self.kind} needs {missing}")
        if len({one.scheme for one in self.identifiers}) < len(self.identifiers):
            raise ValueError("one identifier a scheme")
        return self


def missing_by_kind(kind: PartnerKind, level: Level | None, theme: NetworkTheme | None) -> str | None:
    """Which member this kind still needs."""
    if kind in KINDS_WITH_LEVEL and level is None:
        return "level"
    if kind is PartnerKind.NETWORK and theme is None:
        return "network_theme"
    return None


class RegisterPartner(Classified):
    name: PartnerName
    country: Country
    city: Text300 | None = None
    address: Text300 | None = None
    geo: Geo | None = None
    website: Url | None = None
    recognised_diplomas: bool | None = None
    promoters: tuple[Subject, ...] = ()
    tags: tuple[TaxonomyCode, ...] = ()
    confirmed_distinct_from: tuple[Id, ...] = ()


class RegisterFromList(RegisterPartner):
    """A row of an imported list: its codes that no rule admits are kept as received, and the row goes in."""

    eche: Period | None = None
    origin: Origin
    source: Text80


class SuggestPartner(Body):
    name: PartnerName
    country: Country
    reason: Reason
    city: Text300 | None = None
    website: Url | None = None
    confirmed_distinct_from: tuple[Id, ...] = ()


class AcceptSuggestion(Classified):
    pass


class WithReason(Body):
    """Why; the reason stands on the fact, which is readable on campus."""

    reason: Reason


class EditPartner(Body):
    """Only the members given are changed; null takes a value away."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"kind", "governance", "name", "country", "promoters", "tags"})

    kind: PartnerKind | None = None
    level: Level | None = None
    governance: Governance | None = None
    name: PartnerName | None = None
    country: Country | None = None
    city: Text300 | None = None
    address: Text300 | None = None
    geo: Geo | None = None
    website: Url | None = None
    network_theme: NetworkTheme | None = None
    recognised_diplomas: bool | None = None
    relation_owner: Subject | None = None
    promoters: tuple[Subject, ...] | None = None
    tags: tuple[TaxonomyCode, ...] | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for name in self.model_fields_set & self.never_empty:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be taken away")
        return self


class SetIdentifier(Body):
    scheme: IdentifierScheme
    value: Text300


class RemoveIdentifier(Body):
    scheme: IdentifierScheme
    reason: Reason


class AddUnit(Body):
    name: LocalizedText
    kind: UnitKind
    ewp_ounit_id: Text80 | None = None
    parent_unit_id: Id | None = None


class CloseUnit(Body):
    unit_id: Id
    closed_on: date


class AddContact(Body):
    given_name: Text300
    family_name: Text300
    function: LocalizedText | None = None
    unit_id: Id | None = None
    email: Email | None = None
    phone: Text80 | None = None
    languages: tuple[Lang, ...] = ()
    role: ContactRole = ContactRole.GENERAL
    since: date | None = None


class EditContact(Body):
    """Only the members given are changed; null takes a value away."""

    contact_id: Id
    given_name: Text300 | None = None
    family_name: Text300 | None = None
    function: LocalizedText | None = None
    unit_id: Id | None = None
    email: Email | None = None
    phone: Text80 | None = None
    languages: tuple[Lang, ...] | None = None
    role: ContactRole | None = None
    left_on: date | None = None

    @model_validator(mode="after")
    def _kept(self) -> Self:
        for name in self.model_fields_set & {"given_name", "family_name", "languages", "role"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be taken away")
        return self


class RemoveContact(Body):
    contact_id: Id
    reason: Reason


class AttachDocument(Body):
    document_id: Id
    kind: TaxonomyCode
    title: Text300 | None = None
    lang: Lang | None = None
    audience: Audience = Audience.OFFICE
    replaces: Id | None = None


class AddNote(Body):
    text: NoteText


class ConfirmData(Body):
    """The data named by the pointers were checked on that day."""

    on: date | None = None
    pointers: tuple[Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$", max_length=200)], ...] = ()


class Difference(Body):
    """What a source says of one member, beside what we have."""

    pointer: Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$", max_length=200)]
    ours: object = None
    theirs: object = None
    note: TaxonomyCode | None = None


class StageChange(Body):
    """What an import found to differ; a person decides on it."""

    run_id: Id
    source: TaxonomyCode
    candidates: tuple[Id, ...] = ()
    diff: Annotated[tuple[Difference, ...], Field(min_length=1)]
    raw_ref: Text80
