"""How cost grows: a command and a page among 10³ to 10⁵ aggregates (`--size 10`: to 10⁶), and the projection with 1 to 6
workers. The smallest is the floor of each."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
from tests.bench.bench_ground import Ground
from tests.bench.command import BODY, EDIT, partners
from tests.bench.interleaved import Figures
from tests.bench.load import load, posting, reading
from tests.bench.projecting import GO, HEARD, JOINED, SIGNS
from tests.bench.reads import NARROW, documents
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Store
from contracts.roles import OFF

SIZES, WORKERS = (1_000, 10_000, 100_000), (1, 2, 3, 6)
RECORDS, CONNECTIONS, SECONDS = 60_000, 8, 4
FIRST_SECONDS = 120.0
ASKED_ABOUT = 1_000


async def run(ground: Ground, times: int, size: int = 1) -> list[Figures]:
    await topics.create(ground.bootstrap)
    sizes = [each for each in (*SIZES, 1_000_000) if each <= SIZES[-1] * size]
    return [*await among(ground, sizes, times), await workers(ground, times)]


async def among(ground: Ground, sizes: list[int], times: int) -> list[Figures]:
    """The same load on databases that differ in nothing but the number of aggregates."""
    command = Figures("command, 8 connections", "requests/s", {})
    page = Figures("page of 50, narrow filter", "requests/s", {})
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shared = ground.environment(folder)
        signer = Signer(folder / "keys" / "gateway.private.json")
        token = signer.token(Caller("service:bench", {OFF: {}}), ["partners", "gateway"], seconds=7_200)
        asked = {}
        for each in sizes:
            owner, view = f"growth_{uuid4().hex[:8]}", f"growth_{uuid4().hex[:8]}"
            told = {
                **shared,
                "PARTNERS_DATABASE": owner,
                "GATEWAY_DATABASE": view,
            }
            service = served(folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **told)
            door = served(folder, "gateway", "api", port_variable="GATEWAY_PORT", path="/live", **told)
            asked[each] = await stack.enter_async_context(service), await stack.enter_async_context(door)
            for start in range(0, each, 10_000):
                ids = [_id(number) for number in range(start, min(start + 10_000, each))]
                await partners(ground, ids, owner)
            await documents(ground, view, each, ("partners",))
            await met(*asked[each], token)
        seeds = count(1)
        for repetition in range(times + 1):
            for each, (partner, gateway) in asked.items():
                ids = [_id(number) for number in range(0, each, each // ASKED_ABOUT)]
                posted = posting(EDIT, ids, BODY, token, next(seeds))
                changed = await load(partner, posted, folder, CONNECTIONS, SECONDS if repetition else 1)
                listed = reading("/api/v1/partners?country=%s", NARROW, token)
                read = await load(gateway, listed, folder, CONNECTIONS, SECONDS if repetition else 1)
                name = f"{each:,}"
                if repetition:
                    command.repetitions.setdefault(name, []).append(changed.per_second)
                    page.repetitions.setdefault(name, []).append(read.per_second)
    return [command, page]


async def met(partner: str, gateway: str, token: str) -> None:
    """Of the first commands, as `reads.met` of the first reads."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=FIRST_SECONDS) as client:
        for number in range(2):
            told = {"idempotency-key": uuid4().hex}
            changed = await client.post(partner + EDIT % _id(0), json={"city": f"City {number}"}, headers=told)
            read = await client.get(f"{gateway}/api/v1/partners", params={"country": NARROW[0]})
            assert (changed.status_code, read.status_code) == (200, 200), (changed.text, read.text)


async def workers(ground: Ground, times: int) -> Figures:
    """Records a second of one view, its group having joined before the clock starts."""
    figures = Figures("projection, workers", "records/s", {})
    topic = await ground.topic("bench.workers")
    await ground.fill(topic, RECORDS, 1)
    for _ in range(times):
        for many in WORKERS:
            store = ground.store("workers")
            asked = [ground.bootstrap, ground.mongo_url, store.name, topic]
            running = [
                await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.projecting", *asked)
                for _ in range(many)
            ]
            try:
                figures.repetitions.setdefault(f"{many}", []).append(RECORDS / await _projected(store, many))
            finally:
                for worker in running:
                    worker.kill()
                await asyncio.gather(*(worker.wait() for worker in running))
                await store.drop_database()
                store.close()
    return figures


async def _projected(store: Store, many: int) -> float:
    await _until(lambda: store[SIGNS].count_documents({"kind": JOINED}), many)
    await store[SIGNS].insert_one({"_id": GO})
    started = time.perf_counter()

    async def heard() -> int:
        sign = await store[SIGNS].find_one({"_id": HEARD})
        return int(sign["records"]) if sign else 0

    await _until(heard, RECORDS)
    return time.perf_counter() - started


async def _until(count: Callable[[], Awaitable[int]], wanted: int) -> None:
    while await count() < wanted:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def _id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"
