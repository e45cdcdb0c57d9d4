"""Drawing up the terms: draft, edit, mobility conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from agreements.agreement.bodies import DraftAgreement, EditAgreement, NamedParty, SetConditions
from agreements.agreement.known import Known, first
from agreements.agreement.mobility_rules import conditions_allowed, conditions_complete
from agreements.agreement.party_rules import academic_parties, blocked_partners, parties_well_formed
from agreements.agreement.private import AgreementPrivate
from agreements.agreement.term_rules import framework_named, overlapping, resources_allowed
from chassis.decide import Context, Decision, Outcome, Refusal
from contracts.agreement import (
    Agreement,
    AgreementKind,
    AgreementParty,
    ConditionsSet,
    Drafted,
    Edited,
    MobilityCondition,
    evolve,
)
from contracts.types import Change, Resources

NOTICE_MONTHS: Final = 6
IIA_NOTICE_MONTHS: Final = 12
PRIVATE_TERMS: Final = frozenset({"resources"})


def drafting_rules(agreement: Agreement, resources: Resources | None, known: Known) -> Iterator[Refusal]:
    """What holds for the terms as they would stand after drafting or editing."""
    yield from parties_well_formed(agreement, known)
    yield from blocked_partners(agreement, known)
    yield from academic_parties(agreement, known)
    yield from resources_allowed(agreement, resources)
    yield from framework_named(agreement, known)
    yield from overlapping(agreement, known)


def draft(state: None, private: None, body: DraftAgreement, context: Context) -> Outcome:
    known = Known.of(context)
    drafted = Drafted(
        **body.model_dump(exclude={"parties", "notice_months", *PRIVATE_TERMS}),
        agreement_id=context.id,
        lineage_id=context.id,
        parties=_numbered(body.parties, ()),
        plurality="bilateral" if len(body.parties) == 2 else "multilateral",
        notice_months=_notice_months(body.kind, body.notice_months),
    )
    agreement = evolve(None, drafted)
    if refusal := first(drafting_rules(agreement, body.resources, known)):
        return refusal
    return Decision(
        (drafted,),
        private=AgreementPrivate(created_by=context.caller.subject, resources=body.resources),
        relies_on=known.rests_on(agreement),
    )


def edit(state: Agreement, private: AgreementPrivate, body: EditAgreement, context: Context) -> Outcome:
    known = Known.of(context)
    edited = Edited(changes=tuple(_changes(state, private, body)))
    resources = body.resources if "resources" in body.model_fields_set else private.resources
    if not edited.changes:
        return Decision()
    agreement = evolve(state, edited)
    if refusal := first(drafting_rules(agreement, resources, known)):
        return refusal
    return Decision(
        (edited,),
        private=private.model_copy(update={"resources": resources}),
        relies_on=known.rests_on(agreement),
    )


def _changes(state: Agreement, private: AgreementPrivate, body: EditAgreement) -> Iterator[Change]:
    """What differs from now, by pointer; a private member is named without its value."""
    said = {name: getattr(body, name) for name in sorted(body.model_fields_set)}
    for name in said.keys() & PRIVATE_TERMS:
        if said.pop(name) != getattr(private, name):
            yield Change(pointer=f"/{name}")
    if body.parties is not None:
        said["parties"] = _numbered(body.parties, state.parties)
    if "notice_months" in said:
        said["notice_months"] = _notice_months(state.kind, body.notice_months)
    now = state.model_dump(mode="json", by_alias=True, exclude_none=True)
    new = state.model_copy(update=said).model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in said:
        if new.get(name) != now.get(name):
            yield Change(pointer=f"/{name}", new=new.get(name))


def _numbered(named: Iterable[NamedParty], before: Iterable[AgreementParty]) -> tuple[AgreementParty, ...]:
    """Each party with its number; who was a party before keeps it for ever."""
    known = {party.partner_id: party.no for party in before}
    following = max(known.values(), default=0) + 1
    parties = []
    for party in named:
        no = known.pop(party.partner_id, None)
        if no is None:
            no, following = following, following + 1
        parties.append(AgreementParty(no=no, **party.model_dump()))
    return tuple(parties)


def _notice_months(kind: AgreementKind, asked: int | None) -> int:
    if kind is AgreementKind.IIA:
        return IIA_NOTICE_MONTHS
    return NOTICE_MONTHS if asked is None else asked


def held_conditions(state: Agreement, private: AgreementPrivate, context: Context) -> Iterable[Refusal]:
    return conditions_allowed(state)


def set_conditions(state: Agreement, private: AgreementPrivate, body: SetConditions, context: Context) -> Outcome:
    numbered = tuple(
        MobilityCondition(no=no, **terms.model_dump()) for no, terms in enumerate(body.conditions, start=1)
    )
    fact = ConditionsSet(conditions=numbered)
    agreement = evolve(state, fact)
    if refusal := first(conditions_allowed(state)):
        return refusal
    if refusal := first(conditions_complete(agreement, Known.of(context))):
        return refusal
    return Decision((fact,))
