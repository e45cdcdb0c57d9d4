"""Draft, edit, conditions: who may be a party and what may be said."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from services.agreements.tests.agreement_office import (
    AFRICA_OFFICER,
    COOPERATION,
    EMBASSY,
    KINSHASA,
    MINISTRY,
    NGO,
    OFFICER,
    OWN,
    TOKYO,
    YAOUNDE,
    Office,
    condition,
    draft,
    number,
    parties,
    promoter,
)

from agreements.agreement.bodies import DraftAgreement, EditAgreement
from contracts.agreement import ConditionsSet, Edited
from contracts.types import Change

FRAMEWORK = {"kind": "framework"}
SPECIFIC = {"kind": "specific"}
EXCHANGE = {"kind": "exchange"}


def test_a_draft_tells_its_terms_and_keeps_its_resources_and_author_to_the_office() -> None:
    office = Office()

    taken = office.done("draft_agreement", None, draft(resources={"level": "none", "note": {"fr": "CANARY"}}))

    assert [fact.short_name() for fact in taken.facts] == ["drafted"]
    assert taken.state.state == "draft"
    assert taken.state.lineage_id == taken.state.id
    assert [party.no for party in taken.state.parties] == [1, 2]
    assert taken.state.plurality == "bilateral"
    assert (taken.state.notice_months, taken.state.notice_on.isoformat()) == (6, "2031-04-30")
    assert taken.private.created_by == OFFICER.subject
    assert "CANARY" not in str(taken.state) + str(taken.facts)


def test_a_promoter_drafts_and_edits_files_of_their_own_only() -> None:
    office = Office()

    taken = office.done("draft_agreement", None, draft(), promoter())
    refusal = office.refused("edit_agreement", taken.state.id, {"sdgs": [4]}, promoter("promoter-08"))
    office.done("edit_agreement", taken.state.id, {"sdgs": [4]}, promoter())

    assert refusal.slug == "not-permitted"


def test_the_africa_officer_drafts_with_partners_in_africa_only() -> None:
    office = Office()

    office.done("draft_agreement", None, draft(), AFRICA_OFFICER)
    refusal = office.refused("draft_agreement", None, draft(parties=parties(TOKYO)), AFRICA_OFFICER)

    assert refusal.slug == "not-permitted"


def test_a1_an_agreement_has_exactly_one_party_of_our_own() -> None:
    office = Office()
    for named in (
        [{"partner_id": YAOUNDE, "role": "partner"}, {"partner_id": KINSHASA, "role": "partner"}],
        [{"partner_id": YAOUNDE, "role": "own"}, {"partner_id": KINSHASA, "role": "partner"}],
    ):
        assert office.refused("draft_agreement", None, draft(parties=named)).slug == "own-party-missing"


def test_a1_no_partner_is_named_twice() -> None:
    refusal = Office().refused("draft_agreement", None, draft(parties=parties(YAOUNDE, YAOUNDE)))

    assert refusal.slug == "party-duplicate"
    assert "Yaoundé" in refusal.reasons[0].text.fr


def test_an_unknown_partner_is_asked_for_again_in_a_moment() -> None:
    refusal = Office().refused("draft_agreement", None, draft(parties=parties(number(4_040))))

    assert refusal.slug == "reference-not-known-yet"
    assert refusal.members == {"retry_after_seconds": 1, "references": [f"partner/{number(4_040)}"]}


@pytest.mark.parametrize(
    ("standing", "fr"), [("suggested", "proposée"), ("archived", "archivée"), ("merged", "fusionnée")]
)
def test_a_partner_that_is_no_partner_yet_or_any_more_cannot_be_a_party(standing: str, fr: str) -> None:
    office = Office()
    office.documents["partner_copies"][YAOUNDE]["standing"] = standing

    refusal = office.refused("draft_agreement", None, draft())

    assert refusal.slug == "partner-not-usable"
    assert fr in refusal.reasons[0].text.fr


def test_pol_03_a_blocked_partner_takes_no_new_agreement() -> None:
    office = Office()
    office.block()

    refusal = office.refused("draft_agreement", None, draft())

    assert (refusal.slug, refusal.rule, refusal.refs) == ("partner-blocked", "POL-03", {"partners": [YAOUNDE]})
    assert refusal.reasons[0].text.fr == (
        "Collaborations institutionnelles suspendues avec Université de Yaoundé I depuis le 2 novembre 2026 "
        "(VR 2026/31). Les relations académiques individuelles restent possibles."
    )
    assert refusal.reasons[0].text.en == (
        "Institutional partnerships with Université de Yaoundé I are blocked since 2 November 2026 (VR 2026/31). "
        "Individual academic relations remain possible."
    )


def test_pol_03_says_nothing_of_individuals_when_they_are_blocked_too() -> None:
    office = Office()
    office.block(scope="institutional_and_individual")

    refusal = office.refused("draft_agreement", None, draft())

    assert refusal.reasons[0].text.en.endswith("(VR 2026/31).")


def test_pol_17_a_memorandum_commits_no_resources() -> None:
    resources = {"level": "committed", "amount": {"amount": "100.00", "currency": "EUR"}}

    refusal = Office().refused("draft_agreement", None, draft(resources=resources))

    assert (refusal.slug, refusal.rule) == ("mou-commits-nothing", "POL-17")
    assert refusal.reasons[0].text.fr == (
        "Un protocole d'intention n'engage pas de moyens\u00a0; utilisez une convention spécifique."
    )


def test_pol_19_a_partner_of_a_framework_agreement_is_academic() -> None:
    office = Office()

    refusal = office.refused("draft_agreement", None, draft(kind="framework", parties=parties(NGO)))
    office.done("draft_agreement", None, draft(kind="mou", parties=parties(NGO)))
    associate = [*parties(YAOUNDE), {"partner_id": NGO, "role": "associate"}]
    office.done("draft_agreement", None, draft(kind="framework", parties=associate))

    assert (refusal.slug, refusal.rule) == ("partner-not-academic", "POL-19")
    assert refusal.reasons[0].text.en == (
        "Médecins sans vacances is not a university or research institution: an agreement of this kind is concluded "
        "with academic partners."
    )


def test_pol_19_no_agreement_with_a_political_body_where_we_cooperate() -> None:
    office = Office()

    refusal = office.refused("draft_agreement", None, draft(kind="framework", parties=parties(MINISTRY)))

    assert (refusal.slug, refusal.rule) == ("political-body-in-agreement", "POL-19")
    assert refusal.reasons[0].text.fr == (
        "Ministère du Plan relève des autorités politiques\u00a0: aucune convention n'est conclue avec les régimes des "
        "pays où nous travaillons (Congo (RDC)). Les contacts diplomatiques se notent comme représentation."
    )


def test_pol_19_an_embassy_may_sign_a_memorandum_where_we_do_not_cooperate() -> None:
    office = Office()

    office.done("draft_agreement", None, draft(parties=parties(TOKYO, EMBASSY)))
    refusal = office.refused("draft_agreement", None, draft(parties=parties(KINSHASA, EMBASSY)))

    assert refusal.slug == "political-body-in-agreement"


def test_pol_19_waits_for_a_country_that_is_not_known_yet() -> None:
    office = Office()
    del office.documents["country_copies"]["JP"]

    refusal = office.refused("draft_agreement", None, draft(parties=parties(EMBASSY)))

    assert refusal.members["references"] == ["country/JP"]


def test_a_specific_agreement_names_a_framework_agreement() -> None:
    office = Office()
    framework, memorandum = office.drafted(**FRAMEWORK), office.drafted()

    for named in ({}, {"framework_id": memorandum}, {"framework_id": number(4_040)}):
        assert office.refused("draft_agreement", None, draft(**SPECIFIC, **named)).slug == "framework-required"
    office.done("draft_agreement", None, draft(**SPECIFIC, framework_id=framework))


def test_an_inter_institutional_agreement_has_two_parties_and_a_year_of_notice() -> None:
    office = Office()

    refusal = office.refused("draft_agreement", None, draft(kind="iia", parties=parties(YAOUNDE, TOKYO)))
    taken = office.done("draft_agreement", None, draft(kind="iia", notice_months=3))

    assert refusal.slug == "iia-needs-two-parties"
    assert taken.state.notice_months == 12
    assert taken.state.iia.own_iia_id == taken.state.lineage_id


def test_a10_a_live_agreement_of_the_same_kind_and_parties_is_not_doubled() -> None:
    office = Office()
    first = office.registered()

    refusal = office.refused("draft_agreement", None, draft())
    office.done("draft_agreement", None, draft(start_on="2031-11-01", end_on="2032-10-31"))
    office.done("draft_agreement", None, draft(kind="framework"))
    office.done("draft_agreement", None, draft(parties=parties(YAOUNDE, TOKYO)))

    assert refusal.slug == "overlapping-agreement"
    assert refusal.members == {"agreement_id": first}
    assert "31 octobre 2031 (ULB-2026-0001)" in refusal.reasons[0].text.fr


# --- edit ---


def test_an_edit_tells_what_changed_and_a_private_term_without_its_value() -> None:
    office = Office()
    id_ = office.drafted()
    resources = {"level": "none", "note": {"fr": "CANARY"}}

    taken = office.done("edit_agreement", id_, {"end_on": "2029-01-31", "sdgs": [4], "resources": resources})

    (fact,) = taken.facts
    assert isinstance(fact, Edited)
    changed = (
        Change(pointer="/resources"),
        Change(pointer="/end_on", new="2029-01-31"),
        Change(pointer="/sdgs", new=[4]),
    )
    assert fact.changes == changed
    assert taken.state.notice_on.isoformat() == "2028-07-31"
    assert taken.private.resources.note.fr == "CANARY"


def test_an_edit_that_changes_nothing_tells_nothing() -> None:
    office = Office()
    id_ = office.drafted()

    taken = office.done("edit_agreement", id_, {"end_on": "2031-10-31"})

    assert taken.facts == ()
    assert taken.state.version == 1


def test_a_term_is_emptied_by_null_where_it_may_be_empty() -> None:
    office = Office()
    id_ = office.drafted()

    taken = office.done("edit_agreement", id_, {"renewal_mode": None, "notice_months": None}, COOPERATION)

    assert taken.state.renewal_mode is None
    assert taken.state.notice_months == 6
    with pytest.raises(ValidationError, match="cannot be emptied"):
        EditAgreement.model_validate({"title": None})


def test_a_party_keeps_its_number_and_a_new_one_gets_the_next() -> None:
    office = Office()
    id_ = office.drafted(parties=parties(YAOUNDE, KINSHASA))

    taken = office.done("edit_agreement", id_, {"parties": parties(TOKYO, KINSHASA)})

    assert [(party.no, party.partner_id) for party in taken.state.parties] == [(1, OWN), (4, TOKYO), (3, KINSHASA)]


def test_the_rules_of_drafting_hold_for_the_terms_as_they_would_stand() -> None:
    office = Office()
    blocked, academic = office.drafted(), office.drafted(kind="framework")
    office.block()

    refusals: list[tuple[str, dict[str, Any]]] = [
        ("partner-blocked", {"sdgs": [4]}),
        ("party-duplicate", {"parties": parties(TOKYO, TOKYO)}),
        ("own-party-missing", {"parties": parties(TOKYO)[1:] + parties(KINSHASA)[1:]}),
        ("mou-commits-nothing", {"parties": parties(TOKYO), "resources": {"level": "committed"}}),
        ("political-body-in-agreement", {"parties": parties(MINISTRY)}),
        ("reference-not-known-yet", {"parties": parties(number(4_040))}),
    ]

    for slug, body in refusals:
        assert office.refused("edit_agreement", blocked, body).slug == slug
    assert office.refused("edit_agreement", academic, {"parties": parties(NGO)}).slug == "partner-not-academic"
    office.done("edit_agreement", blocked, {"parties": parties(TOKYO)})


def test_days_in_the_wrong_order_are_wrong_input() -> None:
    with pytest.raises(ValidationError, match="start_on"):
        DraftAgreement.model_validate(draft(end_on="2026-10-31"))


# --- mobility conditions ---


def test_conditions_are_numbered_and_told_whole() -> None:
    office = Office()
    id_ = office.drafted(**EXCHANGE)
    staff = condition(mobility_kind="staff_teaching", blended=None, total_days_per_year="7.5")

    taken = office.done("set_conditions", id_, {"conditions": [condition(), staff]})

    (fact,) = taken.facts
    assert isinstance(fact, ConditionsSet)
    assert [each.no for each in fact.conditions] == [1, 2]
    assert taken.state.conditions == fact.conditions


def test_only_exchange_agreements_carry_conditions() -> None:
    office = Office()
    id_ = office.drafted()

    refusal = office.refused("set_conditions", id_, {"conditions": [condition()]})

    assert refusal.slug == "conditions-not-for-kind"
    assert [each.slug for each in office.held("set_conditions", id_)] == ["conditions-not-for-kind"]


@pytest.mark.parametrize(
    ("member", "changes"),
    [
        ("sending_party", {"sending_party": 2}),
        ("sending_party", {"receiving_party": 9}),
        ("last_academic_year", {"last_academic_year": "2025/2026"}),
        ("first_academic_year", {"first_academic_year": "2024/2025"}),
        ("first_academic_year", {"last_academic_year": "2033/2034"}),
        ("mobilities_per_year", {"mobilities_per_year": None}),
        ("blended", {"blended": None}),
        ("blended", {"mobility_kind": "staff_training"}),
        ("eqf_levels", {"mobility_kind": "staff_training", "blended": None, "eqf_levels": [6]}),
        ("total_months_per_year", {"total_days_per_year": "5"}),
    ],
)
def test_a13_a14_an_incomplete_condition_is_pointed_at(member: str, changes: dict[str, Any]) -> None:
    office = Office()
    id_ = office.drafted(**EXCHANGE)

    refusal = office.refused("set_conditions", id_, {"conditions": [condition(), condition(**changes)]})

    assert refusal.slug == "condition-incomplete"
    assert [each.pointer for each in refusal.reasons] == [f"/conditions/1/{member}"]


def test_a13_the_years_of_a_condition_reach_one_year_beyond_the_agreement() -> None:
    office = Office()
    id_ = office.drafted(**EXCHANGE)
    widest = condition(first_academic_year="2025/2026", last_academic_year="2032/2033")

    office.done("set_conditions", id_, {"conditions": [widest]})

    assert office.state(id_).conditions[0].last_academic_year == "2032/2033"
