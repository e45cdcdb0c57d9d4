"""What things are called: a name wherever an id would stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.pages import formats, words
from gateway.pages.door import Item

if TYPE_CHECKING:
    from gateway.pages.visit import Visit

UNREADABLE: Final = {
    "partners": words.msg("a partner"),
    "agreements": words.msg("an agreement in preparation"),
    "committees": words.msg("a committee"),
    "meetings": words.msg("a meeting"),
    "stays": words.msg("a stay"),
}
SITTING: Final = words.msg("%(committee)s, %(day)s")
OUTSIDE_MEMBER: Final = words.msg("A member from outside the university")

COLLECTIONS: Final = {
    "partner": "partners",
    "country": "countries",
    "agreement": "agreements",
    "committee": "committees",
    "meeting": "meetings",
    "stay": "stays",
}
"""Where the pages of an aggregate stand."""


def name_of(visit: Visit, collection: str, item: Item | None) -> str:
    """The name of a document of that collection; what may not be read is named by its kind."""
    if item is None:
        return visit.said(UNREADABLE.get(collection, words.msg("a file")))
    match collection:
        case "partners":
            return str(item["name"]["display"])
        case "agreements":
            return visit.plain(item["title"])
        case "committees":
            return committee_name(visit, item)
        case "countries":
            return visit.plain(item["name"])
        case "meetings":
            return formats.sitting(item["starts_at"], None, visit.language)
        case _:
            return visit.say("category", item.get("category", ""))


def committee_name(visit: Visit, committee: Item) -> str:
    return str(committee.get("acronym") or visit.plain(committee["name"]))


def committee_title(visit: Visit, committee: Item | None) -> str:
    """The whole name, where there is room for it."""
    return visit.plain(committee["name"]) if committee else name_of(visit, "committees", None)


def meeting_name(visit: Visit, meeting: Item, committee: Item | None) -> str:
    """`CDRI, 3 décembre 2026`."""
    day = formats.day(meeting["starts_at"], visit.language)
    return visit.said(SITTING, committee=name_of(visit, "committees", committee), day=day)


def member_name(visit: Visit, member: Mapping[str, Any]) -> str:
    """A member from outside is not named here: that name stays with the committee's service."""
    if member.get("subject"):
        return visit.person(member["subject"])
    return visit.said(OUTSIDE_MEMBER)


async def named(visit: Visit, collection: str, ids: Iterable[str | None]) -> Mapping[str, Item]:
    """Documents by id, to be named beside links; one read for all of them."""
    wanted = {id for id in ids if id}
    return await visit.door.several(visit.who, collection, wanted) if wanted else {}
