"""The command table of a partner, row by row as the office reads it."""

from __future__ import annotations

from typing import Final

from chassis.decide import CREATION, Command
from contracts.partner import Standing
from contracts.roles import ADV, AFR, COO, DIR, OFF, PRO, SERVICE, VR
from partners.partner.bodies import (
    AcceptSuggestion,
    AddContact,
    AddNote,
    AddUnit,
    AttachDocument,
    CloseUnit,
    ConfirmData,
    EditContact,
    EditPartner,
    RegisterPartner,
    RemoveContact,
    RemoveIdentifier,
    SetIdentifier,
    StageChange,
    SuggestPartner,
    WithReason,
)
from partners.partner.identity import (
    add_unit,
    close_unit,
    confirm_data,
    edit_needs,
    edit_partner,
    remove_identifier,
    remove_identifier_needs,
    set_identifier,
    set_identifier_needs,
    stage_change,
    stage_needs,
)
from partners.partner.people import (
    add_contact,
    add_note,
    attach_document,
    attach_needs,
    edit_contact,
    remove_contact,
)
from partners.partner.registering import (
    accept_needs,
    accept_suggestion,
    dismiss_suggestion,
    register_needs,
    register_partner,
    suggest_needs,
    suggest_partner,
)
from partners.partner.standing import (
    activate_held,
    activate_needs,
    activate_partner,
    amend_block,
    amend_held,
    decide_block,
    decide_held,
    lift_block,
    lift_held,
    opinion_held,
    own_institution_held,
    propose_block,
    record_referral_opinion,
    record_rights_assessment,
)
from partners.partner.standing_bodies import (
    ActivatePartner,
    AmendBlock,
    DecideBlock,
    LiftBlock,
    ProposeBlock,
    RecordReferralOpinion,
    RecordRightsAssessment,
)

SUGGESTED: Final = frozenset({Standing.SUGGESTED})
RESTING: Final = frozenset({Standing.PROSPECT, Standing.DORMANT, Standing.ARCHIVED})
BLOCKABLE: Final = frozenset({Standing.PROSPECT, Standing.ACTIVE, Standing.PRIVILEGED, Standing.DORMANT})
BLOCKED: Final = frozenset({Standing.BLOCKED})
NOT_MERGED: Final = frozenset(Standing) - {Standing.MERGED}
RELATIONS: Final = (OFF, COO, AFR)

# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    Command("register_partner", RegisterPartner, CREATION, (*RELATIONS, SERVICE), register_partner,
            to=("prospect",), needs=register_needs, refusals=(
                "identifier-taken", "identifier-invalid", "similar-partner-exists", "own-institution-fixed")),
    Command("suggest_partner", SuggestPartner, CREATION, (PRO, SERVICE), suggest_partner,
            to=("suggested",), needs=suggest_needs, refusals=("similar-partner-exists",)),
    Command("accept_suggestion", AcceptSuggestion, SUGGESTED, RELATIONS, accept_suggestion,
            to=("prospect",), needs=accept_needs, refusals=(
                "identifier-taken", "identifier-invalid", "own-institution-fixed")),
    Command("dismiss_suggestion", WithReason, SUGGESTED, RELATIONS, dismiss_suggestion, to=("archived",)),
    Command("edit_partner", EditPartner, NOT_MERGED, RELATIONS, edit_partner,
            needs=edit_needs, refusals=("own-institution-fixed", "kind-change-blocked-by-use")),
    Command("set_identifier", SetIdentifier, NOT_MERGED, (OFF,), set_identifier,
            needs=set_identifier_needs, refusals=(
                "identifier-taken", "identifier-invalid", "identifier-in-use-by-iia")),
    Command("remove_identifier", RemoveIdentifier, NOT_MERGED, (OFF,), remove_identifier,
            needs=remove_identifier_needs, refusals=("identifier-in-use-by-iia",)),
    Command("add_unit", AddUnit, NOT_MERGED, RELATIONS, add_unit),
    Command("close_unit", CloseUnit, NOT_MERGED, RELATIONS, close_unit, refusals=("unit-in-use",)),
    Command("add_contact", AddContact, NOT_MERGED, (*RELATIONS, ADV), add_contact,
            refusals=("contact-email-duplicate",)),
    Command("edit_contact", EditContact, NOT_MERGED, (*RELATIONS, ADV), edit_contact,
            refusals=("contact-email-duplicate",)),
    Command("remove_contact", RemoveContact, NOT_MERGED, (*RELATIONS, ADV), remove_contact),
    Command("activate_partner", ActivatePartner, RESTING, (*RELATIONS, SERVICE), activate_partner,
            to=("active",), needs=activate_needs, held=activate_held, refusals=(
                "identity-incomplete", "country-unknown")),
    Command("record_rights_assessment", RecordRightsAssessment, NOT_MERGED, RELATIONS, record_rights_assessment,
            refusals=("assessment-date-in-future",)),
    Command("record_referral_opinion", RecordReferralOpinion, NOT_MERGED, (DIR,), record_referral_opinion,
            held=opinion_held, refusals=("second-person-required", "assessment-not-referred")),
    Command("propose_block", ProposeBlock, BLOCKABLE, (OFF, DIR), propose_block,
            held=own_institution_held, refusals=("own-institution-fixed",)),
    Command("decide_block", DecideBlock, BLOCKABLE, (VR,), decide_block,
            to=("blocked",), held=decide_held, refusals=(
                "second-person-required", "no-open-proposal", "transition-date-missing")),
    Command("amend_block", AmendBlock, BLOCKED, (VR,), amend_block,
            held=amend_held, refusals=("second-person-required", "transition-date-missing")),
    Command("lift_block", LiftBlock, BLOCKED, (VR,), lift_block,
            to=("prospect", "active", "dormant"), held=lift_held, refusals=("no-fresh-rights-assessment",)),
    Command("attach_document", AttachDocument, NOT_MERGED, RELATIONS, attach_document,
            needs=attach_needs, refusals=("document-type-refused",)),
    Command("add_note", AddNote, NOT_MERGED, RELATIONS, add_note),
    Command("confirm_data", ConfirmData, NOT_MERGED, RELATIONS, confirm_data),
    Command("stage_change", StageChange, NOT_MERGED, (SERVICE,), stage_change, needs=stage_needs),
)
# fmt: on
