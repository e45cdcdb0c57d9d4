"""Where a person hands in a list, follows the run and reads what became of each row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from starlette.datastructures import UploadFile

from chassis.bodies import query
from chassis.decide import Caller, Reason, Text
from chassis.http import House
from chassis.problems import Problem
from contracts.roles import AFR, COO, DIR, OFF, OPS, VR
from contracts.types import Body
from partners.imports.eche import ListedInstitution, ShapeUnknown, read
from partners.imports.run import ROWS, RUNS, begin, prepare
from partners.initialise import listed_countries

READERS: Final = (OFF, DIR, VR, COO, AFR, OPS)
FILE_LIMIT_BYTES: Final = 20 * 1024 * 1024
SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RAW_TYPES: Final = frozenset({SPREADSHEET, "application/octet-stream"})
PAGE_LIMIT: Final = 1_000
NOT_THE_LIST: Final = Text(
    "Le fichier n'est pas la liste ECHE attendue ; rien n'est importé.",
    "The file is not the ECHE list; nothing was imported.",
)
Counted = Mapping[str, Any]


class Wanted(Body):
    """Which institutions of the list are added where there is none."""

    add: Literal["all", "none"] = "none"


class Page(Body):
    """Rows after this number; all of them, or those with something to report."""

    after: int = Field(0, ge=0)
    reported: bool = True


def import_routes(house: House) -> APIRouter:
    running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def while_open(_: object) -> AsyncIterator[None]:
        """Runs end with the service, before its store is closed; handing in the same file goes on with them."""
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    router = APIRouter(prefix="/imports", lifespan=while_open)

    @router.post("/eche")
    async def eche(request: Request) -> Response:
        """Takes the list and answers 202 with the run; the run goes on by itself."""
        caller = _permitted(house, request, (OFF,))
        add = query(Wanted, request).add
        content = await _file(request)
        rows = await _rows(content)
        await prepare(house.desk)
        run, work = await begin(house.desk, content, len(rows), add, caller.subject)
        if work:
            task = asyncio.create_task(work.carry_out(rows))
            running.add(task)
            task.add_done_callback(running.discard)
        return house.answer(_shown(run), 202, {"Location": f"/api/v1/partners/imports/{run['_id']}"})

    @router.get("")
    async def runs(request: Request) -> Response:
        _permitted(house, request, READERS)
        found = await house.store[RUNS].find({}).sort("started_at", -1).limit(100).to_list(100)
        return house.answer({"items": [_shown(run) for run in found]})

    @router.get("/{run_id}")
    async def progress(request: Request) -> Response:
        _permitted(house, request, READERS)
        return house.answer(_shown(await _run(house, request.path_params["run_id"])))

    @router.get("/{run_id}/rows")
    async def report(request: Request) -> Response:
        """Rows by number, a thousand at a time: those with something to report, or all of them."""
        _permitted(house, request, READERS)
        page, run = query(Page, request), await _run(house, request.path_params["run_id"])
        asked: dict[str, Any] = {"run_id": run["_id"], "number": {"$gt": page.after}}
        if page.reported:
            asked["remarks.0"] = {"$exists": True}
        found = await house.store[ROWS].find(asked).sort("number", 1).limit(PAGE_LIMIT).to_list(PAGE_LIMIT)
        shown = ("number", "outcome", "partner_id", "matched_by", "remarks")
        items = [{name: row[name] for name in shown if row.get(name) is not None} for row in found]
        return house.answer({"items": items, "next": found[-1]["number"] if len(found) == PAGE_LIMIT else None})

    return router


def _permitted(house: House, request: Request, roles: tuple[str, ...]) -> Caller:
    caller = house.caller(request)
    if not caller.has(*roles):
        raise Problem("not-permitted", roles=[str(role) for role in roles])
    return caller


async def _run(house: House, run_id: str) -> Counted:
    run: Counted | None = await house.store[RUNS].find_one({"_id": run_id})
    if run is None:
        raise Problem("unknown-id", id=run_id)
    return run


async def _file(request: Request) -> bytes:
    """The bytes, sent raw or as `file` of a form; raises Problem `too-large`, `media-type-not-supported`."""
    if int(request.headers.get("content-length") or 0) > FILE_LIMIT_BYTES + 64 * 1024:
        raise Problem("too-large", limit_bytes=FILE_LIMIT_BYTES)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "multipart/form-data":
        async with request.form(max_files=1) as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise Problem("invalid-input", errors=[{"pointer": "/file", "detail": "a file is needed"}])
            content = await upload.read(FILE_LIMIT_BYTES + 1)
    elif content_type in RAW_TYPES:
        content = await _whole(request)
    else:
        raise Problem("media-type-not-supported", accepted=[SPREADSHEET])
    if len(content) > FILE_LIMIT_BYTES:
        raise Problem("too-large", limit_bytes=FILE_LIMIT_BYTES)
    return content


async def _whole(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > FILE_LIMIT_BYTES:
            break
    return bytes(content)


async def _rows(content: bytes) -> list[ListedInstitution]:
    countries = [body.iso2 for body in listed_countries()]
    try:
        return await asyncio.to_thread(read, content, countries)
    except ShapeUnknown as fault:
        reason = Reason("import-shape-unknown", NOT_THE_LIST)
        raise Problem("import-shape-unknown", reason, fault=str(fault)) from fault


def _shown(run: Counted) -> dict[str, Any]:
    names = ("source", "add", "state", "rows", "file_sha256", "started_by", "started_at", "ended_at")
    members = {name: run[name] for name in names if run.get(name) is not None}
    return {"run_id": run["_id"], **members, **run["counters"]}
