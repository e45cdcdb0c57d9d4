"""The whole of Passerelle with each api and each worker as a process of its own, and two workers where order is hardest.

What ends by itself is started again, as a supervisor does; what a fault holds down stays down until the fault is over.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import httpx
from tests.chaos.gathering import keep_everything
from tests.support.campus import FIRST_DAY, SERVICES, Campus
from tests.support.ground import STORE
from tests.support.spans import receiver

from chassis import topics
from chassis.clock import brussels_day
from chassis.decide import Caller
from contracts.roles import Role
from stack import environment, kafka, keys, ports, store
from stack.child import Child
from stack.environment import Stack

SECOND_WORKERS: Final = ("agreements", "partners")
LOOK_SECONDS: Final = 0.3


def kinds(name: str) -> str:
    """The part of the platform that a process belongs to: a service's name, `kafka` or `store`."""
    return name.partition("-")[0]


class Stage(Campus):
    """A campus whose every process can be blown at, by name."""

    held: set[str]
    starts: dict[str, int]

    @property
    def processes(self) -> dict[str, Child]:
        return {"kafka": self.broker, "store": self.documents, **self.services}

    def begin(self) -> None:
        self.held, self.starts = set(), {}

    async def step(self, to: date | None = None, *, days: int = 0) -> date:
        """As everywhere, and in the workers, which else look at the clock once a minute."""
        day = await super().step(to, days=days)
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        operator = Caller("ops-01", {Role.OPS: {}})
        for name, child in self.services.items():
            if not name.endswith("-api"):
                headers = {"Authorization": f"Bearer {self._signer.token(operator, kinds(name))}"}
                said = {"now": moment.isoformat()}
                done = await self.client.post(f"{child.address}/demo/clock", json=said, headers=headers)
                assert done.status_code == 200 or kinds(name) == "gateway", done.text
        return day

    async def supervise(self) -> None:
        """Starts again what ended by itself; until cancelled."""
        while True:
            for name, child in self.processes.items():
                if name not in self.held and not child.alive:
                    self.starts[name] = self.starts.get(name, 0) + 1
                    child.launch()
            await asyncio.sleep(LOOK_SECONDS)

    async def whole(self, within_seconds: float = 180.0) -> None:
        """Lets everything go on, and waits until every process says that it is ready."""
        self.held.clear()
        for child in self.processes.values():
            if child.alive:
                child.thaw()
        until = time.monotonic() + within_seconds
        for name, child in self.processes.items():
            while not await asyncio.to_thread(_answers, child):
                assert time.monotonic() < until, f"{name} is not ready: {_said(child)}"
                await asyncio.sleep(0.2)


def _answers(child: Child) -> bool:
    return child.alive and child.answers()


def _said(child: Child) -> str:
    try:
        return httpx.get(f"{child.address}/ready", timeout=5, trust_env=False).text
    except (httpx.HTTPError, httpx.InvalidURL, httpx.UnsupportedProtocol) as fault:
        return repr(fault)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Everything running on an empty ground; stopped at the end."""
    at = {name: ports.free_port() for name in ports.DEFAULTS}
    if os.environ.get(STORE) == store.PLAIN:
        (folder / "data" / store.PLAIN).mkdir(parents=True)
    keys.make(folder / "keys")
    told = {
        **environment.of_services(Stack(folder, at, demo=True, traces=False), {}),
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_SDK_DISABLED": "true",
    }
    with receiver() as spans:
        broker, documents = kafka.start(folder, at["kafka"]), store.start(folder, at["store"])
        address = f"http://127.0.0.1:{at['gateway']}"
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        async with httpx.AsyncClient(base_url=address, timeout=25, limits=limits, trust_env=False) as client:
            children = {child.name: child for child in _processes(folder, told, at)}
            today = brussels_day(FIRST_DAY)
            stage = Stage(folder, told, broker, documents, children, client, spans, today=today)
            stage.begin()
            try:
                await topics.create(stage.bootstrap)
                await asyncio.to_thread(keep_everything, stage.bootstrap)
                stage.start()
                await stage.step(today)
                yield stage
            finally:
                for child in stage.processes.values():
                    if child.alive:
                        child.thaw()
                stage.stop()


def _processes(folder: Path, told: dict[str, str], at: dict[str, int]) -> list[Child]:
    made = []
    for service in SERVICES:
        made.append(process(folder, told, service, "api", at[service]))
        made.append(process(folder, told, service, "worker", ports.free_port()))
        if service in SECOND_WORKERS:  # a name of its own, else each would push the other out of its groups
            named = {**told, f"{service.upper()}_INSTANCE": f"{service}-2"}
            second = process(folder, named, service, "worker", ports.free_port())
            made.append(replace(second, name=f"{service}-second", log=folder / "log" / f"{service}-second.log"))
    return made


def process(folder: Path, told: dict[str, str], service: str, mode: str, port: int) -> Child:
    """One process of a service, on a port of its own."""
    address, name = f"http://127.0.0.1:{port}", f"{service}-{mode}"

    def ready() -> bool:
        try:
            return httpx.get(f"{address}/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    settings = {**_clean(), **told, f"{service.upper()}_PORT": str(port)}
    return Child(name, [sys.executable, "-m", service, mode], folder / "log" / f"{name}.log", address, ready, settings)


def _clean() -> dict[str, str]:
    of_a_stack = ("PASSERELLE_", "OTEL_", *(f"{name.upper()}_" for name in SERVICES))
    return {name: value for name, value in os.environ.items() if not name.startswith(of_a_stack)}
