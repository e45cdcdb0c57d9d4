"""What a form starts with: the file as it is, what the link said, or the rows that are to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.pages.door import Item
from gateway.pages.forms.entries import Entries
from gateway.pages.visit import Visit

Body = dict[str, Any]
FILE: Final = "subject_ref"


async def nothing(visit: Visit, item: Item) -> Body:
    return {}


async def as_it_is(visit: Visit, item: Item) -> Body:
    return dict(item)


async def of_query(visit: Visit, item: Item) -> Body:
    """What the link that led here named (`?item_id=…`)."""
    return dict(visit.query)


async def drafted_with(visit: Visit, item: Item) -> Body:
    """Our university and the partner that the link named, as parties."""
    own = (await visit.door.page(visit.who, "partners", {"kind": "own_institution", "limit": "1"})).items
    parties = [{"partner_id": each["id"], "role": "own"} for each in own]
    parties.append({"partner_id": visit.query.get("partner", ""), "role": "partner"})
    officer = {"responsible_officer": visit.who.subject} if visit.has("officer") else {}
    return {"parties": parties, "resources": {"level": "none"}, **officer}


async def assessed_file(visit: Visit, item: Item) -> Body:
    """The agreement that the link named is what the assessment is made for: one choice on the page."""
    agreement = visit.query.get("agreement")
    return {FILE: f"agreement:{agreement}", "purpose": "conclusion"} if agreement else {}


def file_named(entries: Entries) -> Entries:
    """`subject_ref=agreement:<id>`, one choice on the page, is type and id in the body."""
    chosen = next(iter(entries.get(FILE, ())), "")
    kind, _, id = chosen.partition(":")
    return {**entries, f"{FILE}.type": [kind], f"{FILE}.id": [id]} if id else entries


async def question(visit: Visit, item: Item) -> Body:
    """The usual question, ready to be changed."""
    title = item.get("title", {})
    asked = {}
    if title.get("fr") or title.get("en"):
        asked = {
            "fr": f"Avis sur la conclusion de « {title.get('fr') or title.get('en')} »",
            "en": f"Advice on the conclusion of “{title.get('en') or title.get('fr')}”",
        }
    return {"question": asked} if asked else {}


async def conditions_to_answer(visit: Visit, item: Item) -> Body:
    """One row per condition of the latest advice that has no answer yet."""
    for advice in reversed(item.get("advice", ())):
        waiting = [each for each in advice.get("conditions", ()) if not each.get("answered_on")]
        if waiting:
            return {"request_id": advice["request_id"], "answers": [{"no": each["no"]} for each in waiting]}
    return {}


async def signatures_of_each_party(visit: Visit, item: Item) -> Body:
    rows = [{"party_no": each["no"], "required": True} for each in item.get("parties", ())]
    return {"signatures": rows, "languages": item.get("languages", ())}


async def frozen_text(visit: Visit, item: Item) -> Body:
    """What was signed is the text that was frozen."""
    return {"sha256": item.get("text", {}).get("sha256", "")}


async def agenda(visit: Visit, item: Item) -> Body:
    return {"order": [each["item_id"] for each in item.get("items", ())]}


def ordered(entries: Entries) -> Entries:
    """`place.<item>=2` for each item gives the order of all of them."""
    places = {name.partition(".")[2]: first(value) for name, value in entries.items() if name.startswith("place.")}
    ranked = sorted(places, key=lambda item: int(places[item]) if places[item].isdecimal() else len(places))
    return {**entries, "order": ranked} if places else entries


async def attendance(visit: Visit, item: Item) -> Body:
    """One row per member who serves."""
    committee = await visit.door.one(visit.who, "committees", str(item.get("committee_id"))) or {}
    serving: list[Mapping[str, Any]] = [each for each in committee.get("members", ()) if not each.get("ended_on")]
    return {"attendance": [{"member_id": each["member_id"]} for each in serving]}


def first(values: list[str]) -> str:
    return next(iter(values), "")
