"""Keeping up to date who a partner is: its fields, codes, units, and what imports say of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.decide import Context, Decision, Find, Found, Gone, New, Outcome, Refusal, Rows, refuse
from contracts.identifiers import Identifier, claim_key
from contracts.partner import (
    ChangeStaged,
    DataConfirmed,
    Edited,
    IdentifierRemoved,
    IdentifierSet,
    Partner,
    PartnerKind,
    UnitAdded,
    UnitClosed,
)
from contracts.types import Change
from partners.partner.bodies import (
    AddUnit,
    CloseUnit,
    ConfirmData,
    EditPartner,
    GivenIdentifier,
    RemoveIdentifier,
    SetIdentifier,
    StageChange,
)
from partners.partner.policy import (
    CLAIMS,
    agreements_naming,
    claims_needed,
    identifier_refused,
    kind_in_use,
    schac_in_use,
    unknown_child,
)
from partners.partner.private import PartnerPrivate, ReceivedText
from partners.partner.registering import claim

STAGED: Final = "staged_changes"
PRIVATE_MEMBERS: Final = frozenset({"address"})


def edit_needs(state: Partner, private: PartnerPrivate, body: EditPartner | None, found: Found) -> Iterable[Find]:
    if body and body.kind is not None:
        yield agreements_naming(state.id)


def edit_partner(state: Partner, private: PartnerPrivate, body: EditPartner, context: Context) -> Outcome:
    given = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    before = state.model_dump(mode="json", by_alias=True, exclude_none=True) | {"address": private.address}
    changed = {name: given.get(name) for name in sorted(body.model_fields_set) if before.get(name) != given.get(name)}
    if not changed:
        return Decision()
    if body.kind and "kind" in changed:
        if PartnerKind.OWN_INSTITUTION in (state.kind, body.kind):
            return refuse("own-institution-fixed", pointer="/kind")
        if refusal := kind_in_use(state, body.kind, context.found):
            return refusal
    changes = tuple(
        Change(pointer=f"/{name}", new=None if name in PRIVATE_MEMBERS else value) for name, value in changed.items()
    )
    kept = private.model_copy(update={"address": body.address}) if "address" in changed else None
    return Decision((Edited(changes=changes),), kept)


def set_identifier_needs(
    state: Partner, private: PartnerPrivate, body: SetIdentifier | None, found: Found
) -> Iterable[Find]:
    if body:
        yield from claims_needed((GivenIdentifier(scheme=body.scheme, value=body.value),))
        yield agreements_naming(state.id)


def set_identifier(state: Partner, private: PartnerPrivate, body: SetIdentifier, context: Context) -> Outcome:
    if refusal := identifier_refused(body.scheme, body.value, state.id, context.found, "/value"):
        return refusal
    identifier = Identifier(scheme=body.scheme, value=body.value)
    before = state.identifier(body.scheme)
    if before == identifier.value:
        return Decision()
    rows: tuple[New | Gone, ...] = (claim(identifier, state.id),)
    if before:
        if refusal := schac_in_use(body.scheme, context.found):
            return refusal
        rows = (Gone(CLAIMS, claim_key(body.scheme, before)), *rows)
    texts = tuple(one for one in private.received if one.scheme != body.scheme)
    kept = private.model_copy(update={"received": (*texts, ReceivedText(scheme=body.scheme, text=body.value))})
    return Decision((IdentifierSet(scheme=body.scheme, value=identifier.value),), kept, rows=rows)


def remove_identifier_needs(
    state: Partner, private: PartnerPrivate, body: RemoveIdentifier | None, found: Found
) -> Iterable[Find]:
    yield agreements_naming(state.id)


def remove_identifier(state: Partner, private: PartnerPrivate, body: RemoveIdentifier, context: Context) -> Outcome:
    value = state.identifier(body.scheme)
    if value is None:
        return unknown_child("/scheme")
    if refusal := schac_in_use(body.scheme, context.found):
        return refusal
    fact = IdentifierRemoved(scheme=body.scheme, value=value, reason=body.reason)
    texts = tuple(one for one in private.received if one.scheme != body.scheme)
    kept = private.model_copy(update={"received": texts})
    return Decision((fact,), kept, rows=(Gone(CLAIMS, claim_key(body.scheme, value)),))


def add_unit(state: Partner, private: PartnerPrivate, body: AddUnit, context: Context) -> Outcome:
    if body.parent_unit_id and state.unit(body.parent_unit_id) is None:
        return unknown_child("/parent_unit_id")
    unit_id = context.new_id()
    fact = UnitAdded(
        unit_id=unit_id,
        name=body.name,
        kind=body.kind,
        ewp_ounit_id=body.ewp_ounit_id,
        parent_unit_id=body.parent_unit_id,
    )
    return Decision((fact,), answer={"unit_id": unit_id})


def close_unit(state: Partner, private: PartnerPrivate, body: CloseUnit, context: Context) -> Outcome:
    unit = state.unit(body.unit_id)
    if unit is None:
        return unknown_child("/unit_id")
    if unit.closed_on:
        return Decision()
    return _unit_in_use(state, private, body.unit_id) or Decision(
        (UnitClosed(unit_id=body.unit_id, closed_on=body.closed_on),)
    )


def _unit_in_use(state: Partner, private: PartnerPrivate, unit_id: str) -> Refusal | None:
    below = any(unit.parent_unit_id == unit_id and not unit.closed_on for unit in state.units)
    people = any(contact.unit_id == unit_id and not contact.left_on for contact in private.contacts)
    return refuse("unit-in-use", pointer="/unit_id") if below or people else None


def confirm_data(state: Partner, private: PartnerPrivate, body: ConfirmData, context: Context) -> Outcome:
    on = body.on or context.today
    return Decision((DataConfirmed(on=on, by=context.caller.subject, pointers=body.pointers),))


def stage_needs(state: Partner, private: PartnerPrivate, body: StageChange | None, found: Found) -> Iterable[Find]:
    if body:
        open_here = {"target_id": state.id, "source": body.source, "state": "open"}
        yield Rows("open_changes", STAGED, open_here)


def stage_change(state: Partner, private: PartnerPrivate, body: StageChange, context: Context) -> Outcome:
    """Keeps what a source says differently; it takes the place of what the same source said before."""
    before = context.found.rows("open_changes")
    diff = [each.model_dump(mode="json") for each in body.diff]
    if any(staged["diff"] == diff for staged in before):
        return Decision()
    staged_id = context.new_id()
    rows: list[New | Gone] = []
    for staged in before:
        rows += [
            Gone(STAGED, staged["_id"]),
            New(STAGED, {**staged, "state": "superseded", "superseded_by": staged_id}),
        ]
    staged_change = {
        "_id": staged_id,
        "run_id": body.run_id,
        "source": body.source,
        "action": "update",
        "target_id": state.id,
        "target_version": state.version + 1,
        "candidates": list(body.candidates),
        "diff": diff,
        "raw_ref": body.raw_ref,
        "state": "open",
    }
    pointers = tuple(each.pointer for each in body.diff)
    fact = ChangeStaged(staged_change_id=staged_id, source=body.source, action="update", pointers=pointers)
    return Decision((fact,), rows=(*rows, New(STAGED, staged_change)), answer={"staged_change_id": staged_id})
