"""Path: click to view, command → Kafka → view → change notice. Floor: the same hops with nothing of the product, the relay
nudged or looking every 20 ms. Measured from the POST until a read that waits for it shows the new version."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from tests.bench.bench_ground import Ground
from tests.bench.floor_click import NUDGED, POLLED
from tests.bench.interleaved import Figures
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from contracts.roles import Role

CLICKS, FIRST, LOAD_PER_SECOND, PARTNERS = 80, 5, 50, 60
COUNTRIES = ("FI", "SE", "NO", "DK", "DE", "AT", "PL", "IT", "ES", "PT")
Click = Callable[[], Coroutine[Any, Any, None]]


async def run(ground: Ground, times: int) -> list[Figures]:
    await topics.create(ground.bootstrap)
    middle = Figures("click to view, p50", "ms", {"passerelle": 1.5}, lower_is_better=True)
    slow = Figures("click to view, p99", "ms", {"passerelle": 2.0}, lower_is_better=True)
    loaded = Figures("click to view, p50 under load", "ms", {"at 50 commands/s": 2.0}, lower_is_better=True)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        told = ground.environment(folder)
        command, product = await stack.enter_async_context(passerelle(folder, told))
        clicks = {
            "floor": await stack.enter_async_context(floor(ground, folder, told, NUDGED)),
            "passerelle": product,
            "floor, 20 ms polling": await stack.enter_async_context(floor(ground, folder, told, POLLED)),
        }
        for _ in range(times):
            for name, click in clicks.items():
                measured = await clicked(click)
                middle.repetitions.setdefault(name, []).append(statistics.median(measured))
                slow.repetitions.setdefault(name, []).append(sorted(measured)[int(len(measured) * 0.99)])
            loaded.repetitions.setdefault("idle", []).append(middle.repetitions["passerelle"][-1])
            async with busy(command):
                under_load = statistics.median(await clicked(product))
            loaded.repetitions.setdefault("at 50 commands/s", []).append(under_load)
    return [middle, slow, loaded]


async def clicked(click: Click) -> list[float]:
    """Milliseconds of each click, one at a time."""
    measured = []
    for number in range(CLICKS + FIRST):
        started = time.perf_counter()
        await click()
        if number >= FIRST:
            measured.append((time.perf_counter() - started) * 1_000)
    return measured


@asynccontextmanager
async def busy(command: Click) -> AsyncIterator[None]:
    """Commands at an even rate meanwhile; raises what became of one that failed."""
    sent: list[asyncio.Task[None]] = []

    async def send() -> None:
        while True:
            sent.append(asyncio.ensure_future(command()))
            await asyncio.sleep(1 / LOAD_PER_SECOND)

    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.gather(*sent)


@asynccontextmanager
async def passerelle(folder: Path, told: dict[str, str]) -> AsyncIterator[tuple[Click, Click]]:
    """A command through the gateway to the owner; and one with the gateway's own read of it, with `Min-Version`."""
    caller = Caller("service:bench", {Role.OFFICER: {}})
    token = Signer(folder / "keys" / "gateway.private.json").token(caller, ["partners", "gateway"], seconds=7_200)
    async with AsyncExitStack() as stack:
        owner = served(folder, "partners", port_variable="PARTNERS_PORT", path="/ready", **told)
        partners = await stack.enter_async_context(owner)
        door = served(
            folder, "gateway", port_variable="GATEWAY_PORT", path="/ready", PASSERELLE_PARTNERS_URL=partners, **told
        )
        gateway = await stack.enter_async_context(door)
        headers = {"authorization": f"Bearer {token}"}
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=gateway, headers=headers, timeout=30))
        edited = cycle([await _registered(client, number) for number in range(PARTNERS)])

        async def command() -> tuple[str, int]:
            id_ = next(edited)
            path, key = f"/api/v1/partners/{id_}/edit-partner", {"idempotency-key": uuid4().hex}
            made = await client.post(path, json={"city": uuid4().hex}, headers=key)
            assert made.status_code == 200, made.text
            return id_, int(made.json()["version"])

        async def click() -> None:
            id_, version = await command()
            read = await client.get(f"/api/v1/partners/{id_}", headers={"min-version": f"partner/{id_}={version}"})
            assert read.status_code == 200, read.text

        async def only() -> None:
            await command()

        yield only, click


async def _registered(client: httpx.AsyncClient, number: int) -> str:
    body = {"kind": "university", "name": {"display": uuid4().hex}, "country": COUNTRIES[number % len(COUNTRIES)]}
    made = await client.post("/api/v1/partners", json=body, headers={"idempotency-key": uuid4().hex})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@asynccontextmanager
async def floor(ground: Ground, folder: Path, told: dict[str, str], relay: str) -> AsyncIterator[Click]:
    topic, module = await ground.topic("bench.click"), "tests.bench.floor_click"
    told = {**told, "FLOOR_DATABASE": f"click_{uuid4().hex[:8]}", "FLOOR_TOPIC": topic, "FLOOR_RELAY": relay}
    edited = cycle([uuid4().hex for _ in range(PARTNERS)])
    async with (
        served(folder, module, "owner", port_variable="FLOOR_PORT", path="/x", **told) as owner,
        served(folder, module, "view", port_variable="FLOOR_PORT", path="/x", **told) as view,
        httpx.AsyncClient(timeout=30) as client,
    ):

        async def click() -> None:
            id_ = next(edited)
            made = await client.post(f"{owner}/items/{id_}", json={"city": uuid4().hex})
            assert made.status_code == 200, made.text
            read = await client.get(f"{view}/view/{id_}", params={"version": made.json()["version"]})
            assert read.status_code == 200, read.text

        yield click
