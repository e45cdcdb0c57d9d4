"""The forms' addresses: every command of a file at `…/do/<command>`, every creating one at `…/new`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import Response

from gateway.pages.forms.sheet import Sheet, opened, sent, sheet_of
from gateway.pages.names import COLLECTIONS
from gateway.pages.visit import NotHere, Visit

CREATORS: Final[Mapping[str, str]] = {
    "partner": "register_partner",
    "country": "add_country",
    "agreement": "draft_agreement",
    "committee": "set_up_committee",
    "meeting": "schedule_meeting",
    "stay": "announce_stay",
}
AGGREGATES: Final = {collection: aggregate for aggregate, collection in COLLECTIONS.items()}


async def change(visit: Visit) -> Response:
    return await _filled(visit, await _of_file(visit))


async def creation(visit: Visit) -> Response:
    aggregate = AGGREGATES.get(visit.path("collection"))
    if aggregate is None:
        raise NotHere
    return await _filled(visit, sheet_of(visit, aggregate, CREATORS[aggregate], None, bare=True))


async def suggestion(visit: Visit) -> Response:
    return await _filled(visit, sheet_of(visit, "partner", "suggest_partner", None))


async def _of_file(visit: Visit) -> Sheet:
    collection, command = visit.path("collection"), visit.path("command").replace("-", "_")
    if collection not in AGGREGATES or command in CREATORS.values():
        raise NotHere
    item = await visit.one(collection, AGGREGATES[collection], visit.path("id"))
    return sheet_of(visit, AGGREGATES[collection], command, item)


async def _filled(visit: Visit, sheet: Sheet) -> Response:
    answer: Callable[[Sheet], Awaitable[Response]] = sent if visit.request.method == "POST" else opened
    return await answer(sheet)
