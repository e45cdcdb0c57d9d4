"""How each fact changes the public state of a partner."""

from __future__ import annotations

from contracts.identifiers import Identifier
from contracts.partner.identity import DataConfirmation, Former, PublicContact, ReceivedIdentifier, Unit
from contracts.partner.identity_facts import (
    ContactAdded,
    ContactChanged,
    ContactRemoved,
    Corrected,
    DataConfirmed,
    Edited,
    IdentifierReceived,
    IdentifierRemoved,
    IdentifierSet,
    PartnerFact,
    Registered,
    Suggested,
    SuggestionDismissed,
    UnitAdded,
    UnitClosed,
)
from contracts.partner.standing import Block, Membership, Privilege, Standing
from contracts.partner.standing_facts import (
    Absorbed,
    Activated,
    Archived,
    BecameDormant,
    BlockAmended,
    Blocked,
    BlockLifted,
    MembershipChanged,
    Merged,
    NetworkJoined,
    NetworkLeft,
    Privileged,
    PrivilegeEnded,
)
from contracts.partner.state import Partner
from contracts.types import Change, Period


def evolve(state: Partner | None, fact: PartnerFact) -> Partner:
    """The partner after the fact; it begins with `registered` or `suggested`."""
    if state is None:
        return _begun(fact)
    match fact:
        case Registered():
            return state.model_copy(update=_identity(fact) | {"standing": Standing.PROSPECT})
        case SuggestionDismissed() | Archived():
            return state.model_copy(update={"standing": Standing.ARCHIVED})
        case Activated():
            return state.model_copy(update={"standing": Standing.ACTIVE, "relation_owner": fact.relation_owner})
        case BecameDormant():
            return state.model_copy(update={"standing": Standing.DORMANT, "privilege": None})
        case Edited():
            return state.with_changes(fact.changes)
        case Corrected():
            return state.with_changes([Change(pointer=fact.pointer, new=fact.new)])
        case DataConfirmed():
            confirmed = DataConfirmation(on=fact.on, by=fact.by, pointers=fact.pointers)
            return state.model_copy(update={"data_confirmed": confirmed})
        case _:
            return state.model_copy(update=_part_changed(state, fact))


def _begun(fact: PartnerFact) -> Partner:
    match fact:
        case Registered():
            return Partner(
                id=fact.partner_id,
                standing=Standing.PROSPECT,
                kind=fact.kind,
                name=fact.name,
                country=fact.country,
            ).model_copy(update=_identity(fact))
        case Suggested():
            return Partner(
                id=fact.partner_id,
                standing=Standing.SUGGESTED,
                name=fact.name,
                country=fact.country,
                city=fact.city,
                website=fact.website,
                promoters=fact.promoters,
            )
        case _:
            raise ValueError(f"a partner does not begin with {fact.short_name()}")


def _identity(fact: Registered) -> dict[str, object]:
    received = tuple(
        one.model_copy(update={"received_on": one.received_on or fact.happened_on}) for one in fact.identifiers_received
    )
    return {
        "kind": fact.kind,
        "level": fact.level,
        "governance": fact.governance,
        "name": fact.name,
        "country": fact.country,
        "city": fact.city,
        "geo": fact.geo,
        "website": fact.website,
        "identifiers": fact.identifiers,
        "identifiers_received": received,
        "eche": fact.eche,
        "network_theme": fact.network_theme,
        "recognised_diplomas": fact.recognised_diplomas,
        "tags": fact.tags,
        "promoters": fact.promoters,
    }


def _part_changed(state: Partner, fact: PartnerFact) -> dict[str, object]:
    match fact:
        case IdentifierSet():
            return {"identifiers": _with_identifier(state, Identifier(scheme=fact.scheme, value=fact.value))}
        case IdentifierRemoved():
            kept = tuple(one for one in state.identifiers if one.scheme != fact.scheme)
            return {"identifiers": kept}
        case IdentifierReceived():
            received = ReceivedIdentifier(
                scheme=fact.scheme,
                text=fact.text,
                source=fact.source,
                reason=fact.reason,
                partner_id=fact.belongs_to,
                received_on=fact.happened_on,
            )
            return {"identifiers_received": (*state.identifiers_received, received)}
        case UnitAdded():
            unit = Unit(
                unit_id=fact.unit_id,
                name=fact.name,
                kind=fact.kind,
                ewp_ounit_id=fact.ewp_ounit_id,
                parent_unit_id=fact.parent_unit_id,
            )
            return {"units": (*state.units, unit)}
        case UnitClosed():
            closed = {"closed_on": fact.closed_on}
            units = (u.model_copy(update=closed) if u.unit_id == fact.unit_id else u for u in state.units)
            return {"units": tuple(units)}
        case ContactAdded() | ContactChanged():
            return {"contacts": _with_contact(state, fact)}
        case ContactRemoved():
            return {"contacts": tuple(c for c in state.contacts if c.contact_id != fact.contact_id)}
        case _:
            return _standing_changed(state, fact)


def _standing_changed(state: Partner, fact: PartnerFact) -> dict[str, object]:
    match fact:
        case Privileged():
            privilege = Privilege(since=fact.happened_on, review_on=fact.review_on, decision_ref=fact.decision_ref)
            return {"standing": Standing.PRIVILEGED, "privilege": privilege}
        case PrivilegeEnded():
            return {"standing": Standing.ACTIVE, "privilege": None}
        case Blocked():
            block = Block(
                scope=fact.scope,
                from_=fact.happened_on,
                transition=fact.transition,
                decision_ref=fact.decision_ref,
                re_evaluation_on=fact.re_evaluation_on,
            )
            return {"standing": Standing.BLOCKED, "block": block, "privilege": None}
        case BlockAmended() if state.block:
            amended = {
                "scope": fact.scope,
                "transition": fact.transition,
                "decision_ref": fact.decision_ref,
            }
            return {"block": state.block.model_copy(update=amended)}
        case BlockLifted():
            return {"standing": fact.standing, "block": None}
        case _:
            return _joined(state, fact)


def _joined(state: Partner, fact: PartnerFact) -> dict[str, object]:
    match fact:
        case Merged():
            return {
                "standing": Standing.MERGED,
                "merged_into": fact.survivor_id,
                "identifiers": (),
                "block": None,
                "privilege": None,
            }
        case Absorbed():
            former = Former(partner_id=fact.loser_id, name=fact.loser_name, merged_on=fact.happened_on)
            gained = tuple(one for one in fact.identifiers if state.identifier(one.scheme) is None)
            return {
                "formerly": (*state.formerly, former),
                "identifiers": (*state.identifiers, *gained),
            }
        case NetworkJoined():
            joined = Membership(
                membership_id=fact.membership_id,
                network_id=fact.network_id,
                role=fact.role,
                period=Period(from_=fact.from_),
            )
            return {"memberships": (*state.memberships, joined)}
        case MembershipChanged():
            return _membership(state, fact.membership_id, role=fact.role)
        case NetworkLeft():
            open_ = next(m for m in state.memberships if m.membership_id == fact.membership_id)
            return _membership(state, fact.membership_id, period=Period(from_=open_.period.from_, to=fact.to))
        case _:
            return {}


def _membership(state: Partner, membership_id: str, **update: object) -> dict[str, object]:
    changed = (m.model_copy(update=update) if m.membership_id == membership_id else m for m in state.memberships)
    return {"memberships": tuple(changed)}


def _with_identifier(state: Partner, identifier: Identifier) -> tuple[Identifier, ...]:
    others = (one for one in state.identifiers if one.scheme != identifier.scheme)
    return (*others, identifier)


def _with_contact(state: Partner, fact: ContactAdded | ContactChanged) -> tuple[PublicContact, ...]:
    contact = PublicContact(contact_id=fact.contact_id, role=fact.role, function=fact.function, unit_id=fact.unit_id)
    if isinstance(fact, ContactAdded):
        return (*state.contacts, contact)
    return tuple(contact if c.contact_id == fact.contact_id else c for c in state.contacts)
