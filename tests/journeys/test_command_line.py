"""The command line on a running system: the demonstration, lists, people, parked records, views, lost topics."""

from __future__ import annotations

import asyncio
import csv
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from services.partners.tests.partner_house import row, spreadsheet
from tests.support.campus import Campus, started
from tests.support.parcels import delete_topic
from tests.support.watching import eventually

from chassis.mongo import Store
from chassis.parking import IN_A_ROW
from contracts.roles import ADV, DIR
from contracts.roles import OPS as OPERATOR

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
EVENTS = "passerelle.partner.events.v1"
STATES = {
    "active": 4,
    "negotiating": 2,
    "draft": 1,
    "under_review": 1,
    "awaiting_advice": 1,
    "approved": 1,
    "signing": 1,
    "signed": 1,
    "registered": 1,
    "in_transition": 1,
    "rejected": 1,
}


@pytest.fixture(scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campus]:
    """A system of its own into which the demonstration was played."""
    async with started(tmp_path_factory.mktemp("played")) as campus:
        done = await ask(campus, "demo")
        assert done.returncode == 0, done.stdout + done.stderr
        yield campus


async def ask(campus: Campus, *command: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(campus.runs, *command)


@contextmanager
def database(campus: Campus, service: str) -> Iterator[Store]:
    store = campus.store(service)
    try:
        yield store
    finally:
        store.close()


async def listed(campus: Campus, path: str) -> list[dict[str, Any]]:
    director = campus.person("director-01", DIR, ADV, OPERATOR)
    answer = await director.asks("GET", f"/api/v1/{path}")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_demonstration_shows_agreements_in_every_state_of_the_slice(played: Campus) -> None:
    agreements = await listed(played, "agreements?limit=200")

    assert Counter(agreement["state"] for agreement in agreements) == STATES
    numbers = sorted(agreement["number"] for agreement in agreements if "number" in agreement)
    assert numbers == [f"ULB-2026-000{n}" for n in range(1, 7)]


async def test_the_demonstration_shows_partners_committees_meetings_and_stays(played: Campus) -> None:
    standings = Counter(partner["standing"] for partner in await listed(played, "partners?limit=200"))
    meetings = Counter(meeting["state"] for meeting in await listed(played, "meetings"))
    waiting = [item for committee in await listed(played, "committees") for item in committee.get("pending_items", ())]

    assert standings["blocked"] == standings["prospect"] == 1
    assert standings.total() >= 13
    assert meetings == {"held": 1, "convened": 1, "scheduled": 1}
    assert len(waiting) == 1
    assert len(await listed(played, "stays")) == 3
    assert {refusal["rule"] for refusal in await listed(played, "refusals")} == {"POL-03", "POL-19"}


async def test_the_demonstration_played_again_does_nothing(played: Campus) -> None:
    before = await listed(played, "agreements?limit=200")

    again = await ask(played, "demo")

    assert again.stdout.endswith("The demonstration is there already; nothing was done.\n")
    assert await listed(played, "agreements?limit=200") == before


async def test_after_the_demonstration_nothing_differs(played: Campus) -> None:
    compared = await ask(played, "verify", "--patience", "30")

    assert compared.returncode == 0, compared.stdout
    assert compared.stdout.endswith("no differences.\n")


async def test_verify_fails_and_names_a_planted_fault(played: Campus) -> None:
    with database(played, "gateway") as store:
        view = store["meetings"]
        kept = await view.find_one({"state": "held"})
        await view.update_one({"_id": kept["_id"]}, {"$set": {"mode": "written"}})
        compared = await ask(played, "verify", "--patience", "0")
        await view.replace_one({"_id": kept["_id"]}, kept)

    assert compared.returncode == 1
    assert kept["_id"] in compared.stdout
    assert compared.stdout.endswith("1 difference.\n")


async def test_verify_names_a_number_that_is_missing_from_the_register(played: Campus) -> None:
    with database(played, "agreements") as store:
        entries = store["register_entries"]
        kept = await entries.find_one({"_id": "2026-0003"})
        await entries.delete_one({"_id": "2026-0003"})
        compared = await ask(played, "verify", "--patience", "0")
        await entries.insert_one(kept)

    assert compared.returncode == 1
    assert "register/2026-0003  entry: missing\n" in compared.stdout
    assert f"agreement/{kept['agreement_id']}  register: its number of 2026 has no entry\n" in compared.stdout
    assert compared.stdout.endswith("2 differences.\n")


async def test_a_list_comes_in_once_and_every_row_is_accounted_for(played: Campus, tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    rows = [row("UNIVERSITE DE NAMUR", Country_Cd="BE"), row("HELSINGIN YLIOPISTO", Erasmus_Code="SF HELSINK01")]
    file.write_bytes(spreadsheet([*rows, row("", Country_Cd="BE"), row("NOWHERE", Country_Cd="ZZ")]))

    first = await ask(played, "import", "eche", str(file), "--add", "all")
    again = await ask(played, "import", "eche", str(file), "--add", "all")

    assert "4 rows: 1 created, 1 matched, 2 unreadable" in first.stdout.splitlines()[-1]
    assert "4 rows: 0 created, 2 matched, 2 unreadable" in again.stdout.splitlines()[-1]
    assert len(await listed(played, "partners?q=namur")) == 1
    with (tmp_path / "list-report.csv").open(encoding="utf-8") as report:
        told = {(line["number"], line["code"]) for line in csv.DictReader(report)}
    assert {("5", "name-missing"), ("6", "country-unknown")} <= told


async def test_a_file_that_is_not_the_list_imports_nothing(played: Campus, tmp_path: Path) -> None:
    file = tmp_path / "letter.xlsx"
    file.write_bytes(b"Dear colleagues")

    told = await ask(played, "import", "eche", str(file), "--add", "all")

    assert told.returncode == 1
    assert told.stderr == f"{file} is not the ECHE list; nothing was imported.\n"


async def test_people_come_in_whole_or_not_at_all(played: Campus, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("subject,name,roles\nreader-07,Membre 7,reader\nreader-08,Membre 8,wizard\n")

    refused = await ask(played, "people", "import", str(file))
    names = {person["name"] for person in await listed(played, "people")}
    file.write_text("subject,name,roles\nreader-07,Membre 7,reader\n")
    taken = await ask(played, "people", "import", str(file))

    assert refused.returncode == 1
    assert "line 3" in refused.stderr
    assert "Membre 7" not in names
    assert taken.stdout == "1 people are in the directory as people.csv says.\n"
    assert "Membre 7" in {person["name"] for person in await listed(played, "people")}


async def test_a_printed_token_opens_the_gateway(played: Campus) -> None:
    token = (await ask(played, "token", "officer", "--as", "officer-09")).stdout.strip()

    answer = await played.client.get("/api/v1/partners", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


async def test_a_parked_record_is_listed_shown_and_redriven(played: Campus) -> None:
    async with AIOKafkaProducer(bootstrap_servers=played.bootstrap) as producer:
        await producer.send_and_wait(EVENTS, b"not json", key=b"nobody")

    async def parked() -> str:
        return (await ask(played, "parked", "list")).stdout

    shown = await eventually(parked, lambda told: "nobody" in told, within_seconds=60, every_seconds=0.5)
    assert not shown.endswith("\n0 parked records.\n")
    with database(played, "agreements") as store:
        rows = await store["parked"].find({"key": "nobody"}).to_list(None)
    assert "not json" in (await ask(played, "parked", "show", rows[0]["_id"])).stdout
    redriven = await ask(played, "parked", "redrive", rows[0]["_id"], "--service", "agreements")
    assert redriven.stdout.startswith("agreements:"), redriven.stderr


async def test_after_too_much_in_a_row_that_cannot_be_read_one_command_lets_everyone_go_on(played: Campus) -> None:
    async with AIOKafkaProducer(bootstrap_servers=played.bootstrap) as producer:
        for number in range(IN_A_ROW + 5):
            await producer.send_and_wait(EVENTS, b"not json", key=f"nobody-{number}".encode())

    async def red() -> dict[str, list[str]]:
        said = {name: await played.client.get(f"{child.address}/ready") for name, child in played.services.items()}
        return {name: answer.json()["faults"] for name, answer in said.items() if answer.status_code == 503}

    faults = await eventually(red, lambda seen: "agreements" in seen, within_seconds=60)
    done = await ask(played, "resume")

    assert f"more than {IN_A_ROW} records in a row" in faults["agreements"][0]
    assert f"agreements: {EVENTS}" in done.stdout, done.stderr
    await eventually(red, lambda seen: not seen, within_seconds=60)


async def test_a_view_is_built_anew(played: Campus) -> None:
    before = await listed(played, "partners?limit=200")

    done = await ask(played, "rebuild", "partners")

    assert done.stdout.splitlines()[-1].startswith("partners: rebuilt")
    assert await listed(played, "partners?limit=200") == before


async def test_a_view_that_is_none_is_named_with_those_there_are(played: Campus) -> None:
    refused = await ask(played, "rebuild", "nothing")

    assert refused.returncode == 1
    assert refused.stderr.startswith("There is no view nothing; it is one of partners, countries, agreements, ")


async def test_a_topic_that_was_lost_is_sent_again_and_verifies(played: Campus) -> None:
    await delete_topic(played.bootstrap, EVENTS)

    done = await ask(played, "republish", "partners")

    told = {line.split(":")[0]: line for line in done.stdout.splitlines()}
    assert " 0 sent again" not in told[EVENTS], done.stdout
    assert " 0 sent again" in told["passerelle.country.events.v1"]
    assert (await ask(played, "verify", "--patience", "30")).returncode == 0
