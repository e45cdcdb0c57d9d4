"""The whole of Passerelle as it runs: a real broker, a real store, five services as processes, the demonstration clock.

Everything can be killed and started again on the same data. Traces of every process come to one receiver in this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from tests.support.people import Person
from tests.support.spans import Receiver, receiver
from tests.support.watching import eventually

from chassis import topics
from chassis.auth import Signer
from chassis.clock import brussels_day
from chassis.mongo import Store
from chassis.upkeep.verify import Houses, Report, verify
from contracts.record import Contract
from contracts.refusal import refusal_contract
from contracts.registry import CONTRACTS
from contracts.roles import Role
from stack import environment, kafka, keys, ports, store
from stack.child import Child
from stack.environment import Stack

FIRST_DAY: Final = datetime(2026, 2, 2, 9, tzinfo=UTC)
OWNERS: Final = ("partners", "agreements", "events", "mobility")
SERVICES: Final = (*OWNERS, "gateway")
STARTED_SECONDS: Final = 180.0
"""A few are enough; a machine with much else to do takes longer."""


@dataclass
class Campus:
    """The running system and the ways into it."""

    folder: Path
    told: Mapping[str, str]
    broker: Child
    documents: Child
    services: Mapping[str, Child]
    client: httpx.AsyncClient
    spans: Receiver
    today: date
    strangers: set[str] = field(default_factory=set)

    @property
    def bootstrap(self) -> str:
        return self.broker.address

    @property
    def everything(self) -> Sequence[Child]:
        return (self.broker, self.documents, *self.services.values())

    @property
    def logs(self) -> list[Path]:
        return sorted((self.folder / "log").iterdir())

    def person(self, subject: str, *roles: Role, **scope: Sequence[str]) -> Person:
        """Somebody who speaks to the gateway; each role with this scope."""
        held = {str(role): {name: frozenset(values) for name, values in scope.items()} for role in roles}
        return Person(self.client, subject, held, self._signer)

    @property
    def _signer(self) -> Signer:
        return Signer(Path(self.told["PASSERELLE_KEYS_DIR"]) / "gateway.private.json")

    async def step(self, to: date | None = None, *, days: int = 0) -> date:
        """Moves the clock of every service forward, to nine in the morning UTC of that day."""
        day = to or self.today + timedelta(days=days)
        moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        operator = self.person("ops-01", Role.OPS)
        done = await operator.asks("POST", "/demo/clock", json={"now": moment.isoformat()})
        assert done.status_code == 200, done.text
        self.today = brussels_day(moment)
        assert {answer["today"] for answer in done.json()["services"]} == {self.today.isoformat()}, done.text
        return self.today

    def store(self, service: str) -> Store:
        return Store(self.documents.address, f"passerelle_{service}")

    def start(self) -> None:
        """Starts what does not run, and waits until every service says that it is ready."""
        for child in (self.broker, self.documents):
            if not child.alive:
                child.start(STARTED_SECONDS)
        for service in self.services.values():
            if not service.alive:
                service.launch()
        for service in self.services.values():
            service.wait_until_it_answers(STARTED_SECONDS)

    def stop(self) -> None:
        for child in reversed(self.everything):
            child.stop()

    def kill(self) -> None:
        """SIGKILL to every process, one right after the other."""
        for child in self.everything:
            child.kill()

    async def verified(self, patience_seconds: float = 60.0) -> Report:
        """Facts, owners, last records, views and copies compared, as `passerelle verify` does, until they agree.

        `strangers` are keys under which a test wrote what no service told; what differs about them is left out.
        """
        kept = self.store("gateway")
        houses = Houses(kept, {name: f"passerelle_{name}" for name in OWNERS}, kept.name)

        async def compared() -> Report:
            report = await verify(every_contract(), self.bootstrap, houses, patience_seconds=0)
            known = tuple(each for each in report.differences if each.key not in self.strangers)
            return replace(report, differences=known)

        try:
            return await eventually(compared, lambda report: not report.differences, within_seconds=patience_seconds)
        finally:
            kept.close()

    def runs(self, *command: str) -> subprocess.CompletedProcess[str]:
        """The command `passerelle`, with the addresses of this stack."""
        called = [sys.executable, "-m", "passerelle", *command]
        return subprocess.run(
            called,
            cwd=self.folder,
            env={**_clean(), **self.told},
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )


def every_contract() -> list[Contract[Any]]:
    own = [
        contract for contract in CONTRACTS.values() if contract.service in OWNERS and contract.aggregate != "refusal"
    ]
    return [*own, *(refusal_contract(service) for service in OWNERS)]


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Campus]:
    """A campus of its own, empty, on free ports; everything is stopped at the end."""
    at = {name: ports.free_port() for name in ports.DEFAULTS}
    keys.make(folder / "keys")
    with receiver() as spans:
        told = _told(Stack(folder, at, demo=True, traces=False), spans)
        broker = kafka.start(folder, at["kafka"], within_seconds=STARTED_SECONDS)
        documents = store.start(folder, at["store"], within_seconds=STARTED_SECONDS)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{at['gateway']}", timeout=120) as client:
            services = {name: _service(name, at[name], folder, told) for name in SERVICES}
            campus = Campus(folder, told, broker, documents, services, client, spans, today=brussels_day(FIRST_DAY))
            try:
                await topics.create(campus.bootstrap)
                campus.start()
                await campus.step(campus.today)
                yield campus
            finally:
                campus.stop()


def _told(stack: Stack, spans: Receiver) -> dict[str, str]:
    tracing = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": spans.address,
        "OTEL_TRACES_SAMPLER": "parentbased_always_on",
    }
    return {**environment.of_services(stack, {}), **tracing}


def _service(name: str, port: int, folder: Path, told: Mapping[str, str]) -> Child:
    address = f"http://127.0.0.1:{port}"
    log = folder / "log" / f"{name}.log"
    command = [sys.executable, "-m", name, "all"]
    return Child(name, command, log, address, lambda: _is_ready(address), {**_clean(), **told})


def _clean() -> dict[str, str]:
    """The environment without the settings of another stack."""
    of_a_stack = ("PASSERELLE_", "OTEL_", *(f"{name.upper()}_" for name in SERVICES))
    return {name: value for name, value in os.environ.items() if not name.startswith(of_a_stack)}


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
