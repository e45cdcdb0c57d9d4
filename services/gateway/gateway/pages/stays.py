"""Stays: what everybody may know, month by month; the file itself is read through, for a purpose that is noted down."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.pages import words
from gateway.pages.actions import actions_on
from gateway.pages.door import Away, Problem
from gateway.pages.lists import of_table, shelved
from gateway.pages.names import named
from gateway.pages.told import told
from gateway.pages.visit import Visit

MAIN: Final = ("register_stay", "assess_stay")
TOLD: Final = ("announced", "arrived", "closed", "cancelled", "refused", "erased")
PURPOSES: Final = {
    "handling of the stay": words.msg("Handling of the stay"),
    "answer to the person": words.msg("Answer to the person"),
    "correction of data": words.msg("Correction of the data"),
}


async def listing(visit: Visit) -> Response:
    filters = [
        of_table(visit, "state", "stay.state", words.msg("State"), TOLD),
        of_table(visit, "category", "category", words.msg("Category")),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "stays", query))
    return visit.page(
        "stays.html",
        shelf=shelf,
        partners=await named(visit, "partners", (each.get("home_partner_id") for each in shelf.listing.items)),
        units=await own_units(visit),
    )


async def own_units(visit: Visit) -> dict[str, Any]:
    """The names of our own units, by id."""
    own = (await visit.door.page(visit.who, "partners", {"kind": "own_institution", "limit": "1"})).items
    return {unit["unit_id"]: unit["name"] for each in own for unit in each.get("units", ())}


async def page(visit: Visit) -> Response:
    stay = await visit.one("stays", "stay", visit.path("id"))
    purpose = visit.query.get("purpose", "")
    file = await visit.door.personal(visit.who, f"stays/{stay['id']}/file", purpose) if purpose in PURPOSES else None
    history = await visit.door.history(visit.who, f"stay/{stay['id']}", None)
    return visit.page(
        "stay.html",
        item=stay,
        stay=stay,
        partners=await named(visit, "partners", [stay.get("home_partner_id")]),
        agreements=await named(visit, "agreements", [stay.get("agreement_id")]),
        units=await own_units(visit),
        purposes={code: visit.said(label) for code, label in PURPOSES.items()},
        purpose=purpose,
        opens=visit.has("mobility_adviser", "promoter"),
        file=None if isinstance(file, Problem | Away) else file,
        away=isinstance(file, Away),
        refused=file if isinstance(file, Problem) else None,
        entries=await told(visit, history.items),
        actions=await actions_on(visit, "stay", "stays", stay, MAIN),
        **visit.freshness("stay", stay),
    )
