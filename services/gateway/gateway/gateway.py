"""The gateway in a process: its views kept from Kafka, its door to people and programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.routing import Route

from chassis import health, ops
from chassis.auth import Signer, Verifier
from chassis.broker import listening, meanwhile, quiet_broker
from chassis.clock import Clock, DemoClock, RealClock
from chassis.consumer import Ear, Hearer
from chassis.mongo import Store
from chassis.outlet import Outlet
from chassis.parking import Again, Parking
from chassis.projection import Projector
from chassis.telemetry import Measures
from contracts.record import Contract
from contracts.refusal import refusal_contract
from gateway import journal
from gateway.journal import Journal
from gateway.live import Feed
from gateway.owners import Owners
from gateway.people import Directory
from gateway.reads import Reads
from gateway.session import Sessions
from gateway.settings import GatewaySettings
from gateway.views import VIEWS

TOLD_IN_TIMELINES = ("partner", "country", "agreement", "committee", "meeting")
SERVICES = ("partners", "agreements", "events", "mobility")


def journaled() -> list[Contract[Any]]:
    """Whose facts stand in timelines, and every service's refusals."""
    facts = [view.contract for view in VIEWS.values() if view.contract.aggregate in TOLD_IN_TIMELINES]
    return [*facts, *(refusal_contract(service) for service in SERVICES)]


class Gateway:
    """Opened in order, closed in reverse; what `health` and `ops` of the chassis ask of a process, it has."""

    def __init__(self, settings: GatewaySettings, *, api: bool, worker: bool) -> None:
        self.settings, self._api, self._worker = settings, api, worker
        self.measures = Measures()
        self.store = Store(settings.mongo_url, settings.database or "passerelle_gateway")
        self.clock: Clock = DemoClock(self.store) if settings.clock == "demo" else RealClock()
        self.verifier = Verifier(settings.keys_dir / "gateway.public.json", "gateway")
        self.owners = Owners(settings, Signer(settings.keys_dir / "gateway.private.json"))
        self.directory = Directory(self.store)
        self.sessions = Sessions(self.store, settings.session_hours)
        self.feed = Feed(self.store)
        self.reads = Reads(self.store)
        self.outlet = Outlet(settings.kafka_bootstrap, "gateway")
        self.parking = Parking("gateway", self.store, self.outlet.put, self.measures)
        self.projectors = {
            name: Projector(self.store, view.projection(), self.parking, self.measures, told=self.feed.put(view))
            for name, view in VIEWS.items()
        }
        self.journals = [Journal(self.store, contract, self.parking, self.measures) for contract in journaled()]
        self.ears: list[Ear] = []
        self.relay = None
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def handlers(self) -> dict[str, Again]:
        """Who can be given a parked record again, by the name under which it was parked."""
        handlers: dict[str, Again] = {each.projection.name: each.again for each in self.projectors.values()}
        return handlers | {each.name: each.again for each in self.journals}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(self.store.close)
            stack.push_async_callback(self.owners.close)
            if isinstance(self.clock, DemoClock):
                await self.clock.load()
            await self.sessions.prepare()
            await self.parking.prepare()
            await journal.prepare(self.store)
            for projector in self.projectors.values():
                await projector.prepare()
            stack.push_async_callback(self.outlet.stop)
            if self._api:
                self.tasks = await stack.enter_async_context(meanwhile(self.feed.run()))
            if self._worker:
                await self._work(stack)
            yield

    async def _work(self, stack: AsyncExitStack) -> None:
        hearers: dict[str, Hearer] = {each.projection.contract.state_topic: each for each in self.projectors.values()}
        hearers |= {each.topic: each for each in self.journals}
        self.ears = [
            Ear(topic, f"passerelle.gateway.{topic}", [each], self.measures) for topic, each in hearers.items()
        ]
        broker = quiet_broker(self.settings.kafka_bootstrap, "gateway")
        for ear in self.ears:
            ear.subscribe(broker, self.settings.instance)
        await stack.enter_async_context(listening(broker))

    def technical(self) -> list[Route]:
        return [*health.routes(self), *ops.routes(self, self.verifier.caller)]
