"""Path: a command over HTTP. Floor: a bare route and the transaction alone. Product: the real `edit_partner`, with token,
validation, idempotency, aggregate and outbox in one transaction; untraced, and traced at 10 % and in full."""

from __future__ import annotations

import tempfile
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
from stack import keys

AGGREGATES = 2_000
BODY = '{"city": "Helsinki"}'


async def run(ground: Ground, times: int) -> list[Figures]:
    """Rates at 8 and 32 connections, the slowest hundredth at 8, and tracing against the product's own untraced rate."""
    await topics.create(ground.bootstrap)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keys.make(folder / "keys")
        signer = Signer(folder / "keys" / "gateway.private.json")
        token = signer.token(Caller("service:bench", {OFF: {}}), "partners", seconds=7_200)
        database = f"floor_{uuid4().hex[:8]}"
        ids = [f"01900000-0000-7000-8000-{number:012d}" for number in range(AGGREGATES)]
        store = Store(ground.mongo_url, database)
        await store["items"].insert_many([{"_id": id_, "version": 1, "text": "x" * 600} for id_ in ids])
        environment = {
            "PASSERELLE_MONGO_URL": ground.mongo_url,
            "PASSERELLE_KAFKA_BOOTSTRAP": ground.bootstrap,
            "PASSERELLE_KEYS_DIR": str(folder / "keys"),
        }
        async with (
            sink() as traces,
            served(
                folder,
                "tests.bench.floors",
                port_variable="FLOOR_PORT",
                path="/one/x",
                FLOOR_DATABASE=database,
                **environment,
            ) as bare,
            served(folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **environment) as product,
            served(
                folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **environment, **traces(0.1)
            ) as tenth,
            served(
                folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **environment, **traces(1.0)
            ) as traced,
        ):
            await _partners(ground, ids)
            asked = {
                "floor": (bare, "/items/%s"),
                "passerelle": (product, "/api/v1/partners/%s/edit-partner"),
                "traced at 10 %": (tenth, "/api/v1/partners/%s/edit-partner"),
                "traced in full": (traced, "/api/v1/partners/%s/edit-partner"),
            }
            return await _measured(asked, ids, token, folder, times)


async def _measured(
    asked: dict[str, tuple[str, str]], ids: list[str], token: str, folder: Path, times: int
) -> list[Figures]:
    loads: dict[tuple[str, int], list[Load]] = {}
    for seed in range(times):
        for name, (address, path) in asked.items():
            for connections in (8, 32) if name in ("floor", "passerelle") else (8,):
                script = posting(path, ids, BODY, token, seed * 100 + connections + hash(name) % 50)
                loads.setdefault((name, connections), []).append(await load(address, script, folder, connections))
    found = []
    for connections in (8, 32):
        rate = Figures(f"command, {connections} connections", "requests/s", {"passerelle": 0.75})
        slow = Figures(f"command, {connections} connections, p99", "ms", {"passerelle": 2.0}, lower_is_better=True)
        for name in ("floor", "passerelle"):
            rate.repetitions[name] = [one.per_second for one in loads[name, connections]]
            slow.repetitions[name] = [one.p99_ms for one in loads[name, connections]]
        found += [rate, slow]
    tracing = Figures("command, tracing", "requests/s", {"traced at 10 %": 0.9, "traced in full": 0.75})
    for name in ("passerelle", "traced at 10 %", "traced in full"):
        tracing.repetitions[name] = [one.per_second for one in loads[name, 8]]
    assert not any(one.refused for each in loads.values() for one in each), "a command was refused"
    return [*found, tracing]


async def _partners(ground: Ground, ids: list[str]) -> None:
    """The aggregates as the service keeps them."""
    store = Store(ground.mongo_url, "passerelle_partners")
    documents: list[dict[str, Any]] = []
    for number, id_ in enumerate(ids):
        public = {
            "id": id_,
            "version": 1,
            "standing": "active",
            "kind": "university",
            "governance": "public_service",
            "name": {"display": f"University {number}", "local": [], "aliases": ["x" * 300]},
            "country": "FI",
        }
        documents.append({"_id": id_, "version": 1, "state": "active", "public": public, "private": {}, "at": 1})
    await store["partner"].insert_many(documents)
    store.close()
