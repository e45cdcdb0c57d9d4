"""Technical routes of a service, for the role `ops`: parked records, stopped topics, the demonstration clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.bodies import json_response, parse, read_body
from chassis.clock import DemoClock
from chassis.decide import Caller
from chassis.parking import PARKED
from chassis.problems import Problem

OPS: Final = "ops"
SHOWN_CHARACTERS: Final = 100_000


class Step(BaseModel):
    now: AwareDatetime


def routes(running: Any, caller: Callable[[Request], Caller]) -> list[Route]:
    """What a process offers to operators; `running` names its ears, its parking lot and the handlers that park there.
    Proved by `test_what_operators_do_is_not_permitted_to_others`."""
    doing = _Operations(running, caller)
    listed = (
        ("/ops/parked", doing.parked, "GET"),
        ("/ops/parked/one", doing.parked_one, "GET"),
        ("/ops/parked/redrive", doing.redrive, "POST"),
        ("/ops/parked/drop", doing.drop, "POST"),
        ("/ops/resume", doing.go_on, "POST"),
        ("/demo/clock", doing.step, "POST"),
    )
    return [Route(path, endpoint, methods=[method]) for path, endpoint, method in listed]


class _Operations:
    def __init__(self, running: Any, caller: Callable[[Request], Caller]) -> None:
        self._running, self._caller = running, caller

    def _operator(self, request: Request) -> Caller:
        caller = self._caller(request)
        if not caller.has(OPS):
            raise Problem("not-permitted", roles=[OPS])
        return caller

    async def parked(self, request: Request) -> Response:
        self._operator(request)
        rows = await self._running.store[PARKED].find({"open": True}).sort([("parked_at", 1)]).limit(500).to_list(500)
        return json_response({"items": [_shown(row) for row in rows]})

    async def parked_one(self, request: Request) -> Response:
        self._operator(request)
        row = await self._one(request)
        text = bytes(row["value"] or b"").decode(errors="replace")
        headers = {name: bytes(value or b"").decode(errors="replace") for name, value in row["headers"]}
        return json_response({**_shown(row), "headers": headers, "value": text[:SHOWN_CHARACTERS]})

    async def redrive(self, request: Request) -> Response:
        """Replays the record and those of its key behind it; `failed` says why one of them still cannot be dealt with."""
        caller = self._operator(request)
        row = await self._one(request)
        again = self._running.handlers.get(row["handler"])
        if again is None:
            return json_response({"redriven": 0, "dropped": 0, "failed": f"nothing here is called {row['handler']}"})
        done, failed = await self._running.parking.redrive(row, caller.subject, again)
        return json_response({"redriven": done, "dropped": 0, "failed": failed})

    async def drop(self, request: Request) -> Response:
        """Gives a record up, so that those behind it can be replayed."""
        caller = self._operator(request)
        row = await self._one(request)
        await self._running.parking.close(row["_id"], caller.subject, "dropped")
        return json_response({"redriven": 0, "dropped": int(row["open"]), "failed": None})

    async def go_on(self, request: Request) -> Response:
        self._operator(request)
        stopped = [ear for ear in self._running.ears if ear.stopped]
        for ear in stopped:
            ear.go_on()
        return json_response({"resumed": [ear.topic for ear in stopped]})

    async def step(self, request: Request) -> Response:
        self._caller(request)
        clock = self._running.clock
        if not isinstance(clock, DemoClock) or self._running.service.settings.sign_in != "development":
            raise Problem("no-such-route")
        wanted = parse(Step, await read_body(request))
        await clock.step(wanted.now)
        steps = await self._running.scanner.advance()
        return json_response({"now": clock.now(), "today": clock.today(), "steps": steps})

    async def _one(self, request: Request) -> dict[str, Any]:
        id_ = request.query_params.get("id", "")
        row: dict[str, Any] | None = await self._running.store[PARKED].find_one({"_id": id_})
        if row is None:
            raise Problem("unknown-id", id=id_)
        return row


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    wanted = ("topic", "partition", "offset", "key", "handler", "reason", "attempts", "behind", "parked_at")
    return {"id": row["_id"], **{name: row[name] for name in wanted}}
