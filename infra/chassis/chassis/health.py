"""Whether a process lives, whether it does its work, and what it measures."""

from __future__ import annotations

from typing import Any

from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chassis.bodies import json_response
from chassis.telemetry import log


def routes(running: Any) -> list[Route]:
    """`/live`, `/ready` and `/metrics`."""

    async def live(request: Request) -> Response:
        return json_response({"status": "live"})

    async def ready(request: Request) -> Response:
        faults = await faults_of(running)
        return json_response(
            {"status": "ready" if not faults else "not ready", "faults": faults}, 200 if not faults else 503
        )

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(running.measures.registry), media_type="text/plain; version=0.0.4")

    return [Route(f"/{page.__name__}", page, methods=["GET"]) for page in (live, ready, metrics)]


async def faults_of(running: Any) -> list[str]:
    """Why this process is not ready: the store, the relay, a loop that ended, a topic that waits or was stopped.
    Proved by `test_a_store_that_is_away_is_said_soon_and_comes_back_without_a_restart`."""
    faults = []
    try:
        await running.store.ping()
    except Exception as fault:
        log.warning("store does not answer", fault=type(fault).__name__)
        faults.append("the store does not answer")
    faults += [f"a loop ended: {task.get_coro().__qualname__}" for task in running.tasks if task.done()]
    if running.relay and running.relay.fault:
        faults.append(running.relay.fault)
    return faults + [ear.fault for ear in running.ears if ear.fault]
