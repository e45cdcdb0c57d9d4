"""What partners answers itself: persons and notes with an access log, rights assessments, and what imports found."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from chassis.decide import Caller, Found, Loaded
from chassis.http import House
from chassis.problems import Problem
from contracts.roles import ADV, AFR, COO, DIR, OFF, OPS, PRO, VR
from contracts.types import Shape
from partners.imports.desk import import_routes
from partners.initialise import initialise
from partners.partner import reach
from partners.partner.private import Assessment

OFFICE: Final = (OFF, DIR, VR, COO, AFR)
ROWS_LIMIT: Final = 500


def routes(house: House) -> APIRouter:
    router = APIRouter(prefix="/api/v1/partners", tags=["partners"])

    @router.post("/initialise")
    async def first_day(request: Request) -> Response:
        """The own institution and every country; a second time nothing."""
        if not house.caller(request).has(DIR, OPS):
            raise Problem("not-permitted", roles=[DIR, OPS])
        return house.answer(await initialise(house.desk))

    router.include_router(import_routes(house))
    router.include_router(_private_reads(house))
    return router


def _private_reads(house: House) -> APIRouter:
    router = APIRouter()

    @router.get("/{id}/contacts")
    async def contacts(request: Request) -> Response:
        """The persons met at the partner."""
        purpose, id_ = house.purpose(request), request.path_params["id"]
        caller, partner = await _reader(house, request, (*OFFICE, ADV))
        await house.log_access(caller, f"partner/{id_}/contacts", purpose)
        return house.answer({"items": _shown(partner.private.contacts)})

    @router.get("/{id}/notes")
    async def notes(request: Request) -> Response:
        """The office's notes, the latest first; they may name persons."""
        purpose, id_ = house.purpose(request), request.path_params["id"]
        caller, partner = await _reader(house, request, OFFICE)
        await house.log_access(caller, f"partner/{id_}/notes", purpose)
        return house.answer({"items": _shown(reversed(partner.private.notes))})

    @router.get("/{id}/assessments")
    async def assessments(request: Request) -> Response:
        """The fundamental-rights tests: all of them for the office, those of their own files for promoters."""
        caller, partner = await _reader(house, request, (*OFFICE, PRO), own_files=True)
        listed = partner.private.assessments
        if not caller.has(*OFFICE):
            listed = await _own_files(house, caller, listed)
        return house.answer({"items": _shown(reversed(listed))})

    @router.get("/{id}/details")
    async def details(request: Request) -> Response:
        """What the office keeps of the organisation itself besides its public state."""
        _, partner = await _reader(house, request, OFFICE)
        kept = {"address", "origin", "suggestion", "received", "documents", "block_proposal"}
        return house.answer(partner.private.model_dump(mode="json", by_alias=True, exclude_none=True, include=kept))

    @router.get("/{id}/staged-changes")
    async def staged_changes(request: Request) -> Response:
        """What imports found to differ, the latest first."""
        await _reader(house, request, (*OFFICE, OPS))
        asked = {"target_id": request.path_params["id"]}
        rows = await house.store["staged_changes"].find(asked).sort("_id", -1).to_list(ROWS_LIMIT)
        return house.answer({"items": [{"id": row.pop("_id"), **row} for row in rows]})

    return router


async def _reader(
    house: House, request: Request, roles: tuple[str, ...], *, own_files: bool = False
) -> tuple[Caller, Loaded]:
    """Who reads, and the partner; raises Problem `not-permitted`, `unknown-id`. `own_files`: filtered after."""
    caller = house.caller(request)
    partner = await house.desk.load("partner", request.path_params["id"])
    code = partner.state.country
    found = Found({("other", "country", code): await house.desk.shelf.load("country", code, None)})
    lies_in = reach(partner.state, partner.private, None, found)
    if own_files:
        lies_in = {**lies_in, "subjects": frozenset({caller.subject})}
    if not caller.may(roles, lies_in):
        raise Problem("not-permitted", roles=[str(role) for role in roles])
    return caller, partner


async def _own_files(house: House, caller: Caller, listed: tuple[Assessment, ...]) -> tuple[Assessment, ...]:
    asked = {"_id": {"$in": [one.subject_ref.id for one in listed]}, "promoter": caller.subject}
    own = {row["_id"] for row in await house.store["agreement_copies"].find(asked, {"_id": 1}).to_list(None)}
    return tuple(one for one in listed if one.subject_ref.id in own)


def _shown(items: Any) -> list[dict[str, Any]]:
    shapes: list[Shape] = list(items)
    return [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in shapes]
