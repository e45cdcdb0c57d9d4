"""Submission, reviews, rounds of text, advice."""

from __future__ import annotations

from typing import Any

import pytest
from services.agreements.tests.agreement_office import (
    COOPERATION,
    COUNCIL,
    DEVELOPING,
    DIRECTOR,
    KINSHASA,
    OFFICER,
    OLD_GROUP,
    PLATFORM,
    REASON,
    TODAY,
    TOKYO,
    YAOUNDE,
    Office,
    number,
    parties,
)

from contracts.agreement import AdviceRequested, Rejected, ReviewKind, ReviewRecorded, SubmittedForReview, Withdrawn
from contracts.types import LocalizedText

QUESTION = {"question": {"fr": "Que recommander ?"}}


def kinds(office: Office, id_: str) -> set[str]:
    return {str(review.kind) for review in office.state(id_).reviews}


# --- submission and reviews (POL-18) ---


def test_a_submission_names_the_reviews_that_the_agreement_needs() -> None:
    office = Office()
    id_ = office.drafted()

    taken = office.done("submit_for_review", id_)

    (fact,) = taken.facts
    assert isinstance(fact, SubmittedForReview)
    assert [review.kind for review in fact.reviews_required] == ["rights", "legal", "faculty"]
    assert {review.outcome for review in taken.state.reviews} == {"pending"}
    assert taken.state.state == "under_review"


@pytest.mark.parametrize(
    ("said", "submitted", "kind", "is_needed"),
    [
        ({}, {"standard_template": True}, "legal", False),
        ({"kind": "framework"}, {"standard_template": True}, "legal", True),
        ({"kind": "framework", "resources": {"level": "committed"}}, {}, "finance", True),
        ({"kind": "exchange"}, {}, "data_protection", True),
        ({"kind": "cotutelle"}, {}, "data_protection", True),
        ({"subject_areas": ["0533"]}, {}, "dual_use", True),
        ({"subject_areas": ["0921"]}, {}, "dual_use", False),
        ({"kind": "joint_degree"}, {}, "teaching", True),
    ],
)
def test_pol_18_a_review_is_required_by_what_the_agreement_is(
    said: dict[str, Any], submitted: dict[str, Any], kind: str, is_needed: bool
) -> None:
    office = Office()
    id_ = office.drafted(**said)

    office.done("submit_for_review", id_, submitted)

    assert (kind in kinds(office, id_)) is is_needed


def test_pol_18_a_doubt_about_the_activities_asks_for_the_dual_use_review() -> None:
    office = Office()
    id_ = office.drafted()
    office.assess(id_, outcome="referred", activities_doubtful=True)

    office.done("submit_for_review", id_)

    assert "dual_use" in kinds(office, id_)


def test_a_submission_says_who_promotes_and_what_is_committed() -> None:
    office = Office()
    id_ = office.drafted(promoter=None, resources=None)

    refusals = [office.refused("submit_for_review", id_, body) for body in ({}, {"promoter": "promoter-07"})]
    office.done("submit_for_review", id_, {"promoter": "promoter-07", "resources": {"level": "none"}})

    assert [(each.slug, each.reasons[0].pointer) for each in refusals] == [
        ("review-data-missing", "/promoter"),
        ("review-data-missing", "/resources"),
    ]
    assert office.state(id_).promoter == "promoter-07"


def test_a_specific_agreement_with_a_cooperation_country_names_a_goal() -> None:
    office = Office()
    framework = office.drafted(kind="framework")
    id_ = office.drafted(kind="specific", framework_id=framework, parties=parties(KINSHASA))

    refusal = office.refused("submit_for_review", id_)
    held = office.held("submit_for_review", id_)
    office.done("edit_agreement", id_, {"sdgs": [4]})
    office.done("submit_for_review", id_)

    assert (refusal.slug, refusal.reasons[0].pointer) == ("review-data-missing", "/sdgs")
    assert [each.slug for each in held] == ["review-data-missing"]


def test_a_submission_that_commits_resources_to_a_memorandum_is_refused() -> None:
    office = Office()
    id_ = office.drafted(resources=None)

    refusal = office.refused("submit_for_review", id_, {"resources": {"level": "committed"}})

    assert refusal.slug == "mou-commits-nothing"


@pytest.mark.parametrize(
    ("outcome", "review"), [("clear", "positive"), ("referred", "pending"), ("adverse", "negative")]
)
def test_a_rights_test_done_while_drafting_counts_when_the_agreement_is_submitted(outcome: str, review: str) -> None:
    office = Office()
    id_ = office.drafted()
    office.assess(id_, outcome=outcome)

    office.done("submit_for_review", id_)

    assert next(each for each in office.state(id_).reviews if each.kind == "rights").outcome == review


def test_a_review_is_told_without_its_note() -> None:
    office = Office()
    id_ = office.under_review()

    body = {"kind": "legal", "outcome": "positive_with_remarks", "note": "CANARY"}
    taken = office.done("record_review", id_, body)

    (fact,) = taken.facts
    assert isinstance(fact, ReviewRecorded)
    assert (fact.kind, fact.outcome, fact.on) == (ReviewKind.LEGAL, "positive_with_remarks", TODAY)
    assert "CANARY" not in str(taken.state) + str(taken.facts)
    assert taken.private.reviews[0].note == "CANARY"


def test_remarks_and_a_negative_outcome_need_a_note() -> None:
    office = Office()
    id_ = office.under_review()

    for outcome in ("positive_with_remarks", "negative"):
        body = {"kind": "legal", "outcome": outcome}
        assert office.refused("record_review", id_, body, DIRECTOR).slug == "remarks-need-note"


def test_a_review_that_was_not_asked_for_is_not_recorded() -> None:
    office = Office()
    id_ = office.under_review()

    refusal = office.refused("record_review", id_, {"kind": "teaching", "outcome": "positive"})

    assert refusal.slug == "review-not-required"


def test_the_rights_review_comes_from_the_partners_tests_only() -> None:
    office = Office()
    id_ = office.under_review()

    by_officer = office.refused("record_review", id_, {"kind": "rights", "outcome": "positive"})
    by_service = office.refused("record_review", id_, {"kind": "legal", "outcome": "positive"}, PLATFORM)
    office.done("record_review", id_, {"kind": "rights", "outcome": "positive"}, PLATFORM)

    assert (by_officer.slug, by_officer.members["roles"]) == ("not-permitted", ["service"])
    assert by_service.slug == "not-permitted"


def test_pol_18_pending_reviews_hold_negotiation_back_but_a_pending_rights_test_does_not() -> None:
    office = Office()
    id_ = office.under_review()

    refusal = office.refused("open_negotiation", id_)
    for kind in ("legal", "faculty"):
        office.done("record_review", id_, {"kind": kind, "outcome": "positive"})
    taken = office.done("open_negotiation", id_)

    assert (refusal.slug, refusal.rule) == ("reviews-pending", "POL-18")
    assert refusal.reasons[0].text.fr == "Examens en attente\u00a0: juridique, faculté."
    assert refusal.reasons[0].text.en == "Reviews still pending: legal, faculty."
    assert taken.state.state == "negotiating"


def test_a_negative_review_holds_negotiation_back() -> None:
    office = Office()
    id_ = office.under_review()
    for kind in ("legal", "faculty"):
        office.done("record_review", id_, {"kind": kind, "outcome": "negative", "note": "Clause nulle."})

    refusal = office.refused("open_negotiation", id_)

    assert refusal.slug == "review-negative"
    assert refusal.reasons[0].text.fr == "Examens défavorables\u00a0: juridique, faculté."


def test_pol_03_a_block_stops_every_step_forward() -> None:
    office = Office()
    draft, reviewed, negotiating = office.drafted(), office.under_review(), office.negotiating()
    office.block()

    assert office.refused("submit_for_review", draft).slug == "partner-blocked"
    assert "partner-blocked" in [each.slug for each in office.held("open_negotiation", reviewed)]
    assert office.refused("request_advice", negotiating, QUESTION).slug == "partner-blocked"


# --- rounds ---


def test_a_round_tells_its_direction_and_day_and_keeps_its_note() -> None:
    office = Office()
    id_ = office.negotiating()
    paper = office.document(id_)

    body = {"direction": "received", "on": "2026-10-30", "document_id": paper, "note": "CANARY"}
    taken = office.done("record_round", id_, body, COOPERATION)

    assert [(each.no, each.direction) for each in taken.state.rounds] == [(1, "received")]
    assert str(taken.facts[0].occurred_on) == "2026-10-30"
    assert "CANARY" not in str(taken.state) + str(taken.facts)
    assert office.documents["documents"][paper]["state"] == "attached"


def test_a_round_is_not_in_the_future_and_its_document_belongs_to_the_agreement() -> None:
    office = Office()
    id_, other = office.negotiating(), office.drafted()
    body = {"direction": "sent", "on": "2026-11-03", "document_id": office.document(id_)}

    early = office.refused("record_round", id_, body)
    foreign = office.refused("record_round", id_, body | {"on": "2026-11-02", "document_id": office.document(other)})

    assert early.slug == "round-date-in-future"
    assert (foreign.slug, foreign.reasons[0].pointer) == ("unknown-id", "/document_id")


# --- advice ---


def test_pol_07_a_request_goes_to_the_group_of_the_partners_country() -> None:
    office = Office()
    id_ = office.negotiating()

    taken = office.done("request_advice", id_, QUESTION)

    (fact,) = taken.facts
    assert isinstance(fact, AdviceRequested)
    assert (fact.committee_id, fact.countries, fact.partner_ids) == (DEVELOPING, ("CM",), (YAOUNDE,))
    assert fact.question == LocalizedText(fr="Que recommander ?")
    assert taken.state.state == "awaiting_advice"
    assert taken.state.pending_advice.request_id == fact.request_id


@pytest.mark.parametrize("partners", [(YAOUNDE, TOKYO), (TOKYO,)])
def test_pol_07_several_groups_or_none_in_office_go_to_the_council(partners: tuple[str, ...]) -> None:
    office = Office()
    id_ = office.negotiating(parties=parties(*partners))

    office.done("request_advice", id_, QUESTION)

    pending = office.state(id_).pending_advice
    assert pending is not None
    assert pending.committee_id == COUNCIL


def test_pol_07_without_any_committee_in_office_nobody_is_competent() -> None:
    office = Office()
    id_ = office.negotiating()
    office.documents["committee_copies"] = {}

    refusal = office.refused("request_advice", id_, QUESTION)

    assert (refusal.slug, refusal.rule) == ("no-competent-committee", "POL-07")
    assert refusal.reasons[0].text.fr == "Aucun comité en fonction n'est compétent pour Cameroun au 2 novembre 2026."
    assert refusal.reasons[0].text.en == "No committee in office is competent for Cameroon on 2 November 2026."


def test_another_committee_than_the_competent_one_is_asked_for_a_reason_only() -> None:
    office = Office()
    id_ = office.negotiating()

    unexplained = office.refused("request_advice", id_, QUESTION | {"committee_id": COUNCIL})
    ended = office.refused("request_advice", id_, QUESTION | {"committee_id": OLD_GROUP, "reason": {"fr": "Asie"}})
    unknown = office.refused("request_advice", id_, QUESTION | {"committee_id": number(4), "reason": {"fr": "?"}})
    reason = {"fr": "Le dossier engage toute l'université."}
    taken = office.done("request_advice", id_, QUESTION | {"committee_id": COUNCIL, "reason": reason}, DIRECTOR)

    assert unexplained.slug == ended.slug == "no-competent-committee"
    assert "Groupe des pays en développement" in unexplained.reasons[0].text.fr
    assert unknown.slug == "reference-not-known-yet"
    (fact,) = taken.facts
    assert isinstance(fact, AdviceRequested)
    assert fact.competence_reason == LocalizedText.model_validate(reason)


def test_competence_waits_for_a_country_that_is_not_known_yet() -> None:
    office = Office()
    id_ = office.negotiating()
    del office.documents["country_copies"]["CM"]

    assert office.refused("request_advice", id_, QUESTION).slug == "reference-not-known-yet"


def test_a18_there_is_one_open_request_at_a_time() -> None:
    office = Office()
    id_ = office.awaiting_advice()

    refusal = office.refused("request_advice", id_, QUESTION)

    assert refusal.slug == "advice-already-requested"
    assert refusal.reasons[0].text.en == "Advice was requested on 2 November 2026 already."


def test_advice_given_is_recorded_once_under_its_request() -> None:
    office = Office()
    id_ = office.awaiting_advice()
    advice = office.advice(id_, "favourable_with_conditions", asking=2)

    wrong = office.refused("record_advice", id_, advice | {"request_id": number(4)}, PLATFORM)
    taken = office.done("record_advice", id_, advice, PLATFORM)

    assert wrong.slug == "unknown-id"
    assert taken.state.state == "negotiating"
    assert taken.state.pending_advice is None
    assert [each.no for each in taken.state.advice[0].conditions] == [1, 2]


def test_a_request_is_withdrawn_with_a_reason() -> None:
    office = Office()
    id_ = office.awaiting_advice()

    taken = office.done("withdraw_advice_request", id_, REASON, DIRECTOR)

    assert [fact.short_name() for fact in taken.facts] == ["advice_request_withdrawn"]
    assert (taken.state.state, taken.state.pending_advice) == ("negotiating", None)


def test_a_condition_is_answered_and_the_answer_stays_with_the_office() -> None:
    office = Office()
    id_ = office.advised("favourable_with_conditions", asking=2)
    request_id = office.state(id_).advice[0].request_id

    body = {"request_id": request_id, "answers": [{"no": 2, "text": {"fr": "CANARY"}}]}
    taken = office.done("answer_advice_conditions", id_, body, OFFICER)
    unknown = office.refused("answer_advice_conditions", id_, body | {"request_id": number(4)})

    assert [each.answered_on for each in taken.state.advice[0].conditions] == [None, TODAY]
    assert "CANARY" not in str(taken.state) + str(taken.facts)
    assert taken.private.answers[0].text.fr == "CANARY"
    assert (unknown.slug, unknown.reasons[0].pointer) == ("advice-condition-unknown", "/answers/0/no")


def test_nothing_is_to_be_answered_where_no_advice_sets_conditions() -> None:
    office = Office()
    negotiated = office.at("negotiating")
    conditioned = office.advised("favourable_with_conditions", asking=1)

    assert [each.slug for each in office.held("answer_advice_conditions", negotiated)] == ["advice-condition-unknown"]
    assert office.held("answer_advice_conditions", conditioned) == []


@pytest.mark.parametrize(
    ("command", "body"), [("withdraw_agreement", REASON), ("reject_agreement", {"reason": {"fr": "Non."}})]
)
def test_a_file_that_ends_while_advice_is_asked_for_ends_the_request(command: str, body: dict[str, Any]) -> None:
    office = Office()
    id_ = office.awaiting_advice()
    pending = office.state(id_).pending_advice
    assert pending is not None

    taken = office.done(command, id_, body, OFFICER if command == "withdraw_agreement" else DIRECTOR)

    (fact,) = taken.facts
    assert isinstance(fact, Rejected | Withdrawn)
    assert fact.request_id == pending.request_id
    assert taken.state.pending_advice is None
    assert taken.state.ending.on == TODAY
