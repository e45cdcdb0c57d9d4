"""The first agreement as people make it: every step through the pages of a real browser, once in each language."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright
from tests.support import accessible
from tests.support.campus import Campus, started
from tests.support.watching import eventually

from chassis.clock import brussels_day

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TEXT: Final = b"%PDF-1.7\n% a text\n%%EOF\n"
PARTNERS: Final = {"fr": "Université de Douala", "en": "Makerere"}
PATIENCE_SECONDS: Final = 40
SIGNATORIES: Final = {
    f"signatures.{place}.{name}": value
    for place, who in enumerate(("The rector", "Their rector"))
    for name, value in (("signatory_name", who), ("signatory_function", "Rector"))
}


@dataclass
class Hand:
    """Somebody at the pages in one language. Each page that is seen is tried for accessibility."""

    page: Page
    home: str
    faults: list[str] = field(default_factory=list)

    async def opens(self, address: str) -> None:
        await self.page.goto(address if address.startswith("http") else f"{self.home}/{address}")
        await self._looks()

    async def does(self, address: str, command: str, entries: Mapping[str, str]) -> None:
        """Waits until the file offers the command, fills its form in and sends it."""

        async def offered() -> Locator | None:
            await self.page.goto(address)
            link = self.page.locator(f'main a[href*="/do/{command}"]')
            return link.first if await link.count() else None

        link = await eventually(offered, within_seconds=PATIENCE_SECONDS, every_seconds=0.3)
        assert link is not None
        await self.opens(str(await link.evaluate("link => link.href")))
        await self.sends(entries)

    async def sends(self, entries: Mapping[str, str]) -> str:
        """The address of the file that was made or changed."""
        for name, value in entries.items():
            await self._fills(name, value)
        await self.page.locator(".pa-submit button").first.click()
        await self.page.wait_for_load_state()
        await self._looks()
        assert "seen=" in self.page.url, await self.page.locator(".pa-summary").all_inner_texts()
        return self.page.url.partition("?")[0]

    async def chooses(self, name: str, words: str) -> None:
        """Looks a partner up and takes the first that is found."""
        await self.page.locator(f'[name="{name}.q"]').fill(words)
        await self.page.locator(f'button[value="find:{name}"]').click()
        await self.page.locator(f'input[type=radio][name="{name}"]').first.check()

    async def _fills(self, name: str, value: str) -> None:
        entry = self.page.locator(f'main [name="{name}"]').first
        match await entry.evaluate("entry => entry.type"):
            case "radio" | "checkbox":
                await self.page.locator(f'main [name="{name}"][value="{value}"]').check()
            case "file":
                await entry.set_input_files({"name": value, "mimeType": "application/pdf", "buffer": TEXT})
            case "select-one" if value.startswith("~"):
                option = entry.locator("option", has_text=value[1:]).first
                await entry.select_option(str(await option.get_attribute("value")))
            case "select-one":
                await entry.select_option(value)
            case _:
                await entry.fill(value)

    async def _looks(self) -> None:
        await self.page.evaluate(accessible.SCRIPT.read_text())
        found: dict[str, Any] = await self.page.evaluate(accessible.RUN)
        self.faults += [f"{self.page.url} {each['id']}" for each in found["violations"]]


@dataclass
class Hands:
    """Browsers of several people, each signed in."""

    browser: Browser
    address: str
    language: str
    people: dict[str, Hand] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    async def of(self, subject: str) -> Hand:
        if subject not in self.people:
            page = await self.browser.new_page()
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            hand = self.people[subject] = Hand(page, f"{self.address}/{self.language}")
            await hand.opens("")
            await page.locator(f'main button[value="{subject}"]').click()
            await page.wait_for_load_state()
        return self.people[subject]

    @property
    def faults(self) -> list[str]:
        return [fault for hand in self.people.values() for fault in hand.faults]


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campus]:
    """An office that has just begun."""
    async with started(tmp_path_factory.mktemp("by-hand")) as campus:
        await campus.step(to=brussels_day(datetime.now(UTC)))
        begun = await asyncio.to_thread(campus.runs, "init")
        assert begun.returncode == 0, begun.stderr
        yield campus


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


def written(day: date) -> str:
    return day.strftime("%d/%m/%Y")


async def a_council(hands: Hands, today: date) -> None:
    """Unless the office has one."""
    director = await hands.of("director-01")
    await director.opens("committees?kind=council")
    if await director.page.locator("main tbody tr").count():
        return
    await director.opens("committees/new")
    council = await director.sends(
        {
            "kind": "council",
            "name.fr": "Conseil des relations internationales",
            "name.en": "Council of international relations",
            "in_office.from": written(today),
            "rules.quorum.kind": "number",
            "rules.quorum.value": "1",
            "rules.meetings_per_year": "4",
            "rules.agenda_days": "0",
            "decision_ref.body.kind": "rector",
            "decision_ref.decided_on": written(today),
            "decision_ref.reference": "1",
        }
    )
    term = {"subject": "committee-member-01", "role": "chair", "term.from": written(today)}
    await director.does(council, "appoint-member", term)


async def a_meeting(hands: Hands, today: date) -> str:
    secretary = await hands.of("committee-secretary-01")
    await secretary.opens("meetings/new")
    day = written(today + timedelta(days=1))
    when = {"starts_at": f"{day} 14:00", "ends_at": f"{day} 16:00"}
    return await secretary.sends({"committee_id": "~n", "mode": "in_person", **when})


async def a_draft(hands: Hands, partner: str, today: date) -> str:
    officer = await hands.of("officer-01")
    await officer.opens("agreements/new")
    await officer.chooses("parties.1.partner_id", partner)
    return await officer.sends(
        {
            "kind": "framework",
            "title.fr": f"Accord-cadre avec {partner}",
            "title.en": f"Framework agreement with {partner}",
            "purpose.en": "Research and mobility.",
            "promoter": "promoter-01",
            "start_on": written(today),
            "end_on": written(today + timedelta(days=1400)),
            "renewal_mode": "express",
            "notice_months": "6",
            "resources.level": "none",
        }
    )


async def the_story(hands: Hands, partner: str, today: date) -> str:
    """From first contact to the register; the address of the agreement."""
    officer, director, secretary = [
        await hands.of(subject) for subject in ("officer-01", "director-01", "committee-secretary-01")
    ]
    meeting = await a_meeting(hands, today)
    await officer.opens("partners/new")
    file = await officer.sends({"name.display": partner, "kind": "university", "country": "CM"})
    agreement = await a_draft(hands, partner, today)

    await officer.does(agreement, "submit-for-review", {})
    for kind in ("legal", "faculty"):
        await officer.does(agreement, "record-review", {"kind": kind, "outcome": "positive"})
    answers = {"purpose": "conclusion", "q1_institution": "no", "q2_activities": "no"}
    await officer.does(file, "record-rights-assessment", {"subject_ref": f"~{partner}", **answers})
    await officer.does(agreement, "open-negotiation", {})
    text = {"document_id.file": "text.pdf"}
    await officer.does(agreement, "record-round", {"direction": "received", "on": written(today), **text})
    await officer.does(agreement, "request-advice", {})

    await secretary.does(meeting, "convene-meeting", text)
    await secretary.does(meeting, "record-attendance", {"attendance.0.present": "in_person"})
    reasoning = {"reasoning.fr": "Rien ne s'y oppose.", "reasoning.en": "Nothing stands against it."}
    await secretary.does(meeting, "give-advice", {"item_id": f"~{partner}", "outcome": "favourable", **reasoning})

    await director.does(agreement, "approve-agreement", {})
    await officer.does(agreement, "open-signing", SIGNATORIES | text | {"languages": "en"})
    for number in ("1", "2"):
        signed = {"signature_no": number, "signed_on": written(today), "method": "handwritten", **text}
        await officer.does(agreement, "record-signature", signed)
    await officer.does(agreement, "register-agreement", {})
    return agreement


@pytest.mark.parametrize(("language", "partner"), PARTNERS.items())
async def test_an_agreement_goes_from_first_contact_to_the_register_by_hand(
    office: Campus, chromium: Browser, language: str, partner: str
) -> None:
    hands = Hands(chromium, office.told["PASSERELLE_GATEWAY_URL"], language)
    await a_council(hands, office.today)

    agreement = await the_story(hands, partner, office.today)

    reader = await hands.of("reader-01")
    await reader.opens(agreement)
    assert f"ULB-{office.today.year}-" in await reader.page.locator("main").inner_text()
    assert str(await reader.page.locator("html").get_attribute("lang")).startswith(language)
    assert not hands.faults
    assert not hands.complaints
    assert not (await office.verified()).differences
