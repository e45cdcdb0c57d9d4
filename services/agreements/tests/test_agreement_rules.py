"""Rules that no story meets on its way, each by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from services.agreements.tests.agreement_cases import CASES
from services.agreements.tests.agreement_office import COUNCIL, OLD_GROUP, YAOUNDE, Office, signature
from services.agreements.tests.agreements_house import Agreements, house
from services.agreements.tests.test_agreements_service import assessed, blocked, copy_of_the_block
from tests.support.ties import ties

from agreements.agreement import AGGREGATE
from agreements.agreement.bodies import OpenSigning
from chassis.mongo import Store
from chassis.reaction import NotKnownYet

PARTNER = "rests on partner_copies/<YAOUNDE>"
RIGHTS = "guard rights:<id>"
TIED = {
    "draft_agreement": {PARTNER},
    "edit_agreement": {PARTNER},
    "submit_for_review": {PARTNER, RIGHTS},
    "open_negotiation": {PARTNER},
    "record_round": {"attaches <document_id>"},
    "request_advice": {PARTNER, "rests on country_copies/CM"},
    "approve_agreement": {PARTNER, RIGHTS},
    "open_signing": {PARTNER, RIGHTS, "attaches <document_id>"},
    "record_signature": {PARTNER, "attaches <document_id>"},
    "register_agreement": {PARTNER, RIGHTS, "puts register_entries/2026-0001"},
    "attach_document": {"attaches <document_id>"},
}
"""What each command's decision conflicts on and takes with it; the commands that are not named here: nothing."""


@pytest.fixture
async def agreements(database: Store, signing_keys: Path) -> AsyncIterator[Agreements]:
    async with house(database, signing_keys) as opened:
        yield opened
    await database.drop_database()


@pytest.mark.parametrize("command", [row.name for row in AGGREGATE.commands])
def test_a_decision_is_tied_to_what_it_rests_on(command: str) -> None:
    office = Office()
    id_, body, caller = CASES[command, ""](office)
    if command == "record_signature":
        body = signature(document_id=office.document(str(id_)))

    taken = office.done(command, id_, body, caller)

    known = {YAOUNDE: "YAOUNDE", taken.state.id: "id"}
    assert ties(taken.decision, known, body) == TIED.get(command, set())


def test_pol_07_where_nobody_is_competent_another_committee_is_no_competent_committee_without_a_reason() -> None:
    office = Office()
    id_ = office.negotiating()
    ended = office.documents["committee_copies"][OLD_GROUP]
    for copy in office.documents["committee_copies"].values():
        copy["in_office"] = ended["in_office"]
    office.documents["committee_copies"][COUNCIL] |= {"kind": "board", "in_office": {"from": "2019-01-01"}}
    asked = {"question": {"fr": "Que recommander ?"}, "committee_id": COUNCIL}

    refusal = office.refused("request_advice", id_, asked)
    office.done("request_advice", id_, asked | {"reason": {"fr": "Le seul comité en fonction."}})

    assert (refusal.slug, refusal.rule) == ("no-competent-committee", "POL-07")
    assert "Cameroun" in refusal.reasons[0].text.fr


def test_a_signature_is_asked_of_a_party_only_any_other_is_an_unknown_id() -> None:
    office = Office()
    id_ = office.approved()
    opening = office.opening(id_)
    stranger = {"party_no": 9, "signatory_name": "Personne", "signatory_function": "Recteur"}

    refusal = office.refused("open_signing", id_, opening | {"signatures": [*opening["signatures"], stranger]})

    assert refusal.slug == "unknown-id"
    assert refusal.reasons[0].pointer == "/signatures/2/party_no"


def test_the_authentic_language_is_one_of_the_languages() -> None:
    office = Office()
    opening: dict[str, Any] = office.opening(office.approved())

    assert OpenSigning.model_validate(opening | {"authentic_language": "en"}).authentic_language == "en"
    with pytest.raises(ValidationError, match="one of the languages"):
        OpenSigning.model_validate(opening | {"authentic_language": "nl"})


async def test_a_block_is_followed_only_when_the_copy_of_the_partner_is_that_new(agreements: Agreements) -> None:
    office = Office()
    id_ = office.registered()
    await agreements.move_in(office)

    with pytest.raises(NotKnownYet):
        await agreements.hear(blocked(version=2), YAOUNDE, "the block")
    waiting = str((await agreements.state(id_)).state)
    await copy_of_the_block(agreements, version=2)
    await agreements.hear(blocked(version=2), YAOUNDE, "the block")

    assert waiting == "active"
    assert (await agreements.state(id_)).state == "in_transition"


async def test_a11_a_rights_test_that_arrives_touches_what_decisions_on_rights_tests_touch(
    agreements: Agreements,
) -> None:
    office = Office()
    id_ = office.negotiating()
    await agreements.move_in(office)

    await agreements.hear(assessed(id_), YAOUNDE)

    guards = await agreements.store["guards"].find({}).to_list(10)
    assert [each["_id"] for each in guards] == [f"rights:{id_}"]
