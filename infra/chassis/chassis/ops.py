"""Technical routes of a service, for the role `ops`: parked records, stopped topics, the demonstration clock."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request
from starlette.responses import Response

from chassis.clock import DemoClock
from chassis.decide import Caller
from chassis.http import json_response, parse, read_body
from chassis.mongo import Store
from chassis.parking import PARKED
from chassis.problems import Problem

OPS = "ops"


class Step(BaseModel):
    now: AwareDatetime


class House(Protocol):
    """Who asks, and where the parked records are."""

    store: Store

    def caller(self, request: Request) -> Caller: ...


def routes(running: Any, house: House) -> APIRouter:
    router = APIRouter()

    def operator(request: Request) -> Caller:
        caller = house.caller(request)
        if not caller.has(OPS):
            raise Problem("not-permitted", roles=[OPS])
        return caller

    async def parked(request: Request) -> Response:
        operator(request)
        rows = await house.store[PARKED].find({"open": True}).sort([("parked_at", 1)]).limit(500).to_list(500)
        return json_response({"items": [_shown(row) for row in rows]})

    async def parked_one(request: Request) -> Response:
        operator(request)
        row = await _one(house, request.query_params.get("id", ""))
        text = bytes(row["value"] or b"").decode(errors="replace")
        headers = {name: bytes(value).decode(errors="replace") for name, value in row["headers"]}
        return json_response({**_shown(row), "headers": headers, "value": text[:100_000]})

    async def redrive(request: Request) -> Response:
        caller = operator(request)
        row = await _one(house, request.query_params.get("id", ""))
        reactor = next((r for r in running.reactors if row["topic"] == r.contract.events_topic), None)
        if reactor is None:
            await running.parking.replayed(row["_id"], caller.subject)
            return json_response({"redriven": 0, "dropped": 1})
        return json_response({"redriven": await reactor.redrive(row, caller.subject), "dropped": 0})

    async def go_on(request: Request) -> Response:
        operator(request)
        stopped = [ear for ear in running.ears if ear.stopped]
        for ear in stopped:
            ear.go_on()
        return json_response({"resumed": [ear.topic for ear in stopped]})

    async def step(request: Request) -> Response:
        house.caller(request)
        clock = running.clock
        if not isinstance(clock, DemoClock) or running.service.settings.sign_in != "development":
            raise Problem("no-such-route")
        wanted = parse(Step, await read_body(request))
        assert isinstance(wanted, Step)
        await clock.step(wanted.now)
        steps = await running.scanner.advance()
        return json_response({"now": clock.now(), "today": clock.today(), "steps": steps})

    router.add_api_route("/ops/parked", parked, methods=["GET"])
    router.add_api_route("/ops/parked/one", parked_one, methods=["GET"])
    router.add_api_route("/ops/parked/redrive", redrive, methods=["POST"])
    router.add_api_route("/ops/resume", go_on, methods=["POST"])
    router.add_api_route("/demo/clock", step, methods=["POST"])
    return router


async def _one(house: House, id_: str) -> dict[str, Any]:
    row: dict[str, Any] | None = await house.store[PARKED].find_one({"_id": id_})
    if row is None:
        raise Problem("unknown-id", id=id_)
    return row


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    wanted = ("topic", "partition", "offset", "key", "handler", "reason", "attempts", "behind", "parked_at")
    return {"id": row["_id"], **{name: row[name] for name in wanted}}
