"""Path: processes: until ready, resident, at rest. Floor: the same libraries imported in the same way, connected, with its
HTTP socket open and nothing of the product, alone and five at once."""

from __future__ import annotations

import asyncio
import os
import socket
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
import gc, sys
gc.disable()
sys.modules["rich"] = sys.modules["pygments"] = None
import asyncio, os
import aiokafka, faststream.kafka, fastapi, httptools, joserfc.jwt, motor.motor_asyncio, orjson, prometheus_client
import pydantic, pydantic_settings, structlog, uuid_utils, uvicorn, uvloop
import opentelemetry.sdk.trace
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        kafka = aiokafka.AIOKafkaProducer(bootstrap_servers=os.environ["PASSERELLE_KAFKA_BOOTSTRAP"])
        await kafka.start()
        client = motor.motor_asyncio.AsyncIOMotorClient(os.environ["PASSERELLE_MONGO_URL"])
        await client.admin.command("ping")
        await super().startup(sockets)
        import psutil
        print(psutil.Process().memory_info().rss, flush=True)
        await kafka.stop()
        self.should_exit = True
config = uvicorn.Config(fastapi.FastAPI(), port=0, loop="uvloop", http="httptools", log_level="warning")
Server(config).run()
"""
SERVICES = ("partners", "agreements", "events", "mobility", "gateway")
REST_SECONDS, SETTLE_SECONDS, ALLOWED_PERCENT = 20.0, 5.0, 3.0
STARTS_EACH = 3
"""A start is over in a second, and no two take as long."""
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
        for _ in range(STARTS_EACH * times):
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
    """Asks over HTTP only who listens already: being refused costs a client more than the start it waits for can spare."""
    until = time.monotonic() + WITHIN_SECONDS
    port = int(child.address.rpartition(":")[2])
    while time.monotonic() < until:
        if _listens(port) and (await client.get(f"{child.address}/ready", timeout=1)).status_code == 200:
            return
        await asyncio.sleep(LOOK_SECONDS)
    raise AssertionError(f"{child.name} is not ready; see {child.log}")


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _resident(processes: list[psutil.Process]) -> float:
    return float(sum(each.memory_info().rss for each in processes) / 1e6)


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return float(sum(sum(each.cpu_times()[:2]) for each in processes))
