"""The table as a whole: where each command is offered, to whom, and what every refusal says."""

from __future__ import annotations

from typing import Any

import pytest
from services.agreements.tests.agreement_cases import CASES
from services.agreements.tests.agreement_office import (
    BUILT,
    DIRECTOR,
    OFFICER,
    READER,
    REASON,
    YAOUNDE,
    Office,
    condition,
    draft,
    number,
    signature,
)

from agreements.agreement import AGGREGATE
from chassis.decide import Refusal
from chassis.problems import GENERAL
from chassis.taking import Taken

SOME_ID = number(77)
BODIES: dict[str, dict[str, Any]] = {
    "edit_agreement": {"sdgs": [4]},
    "set_conditions": {"conditions": [condition()]},
    "submit_for_review": {},
    "record_review": {"kind": "legal", "outcome": "positive"},
    "open_negotiation": {},
    "record_round": {"direction": "sent", "on": "2026-11-02", "document_id": SOME_ID},
    "request_advice": {"question": {"fr": "Que recommander ?"}},
    "record_advice": {
        "request_id": SOME_ID,
        "committee_id": SOME_ID,
        "meeting_id": SOME_ID,
        "item_id": SOME_ID,
        "outcome": "favourable",
        "given_on": "2026-11-02",
    },
    "withdraw_advice_request": REASON,
    "answer_advice_conditions": {"request_id": SOME_ID, "answers": [{"no": 1, "text": {"fr": "Oui."}}]},
    "approve_agreement": {},
    "reject_agreement": {"reason": {"fr": "Non."}},
    "withdraw_agreement": REASON,
    "open_signing": {
        "document_id": SOME_ID,
        "languages": ["fr"],
        "signatures": [{"party_no": 1, "signatory_name": "A", "signatory_function": "B"}],
    },
    "record_signature": signature(),
    "reopen_negotiation": REASON,
    "register_agreement": {},
    "assign_officer": {"responsible_officer": "officer-02"},
    "attach_document": {"document_id": SOME_ID, "kind": "letter"},
    "follow_partner_block": {"partner_id": YAOUNDE},
}
NOT_LISTED = [
    (row.name, state)
    for row in AGGREGATE.commands
    if not row.creates
    for state in BUILT
    if state not in row.from_states
]


def test_the_table_has_a_body_here_for_every_command_that_changes() -> None:
    assert [row.name for row in AGGREGATE.commands] == ["draft_agreement", *BODIES]


@pytest.mark.parametrize(("command", "state"), NOT_LISTED)
def test_a_command_is_refused_in_a_state_that_its_row_does_not_list(command: str, state: str) -> None:
    office = Office()
    id_ = office.at(state)
    before = office.state(id_)

    refusal = office.refused(command, id_, BODIES[command])

    assert refusal.slug == "transition-not-allowed"
    assert refusal.members["state"] == state
    assert refusal.members["allowed_commands"] == AGGREGATE.offered(state)
    assert office.state(id_) == before


@pytest.mark.parametrize("command", ["draft_agreement", *BODIES])
def test_a_command_is_refused_to_who_has_none_of_its_roles_and_names_them(command: str) -> None:
    office, row = Office(), AGGREGATE.command(command)
    state = next((name for name in BUILT if name in row.from_states), None)
    id_ = office.at(state) if state else None

    refusal = office.refused(command, id_, {"draft_agreement": draft(), **BODIES}[command], READER)

    assert refusal.slug == "not-permitted"
    assert refusal.members["roles"] == [str(role) for role in row.roles]


@pytest.mark.parametrize("command", [row.name for row in AGGREGATE.commands if row.held])
def test_a_person_who_asks_what_may_be_done_gets_an_answer_in_every_state_of_the_row(command: str) -> None:
    row = AGGREGATE.command(command)
    for state in BUILT:
        if state in row.from_states:
            office = Office()
            id_ = office.at(state)
            assert all(
                each.slug in row.refusals or each.slug in GENERAL for each in office.held(command, id_, DIRECTOR)
            )


def test_there_is_a_case_for_every_command_and_every_refusal_of_the_table() -> None:
    listed = {(row.name, slug) for row in AGGREGATE.commands for slug in ("", *row.refusals)}

    assert set(CASES) == listed


@pytest.mark.parametrize(("command", "slug"), CASES)
def test_each_command_is_taken_or_refused_as_its_row_says(command: str, slug: str) -> None:
    office = Office()
    id_, body, caller = CASES[command, slug](office)
    before = office.agreements.get(id_ or "")

    outcome = office.take(command, id_, body, caller)

    if slug:
        assert isinstance(outcome, Refusal)
        assert outcome.slug == slug
        assert all(reason.text.fr != reason.text.en for reason in outcome.reasons)
        assert office.agreements.get(id_ or "") is before
    else:
        assert isinstance(outcome, Taken), outcome
        row = AGGREGATE.command(command)
        assert outcome.facts
        assert str(outcome.state.state) in (row.to or (str(before.state.state) if before else "",))


def test_every_refusal_of_the_table_has_a_title_in_both_languages() -> None:
    slugs = {slug for row in AGGREGATE.commands for slug in row.refusals}

    for slug in slugs - set(GENERAL):
        assert AGGREGATE.problems[slug].fr
        assert AGGREGATE.problems[slug].en
    assert set(AGGREGATE.problems) <= slugs


def test_an_officer_is_assigned_in_every_state_and_naming_the_same_one_changes_nothing() -> None:
    office = Office()
    id_ = office.at("active")

    assigned = office.done("assign_officer", id_, {"responsible_officer": "officer-02"}, DIRECTOR)
    again = office.done("assign_officer", id_, {"responsible_officer": "officer-02"}, OFFICER)

    assert [fact.short_name() for fact in assigned.facts] == ["officer_assigned"]
    assert office.state(id_).responsible_officer == "officer-02"
    assert again.facts == ()
