"""The product beside what others use for the same work; `make bench-peers` makes the environment of those that are not among
its own packages. Peers that are slow take fewer records: all are rates."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from tests.bench import peer_faststream as peer
from tests.bench.bench_ground import Ground
from tests.bench.command import AGGREGATES, BODY, EDIT, FLOOR, partners
from tests.bench.interleaved import Figures, interleaved
from tests.bench.load import load, posting
from tests.bench.projection import Form, floor, passerelle
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from contracts.roles import OFF

PYTHON = Path(__file__).parents[2] / ".venv-peers" / "bin" / "python"
MANY, FEW, FEWEST = 8_000, 3_000, 300
AT_MOST, AT_MOST_ON_REPLAY, OF_BEANIE = 1 / 5, 1 / 2.5, 0.55


async def run(ground: Ground, times: int) -> list[Figures]:
    if not PYTHON.exists():
        raise SystemExit("the peers are not installed: make bench-peers")
    load_topic, updates = await ground.topic("bench.load"), await ground.topic("bench.updates")
    await ground.fill(load_topic, MANY, 1)
    await ground.fill(updates, MANY // 4, 4)
    found = []
    for name, topic, replayed, limit in (
        ("first load", load_topic, False, AT_MOST),
        ("updates", updates, False, AT_MOST),
        ("replay", load_topic, True, AT_MOST_ON_REPLAY),
    ):
        variants = {
            "passerelle": _rate(passerelle, ground, topic, MANY, replayed),
            "floor": _rate(floor, ground, topic, MANY, replayed),
            "FastStream, one by one, default": _rate(peer.lossy, ground, topic, FEW, replayed),
            "FastStream, one by one, ACK": _rate(peer.safe, ground, topic, FEWEST, replayed),
            "FastStream, batch and models": _rate(peer.batches, ground, topic, MANY, replayed),
        }
        if not replayed:
            variants["Quix Streams, no guard"] = _rate(quix, ground, topic, MANY, replayed)
        goal = {each: limit for each in variants if each not in ("passerelle", "floor")}
        figures = Figures(f"projection, {name}", "records/s", goal, lower_is_better=True)
        found.append(await interleaved(figures, variants, times))
    return [*found, *await commands(ground, times)]


def _rate(form: Form, ground: Ground, topic: str, count: int, replayed: bool) -> Callable[[], Awaitable[float]]:
    """What is replayed was loaded before by the quickest form."""

    async def once() -> float:
        store = ground.store("peers")
        try:
            if replayed:
                await floor(ground, topic, MANY, store, "first")
            return count / await form(ground, topic, count, store, "second")
        finally:
            await store.drop_database()
            store.close()

    return once


async def quix(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    where = urlsplit(ground.mongo_url)
    asked = [ground.bootstrap, topic, str(where.hostname), str(where.port), store.name, str(count)]
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), "-m", "tests.bench.peer_quix", *asked, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    kept = await store["view"].count_documents({})
    assert kept, f"{run_name}: nothing was kept"
    return float(out.split()[-1])


async def commands(ground: Ground, times: int) -> list[Figures]:
    """Create, read, update, delete without any event, against a command of the product."""
    await topics.create(ground.bootstrap)
    ids = [f"01900000-0000-7000-8000-{number:012d}" for number in range(AGGREGATES)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shared = ground.environment(folder)
        signer = Signer(folder / "keys" / "gateway.private.json")
        token = signer.token(Caller("service:bench", {OFF: {}}), "partners", seconds=7_200)
        told: Mapping[str, str] = {
            **shared,
            "FLOOR_DATABASE": f"beanie_{uuid4().hex[:8]}",
            "PARTNERS_DATABASE": f"peers_{uuid4().hex[:8]}",
        }
        beanie = served(folder, "tests.bench.peer_beanie", port_variable="FLOOR_PORT", path="/x", python=PYTHON, **told)
        bare = await stack.enter_async_context(beanie)
        service = served(folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **told)
        product = await stack.enter_async_context(service)
        await partners(ground, ids, told["PARTNERS_DATABASE"])
        store = ground.store()
        items = store.sibling(told["FLOOR_DATABASE"])["items"]
        await items.insert_many([{"_id": id_, "version": 1, "text": "x" * 600} for id_ in ids])
        found = []
        for connections in (8, 32):
            goal = {"passerelle": OF_BEANIE}
            figures = Figures(f"command beside Beanie CRUD, {connections} connections", "requests/s", goal)
            for repetition in range(times + 1):
                for name, address, path in (("Beanie", bare, FLOOR), ("passerelle", product, EDIT)):
                    script = posting(path, ids, BODY, token, connections * 100 + repetition)
                    one = await load(address, script, folder, connections, 3 if repetition else 1)
                    assert not one.refused, name
                    if repetition:
                        figures.repetitions.setdefault(name, []).append(one.per_second)
            found.append(figures)
        store.close()
        return found
