"""Path: processes: until ready, resident, at rest. Floor: the same libraries imported and connected, with nothing of the
product, alone and five at once."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures

from chassis import topics
from stack import ports
from stack.child import Child

BARE = """
import asyncio, sys, os
import aiokafka, faststream.kafka, fastapi, uvicorn, pydantic, orjson, motor.motor_asyncio
import opentelemetry.sdk.trace
async def main():
    kafka = aiokafka.AIOKafkaProducer(bootstrap_servers=os.environ["PASSERELLE_KAFKA_BOOTSTRAP"])
    await kafka.start()
    client = motor.motor_asyncio.AsyncIOMotorClient(os.environ["PASSERELLE_MONGO_URL"])
    await client.admin.command("ping")
    import psutil
    print(psutil.Process().memory_info().rss, flush=True)
    await kafka.stop()
asyncio.run(main())
"""
SERVICES = ("partners", "agreements", "events", "mobility", "gateway")
REST_SECONDS, SETTLE_SECONDS, ALLOWED_PERCENT = 20.0, 5.0, 3.0
LOOK_SECONDS, WITHIN_SECONDS = 0.01, 60.0


async def run(ground: Ground, times: int) -> list[Figures]:
    await topics.create(ground.bootstrap)
    ready = Figures("process, ready", "s", {"passerelle": 1.5}, lower_is_better=True)
    memory = Figures("process, resident", "MB", {"passerelle": 1.5}, lower_is_better=True)
    five = Figures("five processes together, ready", "s", {"passerelle": 1.5}, lower_is_better=True)
    whole = Figures("five processes together, resident", "MB", {}, lower_is_better=True)
    rest = Figures("five processes at rest", "% of a core", {"passerelle": 1.0}, lower_is_better=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        told = ground.environment(folder)
        for _ in range(times):
            for count, seconds, resident in ((1, ready, memory), (len(SERVICES), five, whole)):
                bare = await _bare(told, count)
                seconds.repetitions.setdefault("floor", []).append(bare[0])
                resident.repetitions.setdefault("floor", []).append(bare[1])
                async with started(folder, told, SERVICES[:count]) as (took, processes):
                    seconds.repetitions.setdefault("passerelle", []).append(took)
                    resident.repetitions.setdefault("passerelle", []).append(_resident(processes))
        async with started(folder, told, SERVICES) as (_, processes):
            await asyncio.sleep(SETTLE_SECONDS)
            spent = _cpu_seconds(processes)
            await asyncio.sleep(REST_SECONDS)
            percent = 100 * (_cpu_seconds(processes) - spent) / REST_SECONDS
            rest.repetitions = {"allowed": [ALLOWED_PERCENT], "passerelle": [percent]}
    return [ready, memory, five, whole, rest]


async def _bare(told: dict[str, str], count: int) -> tuple[float, float]:
    started_at = time.perf_counter()
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", BARE, env={**os.environ, **told}, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(count)
    ]
    lines = await asyncio.gather(*(each.stdout.readline() for each in processes if each.stdout))
    seconds = time.perf_counter() - started_at
    await asyncio.gather(*(each.wait() for each in processes))
    return seconds, sum(int(line) for line in lines) / 1e6


@asynccontextmanager
async def started(
    folder: Path, told: dict[str, str], services: tuple[str, ...]
) -> AsyncIterator[tuple[float, list[psutil.Process]]]:
    """These services at once; gives the seconds until all were ready."""
    children = []
    for name in services:
        port = ports.free_port()
        environment = {**os.environ, **told, f"{name.upper()}_PORT": str(port)}
        address, log = f"http://127.0.0.1:{port}", folder / f"{name}-{port}.log"
        children.append(
            Child(name, [sys.executable, "-m", name, "all"], log, address, lambda: True, environment),
        )
    started_at = time.perf_counter()
    try:
        for child in children:
            child.launch()
        async with httpx.AsyncClient(trust_env=False) as client:
            await asyncio.gather(*(_until_ready(client, child) for child in children))
        yield time.perf_counter() - started_at, [psutil.Process(child.pid) for child in children]
    finally:
        await asyncio.gather(*(asyncio.to_thread(child.stop) for child in children))


async def _until_ready(client: httpx.AsyncClient, child: Child) -> None:
    until = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < until:
        try:
            if (await client.get(f"{child.address}/ready", timeout=1)).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(f"{child.name} is not ready; see {child.log}")


def _resident(processes: list[psutil.Process]) -> float:
    return float(sum(each.memory_info().rss for each in processes) / 1e6)


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return float(sum(sum(each.cpu_times()[:2]) for each in processes))
