"""Path: a process. Floor: the same libraries imported and connected, with nothing of the product."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures
from tests.bench.served import served

from chassis import topics
from stack import keys

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


async def run(ground: Ground, times: int) -> list[Figures]:
    """Seconds until ready and resident megabytes, for one service and for five together."""
    await topics.create(ground.bootstrap)
    ready = Figures("process, ready", "s", {"passerelle": 1.5}, lower_is_better=True)
    memory = Figures("process, resident", "MB", {"passerelle": 1.5}, lower_is_better=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keys.make(folder / "keys")
        told = {
            "PASSERELLE_MONGO_URL": ground.mongo_url,
            "PASSERELLE_KAFKA_BOOTSTRAP": ground.bootstrap,
            "PASSERELLE_KEYS_DIR": str(folder / "keys"),
        }
        for _ in range(times):
            seconds, resident = await _bare(told)
            ready.repetitions.setdefault("floor", []).append(seconds)
            memory.repetitions.setdefault("floor", []).append(resident)
            started = time.perf_counter()
            async with served(folder, "partners", port_variable="PARTNERS_PORT", path="/ready", **told):
                ready.repetitions.setdefault("passerelle", []).append(time.perf_counter() - started)
                memory.repetitions.setdefault("passerelle", []).append(_resident("partners"))
    return [ready, memory]


async def _bare(told: dict[str, str]) -> tuple[float, float]:
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE, env={**os.environ, **told}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = await process.stdout.readline()
    seconds = time.perf_counter() - started
    await process.wait()
    return seconds, int(line) / 1e6


def _resident(module: str) -> float:
    mine = psutil.Process().children(recursive=True)
    return max(each.memory_info().rss for each in mine if module in each.cmdline()) / 1e6
