"""Every page for each pair of language, scheme and width: no violation, no sideways scroll, no policy report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from services.gateway.tests.demo_office import (
    ACTIVE,
    CONVENED,
    DRAFT,
    GROUP,
    HELD,
    LUBUMBASHI,
    NEGOTIATING,
    SIGNING,
    PaperOffice,
)
from services.gateway.tests.pages_house import PERSON, served
from services.gateway.tests.test_pages import READ
from tests.support import accessible

FORMS: Final = (
    "/partners/new",
    "/agreements/new",
    "/meetings/new",
    "/committees/new",
    "/stays/new",
    f"/partners/{LUBUMBASHI}/do/record-rights-assessment?agreement={NEGOTIATING}",
    f"/partners/{LUBUMBASHI}/do/decide-block",
    f"/agreements/{ACTIVE}/do/set-conditions",
    f"/agreements/{NEGOTIATING}/do/record-round",
    f"/agreements/{NEGOTIATING}/do/answer-advice-conditions",
    f"/agreements/{SIGNING}/do/open-signing",
    f"/agreements/{SIGNING}/do/register-agreement",
    f"/meetings/{CONVENED}/do/record-attendance",
    f"/meetings/{HELD}/do/give-advice",
    f"/meetings/{CONVENED}/do/order-items",
    f"/committees/{GROUP}/do/appoint-member",
    "/countries/CD/do/assign-group",
)
OTHERS: Final = ("/sign-in", "/nothing/here", "/partners?kind=network&country=CD")
SPACING: Final = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(PaperOffice()) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(chromium: Browser, scheme: Any, width: int) -> tuple[Page, list[str]]:
    """A page without script of others, and what its console complains of (a policy report among it)."""
    page = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=False
    ).new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "404" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def violations(page: Page) -> list[str]:
    page.evaluate(accessible.SCRIPT.read_text())
    found = page.evaluate(accessible.RUN)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("fr", "light", 1440), ("fr", "dark", 320), ("en", "light", 320), ("en", "dark", 1440)],
    ids=str,
)
def test_every_page_is_accessible(chromium: Browser, address: str, language: str, scheme: str, width: int) -> None:
    page, complaints = opened(chromium, scheme, width)
    faults = []

    for path in (*READ, *FORMS, *OTHERS):
        page.goto(f"{address}/{language}{path}")
        faults += [f"{path} {fault}" for fault in violations(page)]
        if sideways(page) > 0:
            faults.append(f"{path} scrolls sideways by {sideways(page)} px")

    assert not faults, "\n".join(faults)
    assert not complaints


def test_a_refused_form_and_an_open_menu_are_accessible(chromium: Browser, address: str) -> None:
    page, _ = opened(chromium, "light", 320)
    page.goto(f"{address}/fr/partners/new")
    page.locator(".pa-submit button").click()
    refused = violations(page)
    page.locator("details.pa-menu > summary").click()

    assert page.locator(".pa-summary").is_visible()
    assert page.title().startswith("Erreur")
    assert not refused
    assert not violations(page)


def test_text_may_be_spaced_out_at_320_pixels(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 900}, bypass_csp=True)
    page = context.new_page()

    for path in (f"/fr/agreements/{SIGNING}", f"/fr/partners/{LUBUMBASHI}", "/fr/agreements/new", "/fr/partners"):
        page.goto(f"{address}{path}")
        page.add_style_tag(content=SPACING)
        assert sideways(page) <= 0, path


def test_a_file_goes_forward_with_the_keyboard_alone_and_without_script(chromium: Browser, address: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/fr/agreements/{DRAFT}/do/withdraw-agreement")

    page.locator("#f-reason").focus()
    page.keyboard.type("Sans suite")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{address}/fr/agreements/{DRAFT}?seen=agreement*")
    assert "retirer l’accord" in page.locator("[role=status]").first.inner_text()


def test_a_filter_changes_the_list_in_place_and_the_address_with_it(chromium: Browser, address: str) -> None:
    page, _ = opened(chromium, "light", 1440)
    page.goto(f"{address}/en/partners")

    page.locator("#filter-standing").focus()
    page.select_option("#filter-standing", "blocked")
    page.wait_for_url("**standing=blocked**")

    page.get_by_role("link", name="Université du Burundi").wait_for()
    assert page.locator("#results tbody tr").count() == 1
    assert page.evaluate("document.activeElement.id") == "filter-standing"


def test_the_field_of_the_search_is_one_key_away(chromium: Browser, address: str) -> None:
    page, _ = opened(chromium, "light", 1440)
    page.goto(f"{address}/en/agreements")

    page.keyboard.press("Control+k")
    page.keyboard.type("foz")
    page.keyboard.press("Enter")

    page.wait_for_url("**/en/search?q=foz")
    assert page.get_by_role("link", name="Universidade da Foz", exact=True).is_visible()


def test_a_page_tells_what_it_shows_by_names_for_whoever_is_signed_in(chromium: Browser, address: str) -> None:
    context = chromium.new_context()
    context.add_cookies([{"name": PERSON, "value": "adviser-1", "url": address}])
    page = context.new_page()
    page.goto(f"{address}/en/")

    assert page.get_by_role("link", name="Conseillère mobilité, my profile").is_visible()
