"""The pages around the files: what waits, search, countries, refusals, the person's own page and help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.pages import words
from gateway.pages.actions import actions_on
from gateway.pages.agreements import counterparts
from gateway.pages.committees import COMMITTEES
from gateway.pages.door import Item
from gateway.pages.lists import Filter, of_table, of_words, shelved
from gateway.pages.moves import OPEN, bank_of
from gateway.pages.names import COLLECTIONS, committee_title, name_of, named
from gateway.pages.told import told
from gateway.pages.visit import Visit

BANKS: Final = ("ours", "body", "theirs")
SHOWN_PER_BANK: Final = 5
SCHEMES: Final = ("light", "dark")
ADVICE: Final = ("favourable", "favourable_with_conditions", "unfavourable", "deferred")
A_YEAR_SECONDS: Final = 365 * 24 * 3600


async def home(visit: Visit) -> Response:
    """What waits, on which side of the bridge; one's own files first for those who run files."""
    scope = visit.query.get("scope") or ("me" if visit.has("officer", "promoter") else "office")
    own = {"promoter" if visit.has("promoter") else "responsible_officer": visit.who.subject} if scope == "me" else {}
    waiting = await visit.door.page(visit.who, "agreements", {"state": ",".join(OPEN), "limit": "200", **own})
    banks = {bank: [each for each in waiting.items if bank_of(each) == bank] for bank in BANKS}
    ahead = await visit.door.page(visit.who, "meetings", {"state": "scheduled,convened", "limit": "6"})
    committees = (await visit.door.page(visit.who, "committees", COMMITTEES)).items
    return visit.page(
        "home.html",
        today=await visit.door.today(),
        scope=scope,
        banks=banks,
        shown=SHOWN_PER_BANK,
        meetings=sorted(ahead.items, key=lambda each: str(each["starts_at"])),
        committees={each["id"]: each for each in committees},
        pending=[each for each in committees if each.get("pending_items")],
        partners=await counterparts(visit, waiting.items),
    )


async def search(visit: Visit) -> Response:
    said = visit.query.get("q", "").strip()
    groups: list[tuple[str, Sequence[Item]]] = []
    if said:
        for collection in ("partners", "agreements", "committees"):
            found = await visit.door.page(visit.who, collection, {"q": said, "limit": "20"})
            if found.items:
                groups.append((collection, found.items))
    return visit.page("search.html", said=said, groups=groups)


async def countries(visit: Visit) -> Response:
    bodies = (await visit.door.page(visit.who, "committees", {**COMMITTEES, "kind": "regional_group"})).items
    groups = {each["group_code"]: committee_title(visit, each) for each in bodies if each.get("group_code")}
    filters = [
        of_words(visit, words.msg("Name or code")),
        of_table(visit, "region", "region", words.msg("Region")),
        Filter("group", visit.said(words.msg("Regional group")), list(groups.items())),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "countries", query))
    return visit.page("countries.html", shelf=shelf, groups=groups)


async def country(visit: Visit) -> Response:
    found = await visit.one("countries", "country", visit.path("id").upper())
    bodies = (await visit.door.page(visit.who, "committees", {**COMMITTEES, "kind": "regional_group"})).items
    history = await visit.door.history(visit.who, f"country/{found['id']}", visit.query.get("before"))
    return visit.page(
        "country.html",
        item=found,
        country=found,
        **dated_rows(visit, found, bodies),
        entries=await told(visit, history.items),
        following=visit.url("countries", found["id"], before=history.next) if history.next else None,
        actions=await actions_on(visit, "country", "countries", found, ("assign_group",)),
        about=f"country/{found['id']}",
        **visit.freshness("country", found),
    )


def dated_rows(visit: Visit, found: Item, bodies: Sequence[Item]) -> dict[str, Any]:
    """What holds for a country, in words, with its periods."""
    groups = {each["group_code"]: committee_title(visit, each) for each in bodies if each.get("group_code")}
    classes = [
        (
            f"{visit.say('country.scheme', scheme)}, {visit.say('class', entry.get('class') or entry.get('role'))}",
            entry,
        )
        for scheme, member in (("dac", "dac_classes"), ("income", "income_classes"), ("erasmus", "erasmus_role"))
        for entry in found.get(member, ())
    ]
    memberships = [
        (visit.say("country.scheme", scheme), {"period": period})
        for scheme, member in (("eu", "eu_member"), ("eea", "eea_or_swiss"))
        for period in found.get(member, ())
    ]
    return {
        "group_rows": [
            (groups.get(each["group_code"], each["group_code"]), each) for each in found.get("group_assignments", ())
        ],
        "cooperation_rows": [(each["list_label"], each) for each in found.get("cooperation_periods", ())],
        "class_rows": [*classes, *memberships],
    }


async def refusals(visit: Visit) -> Response:
    filters = [of_table(visit, "aggregate", "aggregate", words.msg("Kind of file"))]
    shelf = await shelved(visit, filters, lambda query: visit.door.refusals(visit.who, query))
    refused = shelf.listing.items
    return visit.page(
        "refusals.html",
        shelf=shelf,
        files=await _refused_files(visit, refused),
        partners=await named(visit, "partners", (id for each in refused for id in each.get("partners", ()))),
    )


async def _refused_files(visit: Visit, refused: Sequence[Item]) -> dict[str, tuple[str, str]]:
    """By refusal: name and address of what it is about."""
    files: dict[str, tuple[str, str]] = {}
    for aggregate, collection in COLLECTIONS.items():
        ids = {each["id"]: str(each.get("aggregate_id", "")) for each in refused if each["aggregate"] == aggregate}
        cards = await named(visit, collection, ids.values())
        files |= {
            refusal: (name_of(visit, collection, cards[id]), visit.url(collection, id))
            for refusal, id in ids.items()
            if id in cards
        }
    return files


async def profile(visit: Visit) -> Response:
    return visit.page("profile.html", schemes=("", *SCHEMES))


async def choose_scheme(visit: Visit) -> Response:
    """Light, dark or as the system says; kept in the browser alone."""
    chosen = str((await visit.request.form()).get("scheme", ""))
    answer = visit.go(visit.url("profile"))
    if chosen in SCHEMES:
        answer.set_cookie("pa_scheme", chosen, max_age=A_YEAR_SECONDS, samesite="lax", httponly=True)
    else:
        answer.delete_cookie("pa_scheme")
    return answer


async def guide(visit: Visit) -> Response:
    return visit.page("help.html", tables=words.VALUES, advice=ADVICE)
