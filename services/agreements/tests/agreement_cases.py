"""One case for every command and every refusal of the table: an office brought there, and what is then asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.agreements.tests.agreement_office import (
    DIRECTOR,
    DOCX,
    KINSHASA,
    MINISTRY,
    NGO,
    OFFICER,
    OTHER_SHA,
    PLATFORM,
    REASON,
    TOKYO,
    VICE_RECTOR,
    YAOUNDE,
    Office,
    condition,
    draft,
    number,
    parties,
    signature,
)

from chassis.decide import Caller
from contracts.roles import DIR

Asked = tuple[str | None, dict[str, Any], Caller]
Prepare = Callable[[Office], Asked]
UNKNOWN = number(4_040)
QUESTION = {"question": {"fr": "Que recommander ?"}}
COSTLY = {"level": "committed", "amount": {"amount": "90000.00", "currency": "EUR"}}

CASES: dict[tuple[str, str], Prepare] = {}
"""By command and slug; the slug of a success is empty."""


def case(command: str, slug: str = "") -> Callable[[Prepare], Prepare]:
    def kept(prepare: Prepare) -> Prepare:
        CASES[command, slug] = prepare
        return prepare

    return kept


def asked(id_: str | None, body: dict[str, Any] | None = None, caller: Caller = OFFICER) -> Asked:
    return id_, body or {}, caller


def blocked(office: Office, id_: str) -> str:
    office.block()
    return id_


def with_partner(office: Office, id_: str, **changes: Any) -> str:
    office.documents["partner_copies"][YAOUNDE] |= changes
    return id_


def with_test(office: Office, id_: str, outcome: str | None, on: str = "2026-11-02") -> str:
    """With no other rights test than this."""
    office.documents["rights_assessments"] = {}
    if outcome:
        office.assess(id_, outcome=outcome, assessed_on=on)
    return id_


# --- the terms: what would stand after drafting or editing ---

TERMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "own-party-missing": ({}, {"parties": parties(TOKYO)[1:] + parties(KINSHASA)[1:]}),
    "party-duplicate": ({}, {"parties": parties(TOKYO, TOKYO)}),
    "mou-commits-nothing": ({}, {"resources": COSTLY}),
    "partner-not-academic": ({"kind": "framework"}, {"parties": parties(NGO)}),
    "political-body-in-agreement": ({}, {"parties": parties(MINISTRY)}),
    "reference-not-known-yet": ({}, {"parties": parties(UNKNOWN)}),
    "iia-needs-two-parties": ({"kind": "iia"}, {"parties": parties(YAOUNDE, TOKYO)}),
}
"""Slug → what the agreement is, and what is said that cannot stand."""


def drafting_case(slug: str, is_: dict[str, Any], said: dict[str, Any]) -> None:
    case("draft_agreement", slug)(lambda office: asked(None, draft(**is_ | said)))
    case("edit_agreement", slug)(lambda office: asked(office.drafted(**is_), said))


for slug_, (is_, said_) in TERMS.items():
    drafting_case(slug_, is_, said_)


@case("draft_agreement")
def draft_(office: Office) -> Asked:
    return asked(None, draft())


@case("draft_agreement", "partner-blocked")
def draft_blocked(office: Office) -> Asked:
    office.block()
    return asked(None, draft())


@case("draft_agreement", "partner-not-usable")
def draft_unusable(office: Office) -> Asked:
    with_partner(office, "", standing="archived")
    return asked(None, draft())


@case("draft_agreement", "framework-required")
def draft_alone(office: Office) -> Asked:
    return asked(None, draft(kind="specific"))


@case("draft_agreement", "overlapping-agreement")
def draft_twice(office: Office) -> Asked:
    office.registered()
    return asked(None, draft())


@case("edit_agreement")
def edit(office: Office) -> Asked:
    return asked(office.drafted(), {"sdgs": [4]})


@case("edit_agreement", "partner-blocked")
def edit_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.drafted()), {"sdgs": [4]})


@case("edit_agreement", "partner-not-usable")
def edit_unusable(office: Office) -> Asked:
    return asked(with_partner(office, office.drafted(), standing="merged"), {"sdgs": [4]})


@case("edit_agreement", "framework-required")
def edit_alone(office: Office) -> Asked:
    framework = office.drafted(kind="framework")
    return asked(office.drafted(kind="specific", framework_id=framework), {"framework_id": None})


@case("edit_agreement", "overlapping-agreement")
def edit_over(office: Office) -> Asked:
    later = office.drafted(start_on="2032-01-01", end_on="2033-01-01")
    office.registered()
    return asked(later, {"start_on": "2027-01-01"})


@case("set_conditions")
def conditions(office: Office) -> Asked:
    return asked(office.drafted(kind="exchange"), {"conditions": [condition()]})


@case("set_conditions", "condition-incomplete")
def conditions_incomplete(office: Office) -> Asked:
    return asked(office.drafted(kind="exchange"), {"conditions": [condition(blended=None)]})


@case("set_conditions", "conditions-not-for-kind")
def conditions_misplaced(office: Office) -> Asked:
    return asked(office.drafted(), {"conditions": [condition()]})


# --- review ---


@case("submit_for_review")
def submit(office: Office) -> Asked:
    return asked(office.drafted())


@case("submit_for_review", "review-data-missing")
def submit_incomplete(office: Office) -> Asked:
    return asked(office.drafted(promoter=None))


@case("submit_for_review", "partner-blocked")
def submit_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.drafted()))


@case("submit_for_review", "mou-commits-nothing")
def submit_costly(office: Office) -> Asked:
    return asked(office.drafted(resources=None), {"resources": COSTLY})


@case("record_review")
def review(office: Office) -> Asked:
    return asked(office.under_review(), {"kind": "legal", "outcome": "positive"})


@case("record_review", "review-not-required")
def review_unasked(office: Office) -> Asked:
    return asked(office.under_review(), {"kind": "teaching", "outcome": "positive"})


@case("record_review", "remarks-need-note")
def review_silent(office: Office) -> Asked:
    return asked(office.under_review(), {"kind": "legal", "outcome": "negative"})


def reviewed(office: Office, outcome: str) -> str:
    id_ = office.under_review()
    for kind in ("legal", "faculty"):
        office.done("record_review", id_, {"kind": kind, "outcome": outcome, "note": "Vu."})
    return id_


@case("open_negotiation")
def negotiate(office: Office) -> Asked:
    return asked(reviewed(office, "positive"))


@case("open_negotiation", "reviews-pending")
def negotiate_early(office: Office) -> Asked:
    return asked(office.under_review())


@case("open_negotiation", "review-negative")
def negotiate_against(office: Office) -> Asked:
    return asked(reviewed(office, "negative"))


@case("open_negotiation", "partner-blocked")
def negotiate_blocked(office: Office) -> Asked:
    return asked(blocked(office, reviewed(office, "positive")))


@case("record_round")
def exchange_text(office: Office) -> Asked:
    id_ = office.negotiating()
    return asked(id_, {"direction": "sent", "on": "2026-11-02", "document_id": office.document(id_)})


@case("record_round", "round-date-in-future")
def exchange_early(office: Office) -> Asked:
    id_ = office.negotiating()
    return asked(id_, {"direction": "sent", "on": "2026-11-03", "document_id": office.document(id_)})


# --- advice ---


@case("request_advice")
def request(office: Office) -> Asked:
    return asked(office.negotiating(), QUESTION)


@case("request_advice", "advice-already-requested")
def request_twice(office: Office) -> Asked:
    return asked(office.awaiting_advice(), QUESTION)


@case("request_advice", "no-competent-committee")
def request_nobody(office: Office) -> Asked:
    office.documents["committee_copies"] = {}
    return asked(office.negotiating(), QUESTION)


@case("request_advice", "partner-blocked")
def request_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.negotiating()), QUESTION)


@case("request_advice", "reference-not-known-yet")
def request_unknown(office: Office) -> Asked:
    return asked(office.negotiating(), QUESTION | {"committee_id": UNKNOWN, "reason": {"fr": "Ailleurs."}})


@case("record_advice")
def advise(office: Office) -> Asked:
    id_ = office.awaiting_advice()
    return asked(id_, office.advice(id_), PLATFORM)


@case("withdraw_advice_request")
def withdraw_request(office: Office) -> Asked:
    return asked(office.awaiting_advice(), REASON)


@case("answer_advice_conditions")
def answer(office: Office) -> Asked:
    id_ = office.advised("favourable_with_conditions", asking=1)
    request_id = office.state(id_).advice[0].request_id
    return asked(id_, {"request_id": request_id, "answers": [{"no": 1, "text": {"fr": "Fait."}}]})


@case("answer_advice_conditions", "advice-condition-unknown")
def answer_nothing(office: Office) -> Asked:
    return asked(office.advised(), {"request_id": UNKNOWN, "answers": [{"no": 1, "text": {"fr": "Fait."}}]})


# --- approval ---


@case("approve_agreement")
def approve(office: Office) -> Asked:
    return asked(office.approvable(), {}, DIRECTOR)


@case("approve_agreement", "second-person-required")
def approve_own(office: Office) -> Asked:
    return asked(office.approvable(), {}, Caller(OFFICER.subject, {DIR: {}}))


@case("approve_agreement", "rights-assessment-missing")
def approve_untested(office: Office) -> Asked:
    return asked(office.advised(), {}, DIRECTOR)


@case("approve_agreement", "rights-assessment-expired")
def approve_expired(office: Office) -> Asked:
    return asked(with_test(office, office.advised(), "clear", "2025-11-01"), {}, DIRECTOR)


@case("approve_agreement", "rights-assessment-adverse")
def approve_adverse(office: Office) -> Asked:
    return asked(with_test(office, office.advised(), "adverse"), {}, DIRECTOR)


@case("approve_agreement", "advice-required")
def approve_unadvised(office: Office) -> Asked:
    return asked(with_test(office, office.negotiating(), "clear"), {}, DIRECTOR)


@case("approve_agreement", "advice-conditions-unanswered")
def approve_unanswered(office: Office) -> Asked:
    id_ = office.advised("favourable_with_conditions", asking=1)
    return asked(with_test(office, id_, "clear"), {}, DIRECTOR)


@case("approve_agreement", "dates-missing")
def approve_open_end(office: Office) -> Asked:
    return asked(office.approvable(end_on=None), {}, DIRECTOR)


@case("approve_agreement", "duration-too-long")
def approve_too_long(office: Office) -> Asked:
    return asked(office.approvable(end_on="2032-10-31"), {}, DIRECTOR)


@case("approve_agreement", "specific-outside-framework")
def approve_outside(office: Office) -> Asked:
    framework = office.registered(kind="framework", end_on="2027-10-31")
    return asked(office.approvable(kind="specific", framework_id=framework), {}, DIRECTOR)


@case("approve_agreement", "overlapping-agreement")
def approve_twice(office: Office) -> Asked:
    id_ = office.approvable()
    office.registered()
    return asked(id_, {}, DIRECTOR)


@case("approve_agreement", "partner-blocked")
def approve_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.approvable()), {}, DIRECTOR)


@case("approve_agreement", "conditions-missing")
def approve_bare(office: Office) -> Asked:
    return asked(office.approvable(kind="exchange"), {}, DIRECTOR)


@case("approve_agreement", "condition-incomplete")
def approve_outdated(office: Office) -> Asked:
    id_ = office.approvable(kind="exchange")
    office.done("set_conditions", id_, {"conditions": [condition()]})
    office.done("edit_agreement", id_, {"end_on": "2028-10-31"})
    return asked(id_, {}, DIRECTOR)


@case("approve_agreement", "partner-not-academic")
def approve_re_kinded(office: Office) -> Asked:
    return asked(with_partner(office, office.approvable(kind="framework"), kind="ngo"), {}, DIRECTOR)


@case("approve_agreement", "political-body-in-agreement")
def approve_political(office: Office) -> Asked:
    id_ = with_partner(office, office.approvable(), kind="public_authority", country="CD")
    return asked(id_, {}, DIRECTOR)


@case("approve_agreement", "reference-not-known-yet")
def approve_unknown(office: Office) -> Asked:
    id_ = with_partner(office, office.approvable(), kind="public_authority", country="ZZ")
    return asked(id_, {}, DIRECTOR)


@case("approve_agreement", "decision-ref-missing")
def approve_undecided(office: Office) -> Asked:
    return asked(office.approvable(kind="joint_degree"), {}, VICE_RECTOR)


@case("reject_agreement")
def reject(office: Office) -> Asked:
    return asked(office.under_review(), {"reason": {"fr": "Non."}}, VICE_RECTOR)


@case("withdraw_agreement")
def withdraw(office: Office) -> Asked:
    return asked(office.signed(), REASON)


# --- signing and the register ---


@case("open_signing")
def open_signing(office: Office) -> Asked:
    id_ = office.approved()
    return asked(id_, office.opening(id_))


@case("open_signing", "signatory-missing")
def open_unsigned(office: Office) -> Asked:
    id_ = office.approved()
    opening = office.opening(id_)
    return asked(id_, opening | {"signatures": opening["signatures"][:1]})


@case("open_signing", "partner-blocked")
def open_blocked(office: Office) -> Asked:
    id_ = blocked(office, office.approved())
    return asked(id_, office.opening(id_))


@case("record_signature")
def sign(office: Office) -> Asked:
    return asked(office.signing(), signature())


@case("record_signature", "text-changed")
def sign_other_text(office: Office) -> Asked:
    return asked(office.signing(), signature(sha256=OTHER_SHA))


@case("record_signature", "signature-duplicate")
def sign_twice(office: Office) -> Asked:
    id_ = office.signing()
    office.done("record_signature", id_, signature())
    return asked(id_, signature())


@case("record_signature", "signed-before-approval")
def sign_early(office: Office) -> Asked:
    return asked(office.signing(), signature(signed_on="2026-11-01"))


@case("record_signature", "signature-date-in-future")
def sign_late(office: Office) -> Asked:
    return asked(office.signing(), signature(signed_on="2026-11-03"))


@case("record_signature", "document-type-refused")
def sign_document(office: Office) -> Asked:
    id_ = office.signing()
    return asked(id_, signature(document_id=office.document(id_, media_type=DOCX)))


@case("record_signature", "partner-blocked")
def sign_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.signing()), signature())


@case("reopen_negotiation")
def reopen(office: Office) -> Asked:
    return asked(office.signed(), REASON, DIRECTOR)


@case("register_agreement")
def register(office: Office) -> Asked:
    return asked(office.signed())


@case("register_agreement", "partner-blocked")
def register_blocked(office: Office) -> Asked:
    return asked(blocked(office, office.signed()))


@case("register_agreement", "signed-text-missing")
def register_uncopied(office: Office) -> Asked:
    id_ = office.signing()
    for no in (1, 2):
        office.done("record_signature", id_, signature(no))
    return asked(id_)


@case("register_agreement", "iia-not-mutually-approved")
def register_iia(office: Office) -> Asked:
    terms = condition(last_academic_year="2028/2029")
    return asked(office.signed(kind="iia", end_on="2029-09-30", conditions=[terms]))


@case("register_agreement", "partner-not-academic")
def register_re_kinded(office: Office) -> Asked:
    return asked(with_partner(office, office.signed(kind="framework"), kind="ngo"))


@case("register_agreement", "political-body-in-agreement")
def register_political(office: Office) -> Asked:
    return asked(with_partner(office, office.signed(), kind="public_authority", country="CD"))


@case("register_agreement", "reference-not-known-yet")
def register_unknown(office: Office) -> Asked:
    return asked(with_partner(office, office.signed(), kind="public_authority", country="ZZ"))


@case("register_agreement", "overlapping-agreement")
def register_twice(office: Office) -> Asked:
    id_ = office.signed()
    office.registered()
    return asked(id_)


def rights_case(slug: str, outcome: str | None, on: str) -> None:
    """A11: the test holds again when signing opens and at the register."""

    def opening(office: Office) -> Asked:
        id_ = with_test(office, office.approved(), outcome, on)
        return asked(id_, office.opening(id_))

    case("open_signing", slug)(opening)
    case("register_agreement", slug)(lambda office: asked(with_test(office, office.signed(), outcome, on)))


rights_case("rights-assessment-missing", None, "")
rights_case("rights-assessment-expired", "clear", "2025-11-01")
rights_case("rights-assessment-adverse", "adverse", "2026-11-02")


# --- at any time ---


@case("assign_officer")
def assign(office: Office) -> Asked:
    return asked(office.at("active"), {"responsible_officer": "officer-02"}, DIRECTOR)


@case("attach_document")
def attach(office: Office) -> Asked:
    id_ = office.at("withdrawn")
    return asked(id_, {"document_id": office.document(id_), "kind": "letter"})


@case("attach_document", "document-type-refused")
def attach_copy(office: Office) -> Asked:
    id_ = office.drafted()
    return asked(id_, {"document_id": office.document(id_, media_type=DOCX), "kind": "signed_copy"})


@case("follow_partner_block")
def follow(office: Office) -> Asked:
    return asked(blocked(office, office.registered()), {"partner_id": YAOUNDE}, PLATFORM)
