"""Agreements: the list, and one agreement with where it stands, who has to move and what may be done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.responses import Response

from gateway.pages import words
from gateway.pages.actions import actions_on
from gateway.pages.door import Item
from gateway.pages.lists import Filter, of_table, of_words, shelved
from gateway.pages.moves import NEXT, bank_of, missing_signatures, steps
from gateway.pages.names import named
from gateway.pages.papers import READERS, papers
from gateway.pages.told import told
from gateway.pages.visit import NotHere, Visit

MAIN: Final = (
    "register_agreement",
    "record_signature",
    "open_signing",
    "approve_agreement",
    "answer_advice_conditions",
    "open_negotiation",
    "submit_for_review",
    "record_round",
    "request_advice",
    "record_review",
    "edit_agreement",
)
TABS: Final = {
    "overview": words.msg("Overview"),
    "conditions": words.msg("Mobility conditions"),
    "documents": words.msg("Documents"),
    "history": words.msg("History"),
}
WITH_CONDITIONS: Final = ("exchange", "iia")
REGISTERED: Final = (
    "registered",
    "active",
    "suspended",
    "in_transition",
    "renewed",
    "amended",
    "terminated",
    "expired",
)


async def listing(visit: Visit) -> Response:
    filters = [
        of_words(visit, words.msg("Title or number")),
        of_table(visit, "kind", "agreement.kind", words.msg("Kind")),
        of_table(visit, "state", "agreement.state", words.msg("State")),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "agreements", query))
    return visit.page(
        "agreements.html", shelf=shelf, partners=await counterparts(visit, shelf.listing.items), bank_of=bank_of
    )


async def counterparts(visit: Visit, agreements: Iterable[Item]) -> dict[str, Item]:
    """The partners named in these agreements, by id."""
    ids = {party["partner_id"] for each in agreements for party in each.get("parties", ())}
    return dict(await named(visit, "partners", ids))


async def page(visit: Visit) -> Response:
    agreement = await visit.one("agreements", "agreement", visit.path("id"))
    tab = visit.request.path_params.get("tab") or next(iter(TABS))
    if tab not in _tabs(visit, agreement):
        raise NotHere
    about = f"agreement/{agreement['id']}"
    facts = await visit.door.history(visit.who, about, visit.query.get("before"))
    committees = [each["committee_id"] for each in (*agreement.get("advice", ()), *_pending(agreement))]
    related = (agreement.get("framework_id"), agreement.get("supersedes", {}).get("agreement_id"))
    return visit.page(
        f"agreement_{tab}.html",
        item=agreement,
        agreement=agreement,
        tab=tab,
        tabs={name: visit.said(label) for name, label in TABS.items() if name in _tabs(visit, agreement)},
        partners=await counterparts(visit, [agreement]),
        committees=await named(visit, "committees", committees),
        meetings=await named(visit, "meetings", (each["meeting_id"] for each in agreement.get("advice", ()))),
        related=await named(visit, "agreements", related),
        steps=steps(agreement, facts.items),
        bank=bank_of(agreement),
        move=visit.said(NEXT[agreement["state"]]) if agreement["state"] in NEXT else "",
        missing=missing_signatures(agreement),
        entries=await told(visit, facts.items),
        following=visit.url("agreements", agreement["id"], "history", before=facts.next) if facts.next else None,
        actions=await actions_on(visit, "agreement", "agreements", agreement, MAIN),
        about=about,
        **visit.freshness("agreement", agreement),
        **(await papers(visit, agreement) if tab == "documents" else {}),
    )


def _pending(agreement: Item) -> list[Item]:
    return [agreement["pending_advice"]] if agreement.get("pending_advice") else []


def _tabs(visit: Visit, agreement: Item) -> list[str]:
    """Conditions for the kinds that have them, papers for the office."""
    absent = {"conditions"} if agreement["kind"] not in WITH_CONDITIONS else set()
    return [name for name in TABS if name not in (absent if visit.has(*READERS) else {*absent, "documents"})]


async def register(visit: Visit) -> Response:
    """Agreements by their number."""
    filters = [
        of_words(visit, words.msg("Title or number")),
        Filter("year", visit.said(words.msg("Year"))),
        of_table(visit, "kind", "agreement.kind", words.msg("Kind")),
        of_table(visit, "state", "agreement.state", words.msg("State"), REGISTERED),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.register(visit.who, query))
    return visit.page("register.html", shelf=shelf, partners=await counterparts(visit, shelf.listing.items))


async def by_number(visit: Visit) -> Response:
    """`/register/ULB-2026-0147` leads to the agreement."""
    number = visit.path("number")
    found = (await visit.door.register(visit.who, {"q": number, "limit": "20"})).items
    agreement = next((each for each in found if each.get("number") == number), None)
    if agreement is None:
        raise NotHere
    return visit.go(visit.url("agreements", agreement["id"]))
