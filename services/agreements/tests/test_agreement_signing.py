"""Approval, signatures, documents and the register."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from services.agreements.tests.agreement_office import (
    DECISION,
    DIRECTOR,
    DOCX,
    KINSHASA,
    NGO,
    OTHER_OFFICER,
    OTHER_SHA,
    REASON,
    TODAY,
    TOKYO,
    VICE_RECTOR,
    YAOUNDE,
    Office,
    condition,
    number,
    parties,
    signature,
)

from chassis.decide import Caller
from contracts.agreement import Approved, Registered, Signed
from contracts.roles import DIR, OFF, VR

VR_BODY = {"decision_ref": DECISION}
COSTLY = {"level": "committed", "amount": {"amount": "50000.01", "currency": "EUR"}}


def approval_slugs(office: Office, id_: str, caller: Caller = DIRECTOR) -> list[str]:
    return [each.slug for each in office.held("approve_agreement", id_, caller)]


# --- approval ---


def test_an_approval_settles_the_period_and_names_the_role() -> None:
    office = Office()
    id_ = office.approvable()

    taken = office.done("approve_agreement", id_, {"note": "CANARY"}, DIRECTOR)

    (fact,) = taken.facts
    assert isinstance(fact, Approved)
    assert (fact.by_role, fact.end_on, fact.notice_months) == ("director", date(2031, 10, 31), 6)
    assert (taken.state.state, taken.state.approval.on) == ("approved", TODAY)
    assert "CANARY" not in str(taken.state) + str(taken.facts)


def test_4e3_neither_creator_nor_responsible_officer_approves() -> None:
    office = Office()
    id_ = office.approvable(responsible_officer="director-02")

    for subject in ("officer-01", "director-02"):
        caller = Caller(subject, {OFF: {}, DIR: {}})
        assert office.refused("approve_agreement", id_, {}, caller).slug == "second-person-required"
    office.done("approve_agreement", id_, {}, DIRECTOR)


@pytest.mark.parametrize(
    "said", [{"outcome": "unfavourable"}, {"parties": parties(YAOUNDE, TOKYO)}, {"kind": "joint_degree"}]
)
def test_the_vice_rector_approves_by_a_decision_what_is_weightier(said: dict[str, Any]) -> None:
    office = Office()
    id_ = office.approvable(**said)

    by_director = office.refused("approve_agreement", id_, {}, DIRECTOR)
    undecided = office.refused("approve_agreement", id_, {}, VICE_RECTOR)
    taken = office.done("approve_agreement", id_, VR_BODY, VICE_RECTOR)

    assert (by_director.slug, by_director.members["roles"]) == ("not-permitted", [str(VR)])
    assert undecided.slug == "decision-ref-missing"
    assert taken.state.approval.by_role == "vice_rector"


def test_what_is_not_weightier_is_the_directors() -> None:
    office = Office()
    id_ = office.approvable()

    refusal = office.refused("approve_agreement", id_, VR_BODY, VICE_RECTOR)

    assert (refusal.slug, refusal.members["roles"]) == ("not-permitted", [str(DIR)])


def test_pol_04_a_missing_referred_adverse_or_old_test_holds_approval_back() -> None:
    office = Office()
    id_ = office.advised()
    texts = []

    for outcome, on in ((None, None), ("referred", "2026-11-02"), ("adverse", "2026-11-02"), ("clear", "2025-11-01")):
        office.documents["rights_assessments"] = {}
        if outcome:
            office.assess(id_, outcome=outcome, assessed_on=on)
        refusal = office.refused("approve_agreement", id_, {}, DIRECTOR)
        assert refusal.rule == "POL-04"
        texts.append((refusal.slug, refusal.reasons[0].text.en.removeprefix("The fundamental-rights test of ")))

    ending = "It is done at conclusion and again at every renewal."
    assert texts == [
        ("rights-assessment-missing", f"Université de Yaoundé I for this file is missing. {ending}"),
        (
            "rights-assessment-missing",
            f"Université de Yaoundé I for this file is missing (the contact point's opinion is awaited). {ending}",
        ),
        ("rights-assessment-adverse", f"Université de Yaoundé I for this file is adverse. {ending}"),
        (
            "rights-assessment-expired",
            f"Université de Yaoundé I for this file is out of date since 2 November 2026. {ending}",
        ),
    ]


def test_pol_04_a_test_of_exactly_twelve_months_or_cleared_after_referral_holds() -> None:
    office = Office()
    first, second = office.advised(), office.advised()
    office.assess(first, assessed_on="2025-11-02")
    office.assess(second, outcome="cleared")

    for id_ in (first, second):
        office.done("approve_agreement", id_, {}, DIRECTOR)


def test_pol_04_the_newest_test_for_a_conclusion_counts() -> None:
    office = Office()
    id_ = office.advised()
    office.assess(id_, outcome="adverse", assessed_on="2026-09-01")
    office.assess(id_, outcome="clear", assessed_on="2026-10-01")
    office.assess(id_, outcome="adverse", assessed_on="2026-11-01", purpose="review")

    office.done("approve_agreement", id_, {}, DIRECTOR)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "framework"}, "il s'agit d'un accord-cadre"),
        ({"kind": "joint_degree"}, "il s'agit d'une convention de codiplomation"),
        ({"parties": parties(YAOUNDE, TOKYO)}, "la convention est multilatérale"),
        ({"kind": "framework", "resources": COSTLY}, "les moyens engagés dépassent 50\u00a0000 EUR"),
        (
            {"kind": "framework", "resources": {"level": "committed", "amount": {"amount": "1.00", "currency": "XOF"}}},
            "les moyens sont engagés dans une autre devise que l'euro",
        ),
        ({}, "c'est la première convention avec Université de Yaoundé I"),
    ],
)
def test_pol_06_advice_is_required_and_the_refusal_says_why(said: dict[str, Any], why: str) -> None:
    office = Office()
    id_ = office.negotiating(**said)

    refusal = next(each for each in office.held("approve_agreement", id_) if each.slug == "advice-required")

    assert refusal.rule == "POL-06"
    assert refusal.reasons[0].text.fr.startswith("Ce dossier doit recevoir l'avis du comité compétent (")
    assert why in refusal.reasons[0].text.fr


def test_pol_06_a_test_that_was_referred_asks_for_advice_even_when_cleared() -> None:
    office = Office()
    office.registered()
    id_ = office.negotiating(start_on="2032-01-01", end_on="2033-12-31")
    before = approval_slugs(office, id_)
    office.assess(id_, outcome="cleared")

    refusal = next(each for each in office.held("approve_agreement", id_) if each.slug == "advice-required")

    assert "advice-required" not in before
    assert "est passé par le point de contact" in refusal.reasons[0].text.fr


def test_pol_06_a_partner_met_before_needs_no_advice_and_costs_up_to_the_limit_neither() -> None:
    office = Office()
    office.registered()
    modest = {"level": "committed", "amount": {"amount": "50000.00", "currency": "EUR"}}
    id_ = office.negotiating(kind="exchange", resources=modest)

    assert "advice-required" not in approval_slugs(office, id_)


def test_pol_06_a_committee_that_only_takes_note_has_given_no_advice() -> None:
    office = Office()
    id_ = office.advised("noted")
    office.assess(id_)

    assert approval_slugs(office, id_) == ["advice-required"]


def test_a19_every_condition_of_the_advice_is_answered_before_approval() -> None:
    office = Office()
    id_ = office.advised("favourable_with_conditions", asking=2)
    office.assess(id_)

    refusal = office.refused("approve_agreement", id_, {}, DIRECTOR)
    answers = [{"no": no, "text": {"fr": "Fait."}} for no in (1, 2)]
    office.done(
        "answer_advice_conditions", id_, {"request_id": office.state(id_).advice[0].request_id, "answers": answers}
    )
    office.done("approve_agreement", id_, {}, DIRECTOR)

    assert refusal.slug == "advice-conditions-unanswered"
    assert refusal.reasons[0].text.fr == "L'approbation attend la réponse à 2 condition(s) de l'avis."


def test_an_approval_needs_the_whole_period() -> None:
    office = Office()
    id_ = office.approvable(start_on=None, end_on=None, renewal_mode=None)

    held = [each for each in office.held("approve_agreement", id_, DIRECTOR) if each.slug == "dates-missing"]
    office.done("edit_agreement", id_, {"start_on": "2027-01-01"})
    office.done("edit_agreement", id_, {"end_on": "2026-12-31", "renewal_mode": "tacit"})
    refusal = office.refused("approve_agreement", id_, {}, DIRECTOR)

    assert [each.reasons[0].pointer for each in held] == ["/start_on", "/end_on", "/renewal_mode"]
    assert refusal.reasons[0].text.fr == "La fin précède le début."


@pytest.mark.parametrize(
    ("kind", "end_on", "is_held"),
    [
        ("mou", "2031-11-01", False),
        ("mou", "2031-11-02", True),
        ("iia", "2029-09-30", False),
        ("iia", "2029-10-01", True),
    ],
)
def test_a12_five_years_at_most_and_the_programmes_end_for_an_iia(kind: str, end_on: str, is_held: bool) -> None:
    office = Office()
    id_ = office.negotiating(kind=kind, end_on=end_on)

    assert ("duration-too-long" in approval_slugs(office, id_)) is is_held


@pytest.mark.parametrize(
    ("said", "en"),
    [
        ({"end_on": "2031-11-01"}, "goes beyond that of the framework agreement (1 November 2026 – 31 October 2031)"),
        ({"start_on": "2026-10-01"}, "goes beyond"),
        ({"parties": parties(KINSHASA), "sdgs": [4]}, "not a party of the framework"),
    ],
)
def test_a9_a_specific_agreement_lies_within_its_framework(said: dict[str, Any], en: str) -> None:
    office = Office()
    framework = office.registered(kind="framework")
    id_ = office.negotiating(kind="specific", framework_id=framework, **said)

    refusal = next(each for each in office.held("approve_agreement", id_) if each.slug == "specific-outside-framework")

    assert en in refusal.reasons[0].text.en


def test_a9_a_framework_that_is_not_in_force_carries_no_specific_agreement() -> None:
    office = Office()
    framework = office.drafted(kind="framework")
    id_ = office.negotiating(kind="specific", framework_id=framework)

    assert "specific-outside-framework" in approval_slugs(office, id_)


def test_a13_an_exchange_without_conditions_or_with_outdated_ones_is_not_approved() -> None:
    office = Office()
    id_ = office.approvable(kind="exchange")

    bare = office.refused("approve_agreement", id_, {}, DIRECTOR)
    office.done("set_conditions", id_, {"conditions": [condition()]})
    office.done("edit_agreement", id_, {"end_on": "2028-10-31"})
    outdated = office.refused("approve_agreement", id_, {}, DIRECTOR)

    assert bare.slug == "conditions-missing"
    assert outdated.slug == "condition-incomplete"


def test_what_changed_since_the_draft_holds_approval_back() -> None:
    office = Office()
    blocked, re_kinded, political, unknown = (office.approvable(kind="framework") for _ in range(4))
    copies = office.documents["partner_copies"]
    plain = dict(copies[YAOUNDE])

    office.block()
    assert office.refused("approve_agreement", blocked, {}, DIRECTOR).slug == "partner-blocked"
    copies[YAOUNDE] = plain | {"kind": "ngo"}
    assert office.refused("approve_agreement", re_kinded, {}, DIRECTOR).slug == "partner-not-academic"
    copies[YAOUNDE] = plain | {"kind": "public_authority", "country": "CD"}
    assert office.refused("approve_agreement", political, {}, DIRECTOR).slug == "political-body-in-agreement"
    copies[YAOUNDE] = plain | {"kind": "public_authority", "country": "ZZ"}
    assert office.refused("approve_agreement", unknown, {}, DIRECTOR).slug == "reference-not-known-yet"


def test_a10_the_second_of_two_equal_agreements_is_held_at_approval_and_at_the_register() -> None:
    office = Office()
    late, later = office.approvable(), office.signed()
    office.registered()

    assert "overlapping-agreement" in approval_slugs(office, late)
    assert office.refused("register_agreement", later).slug == "overlapping-agreement"


def test_held_says_everything_that_stands_against_an_approval() -> None:
    office = Office()
    id_ = office.negotiating(kind="framework", end_on=None)

    assert approval_slugs(office, id_, Caller("officer-01", {DIR: {}})) == [
        "second-person-required",
        "rights-assessment-missing",
        "advice-required",
        "dates-missing",
    ]


# --- signatures ---


def test_signing_freezes_the_text_and_keeps_names_to_the_office() -> None:
    office = Office()
    id_ = office.approved()

    taken = office.done("open_signing", id_, office.opening(id_))

    assert taken.state.text.sha256 == "a" * 64
    assert [(each.signature_no, each.party_no) for each in taken.state.signatures] == [(1, 1), (2, 2)]
    assert "Signataire" not in str(taken.state) + str(taken.facts)
    assert [each.signatory_name for each in taken.private.signatories] == ["Signataire 1", "Signataire 2"]


def test_every_party_but_an_associate_has_a_signatory() -> None:
    office = Office()
    id_ = office.approved(parties=[*parties(YAOUNDE), {"partner_id": NGO, "role": "associate"}])
    opening = office.opening(id_)

    missing = office.refused("open_signing", id_, opening | {"signatures": opening["signatures"][:1]})
    own = office.refused("open_signing", id_, opening | {"signatures": opening["signatures"][1:]})
    stranger = [*opening["signatures"], opening["signatures"][0] | {"party_no": 9}]
    unknown = office.refused("open_signing", id_, opening | {"signatures": stranger})
    office.done("open_signing", id_, opening | {"signatures": opening["signatures"][:2]})

    assert missing.slug == own.slug == "signatory-missing"
    assert missing.reasons[0].text.fr == "Université de Yaoundé I n'a pas de signataire requis."
    assert own.reasons[0].text.en == "Our university has no signatory whose signature is required."
    assert unknown.reasons[0].pointer == "/signatures/3/party_no"


def test_signing_names_a_document_of_the_agreement() -> None:
    office = Office()
    id_ = office.approved()

    refusal = office.refused("open_signing", id_, office.opening(id_) | {"document_id": number(4)})

    assert (refusal.slug, refusal.reasons[0].pointer) == ("unknown-id", "/document_id")


@pytest.mark.parametrize(
    ("outcome", "on", "slug"),
    [
        ("adverse", "2026-11-02", "rights-assessment-adverse"),
        ("clear", "2025-11-01", "rights-assessment-expired"),
        (None, None, "rights-assessment-missing"),
    ],
)
def test_a11_the_rights_test_holds_again_at_signing_and_at_the_register(
    outcome: str | None, on: str | None, slug: str
) -> None:
    office = Office()
    approved, signed = office.approved(), office.signed()
    office.documents["rights_assessments"] = {}
    for id_ in (approved, signed):
        if outcome:
            office.assess(id_, outcome=outcome, assessed_on=on)

    assert office.refused("open_signing", approved, office.opening(approved)).slug == slug
    assert office.refused("register_agreement", signed).slug == slug


def test_pol_03_a_block_stops_signing_and_the_register() -> None:
    office = Office()
    approved, signing, signed = office.approved(), office.signing(), office.signed()
    office.block()

    assert office.refused("open_signing", approved, office.opening(approved)).slug == "partner-blocked"
    assert office.refused("record_signature", signing, signature()).slug == "partner-blocked"
    assert office.refused("register_agreement", signed).slug == "partner-blocked"


def test_the_last_required_signature_signs_the_agreement() -> None:
    office = Office()
    id_ = office.signing()

    first = office.done("record_signature", id_, signature(2))
    last = office.done("record_signature", id_, signature(1, document_id=office.document(id_)))

    (fact,) = first.facts
    assert isinstance(fact, Signed)
    assert (fact.partner_id, fact.remaining, first.state.state) == (YAOUNDE, 1, "signing")
    assert [each.short_name() for each in last.facts] == ["signed", "fully_signed"]
    assert last.state.state == "signed"


def test_a_signature_that_is_not_required_is_not_waited_for() -> None:
    office = Office()
    id_ = office.approved()
    opening = office.opening(id_)
    witness = {"party_no": 2, "signatory_name": "Témoin", "signatory_function": "Doyen", "required": False}
    office.done("open_signing", id_, opening | {"signatures": [*opening["signatures"], witness]})

    for no in (1, 2):
        office.done("record_signature", id_, signature(no))

    assert office.state(id_).state == "signed"


def test_a3_a_signature_fits_the_frozen_text_and_the_day() -> None:
    office = Office()
    id_ = office.signing()
    office.done("record_signature", id_, signature(1))

    refusals = {
        "signature-duplicate": signature(1),
        "unknown-id": signature(9),
        "text-changed": signature(2, sha256=OTHER_SHA),
        "signed-before-approval": signature(2, signed_on="2026-11-01"),
        "signature-date-in-future": signature(2, signed_on="2026-11-03"),
        "document-type-refused": signature(2, document_id=office.document(id_, media_type=DOCX)),
    }

    assert {slug: office.refused("record_signature", id_, body).slug for slug, body in refusals.items()} == {
        slug: slug for slug in refusals
    }


def test_reopening_voids_approval_text_and_signatures_and_numbers_go_on() -> None:
    office = Office()
    id_ = office.signed()

    taken = office.done("reopen_negotiation", id_, REASON, DIRECTOR)
    office.done("approve_agreement", id_, {}, DIRECTOR)
    office.done("open_signing", id_, office.opening(id_))

    assert taken.state.state == "negotiating"
    assert (taken.state.approval, taken.state.text, taken.state.signatures) == (None, None, ())
    assert [each.signature_no for each in office.state(id_).signatures] == [3, 4]


# --- documents ---


def test_a22_a_document_is_attached_once_and_shown_by_its_audience() -> None:
    office = Office()
    id_ = office.drafted()
    for_office, for_staff = office.document(id_), office.document(id_, OTHER_SHA, audience="staff")

    office.done("attach_document", id_, {"document_id": for_office, "kind": "letter"})
    taken = office.done("attach_document", id_, {"document_id": for_staff, "kind": "annex", "title": "Annexe 1"})

    assert [each.id for each in taken.state.documents] == [for_staff]
    assert [each.id for each in taken.private.documents] == [for_office, for_staff]
    assert office.documents["documents"][for_staff]["state"] == "attached"


def test_a_signed_copy_is_a_pdf_or_an_image_and_every_document_was_handed_in() -> None:
    office = Office()
    id_ = office.drafted()
    text = office.document(id_, media_type=DOCX)

    refused = office.refused("attach_document", id_, {"document_id": text, "kind": "signed_copy"})
    unknown = office.refused("attach_document", id_, {"document_id": number(4), "kind": "letter"})

    assert (refused.slug, unknown.slug) == ("document-type-refused", "unknown-id")


# --- the register ---


def test_a_registered_agreement_gets_the_next_number_of_the_year_and_an_entry() -> None:
    office = Office()
    first = office.registered(start_on="2026-12-01")
    second = office.registered(parties=parties(KINSHASA))

    assert [office.state(id_).number for id_ in (first, second)] == ["ULB-2026-0001", "ULB-2026-0002"]
    assert office.documents["register_entries"] == {
        "2026-0001": {"_id": "2026-0001", "agreement_id": first, "kind": "mou", "registered_on": "2026-11-02"},
        "2026-0002": {"_id": "2026-0002", "agreement_id": second, "kind": "mou", "registered_on": "2026-11-02"},
    }
    fact = office.told[first][-1]
    assert isinstance(fact, Registered)
    assert (fact.number, fact.notice_on) == ("ULB-2026-0001", date(2031, 4, 30))


def test_an_agreement_whose_first_day_has_come_is_active_at_once() -> None:
    office = Office()
    later, now = office.at("registered"), office.at("active", parties=parties(TOKYO))

    assert [each.short_name() for each in office.told[later]][-1] == "registered"
    assert [each.short_name() for each in office.told[now]][-2:] == ["registered", "activated"]


def test_a2_a_refused_registration_leaves_no_gap() -> None:
    office = Office()
    refused, registered = office.signed(), office.signed(parties=parties(KINSHASA))
    office.block()

    office.refused("register_agreement", refused)
    office.done("register_agreement", registered)

    assert office.state(registered).number == "ULB-2026-0001"


def test_the_register_waits_for_a_signed_copy() -> None:
    office = Office()
    id_ = office.signing()
    for no in (1, 2):
        office.done("record_signature", id_, signature(no))

    refusal = office.refused("register_agreement", id_)
    copy = office.document(id_)
    office.done("attach_document", id_, {"document_id": copy, "kind": "signed_copy"}, OTHER_OFFICER)
    office.done("register_agreement", id_)

    assert refusal.slug == "signed-text-missing"
    assert refusal.reasons[0].text.fr == "L'enregistrement attend l'exemplaire signé."


def test_a16_an_iia_is_registered_when_both_institutions_approved_it() -> None:
    office = Office()
    terms = condition(last_academic_year="2028/2029")
    id_ = office.signed(kind="iia", end_on="2029-09-30", conditions=[terms])

    assert office.refused("register_agreement", id_).slug == "iia-not-mutually-approved"


def test_pol_19_is_asked_again_at_the_register() -> None:
    office = Office()
    id_ = office.signed(kind="framework")
    copies = office.documents["partner_copies"]

    for kind, home, slug in (
        ("ngo", "CM", "partner-not-academic"),
        ("public_authority", "CD", "political-body-in-agreement"),
        ("public_authority", "ZZ", "reference-not-known-yet"),
    ):
        copies[YAOUNDE] |= {"kind": kind, "country": home}
        assert office.refused("register_agreement", id_).slug == slug
