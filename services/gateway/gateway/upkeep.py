"""Upkeep of the gateway: views built anew on request, and the demonstration clock of all services."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.bodies import json_response, parse, read_body
from chassis.clock import DemoClock
from chassis.ops import Step
from chassis.problems import Problem
from chassis.telemetry import log
from chassis.upkeep.rebuild import Progress, hear_again, rebuild
from contracts.roles import Role
from contracts.types import Body
from gateway.gateway import Gateway, journaled
from gateway.session import caller_of


class RebuildView(Body):
    view: str


class _Together:
    """The progress of several readings as one."""

    def __init__(self, shown: dict[str, Any]) -> None:
        self._shown = shown
        self._parts: list[tuple[int, int]] = []

    def part(self) -> Progress:
        place = len(self._parts)
        self._parts.append((0, 0))

        def progress(read: int, of: int) -> None:
            self._parts[place] = read, of
            self._shown.update(read=sum(part[0] for part in self._parts), of=sum(part[1] for part in self._parts))

        return progress


class Upkeep:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, dict[str, Any]] = {}

    async def start(self, request: Request) -> Response:
        _operator(request)
        wanted = parse(RebuildView, await read_body(request))
        names = [*self._gateway.projectors, "timeline"]
        if wanted.view not in names:
            raise Problem("invalid-input", errors=[{"pointer": "/view", "detail": f"one of {', '.join(names)}"}])
        running = self._running.get(wanted.view)
        if running is None or running.done():
            self._progress[wanted.view] = {"view": wanted.view, "state": "running", "read": 0, "of": 0}
            self._running[wanted.view] = asyncio.create_task(self._build(wanted.view))
        return json_response(self._progress[wanted.view], 202)

    async def progress(self, request: Request) -> Response:
        _operator(request)
        return json_response({"rebuilds": list(self._progress.values())})

    async def _build(self, view: str) -> None:
        shown, bootstrap = self._progress[view], self._gateway.settings.kafka_bootstrap
        try:
            if view == "timeline":
                await self._hear_all_again(shown, bootstrap)
            else:
                progress = _Together(shown).part()
                rebuilt = await rebuild(self._gateway.projectors[view], bootstrap, progress)
                shown.update(read=rebuilt.records, of=rebuilt.records, documents=rebuilt.documents)
            shown["state"] = "done"
        except Exception as fault:
            log.error("rebuild failed", view=view, exc_info=True)
            shown.update(state="failed", fault=f"{type(fault).__name__}: {fault}")

    async def _hear_all_again(self, shown: dict[str, Any], bootstrap: str) -> None:
        """Every journal, side by side, so that the progress speaks of all of them from the start."""
        together = _Together(shown)
        hearing = [
            hear_again(journal, contract.events_topic, bootstrap, together.part())
            for contract, journal in zip(journaled(), self._gateway.journals, strict=True)
        ]
        for heard in await asyncio.gather(*hearing, return_exceptions=True):
            if isinstance(heard, BaseException):
                raise heard

    async def step(self, request: Request) -> Response:
        """Steps the demonstration clock of the gateway and of every service."""
        settings, clock = self._gateway.settings, self._gateway.clock
        caller = caller_of(request)
        if not isinstance(clock, DemoClock) or settings.sign_in != "development":
            raise Problem("no-such-route")
        wanted = parse(Step, await read_body(request))
        answers = await self._gateway.owners.everyone("/demo/clock", caller, wanted.model_dump(mode="json"))
        await clock.step(wanted.now)
        return json_response({"now": clock.now(), "today": clock.today(), "services": answers})


def routes(gateway: Gateway) -> list[Route]:
    upkeep = Upkeep(gateway)
    return [
        Route("/ops/rebuild", upkeep.start, methods=["POST"]),
        Route("/ops/rebuild", upkeep.progress, methods=["GET"]),
        Route("/demo/clock", upkeep.step, methods=["POST"]),
    ]


def _operator(request: Request) -> None:
    if not caller_of(request).has(Role.OPS):
        raise Problem("not-permitted", roles=[Role.OPS])
