"""What agreements answers itself: the office's part of a file, the signatories' names, the audit of the register."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from agreements.agreement import AGGREGATE, reach
from agreements.agreement.known import RIGHTS
from agreements.agreement.register import ENTRIES
from chassis.answers import Asked
from chassis.bodies import query
from chassis.decide import Caller, Loaded
from chassis.http import House
from chassis.problems import Problem
from contracts.roles import AFR, COO, DIR, OFF, OPS, VR
from contracts.types import Body

OFFICE: Final = (OFF, DIR, VR, COO, AFR)
REGISTER_LIMIT: Final = 100_000


class Audited(Body):
    year: int | None = Field(None, ge=1, le=9999)


def routes(house: House) -> APIRouter:
    router = APIRouter(prefix="/api/v1/agreements")

    @router.get("/audit/register")
    async def register_audit(request: Request) -> Response:
        """Whether the entries of a year are 1…n without a gap, each with the one agreement that has its number.

        Without a year, every year of which there is an entry or a number.
        """
        caller = house.caller(request)
        if not caller.has(*OFFICE, OPS):
            raise _not_permitted((*OFFICE, OPS))
        year = query(Audited, request).year
        if year is not None:
            return house.answer(await audit(house, year))
        return house.answer({"years": [await audit(house, each) for each in await _years(house)]})

    @router.get("/{id}/file")
    async def office_file(request: Request) -> Response:
        """Notes, papers, answers and rights tests, for the office; without the signatories' names."""
        id_ = request.path_params["id"]
        loaded = await _opened(house, id_, house.caller(request))
        kept = loaded.private.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"signatories"})
        tests = await house.store[RIGHTS].find({"subject_id": id_}).sort("assessed_on", 1).to_list(1_000)
        shown = [{"id": test.pop("_id"), **test} for test in tests]
        return house.answer({"id": id_, "version": loaded.state.version, **kept, "rights_assessments": shown})

    @router.get("/{id}/signatories")
    async def signatories(request: Request) -> Response:
        """Who signs; each reading is logged with its purpose."""
        id_ = request.path_params["id"]
        caller = house.caller(request)
        purpose = house.purpose(request)
        loaded = await _opened(house, id_, caller)
        await house.log_access(caller, f"agreement/{id_}/signatories", purpose)
        items = [each.model_dump(mode="json", exclude_none=True) for each in loaded.private.signatories]
        return house.answer({"items": items})

    return router


async def _opened(house: House, id_: str, caller: Caller) -> Loaded:
    """The agreement, for whoever of the office has it in scope."""
    loaded = await house.desk.load(AGGREGATE.name, id_)
    look = Asked(AGGREGATE, AGGREGATE.command("assign_officer"), id_, None, caller)
    found = (await house.desk.context(look, loaded, None)).found
    if not caller.may(OFFICE, reach(loaded.state, loaded.private, None, found)):
        raise _not_permitted(OFFICE)
    return loaded


async def audit(house: House, year: int) -> dict[str, Any]:
    of_year = {"_id": {"$regex": f"^{year:04d}-"}}
    entries = await house.store[ENTRIES].find(of_year).to_list(REGISTER_LIMIT)
    number = {"public.number": {"$regex": rf"^[A-Z]+-{year:04d}-"}}
    wanted = {"public.number": 1}
    rows = await house.store[AGGREGATE.name].find(number, wanted).to_list(REGISTER_LIMIT)
    return audited(year, entries, {row["_id"]: str(row["public"]["number"]) for row in rows})


async def _years(house: House) -> list[int]:
    entries = await house.store[ENTRIES].find({}, {"_id": 1}).to_list(None)
    numbered = (
        await house.store[AGGREGATE.name].find({"public.number": {"$gt": ""}}, {"public.number": 1}).to_list(None)
    )
    told = [row["_id"] for row in entries] + [row["public"]["number"].partition("-")[2] for row in numbered]
    return sorted({int(text.partition("-")[0]) for text in told})


def audited(year: int, entries: list[dict[str, Any]], numbers: dict[str, str]) -> dict[str, Any]:
    """`numbers` are the agreements' own, by agreement; everything that does not match is named."""
    given = {_number(entry["_id"]): entry["agreement_id"] for entry in entries}
    carried = {agreement_id: _number(number.partition("-")[2]) for agreement_id, number in numbers.items()}
    missing = sorted(set(range(1, max(given, default=0) + 1)) - set(given))
    astray = sorted(no for no, agreement_id in given.items() if carried.get(agreement_id) != no)
    unlisted = sorted(each for each, no in carried.items() if given.get(no) != each)
    return {
        "year": year,
        "entries": len(given),
        "missing_numbers": missing,
        "entries_without_agreement": astray,
        "agreements_without_entry": unlisted,
        "gap_free": not (missing or astray or unlisted),
    }


def _number(entry_id: str) -> int:
    found = re.fullmatch(r"\d{4}-(\d+)", entry_id)
    return int(found[1]) if found else 0


def _not_permitted(roles: tuple[str, ...]) -> Problem:
    return Problem("not-permitted", roles=[str(role) for role in roles])
