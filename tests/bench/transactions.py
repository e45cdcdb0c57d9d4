"""How many transactions of a process may run at once: commands at 32 connections under different bounds. The first bound is
the floor; `--program secantusd-py` shows the other store."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from tests.bench.bench_ground import Ground
from tests.bench.command import AGGREGATES, BODY, EDIT, SECONDS, partners
from tests.bench.interleaved import Figures
from tests.bench.load import load, posting
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from contracts.roles import OFF

BOUNDS, CONNECTIONS, DATABASE = (1, 2, 4, 8, 16, 32), 32, "passerelle_partners"


async def run(ground: Ground, times: int) -> list[Figures]:
    await topics.create(ground.bootstrap)
    rate = Figures(f"commands, {CONNECTIONS} connections", "requests/s", {})
    middle = Figures(f"commands, {CONNECTIONS} connections, p50", "ms", {}, lower_is_better=True)
    slow = Figures(f"commands, {CONNECTIONS} connections, p99", "ms", {}, lower_is_better=True)
    ids = [f"01900000-0000-7000-8000-{number:012d}" for number in range(AGGREGATES)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        told = ground.environment(folder)
        signer = Signer(folder / "keys" / "gateway.private.json")
        token = signer.token(Caller("service:bench", {OFF: {}}), "partners", seconds=7_200)
        addresses = {}
        for bound in BOUNDS:
            bounded = {**told, "PARTNERS_TRANSACTIONS": str(bound)}
            service = served(folder, "partners", "api", port_variable="PARTNERS_PORT", path="/live", **bounded)
            addresses[f"{bound} at once"] = await stack.enter_async_context(service)
        await partners(ground, ids, DATABASE)
        seeds = count(1)
        for repetition in range(times + 1):
            for name, address in addresses.items():
                script = posting(EDIT, ids, BODY, token, next(seeds))
                one = await load(address, script, folder, CONNECTIONS, SECONDS if repetition else 1)
                if repetition:
                    rate.repetitions.setdefault(name, []).append(one.per_second)
                    middle.repetitions.setdefault(name, []).append(one.p50_ms)
                    slow.repetitions.setdefault(name, []).append(one.p99_ms)
    return [rate, middle, slow]
