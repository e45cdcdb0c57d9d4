"""Partners on the real store, over HTTP: the first day, imports, private reads, and rules under race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from services.partners.tests.partner_house import House, row, spreadsheet
from services.partners.tests.partner_office import (
    ADVISER,
    DIRECTOR,
    OFFICER,
    OTHER_OFFICER,
    PROMOTER,
    agreement,
    named,
    university,
)

from chassis.decide import Caller
from chassis.mongo import Row, Store
from chassis.parking import Parking
from chassis.reaction import Heard, NotKnownYet, Reactor
from contracts.agreement import AGREEMENT, AgreementParty, Registered
from contracts.envelope import Envelope
from contracts.partner import Standing
from contracts.roles import OPS, REA
from partners.imports.eche import read
from partners.imports.plan import SHOWN_LIMIT
from partners.imports.run import ROWS, begin
from partners.initialise import listed_countries
from partners.reactions import REACTIONS

OPERATOR = Caller("ops-01", {OPS: {}})
READER = Caller("reader-01", {REA: {}})
ASSESSMENT = {"purpose": "conclusion", "q1_institution": "no", "q2_activities": "no"}


@pytest.fixture
async def house(database: Store, signing_keys: Path) -> AsyncIterator[House]:
    opened = await House.open(database, signing_keys)
    async with opened.client:
        yield opened


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).rsplit(":", 1)[-1]


# --- the first day ---


async def test_an_empty_office_gets_its_institution_and_every_country_once(house: House) -> None:
    first = await house.post("partners/initialise", caller=OPERATOR)
    assert first.json()["countries"] == {"added": 250, "present": 0}
    again = await house.post("partners/initialise", caller=DIRECTOR)
    assert again.json()["countries"] == {"added": 0, "present": 250}
    assert not again.json()["own_institution"]["registered"]
    own = (await house.desk.load("partner", first.json()["own_institution"]["id"])).state
    assert (own.kind, own.identifier("erasmus")) == ("own_institution", "B  BRUXEL04")
    cameroon = (await house.desk.load("country", "CM")).state
    assert (cameroon.name.fr, cameroon.name.en, cameroon.region) == ("Cameroun", "Cameroon", "Africa")
    assert len(await house.rows("outbox")) == 251
    refused = await house.post("partners/initialise", caller=OFFICER)
    assert (refused.status_code, refused.json()["roles"]) == (403, ["director", "ops"])


def test_the_countries_are_those_of_iso_and_kosovo() -> None:
    countries = listed_countries()
    assert len({body.iso2 for body in countries}) == len({body.iso3 for body in countries}) == 250
    numbers = [body.m49 for body in countries if body.m49]
    assert len(set(numbers)) == len(numbers) == 249
    assert [body.iso2 for body in countries if body.region is None] == ["AQ"]
    assert all(body.languages for body in countries if body.iso2 not in {"AQ", "BV", "HM"})


async def test_our_own_institution_is_ours_to_change_however_many_agreements_name_it(house: House) -> None:
    own = (await house.post("partners/initialise", caller=OPERATOR)).json()["own_institution"]["id"]
    copies = [agreement(own, "exchange", "own", _id=f"a{number}") for number in range(1_500)]
    await house.desk.store["agreement_copies"].insert_many(copies)

    offered = await house.get(f"partners/{own}/commands")
    removed = await house.command(own, "remove-identifier", {"scheme": "ror", "reason": "x"})

    assert (offered.status_code, removed.status_code) == (200, 200), removed.text


# --- rules under race ---


async def test_two_who_claim_one_identifier_do_not_both_get_it(house: House) -> None:
    """P1."""
    code = [{"scheme": "schac", "value": "unilu.ac.cd"}]
    names = ("Université de Lubumbashi", "Institut de Kolwezi", "École du Katanga", "Polytechnique de Likasi")
    bodies = [university(name, identifiers=code) for name in names]
    answers = await asyncio.gather(*(house.post("partners", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"identifier-taken"}
    assert len(await house.rows("partner")) == 1


async def test_a_similar_name_is_found_in_the_store(house: House) -> None:
    """P15."""
    await house.registered(university("Université de Yaoundé II", country="CM"))
    refused = await house.post("partners", university("Université de Yaoundé I", country="CM"))
    assert (refused.status_code, slug(refused)) == (409, "similar-partner-exists")
    confirmed = [one["id"] for one in refused.json()["candidates"]]
    distinct = university("Université de Yaoundé I", country="CM", confirmed_distinct_from=confirmed)
    await house.registered(distinct)


async def test_the_same_code_is_no_second_country(house: House) -> None:
    body = {"iso2": "CM", "iso3": "CMR", "name": {"fr": "Cameroun", "en": "Cameroon"}}
    answers = [await house.post("countries", body, DIRECTOR) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert (answers[0].json()["id"], slug(answers[1])) == ("CM", "country-exists")


async def test_a_promoter_may_suggest(house: House) -> None:
    body = {"name": named("Université de Goma"), "country": "CD", "reason": "Un séminaire commun."}
    answer = await house.post("partners/suggest-partner", body, PROMOTER)
    assert (answer.status_code, answer.json()["state"], answer.json()["promoters"]) == (
        201,
        "suggested",
        ["promoter-07"],
    )


# --- private reads ---


async def test_persons_are_read_with_a_purpose_and_a_log_and_told_to_nobody(house: House) -> None:
    id_ = await house.registered(university())
    contact = {"given_name": "Canari", "family_name": "Zqx", "email": "zqx@example.org", "role": "exchange"}
    assert (await house.command(id_, "add-contact", contact, ADVISER)).status_code == 200
    await house.command(id_, "add-note", {"text": "Canari Zqx rappelle lundi."})
    assert (await house.get(f"partners/{id_}/contacts")).status_code == 400
    refused = await house.get(f"partners/{id_}/contacts", READER, Access_Purpose="curiosity")
    assert refused.status_code == 403
    read_ = await house.get(f"partners/{id_}/contacts", ADVISER, Access_Purpose="invitation")
    assert read_.json()["items"][0]["family_name"] == "Zqx"
    assert (await house.get(f"partners/{id_}/notes", ADVISER, Access_Purpose="x")).status_code == 403
    notes = await house.get(f"partners/{id_}/notes", Access_Purpose="preparation")
    assert notes.json()["items"][0]["text"] == "Canari Zqx rappelle lundi."
    logged = [(entry["who"], entry["what"]) for entry in await house.rows("access_log")]
    assert logged == [("adviser-01", f"partner/{id_}/contacts"), ("officer-01", f"partner/{id_}/notes")]
    told = repr(await house.rows("outbox"))
    assert "anari" not in told
    assert "qx" not in told


async def test_promoters_read_the_assessments_of_their_own_files(house: House) -> None:
    id_ = await house.registered(university())
    theirs = agreement(id_, promoter=PROMOTER.subject)
    await house.desk.store["agreement_copies"].insert_one(theirs)
    for subject in ({"type": "agreement", "id": theirs["_id"]}, {"type": "partner", "id": id_}):
        await house.command(id_, "record-rights-assessment", {**ASSESSMENT, "subject_ref": subject})
    office = (await house.get(f"partners/{id_}/assessments")).json()["items"]
    own = (await house.get(f"partners/{id_}/assessments", PROMOTER)).json()["items"]
    assert [len(office), len(own), own[0]["subject_ref"]["id"]] == [2, 1, theirs["_id"]]
    assert (await house.get(f"partners/{id_}/assessments", READER)).status_code == 403


async def test_what_holds_a_command_back_is_answered(house: House) -> None:
    id_ = await house.registered(university())
    answer = (await house.get(f"partners/{id_}/commands")).json()
    listed = {each["command"]: each for each in answer["commands"]}
    assert listed["edit_partner"]["allowed"]
    assert listed["activate_partner"]["reasons"][0]["code"] == "country-unknown"
    assert listed["decide_block"]["reasons"][0]["roles"] == ["vice_rector"]


# --- an agreement in force ---


def registered_fact(partner_id: str) -> Registered:
    return Registered(
        agreement_id=agreement(partner_id)["_id"],
        version=9,
        occurred_on=date(2026, 11, 2),
        number="ULB-2026-0001",
        registered_on=date(2026, 11, 2),
        kind=cast("Any", "framework"),
        parties=(AgreementParty(no=2, partner_id=partner_id, role="partner"),),
        start_on=date(2026, 11, 2),
        end_on=date(2031, 11, 1),
        notice_on=date(2031, 5, 1),
    )


async def test_a_prospect_with_an_agreement_in_force_is_active(house: House) -> None:
    """CH-28: heard twice, it takes effect once; it waits for the agreement's own state."""
    await house.post("partners/initialise", caller=OPERATOR)
    id_ = await house.registered(university())
    (reaction,) = REACTIONS
    unsent = Parking("partners", house.desk.store, cast("Any", None), cast("Any", None))
    reactor = Reactor(house.desk, AGREEMENT, [reaction], unsent)
    envelope = Envelope("r-1", "t", "/passerelle/agreements", "agreement/1", datetime.now(UTC), 9, "k", "a", "c", 1)
    heard = Heard(envelope, registered_fact(id_))
    with pytest.raises(NotKnownYet):
        await reactor.once(reaction, heard)
    await house.desk.store["agreement_copies"].insert_one(agreement(id_))
    for _ in range(2):
        await reactor.once(reaction, heard)
    partner = (await house.desk.load("partner", id_)).state
    assert (partner.standing, partner.relation_owner, partner.version) == (Standing.ACTIVE, "officer-01", 2)


# --- lists ---

FIRST = [
    row("UNIVERSITE DE MONS", Erasmus_Code="B  MONS21", PIC="999900000", OID="E10000001", City="Mons"),
    row("HAUTE ECOLE PROVINCIALE", Erasmus_Code="b  mons01", PIC="999900001", OID="E10000001"),
    row("ECOLE SANS CODE", Erasmus_Code="F  VERDUN1"),
    row("NULLE PART", Country_Cd="ZZ"),
]


async def test_a_list_adds_every_row_by_its_number_and_nothing_twice(house: House) -> None:
    content = spreadsheet(FIRST)
    run = await house.imported(content, "all")
    assert (run["state"], run["rows"]) == ("completed_with_errors", 4)
    assert (run["created"], run["matched"], run["unreadable"]) == (3, 0, 1)
    report = {item["number"]: [remark["code"] for remark in item["remarks"]] for item in await house.report(run)}
    assert report == {4: ["identifier-taken"], 5: ["identifier-invalid"], 6: ["country-unknown"]}
    records = await house.rows("outbox")
    assert len(records) == 3
    assert "service:import" in repr(records[0])
    other = spreadsheet([*FIRST, row("ECOLE NOUVELLE", PIC="999900009")])
    newer = await house.imported(other, "all")
    assert (newer["created"], newer["matched"], newer["staged"]) == (1, 3, 0)
    again = await house.imported(content, "all")
    assert (again["created"], again["matched"], again["unreadable"], again["staged"]) == (0, 3, 1, 0)
    assert len(await house.report(again, reported=False)) == 4


async def test_what_a_list_says_otherwise_waits_for_a_person(house: House) -> None:
    await house.imported(spreadsheet(FIRST[:1]), "all")
    moved = row("UNIVERSITE DE MONS", Erasmus_Code="B  MONS21", PIC="999900000", OID="E10000001", City="Charleroi")
    run = await house.imported(spreadsheet([moved]))
    assert (run["matched"], run["staged"]) == (1, 1)
    (partner,) = await house.rows("partner")
    assert partner["public"]["city"] == "Mons"
    staged = (await house.get(f"partners/{partner['_id']}/staged-changes")).json()["items"]
    assert [(each["state"], each["diff"][0]["theirs"]) for each in staged] == [("open", "Charleroi")]
    gone = await house.imported(spreadsheet([row("Autre", Erasmus_Code="B  GENT01")]))
    assert (gone["unlisted"], gone["absent"]) == (1, 1)
    (absent, before) = (await house.get(f"partners/{partner['_id']}/staged-changes")).json()["items"]
    assert (absent["diff"][0]["pointer"], before["state"]) == ("/eche/to", "superseded")


async def test_another_file_is_refused_and_nothing_comes_in(house: House) -> None:
    refused = await house.hand_in(b"not a spreadsheet", "all")
    assert (refused.status_code, slug(refused)) == (409, "import-shape-unknown")
    assert "rien n'est importé" in refused.json()["detail"]
    assert (await house.rows("import_runs"), await house.rows("partner")) == ([], [])
    assert (await house.hand_in(spreadsheet(FIRST), caller=READER)).status_code == 403
    plain = await house.post("partners/imports/eche", {})
    assert plain.status_code == 415
    form = {"file": ("eche.xlsx", spreadsheet(FIRST[:1]))}
    sent = await house.client.post("/api/v1/partners/imports/eche", files=form, headers=house.headers(OFFICER))
    assert (await house.ended(sent.json()["run_id"]))["unlisted"] == 1


async def test_an_interrupted_run_goes_on_where_it_stopped(house: House) -> None:
    """Every hundredth code is one that was taken fifty rows before."""
    same = {number: {"OID": f"E1{number // 100:07d}"} for number in range(0, 350, 50)}
    rows = [row(f"ECOLE NUMERO {n}", PIC=f"9999{n:05d}", **same.get(n, {})) for n in range(350)]
    content = spreadsheet(rows)
    listed = read(content, [body.iso2 for body in listed_countries()])
    begun, work = await begin(house.desk, content, len(listed), "all", "officer-01")
    assert work
    task = asyncio.create_task(work.carry_out(listed))
    await house.until(lambda: house.desk.store["partner"].count_documents({"public.country": "BE"}), 100)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await house.desk.store["partner"].count_documents({}) < 350
    run = await house.imported(content, "all")
    assert (run["run_id"], run["state"]) == (begun["_id"], "completed")
    assert (run["created"], await house.desk.store["partner"].count_documents({})) == (350, 350)
    assert (run["matched"], run["staged"], run["absent"]) == (0, 0, 0)
    partners = [item["partner_id"] for item in await house.report(run, reported=False)]
    told = {row["key"]: orjson.loads(row["records"][0]["value"]) for row in await house.rows("outbox")}
    for number, id_ in enumerate(partners):
        distinct = told[id_]["confirmed_distinct_from"]
        assert set(distinct) <= set(partners[:number])
        assert len(distinct) >= min(number, SHOWN_LIMIT)
    remarks = [[each["code"] for each in item["remarks"]] for item in await house.report(run, reported=False)]
    assert [codes.count("identifier-taken") for codes in remarks] == [int(n % 100 == 50) for n in range(350)]
    assert {code for codes in remarks for code in codes} == {"possible-duplicate", "identifier-taken"}


async def test_a_plan_that_was_not_written_down_to_its_end_is_made_anew(house: House) -> None:
    content = spreadsheet([row("ECOLE UNE", PIC="999900001"), row("ECOLE DEUX", PIC="999900002")])
    begun, work = await begin(house.desk, content, 2, "all", "officer-01")
    assert work
    half: Row = {
        "outcome": "created",
        "partner_id": "01900000-0000-7000-8000-000000000001",
        "matched_by": None,
        "remarks": [],
    }
    await house.desk.store[ROWS].insert_one({"_id": f"{work.id}:3", "run_id": work.id, "number": 3, **half})
    await house.desk.store["leases"].update_one({"_id": "import"}, {"$set": {"until": 0.0}})
    run = await house.imported(content, "all")
    assert (run["run_id"], run["state"], run["created"]) == (begun["_id"], "completed", 2)
    reported = [item["partner_id"] for item in await house.report(run, reported=False)]
    assert sorted(reported) == sorted(row["_id"] for row in await house.rows("partner"))


async def test_one_import_runs_at_a_time(house: House) -> None:
    rows = [row(f"ECOLE NUMERO {number}", PIC=f"9999{number:05d}") for number in range(300)]
    content = spreadsheet(rows)
    first, second, other = await asyncio.gather(
        house.hand_in(content, "all"), house.hand_in(content, "all", OTHER_OFFICER), house.hand_in(spreadsheet(FIRST))
    )
    answers = [first, second, other]
    accepted = {answer.json()["run_id"] for answer in answers if answer.status_code == 202}
    refused = [slug(answer) for answer in answers if answer.status_code == 409]
    assert len(accepted) == 1
    assert set(refused) == {"import-running"}
    await house.ended(accepted.pop())


async def test_a_wrong_query_of_a_list_is_refused_by_name(house: House) -> None:
    answer = await house.get("partners/imports/none/rows?after=-1&reported=perhaps&colour=red")

    assert (answer.status_code, slug(answer)) == (422, "invalid-input")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"?after", "?reported", "?colour"}
    assert slug(await house.post("partners/imports/eche?add=some")) == "invalid-input"
