"""What decisions on partners and countries are tied to, and rules that no story meets on its way."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from services.partners.tests import country_cases, partner_cases
from services.partners.tests.partner_office import (
    COUNCIL,
    DECISION,
    GROUP,
    OFFICER,
    OTHER_OFFICER,
    PROMOTER,
    Office,
    named,
    university,
)
from tests.support.tables import DONE, Case
from tests.support.ties import ties

from chassis.decide import Caller
from contracts.roles import REA
from partners.country.bodies import EditCountry
from partners.partner import AGGREGATE
from partners.partner.bodies import EditContact, RegisterPartner
from partners.partner.standing_bodies import AmendBlock

TIED: dict[str, set[str]] = {
    "set_identifier": {"puts identifier_claims/schac:unilu.ac.cd"},
    "remove_identifier": {"frees identifier_claims/schac:unilu.ac.cd"},
    "attach_document": {"attaches <document_id>", "frees documents/<document_id>", "puts documents/<document_id>"},
    "stage_change": {"puts staged_changes/<staged_change_id>"},
    "assign_group": {"rests on committee_copies/<GROUP>"},
    "list_as_cooperation_country": {"rests on committee_copies/<COUNCIL>"},
}
"""What each command's decision conflicts on and takes with it; the commands that are not named here: nothing."""

GOING_WELL = [
    pytest.param(aggregate, opened, case, id=f"{aggregate} {case}")
    for aggregate, opened, cases in (
        ("partner", Office.open, partner_cases.CASES),
        ("country", country_cases.with_committees, country_cases.CASES),
    )
    for case in cases
    if case.slug == DONE
]


@pytest.mark.parametrize(("aggregate", "opened", "case"), GOING_WELL)
def test_a_decision_is_tied_to_what_it_rests_on(aggregate: str, opened: Any, case: Case[Office]) -> None:
    office: Office = opened()
    ask = case.arrange(office)

    taken = office.done(case.row, ask.body, id_=ask.id or "", caller=ask.caller, of=aggregate)

    expected = TIED.get(case.row, set())
    if case.row == "register_partner":
        own = ask.body["kind"] == "own_institution"
        expected = {f"puts identifier_claims/{'kind:own_institution' if own else 'schac:unilu.ac.cd'}"}
    answered = {str(value): name for name, value in taken.decision.answer.items()}
    assert ties(taken.decision, {COUNCIL: "COUNCIL", GROUP: "GROUP", **answered}, ask.body) == expected


def test_p1_an_identifier_that_takes_the_place_of_another_frees_it() -> None:
    office = Office.open()
    id_ = office.partner(identifiers=[{"scheme": "schac", "value": "unilu.ac.cd"}])

    taken = office.done("set_identifier", {"scheme": "schac", "value": "unilu.cd"}, id_=id_)
    office.done("register_partner", university("Autre", identifiers=[{"scheme": "schac", "value": "unilu.ac.cd"}]))

    assert ties(taken.decision, {}, {}) == {
        "frees identifier_claims/schac:unilu.ac.cd",
        "puts identifier_claims/schac:unilu.cd",
    }


def test_p1_an_acceptance_that_gives_another_identifier_frees_the_suggested_one() -> None:
    office = Office.open()
    id_ = office.partner("suggested")
    office.done("set_identifier", {"scheme": "schac", "value": "unikin.ac.cd"}, id_=id_)
    given = {"kind": "university", "identifiers": [{"scheme": "schac", "value": "unikin.cd"}]}

    taken = office.done("accept_suggestion", given, id_=id_)

    assert ties(taken.decision, {}, {}) == {
        "frees identifier_claims/schac:unikin.ac.cd",
        "puts identifier_claims/schac:unikin.cd",
    }


SCHAC_TWICE = [{"scheme": "schac", "value": "unilu.ac.cd"}, {"scheme": "schac", "value": "unilu.cd"}]


@pytest.mark.parametrize(
    ("model", "body", "said"),
    [
        (EditCountry, {"name": None}, "name cannot be taken away"),
        (EditCountry, {"languages": None}, "languages cannot be taken away"),
        (EditContact, {"contact_id": COUNCIL, "family_name": None}, "family_name cannot be taken away"),
        (RegisterPartner, university(identifiers=SCHAC_TWICE), "one identifier a scheme"),
        (AmendBlock, {"decision_ref": DECISION}, "scope or transition"),
    ],
)
def test_a_body_that_contradicts_itself_is_no_input(model: type[BaseModel], body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        model.model_validate(body)


def test_p10_who_made_every_referred_assessment_is_told_before_that_a_second_person_is_required() -> None:
    office = Office.open()
    id_ = office.partner()
    doubtful: dict[str, Any] = {
        "purpose": "conclusion",
        "q1_institution": "doubt",
        "q2_activities": "no",
        "note": {"fr": "Un doute."},
    }
    doubtful["subject_ref"] = {"type": "partner", "id": id_}
    office.done("record_rights_assessment", doubtful, id_=id_)
    row = AGGREGATE.command("record_referral_opinion")
    assert row.held is not None

    by_caller = {}
    for caller in (OFFICER, OTHER_OFFICER):
        context = office.context(row, None, id_, caller, "partner")
        by_caller[caller.subject] = [each.slug for each in row.held(office.state(id_), office.private(id_), context)]

    assert by_caller == {OFFICER.subject: ["second-person-required"], OTHER_OFFICER.subject: []}


def test_not_everybody_may_suggest_partner_or_add_country_or_edit_country() -> None:
    office = Office.open()
    suggestion = {"name": named("Université de Goma"), "country": "CD", "reason": "Un séminaire commun."}
    japan = {"iso2": "JP", "iso3": "JPN", "name": {"fr": "Japon", "en": "Japan"}}

    refused = [
        office.refused("suggest_partner", suggestion, caller=NOBODY),
        office.refused("add_country", japan, id_="JP", caller=PROMOTER, of="country"),
        office.refused("edit_country", {"languages": ["fr"]}, id_="CD", caller=PROMOTER, of="country"),
    ]

    assert {each.slug for each in refused} == {"not-permitted"}


NOBODY = Caller("reader-01", {REA: {}})
