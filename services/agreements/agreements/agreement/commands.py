"""The command table of an agreement: in which state, by whom, decided where, and what can refuse it."""

from __future__ import annotations

from typing import Final

from agreements.agreement import advice, approval, blocks, bodies, closing, drafting, papers, register, review, signing
from agreements.agreement.known import (
    all_of,
    committees,
    document,
    framework,
    number_of_the_year,
    related,
    rights,
)
from chassis.decide import CREATION, Command, Nothing
from contracts.agreement import LIVE, AgreementState
from contracts.roles import AFR, COO, DIR, OFF, PRO, SERVICE, VR


def states(*names: str) -> frozenset[str]:
    return frozenset(AgreementState(name) for name in names)


DRAFTING: Final = states("draft", "negotiating")
UNDER_EXAMINATION: Final = states("under_review", "negotiating", "awaiting_advice")
BEFORE_REGISTER: Final = UNDER_EXAMINATION | states("draft", "approved", "signing", "signed")
ANY: Final = frozenset(AgreementState)

RIGHTS: Final = ("rights-assessment-missing", "rights-assessment-expired", "rights-assessment-adverse")
ACADEMIC: Final = ("partner-not-academic", "political-body-in-agreement", "reference-not-known-yet")
AS_AT_DRAFT: Final = (
    "partner-blocked", "own-party-missing", "party-duplicate", "mou-commits-nothing", *ACADEMIC,
    "partner-not-usable", "framework-required", "iia-needs-two-parties", "overlapping-agreement",
)  # fmt: skip

# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "draft_agreement", bodies.DraftAgreement, CREATION, (OFF, COO, AFR, PRO), drafting.draft,
        to=("draft",), needs=all_of(related, framework),
        refusals=AS_AT_DRAFT,
    ),
    Command(
        "edit_agreement", bodies.EditAgreement, DRAFTING, (OFF, COO, AFR, PRO), drafting.edit,
        needs=all_of(related, framework),
        refusals=AS_AT_DRAFT,
    ),
    Command(
        "set_conditions", bodies.SetConditions, DRAFTING, (OFF,), drafting.set_conditions,
        held=drafting.held_conditions,
        refusals=("condition-incomplete", "conditions-not-for-kind"),
    ),
    Command(
        "submit_for_review", bodies.SubmitForReview, states("draft"), (OFF, COO, AFR, PRO), review.submit,
        to=("under_review",), needs=rights, held=review.held_submission,
        refusals=("review-data-missing", "partner-blocked", "mou-commits-nothing"),
    ),
    Command(
        "record_review", bodies.RecordReview, states("under_review", "negotiating"), (OFF, DIR, SERVICE),
        review.record_review,
        refusals=("review-not-required", "remarks-need-note"),
    ),
    Command(
        "open_negotiation", Nothing, states("under_review"), (OFF,), review.open_negotiation,
        to=("negotiating",), held=review.held_negotiation,
        refusals=("reviews-pending", "review-negative", "partner-blocked"),
    ),
    Command(
        "record_round", bodies.RecordRound, states("negotiating"), (OFF, COO, AFR, PRO), review.record_round,
        needs=document,
        refusals=("round-date-in-future",),
    ),
    Command(
        "request_advice", bodies.RequestAdvice, states("negotiating", "awaiting_advice"), (OFF, COO, AFR, DIR),
        advice.request,
        to=("awaiting_advice",), needs=committees, held=advice.held_request,
        refusals=("advice-already-requested", "no-competent-committee", "partner-blocked",
                  "reference-not-known-yet"),
    ),
    Command(
        "record_advice", bodies.RecordAdvice, states("awaiting_advice"), (SERVICE,), advice.record,
        to=("negotiating",),
    ),
    Command(
        "withdraw_advice_request", bodies.WithReason, states("awaiting_advice"), (OFF, DIR),
        advice.withdraw_request,
        to=("negotiating",),
    ),
    Command(
        "answer_advice_conditions", bodies.AnswerAdviceConditions, states("negotiating"), (OFF, COO, AFR),
        advice.answer_conditions, held=advice.held_answers,
        refusals=("advice-condition-unknown",),
    ),
    Command(
        "approve_agreement", bodies.ApproveAgreement, states("negotiating"), (DIR, VR), approval.approve,
        to=("approved",), needs=all_of(rights, committees, related, framework), held=approval.held_approval,
        refusals=("second-person-required", *RIGHTS, "advice-required", "advice-conditions-unanswered",
                  "dates-missing", "duration-too-long", "specific-outside-framework", "overlapping-agreement",
                  "partner-blocked", "conditions-missing", "condition-incomplete", *ACADEMIC,
                  "decision-ref-missing"),
    ),
    Command(
        "reject_agreement", bodies.RejectAgreement, UNDER_EXAMINATION, (DIR, VR), closing.reject,
        to=("rejected",),
    ),
    Command(
        "withdraw_agreement", bodies.WithReason, BEFORE_REGISTER, (OFF, COO, AFR, PRO), closing.withdraw,
        to=("withdrawn",),
    ),
    Command(
        "open_signing", bodies.OpenSigning, states("approved"), (OFF,), signing.open_signing,
        to=("signing",), needs=all_of(rights, document), held=signing.held_signing,
        refusals=(*RIGHTS, "partner-blocked", "signatory-missing"),
    ),
    Command(
        "record_signature", bodies.RecordSignature, states("signing"), (OFF,), signing.record_signature,
        to=("signing", "signed"), needs=document, held=signing.held_signature,
        refusals=("text-changed", "signature-duplicate", "signed-before-approval", "signature-date-in-future",
                  "document-type-refused", "partner-blocked"),
    ),
    Command(
        "reopen_negotiation", bodies.WithReason, states("approved", "signing", "signed"), (DIR,), signing.reopen,
        to=("negotiating",),
    ),
    Command(
        "register_agreement", Nothing, states("signed"), (OFF,), register.register,
        to=("registered", "active"), needs=all_of(rights, related, number_of_the_year),
        held=register.held_registration,
        refusals=("partner-blocked", "signed-text-missing", "iia-not-mutually-approved", *RIGHTS, *ACADEMIC,
                  "overlapping-agreement"),
    ),
    Command("assign_officer", bodies.AssignOfficer, ANY, (DIR, OFF), closing.assign_officer),
    Command(
        "attach_document", bodies.AttachDocument, ANY, (OFF, COO, AFR, PRO), papers.attach_document,
        needs=document,
        refusals=("document-type-refused",),
    ),
    Command(
        "follow_partner_block", bodies.FollowPartnerBlock, LIVE, (SERVICE,), blocks.follow_partner_block,
        to=("in_transition", "registered", "active", "expired"),
    ),
)
# fmt: on
