"""The parts of a file that a command may name: units, parties, reviews, agenda items, members."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from gateway.pages.forms.fields import Option
from gateway.pages.names import member_name, named
from gateway.pages.visit import Visit

File = Mapping[str, Any]


async def units(visit: Visit, file: File) -> list[Option]:
    open_units = (unit for unit in file.get("units", ()) if not unit.get("closed_on"))
    return [Option(unit["unit_id"], visit.plain(unit["name"])) for unit in open_units]


async def contacts(visit: Visit, file: File) -> list[Option]:
    return [Option(each["contact_id"], _contact(visit, each)) for each in file.get("contacts", ())]


def _contact(visit: Visit, contact: File) -> str:
    role, function = visit.say("contact.role", contact["role"]), visit.plain(contact.get("function"))
    return f"{role}, {function}" if function else role


async def identifiers(visit: Visit, file: File) -> list[Option]:
    return [
        Option(each["scheme"], f"{visit.say('scheme', each['scheme'])} {each['value']}")
        for each in file.get("identifiers", ())
    ]


async def parties(visit: Visit, file: File) -> list[Option]:
    partners = await named(visit, "partners", (each["partner_id"] for each in file.get("parties", ())))
    return [
        Option(str(each["no"]), partners.get(each["partner_id"], {}).get("name", {}).get("display", "–"))
        for each in file.get("parties", ())
    ]


async def signatures(visit: Visit, file: File) -> list[Option]:
    """Those still to come."""
    by_party = {option.value: option.label for option in await parties(visit, file)}
    return [
        Option(str(each["signature_no"]), f"{each['signature_no']}. {by_party.get(str(each['party_no']), '–')}")
        for each in file.get("signatures", ())
        if not each.get("signed_on")
    ]


async def reviews(visit: Visit, file: File) -> list[Option]:
    """Those that a person records: the rights review follows from the partners' own test."""
    kinds = dict.fromkeys(each["kind"] for each in file.get("reviews", ()) if each["kind"] != "rights")
    return [Option(kind, visit.say("review.kind", kind)) for kind in kinds]


async def items(visit: Visit, file: File) -> list[Option]:
    """Those that wait for an outcome."""
    waiting = (each for each in file.get("items", ()) if each["state"] == "on_agenda")
    return [Option(each["item_id"], f"{each['no']}. {visit.plain(each['title'])}") for each in waiting]


async def pending_items(visit: Visit, file: File) -> list[Option]:
    return [Option(each["item_id"], visit.plain(each["title"])) for each in file.get("pending_items", ())]


async def members(visit: Visit, file: File) -> list[Option]:
    serving = (each for each in file.get("members", ()) if not each.get("ended_on"))
    return [
        Option(each["member_id"], f"{member_name(visit, each)}, {visit.say('member.role', each['role'])}")
        for each in serving
    ]


PARTS: Final[Mapping[str, Callable[[Visit, File], Awaitable[list[Option]]]]] = {
    "units": units,
    "contacts": contacts,
    "identifiers": identifiers,
    "parties": parties,
    "signatures": signatures,
    "reviews": reviews,
    "items": items,
    "pending_items": pending_items,
    "members": members,
}
