"""What mobility answers itself: the file of a stay, each reading logged with its purpose, and that log."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from chassis.decide import Found
from chassis.http import House
from chassis.problems import Problem
from contracts.roles import ADV, DIR, PRO
from mobility.stay.announcing import reach
from mobility.stay.journal import COLLECTION as JOURNAL
from mobility.stay.reading import supervisors_view, whole_file

JOURNAL_ROWS = 1_000
LOG_ROWS = 500


def routes(house: House) -> APIRouter:
    router = APIRouter(prefix="/api/v1/stays", tags=["stays"])

    @router.get("/{id}/file")
    async def file(request: Request) -> Response:
        """The whole file for an adviser; name, dates, state and open items for the guest's own supervisor."""
        caller, id_ = house.caller(request), request.path_params["id"]
        purpose = house.purpose(request)
        stay = await house.desk.load("stay", id_)
        where = reach(stay.state, stay.private, None, Found())
        if caller.may((ADV,), where):
            rows = house.store[JOURNAL].find({"stay_id": id_}).sort("version", 1)
            shown = whole_file(stay.state, stay.private, await rows.to_list(JOURNAL_ROWS))
        elif caller.may((PRO,), where):
            shown = supervisors_view(stay.state, stay.private)
        else:
            raise Problem("unknown-id", id=id_)
        await house.log_access(caller, f"stay/{id_}/file", purpose)
        return house.answer(shown)

    @router.get("/{id}/access-log")
    async def access_log(request: Request) -> Response:
        """Who read the file, when and why; the latest first."""
        caller, id_ = house.caller(request), request.path_params["id"]
        stay = await house.desk.load("stay", id_)
        if not caller.may((ADV, DIR), reach(stay.state, stay.private, None, Found())):
            raise Problem("unknown-id", id=id_)
        rows = house.store["access_log"].find({"what": f"stay/{id_}/file"}).sort("when", -1)
        return house.answer({"items": [_read(row) for row in await rows.to_list(LOG_ROWS)]})

    return router


def _read(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("who", "when", "what", "purpose")}
