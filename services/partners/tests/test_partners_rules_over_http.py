"""Rules of the service's own routes and reactions on the real store, each by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from services.partners.tests.partner_house import House, row, spreadsheet
from services.partners.tests.partner_office import DIRECTOR, OFFICER, PROMOTER, agreement, university
from services.partners.tests.test_partners_service import registered_fact, slug

from chassis.mongo import Store
from chassis.parking import Parking
from chassis.reaction import Heard, NotKnownYet, Reactor
from contracts.agreement import AGREEMENT
from contracts.envelope import Envelope
from contracts.identifiers import IdentifierScheme, claim_key
from partners.imports import desk as imports
from partners.reactions import REACTIONS

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
LIST = spreadsheet([row("UNIVERSITE DE MONS", Erasmus_Code="B  MONS21")])


@pytest.fixture
async def house(database: Store, signing_keys: Path) -> AsyncIterator[House]:
    opened = await House.open(database, signing_keys)
    async with opened.client:
        yield opened


async def hand_in_form(house: House, **form: Any) -> Any:
    return await house.client.post("/api/v1/partners/imports/eche", headers=house.headers(OFFICER), **form)


async def test_imports_and_the_first_day_are_not_permitted_to_everybody(house: House) -> None:
    refused = [
        await house.hand_in(LIST, caller=PROMOTER),
        await house.get("partners/imports", caller=PROMOTER),
        await house.post("partners/initialise", caller=OFFICER),
    ]

    assert {(answer.status_code, slug(answer)) for answer in refused} == {(403, "not-permitted")}


async def test_a_run_that_never_was_is_an_unknown_id(house: House) -> None:
    for path in (f"partners/imports/{UNKNOWN}", f"partners/imports/{UNKNOWN}/rows"):
        assert slug(await house.get(path)) == "unknown-id"


async def test_a_list_that_is_too_large_is_refused_as_a_whole_and_as_a_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "FILE_LIMIT_BYTES", len(LIST) + 10)

    raw = await house.hand_in(LIST + b"0" * 20)
    beside = await hand_in_form(house, files={"file": ("eche.xlsx", LIST)}, data={"more": "0" * 100_000})

    assert (raw.status_code, slug(raw)) == (413, "too-large")
    assert (beside.status_code, slug(beside)) == (413, "too-large")


async def test_a_list_is_a_file_of_a_spreadsheet_type(house: House) -> None:
    missing = await hand_in_form(house, files={"other": ("eche.xlsx", LIST)})
    text = await house.client.post(
        "/api/v1/partners/imports/eche", content=b"a;b", headers=house.headers(OFFICER, Content_Type="text/csv")
    )

    assert slug(missing) == "invalid-input"
    assert missing.json()["errors"][0]["pointer"] == "/file"
    assert slug(text) == "media-type-not-supported"


async def test_what_stands_against_our_own_institution_is_said_on_the_first_day(house: House) -> None:
    key = claim_key(IdentifierScheme.ERASMUS, "B  BRUXEL04")
    await house.desk.store["identifier_claims"].insert_one({"_id": key, "partner_id": UNKNOWN})

    refused = await house.post("partners/initialise", caller=DIRECTOR)

    assert slug(refused) == "identifier-taken"


async def test_persons_are_not_shown_to_who_may_not_read_them_and_each_reading_is_logged(house: House) -> None:
    id_ = await house.registered(university())

    for part in ("contacts", "notes"):
        refused = await house.get(f"partners/{id_}/{part}", caller=PROMOTER, Access_Purpose="curiosity")
        read = await house.get(f"partners/{id_}/{part}", Access_Purpose="invitation")
        assert (refused.status_code, slug(refused)) == (403, "not-permitted")
        assert read.status_code == 200

    logged = await house.rows("access_log")
    assert sorted(str(each["what"]) for each in logged) == [f"partner/{id_}/contacts", f"partner/{id_}/notes"]


async def test_a_partner_becomes_active_only_when_the_copy_of_the_agreement_is_that_new(house: House) -> None:
    id_ = await house.registered(university())
    unsent = Parking("partners", house.desk.store, cast("Any", None), cast("Any", None))
    reactor = Reactor(house.desk, AGREEMENT, list(REACTIONS), unsent)
    envelope = Envelope("r-1", "t", "/passerelle/agreements", "agreement/1", datetime.now(UTC), 9, "k", "a", "c", 1)
    await house.desk.store["agreement_copies"].insert_one(agreement(id_, version=8))

    with pytest.raises(NotKnownYet):
        await reactor.once(REACTIONS[0], Heard(envelope, registered_fact(id_)))

    assert (await house.desk.load("partner", id_)).state.standing == "prospect"
