"""Forty registrations at once get forty numbers without a gap, and the register's audit says so."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import uuid4

import httpx
import pytest
from tests.support.office import Office
from tests.support.people import File
from tests.support.subscriber import facts_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PARTNERS, EACH = 8, 5
BUSY_SECONDS = 60.0


async def met_partners(office: Office) -> list[File]:
    """Partners of one multilateral framework agreement: what follows with each is not the first any more."""
    partners = [
        await office.registers(f"{chr(ord('K') + n) * 6} Université de Kisangani", "CD") for n in range(PARTNERS)
    ]
    framework = await office.first_agreement(*partners)
    await office.registered(framework)
    for partner in partners:
        await office.officer.sees(partner, lambda shown: shown["standing"] == "active")
    return partners


async def signed_with(office: Office, partner: File) -> list[File]:
    """Memoranda of a year each, one after the other, all signed."""
    signed = []
    for n in range(EACH):
        year = office.today.year + 1 + n
        days = {"start_on": date(year, 1, 1).isoformat(), "end_on": date(year, 12, 31).isoformat(), "notice_months": 0}
        agreement = await office.drafts(partner, kind="mou", **days)
        await office.negotiates(agreement, partner)
        await office.brings_to_signed(agreement)
        signed.append(agreement)
    return signed


async def registered(office: Office, agreement: File) -> httpx.Response:
    """As a good client: what was too busy is asked for again with the same key."""
    key, until = str(uuid4()), asyncio.get_running_loop().time() + BUSY_SECONDS
    while True:
        headers = {"If-Match": f'"{agreement.version}"', "Idempotency-Key": key}
        answer = await office.officer.asks("POST", f"{agreement.path}/register-agreement", json={}, headers=headers)
        if answer.status_code != 503 or asyncio.get_running_loop().time() > until:
            return answer
        await asyncio.sleep(float(answer.headers["retry-after"]) / 10)


async def test_forty_racing_registrations_give_forty_numbers_without_a_gap(office: Office) -> None:
    partners = await met_partners(office)
    of_each = await asyncio.gather(*(signed_with(office, partner) for partner in partners))
    agreements = [agreement for signed in of_each for agreement in signed]
    before = (await office.audit())["entries"]

    answers = await asyncio.gather(*(registered(office, agreement) for agreement in agreements))

    assert [answer.status_code for answer in answers] == [200] * 40, {answer.text for answer in answers}
    given = await numbers(office, agreements)
    assert sorted(given) == [f"ULB-{office.today.year}-{no:04d}" for no in range(before + 1, before + 41)]
    audit = await office.audit()
    assert audit == {
        "year": office.today.year,
        "entries": before + 40,
        "missing_numbers": [],
        "entries_without_agreement": [],
        "agreements_without_entry": [],
        "gap_free": True,
    }
    listed = await office.reader.lists("/api/v1/register", year=str(office.today.year))
    assert set(given) <= {row["number"] for row in listed}
    assert len({row["number"] for row in listed}) == len(listed) == before + 40


async def numbers(office: Office, agreements: Sequence[File]) -> list[str]:
    """As the gateway shows them; the facts told on Kafka say the same."""
    shown = [await office.officer.sees(agreement, lambda seen: seen.get("number")) for agreement in agreements]
    told = {
        fact["agreement_id"]: fact["number"]
        for fact in await facts_of(office.campus.bootstrap, "passerelle.agreement.registered.v1")
    }
    assert {each["id"]: each["number"] for each in shown}.items() <= told.items()
    return [each["number"] for each in shown]
