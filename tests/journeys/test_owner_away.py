"""A service is away: what is shown stays shown, what would need its owner says so, the others go on."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from uuid import uuid4

import httpx
import pytest
from tests.support.campus import Campus
from tests.support.office import Office
from tests.support.people import File, Json, Refused
from tests.support.watching import eventually

from contracts.roles import Role

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
async def draft(office: Office) -> File:
    partner = await office.registers("Universidad Ausente", "UY")
    agreement = await office.drafts(partner, kind="mou")
    await office.officer.reads(agreement)
    return agreement


async def is_read(office: Office, draft: File) -> None:
    """As if nothing were the matter."""
    officer = office.officer
    assert (await officer.gets(draft.path))["state"] == "draft"
    assert draft.id in {each["id"] for each in await officer.lists("/api/v1/agreements", state="draft")}


def is_away(refused: Refused) -> None:
    assert (refused.status, refused.slug, refused.body["service"]) == (503, "owner-away", "agreements")
    assert int(refused.headers["retry-after"]) > 0


async def test_while_a_service_is_dead_its_files_are_read_and_the_others_work(office: Office, draft: File) -> None:
    officer, agreements = office.officer, office.campus.services["agreements"]
    headers = {"If-Match": f'"{draft.version}"'}
    agreements.kill()
    try:
        await is_read(office, draft)
        is_away(await officer.tries("GET", f"{draft.path}/commands"))
        commanded = await officer.speaking("en").tries(
            "POST", f"{draft.path}/withdraw-agreement", json={"reason": "Away."}, headers=headers
        )
        is_away(commanded)
        assert commanded.body["title"] == "The owning service does not answer for the moment."
        assert (await office.registers("Universidad Presente", "UY")).id
    finally:
        office.campus.start()

    edited = await officer.does(draft, "edit-agreement", {"notice_months": 3})
    assert edited["notice_months"] == 3


async def test_while_a_service_is_frozen_nobody_waits_for_it_longer_than_the_budget(
    office: Office, draft: File
) -> None:
    agreements = office.campus.services["agreements"]
    agreements.freeze()
    try:
        await is_read(office, draft)
        began = time.monotonic()
        is_away(await office.officer.tries("GET", f"{draft.path}/commands"))
        assert time.monotonic() - began < 10
    finally:
        agreements.thaw()

    assert (await office.officer.gets(f"{draft.path}/commands"))["version"] == draft.version


@asynccontextmanager
async def signed_in(campus: Campus, subject: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without script, after the way in."""
    entry = {"subject": subject, "name": "Aline Officer", "roles": {str(Role.OFFICER): {}}}
    imported = await campus.person("ops-01", Role.OPS).asks("POST", "/api/v1/people/import", json={"people": [entry]})
    assert imported.status_code == 200, imported.text
    address = campus.services["gateway"].address
    async with httpx.AsyncClient(base_url=address, headers={"Origin": address}, timeout=60) as browser:
        await browser.post("/sign-in/development", data={"subject": subject, "next": "/en/"})
        yield browser


def entries(page: str) -> dict[str, str]:
    """What a form would send as it stands."""
    form = page.partition('<form method="post"')[2].partition("</form>")[0]
    fields = re.findall(r"<input\b[^>]*>", form)
    named = {field: dict(re.findall(r'(\w+)="([^"]*)"', field)) for field in fields}
    return {unescape(of["name"]): unescape(of.get("value", "")) for of in named.values() if "name" in of}


async def test_while_the_store_is_away_a_form_keeps_what_was_typed_and_is_taken_when_it_is_back(office: Office) -> None:
    campus, name = office.campus, f"Université {uuid4().hex} & “X”"
    async with signed_in(campus, "officer-form") as browser:
        opened = entries((await browser.get("/en/partners/new")).text)
        typed = {"key": opened["key"], "name.display": name, "kind": "ngo", "country": "UY"}
        campus.documents.kill()
        try:
            answer = await browser.post("/en/partners/new", data=typed)
            read = await browser.get("/en/partners")
        finally:
            campus.start()
        kept = entries(answer.text)

        async def again() -> httpx.Response:
            return await browser.post("/en/partners/new", data=kept)

        taken = await eventually(again, lambda seen: seen.status_code == 303, within_seconds=60)

    assert (answer.status_code, read.status_code) == (503, 503)
    assert kept == typed
    assert re.search(r"/en/partners/[0-9a-f-]{36}\?", taken.headers["location"])
    partners = await eventually(lambda: named(office, name), within_seconds=60)
    assert [each["version"] for each in partners] == [1]


async def named(office: Office, name: str) -> list[Json]:
    found = await office.officer.lists("/api/v1/partners", country="UY")
    return [each for each in found if each["name"]["display"] == name]
