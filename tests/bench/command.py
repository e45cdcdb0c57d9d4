"""Path: a command over HTTP. Floor: a bare route and the transaction alone. Product: the real `edit_partner`, with token,
validation, idempotency, aggregate and outbox in one transaction; on both drivers, untraced, traced at 10 % and in full."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures
from tests.bench.load import Load, load, posting
from tests.bench.served import served
from tests.bench.spare_otlp import sink

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Store
from contracts.roles import OFF
from partners.initialise import listed_countries

AGGREGATES, SECONDS = 2_000, 3
BODY = '{"city": "Helsinki %s"}'
"""Every edit changes something: one that changes nothing would write nothing."""
FLOOR, EDIT = "/items/%s", "/api/v1/partners/%s/edit-partner"
BOTH = (8, 32)


async def run(ground: Ground, times: int) -> list[Figures]:
    """Rates at 8 and 32 connections, the slowest hundredth, tracing against the product's own untraced rate, and the other
    driver against its own floor."""
    await topics.create(ground.bootstrap)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        told = ground.environment(folder)
        signer = Signer(folder / "keys" / "gateway.private.json")
        token = signer.token(Caller("service:bench", {OFF: {}}), "partners", seconds=7_200)
        database = f"floor_{uuid4().hex[:8]}"
        ids = [f"01900000-0000-7000-8000-{number:012d}" for number in range(AGGREGATES)]
        store = Store(ground.mongo_url, database)
        await store["items"].insert_many([{"_id": id_, "version": 1, "text": "x" * 600} for id_ in ids])
        store.close()
        traces = await stack.enter_async_context(sink())

        async def floor(driver: str) -> str:
            more = {"FLOOR_DATABASE": database, "FLOOR_DRIVER": driver, **told}
            started = served(folder, "tests.bench.floors", port_variable="FLOOR_PORT", path="/one/x", **more)
            return await stack.enter_async_context(started)

        async def product(*module: str, **more: str) -> str:
            started = served(folder, *module, "api", port_variable="PARTNERS_PORT", path="/live", **told, **more)
            return await stack.enter_async_context(started)

        asked = {
            "floor": (await floor("motor"), FLOOR, BOTH),
            "passerelle": (await product("partners"), EDIT, BOTH),
            "traced at 10 %": (await product("partners", **traces(0.1)), EDIT, (8,)),
            "traced in full": (await product("partners", **traces(1.0)), EDIT, (8,)),
            "floor, PyMongo": (await floor("pymongo"), FLOOR, (8,)),
            "passerelle, PyMongo": (await product("tests.bench.other_driver", "partners"), EDIT, (8,)),
        }
        await partners(ground, ids, "passerelle_partners")
        return _compared(await _measured(asked, ids, token, folder, times))


Loads = dict[tuple[str, int], list[Load]]


async def _measured(
    asked: dict[str, tuple[str, str, tuple[int, ...]]], ids: list[str], token: str, folder: Path, times: int
) -> Loads:
    """Every request of a run bears a key of its own; the first round only warms up."""
    loads: Loads = {}
    runs = count(1)
    for repetition in range(times + 1):
        for name, (address, path, connections) in asked.items():
            for each in connections:
                script = posting(path, ids, BODY, token, next(runs))
                one = await load(address, script, folder, each, SECONDS if repetition else 1)
                assert not one.refused, f"{name}: a command was refused"
                if repetition:
                    loads.setdefault((name, each), []).append(one)
    return loads


def _compared(loads: Loads) -> list[Figures]:
    def rates(title: str, goal: dict[str, float], connections: int, *names: str) -> Figures:
        each = {name: [one.per_second for one in loads[name, connections]] for name in names}
        return Figures(title, "requests/s", goal, each)

    def slowest(connections: int) -> Figures:
        each = {name: [one.p99_ms for one in loads[name, connections]] for name in ("floor", "passerelle")}
        title = f"command, {connections} connections, p99"
        return Figures(title, "ms", {"passerelle": 2.0}, each, lower_is_better=True)

    goal = {"passerelle": 0.75}
    traced = {"traced at 10 %": 0.9, "traced in full": 0.75}
    return [
        rates("command, 8 connections", goal, 8, "floor", "passerelle"),
        slowest(8),
        rates("command, 32 connections", goal, 32, "floor", "passerelle"),
        slowest(32),
        rates("command, tracing", traced, 8, "passerelle", *traced),
        rates("command, other driver", {}, 8, "floor, PyMongo", "passerelle, PyMongo"),
    ]


async def partners(ground: Ground, ids: list[str], database: str) -> None:
    """The aggregates as the service keeps them, in all countries: one of a million in the same costs the store a million."""
    store, countries = Store(ground.mongo_url, database), [body.iso2 for body in listed_countries()]
    documents: list[dict[str, Any]] = []
    for number, id_ in enumerate(ids):
        public = {
            "id": id_,
            "version": 1,
            "standing": "active",
            "kind": "university",
            "governance": "public_service",
            "name": {"display": f"University {number}", "local": [], "aliases": ["x" * 300]},
            "country": countries[number % len(countries)],
        }
        documents.append({"_id": id_, "version": 1, "state": "active", "public": public, "private": {}, "at": 1})
    await store["partner"].insert_many(documents)
    store.close()
