"""Path: a page of 50 and one document of the gateway. Floor: the driver and ready-made bytes, on the same documents."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import uuid4

import httpx
from tests.bench.bench_ground import FILLER, Ground
from tests.bench.interleaved import Figures
from tests.bench.load import load, reading
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Store
from contracts.roles import OFF
from gateway.views import VIEWS

DOCUMENTS, PAGE, BATCH, SECONDS = 100_000, 50, 1_000, 3
NARROW = [f"N{number:03d}" for number in range(20)]
BROAD, FIRST_SECONDS = "XX", 600


async def run(ground: Ground, times: int) -> list[Figures]:
    """Narrow: the filter matches exactly one page. Broad: it matches an eighth of all documents."""
    await topics.create(ground.bootstrap)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told = ground.environment(folder)
        token = Signer(folder / "keys" / "gateway.private.json").token(
            Caller("bench", {OFF: {}}), "gateway", seconds=7_200
        )
        database = f"reads_{uuid4().hex[:8]}"
        floor = served(
            folder,
            "tests.bench.floors",
            port_variable="FLOOR_PORT",
            path="/one/x",
            FLOOR_DATABASE=database,
            FLOOR_DRIVER="motor",
            **told,
        )
        product = served(
            folder, "gateway", "api", port_variable="GATEWAY_PORT", path="/live", GATEWAY_DATABASE=database, **told
        )
        async with floor as bare, product as gateway:
            ids = await documents(ground, database, DOCUMENTS, ("view", VIEWS["partners"].collection))
            await met(f"{bare}/page", token)
            await met(f"{gateway}/api/v1/partners", token)
            page = Figures("page of 50, narrow filter", "requests/s", {"passerelle": 0.8})
            one = Figures("one document", "requests/s", {"passerelle": 0.7})
            broad = Figures("page of 50, broad filter against narrow", "ms", {"broad": 3.0}, lower_is_better=True)
            for _ in range(times):
                for figures, bare_path, path, values in (
                    (page, "/page?country=%s", "/api/v1/partners?country=%s", NARROW),
                    (one, "/one/%s", "/api/v1/partners/%s", ids[:1_000]),
                ):
                    bare_load = await load(bare, reading(bare_path, values), folder, 8, SECONDS)
                    product_load = await load(gateway, reading(path, values, token), folder, 8, SECONDS)
                    figures.repetitions.setdefault("floor", []).append(bare_load.per_second)
                    figures.repetitions.setdefault("passerelle", []).append(product_load.per_second)
                narrow = await load(gateway, reading("/api/v1/partners?country=%s", NARROW, token), folder, 1, SECONDS)
                wide = await load(gateway, reading("/api/v1/partners?country=%s", [BROAD], token), folder, 1, SECONDS)
                broad.repetitions.setdefault("narrow", []).append(narrow.p50_ms)
                broad.repetitions.setdefault("broad", []).append(wide.p50_ms)
    return [page, one, broad]


async def met(address: str, token: str) -> None:
    """The first question to a collection costs the store as much as it is large; eight of them at once cost its memory."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=FIRST_SECONDS) as client:
        for country in (NARROW[0], BROAD):
            (await client.get(address, params={"country": country})).raise_for_status()


async def documents(ground: Ground, database: str, many: int, names: tuple[str, ...]) -> list[str]:
    """The same collection under each of these names, into the indexes that stand there."""
    store, view = Store(ground.mongo_url, database), VIEWS["partners"]
    ids = [f"01900000-0000-7000-8000-{number:012d}" for number in range(many)]
    for name in names:
        await store[name].create_index([("country", 1), ("order" if name == "view" else "view.order", 1), ("_id", 1)])
        rows = []
        for number, id_ in enumerate(ids):
            state = {
                "id": id_,
                "standing": "active",
                "kind": "university",
                "name": {"display": f"University {number}", "local": [{"lang": "fr", "value": FILLER}], "aliases": []},
                "country": NARROW[number // PAGE] if number < PAGE * len(NARROW) else ("YY" if number % 8 else BROAD),
            }
            document = {**state, "_id": id_, "version": 1, "view": view.derive(state), "order": f"{number:07d}"}
            rows.append({key: value for key, value in document.items() if key != "id"})
            if len(rows) == BATCH or number + 1 == many:
                await store[name].insert_many(rows)
                rows = []
    store.close()
    return ids
