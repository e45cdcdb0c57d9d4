"""A service is away: what is shown stays shown, what would need its owner says so, the others go on."""

import time

import pytest
from tests.support.office import Office
from tests.support.people import File, Refused

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
