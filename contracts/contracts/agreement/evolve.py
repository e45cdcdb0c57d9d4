"""The fold of an agreement's facts. Pure: every date comes from the fact."""

from __future__ import annotations

from typing import assert_never

from contracts.agreement import life, papers, preparation
from contracts.agreement.entries import Changes, with_entry
from contracts.agreement.exchange import Iia
from contracts.agreement.lived import (
    EndingFact,
    LifeFact,
    PartnerFact,
    SigningFact,
    ended,
    living,
    partner_followed,
    signed,
)
from contracts.agreement.prepared import AdviceFact, DraftingFact, ReviewFact, advised, redrafted, reviewed
from contracts.agreement.state import Agreement
from contracts.agreement.terms import (
    AgreementKind,
    AgreementState,
    notice_date,
)
from contracts.types import Audience, Document

ExchangeFact = (
    papers.PartnerIiaBound
    | papers.IiaApprovedByUs
    | papers.IiaApprovedByPartner
    | papers.IiaApprovalReset
    | papers.IiaReverted
)
AnyAgreementFact = (
    preparation.Drafted
    | preparation.Imported
    | DraftingFact
    | ReviewFact
    | AdviceFact
    | SigningFact
    | LifeFact
    | PartnerFact
    | EndingFact
    | ExchangeFact
    | papers.DocumentAttached
    | life.AmendmentStarted
    | life.RenewalStarted
    | papers.CorrectionProposed
    | papers.ChangeStaged
    | papers.StagedChangeDecided
    | papers.NoticeReminderDue
    | papers.SigningStalled
    | papers.AdviceOverdue
    | papers.WindowReminderDue
)


def evolve(agreement: Agreement | None, fact: AnyAgreementFact) -> Agreement:
    """The agreement after the fact; one begins with `drafted` or `imported`."""
    if isinstance(fact, preparation.Drafted | preparation.Imported):
        return _derived(_begun(fact))
    if agreement is None:
        raise ValueError(f"an agreement does not begin with {fact.short_name()}")
    if isinstance(fact, DraftingFact):
        return _derived(redrafted(agreement, fact))
    return _derived(agreement.model_copy(update=_changes(agreement, fact)))


def _changes(agreement: Agreement, fact: AnyAgreementFact) -> Changes:
    if isinstance(fact, ReviewFact):
        return reviewed(agreement, fact)
    if isinstance(fact, AdviceFact):
        return advised(agreement, fact)
    if isinstance(fact, SigningFact):
        return signed(agreement, fact)
    if isinstance(fact, LifeFact):
        return living(agreement, fact)
    if isinstance(fact, PartnerFact):
        return partner_followed(agreement, fact)
    if isinstance(fact, EndingFact):
        return ended(fact)
    if isinstance(fact, ExchangeFact):
        return {"iia": exchanged(agreement.iia or Iia(own_iia_id=agreement.lineage_id), fact)}
    if isinstance(fact, papers.DocumentAttached):
        return attached(agreement, fact)
    return {}


def _begun(fact: preparation.Drafted | preparation.Imported) -> Agreement:
    terms = {name: getattr(fact, name) for name in preparation.TermsFact.model_fields}
    terms |= {"id": fact.agreement_id, "state": AgreementState.DRAFT}
    if fact.kind is AgreementKind.IIA:
        terms["iia"] = Iia(own_iia_id=fact.lineage_id)
    if isinstance(fact, preparation.Imported):
        terms |= {"state": fact.state, "imported": True, "legacy_number": fact.legacy_number}
        terms |= {"number": fact.number, "registered_on": fact.registered_on}
    return Agreement.model_validate({name: terms[name] for name in terms if name in Agreement.model_fields})


def _derived(agreement: Agreement) -> Agreement:
    """What follows from the rest: plurality from the number of parties, the notice date from the end."""
    return agreement.model_copy(
        update={
            "plurality": "bilateral" if len(agreement.parties) == 2 else "multilateral",
            "notice_on": notice_date(agreement.end_on, agreement.notice_months),
        }
    )


def exchanged(iia: Iia, fact: ExchangeFact) -> Iia:
    reset: Changes = {"approved_by_us_on": None, "approved_by_partner_on": None}
    changes: Changes
    match fact:
        case papers.PartnerIiaBound():
            changes = {"partner_iia_id": fact.partner_iia_id}
        case papers.IiaApprovedByUs():
            changes = {"approved_by_us_on": fact.on}
        case papers.IiaApprovedByPartner():
            changes = {"approved_by_partner_on": fact.on, "own_hash": fact.own_hash}
        case papers.IiaApprovalReset():
            changes = reset | {"own_hash": fact.new_hash}
        case papers.IiaReverted():
            changes = {"own_hash": fact.hash}
        case _:
            assert_never(fact)
    changed = iia.model_copy(update=changes)
    both = changed.approved_by_us_on is not None and changed.approved_by_partner_on is not None
    return changed.model_copy(update={"both_approved": both})


def attached(agreement: Agreement, fact: papers.DocumentAttached) -> Changes:
    if fact.audience is Audience.OFFICE:
        return {}
    paper = Document(
        id=fact.document_id,
        kind=fact.kind,
        sha256=fact.sha256,
        audience=fact.audience,
        added_on=fact.happened_on,
    )
    return {"documents": with_entry(agreement.documents, paper, "id")}
