"""Committees and their meetings: composition, waiting items, agendas, advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.pages import words
from gateway.pages.actions import actions_on
from gateway.pages.door import Away, Item, Problem
from gateway.pages.lists import Filter, of_table, shelved
from gateway.pages.names import COLLECTIONS, OUTSIDE_MEMBER, committee_title, member_name, name_of, named
from gateway.pages.told import told
from gateway.pages.visit import Visit

MAIN: Final = ("submit_item", "appoint_member", "change_rules")
MEETING_MAIN: Final = ("give_advice", "record_attendance", "convene_meeting", "place_item", "order_items")
COMMITTEES: Final = {"limit": "100"}
PRESENT: Final = (
    "officer", "director", "vice_rector", "cooperation_officer", "africa_officer", "committee_secretary",
    "committee_member",
)  # fmt: skip


async def listing(visit: Visit) -> Response:
    filters = [
        of_table(visit, "kind", "committee.kind", words.msg("Kind")),
        of_table(visit, "state", "committee.state", words.msg("State")),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "committees", query))
    return visit.page("committees.html", shelf=shelf)


async def page(visit: Visit) -> Response:
    committee = await visit.one("committees", "committee", visit.path("id"))
    meetings = await visit.door.page(visit.who, "meetings", {"committee_id": committee["id"], "limit": "12"})
    history = await visit.door.history(visit.who, f"committee/{committee['id']}", visit.query.get("before"))
    pending = committee.get("pending_items", ())
    return visit.page(
        "committee.html",
        item=committee,
        committee=committee,
        members=[(member_name(visit, each), each) for each in committee.get("members", ())],
        parent=await named(visit, "committees", [committee.get("parent_id")]),
        files=await files_of(visit, pending),
        meetings=meetings.items,
        entries=await told(visit, history.items, _submitted(visit, history.items)),
        following=visit.url("committees", committee["id"], before=history.next) if history.next else None,
        actions=await actions_on(visit, "committee", "committees", committee, MAIN),
        about=f"committee/{committee['id']}",
        **visit.freshness("committee", committee),
    )


async def meetings(visit: Visit) -> Response:
    bodies = (await visit.door.page(visit.who, "committees", COMMITTEES)).items
    filters = [
        Filter(
            "committee_id",
            visit.said(words.msg("Committee")),
            [(each["id"], committee_title(visit, each)) for each in bodies],
        ),
        of_table(visit, "state", "meeting.state", words.msg("State")),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "meetings", query))
    return visit.page("meetings.html", shelf=shelf, committees={each["id"]: each for each in bodies})


async def meeting(visit: Visit) -> Response:
    found = await visit.one("meetings", "meeting", visit.path("id"))
    committees, agenda = await named(visit, "committees", [found["committee_id"]]), found.get("items", ())
    history = await visit.door.history(visit.who, f"meeting/{found['id']}", visit.query.get("before"))
    committee = committees.get(found["committee_id"])
    return visit.page(
        "meeting.html",
        **await _deliberation(visit, found, committee),
        item=found,
        meeting=found,
        committee=committee,
        files=await files_of(visit, agenda),
        entries=await told(visit, history.items, {each["item_id"]: visit.plain(each["title"]) for each in agenda}),
        following=visit.url("meetings", found["id"], before=history.next) if history.next else None,
        actions=await actions_on(visit, "meeting", "meetings", found, MEETING_MAIN),
        about=f"meeting/{found['id']}",
        **visit.freshness("meeting", found),
    )


async def files_of(visit: Visit, items: object) -> Mapping[str, tuple[str, str]]:
    """By item: name and address of the file it is about, when it can be read here."""
    refs: dict[str, list[tuple[str, str]]] = {}
    for item in items if isinstance(items, list | tuple) else ():
        ref = item.get("ref") or {}
        if ref.get("type") in COLLECTIONS:
            refs.setdefault(COLLECTIONS[ref["type"]], []).append((item["item_id"], ref["id"]))
    files: dict[str, tuple[str, str]] = {}
    for collection, pairs in refs.items():
        cards = await named(visit, collection, (id for _, id in pairs))
        files |= {
            item_id: (name_of(visit, collection, cards[id]), visit.url(collection, id))
            for item_id, id in pairs
            if id in cards
        }
    return files


def _submitted(visit: Visit, facts: Sequence[Item]) -> dict[str, str]:
    """Names of the items of which these facts tell how they came in."""
    told_of = [fact.get("data", {}) for fact in facts]
    return {data["item_id"]: visit.plain(data["title"]) for data in told_of if "item_id" in data and "title" in data}


async def _deliberation(visit: Visit, meeting: Item, committee: Item | None) -> dict[str, Any]:
    """What was said and noted at the sitting, read through when it is asked for by those who may."""
    may_read, asked = visit.has(*PRESENT), visit.query.get("deliberation") == "shown"
    said: Any = None
    if may_read and asked:
        said = await visit.door.personal(visit.who, f"meetings/{meeting['id']}/deliberation", "")
    away, said = isinstance(said, Away), None if isinstance(said, Away | Problem) else said
    names = {each["member_id"]: member_name(visit, each) for each in (committee or {}).get("members", ())}
    attendance = [
        (names.get(each["member_id"], visit.said(OUTSIDE_MEMBER)), visit.say("present", each["present"]))
        for each in (said or {}).get("attendance", ())
    ]
    return {"may_read": may_read, "said": said, "away": away, "attendance": attendance}
