"""One service put together: what it owns, what it hears, and the two applications made of it (api and worker)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI

from chassis import documents, health, ops
from chassis import http as web
from chassis.auth import Verifier
from chassis.broker import listening, meanwhile, quiet_broker
from chassis.clock import Clock, DemoClock, RealClock
from chassis.command import Desk
from chassis.consumer import Ear, Hearer
from chassis.deadlines import Scanner
from chassis.decide import Aggregate
from chassis.echo import Echo
from chassis.mongo import Store
from chassis.outlet import Outlet
from chassis.parking import Again, Parking
from chassis.projection import Projection, Projector
from chassis.reaction import Reaction, Reactor
from chassis.relay import Relay
from chassis.settings import ServiceSettings
from chassis.telemetry import Measures, log
from contracts.record import Contract

TIDY_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Service:
    """Everything that makes a service, readable on one screen of its `app.py`."""

    name: str
    settings: ServiceSettings
    aggregates: Sequence[Aggregate]
    copies: Sequence[Projection] = ()
    reactions: Sequence[Reaction] = ()
    routes: Callable[[web.House], APIRouter] | None = None
    refusals: Contract[Any] | None = None

    @property
    def database(self) -> str:
        return self.settings.database or f"passerelle_{self.name}"

    @property
    def group(self) -> str:
        """What the names of its consumer groups begin with."""
        return f"passerelle.{self.name}"


class Running:
    """A service in a process: opened in order, closed in reverse."""

    def __init__(self, service: Service, *, api: bool, worker: bool) -> None:
        self.service, self._api, self._worker = service, api, worker
        self.measures = Measures()
        settings = service.settings
        self.store = Store(settings.mongo_url, service.database, transactions=settings.transactions)
        self.clock: Clock = DemoClock(self.store) if settings.clock == "demo" else RealClock()
        self.desk = Desk(service.name, self.store, self.clock, service.aggregates, settings, service.refusals)
        self.scanner = Scanner(self.desk, self.measures)
        bootstrap = settings.kafka_bootstrap
        self.relay = Relay(self.store, Outlet(bootstrap, f"{service.name}-relay"), self.desk.committed, self.measures)
        if not api:
            self.relay.others.set()
        self.outlet = Outlet(bootstrap, service.name)
        self.parking = Parking(service.name, self.store, self.outlet.put, self.measures)
        self.projectors = [Projector(self.store, each, self.parking, self.measures) for each in service.copies]
        self.reactors = self._reactors()
        self.ears: list[Ear] = []
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def handlers(self) -> dict[str, Again]:
        """Who can be given a parked record again, by the name under which it was parked."""
        handlers: dict[str, Again] = {each.projection.name: each.again for each in self.projectors}
        for reactor in self.reactors:
            handlers |= {each.name: partial(reactor.again, each) for each in reactor.reactions}
        return handlers

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Everything up on entry; on exit the batch in hand is finished, then everything is closed.
        Proved by `test_a_service_that_starts_without_a_broker_takes_commands_and_tells_them_later`."""
        async with AsyncExitStack() as stack:
            stack.callback(self.store.close)
            if isinstance(self.clock, DemoClock):
                await self.clock.load()
            await self.desk.prepare()
            await documents.prepare(self.store)
            await self.parking.prepare()
            stack.push_async_callback(self.outlet.stop)
            if self._worker:
                await self._work(stack)
            yield

    def _reactors(self) -> list[Reactor]:
        by_topic: dict[str, list[Reaction]] = {}
        for reaction in self.service.reactions:
            by_topic.setdefault(reaction.contract.events_topic, []).append(reaction)
        return [Reactor(self.desk, of[0].contract, of, self.parking, self.measures) for of in by_topic.values()]

    async def _work(self, stack: AsyncExitStack) -> None:
        hearers: dict[str, list[Hearer]] = {}
        for projector in self.projectors:
            await projector.prepare()
            hearers.setdefault(projector.projection.contract.state_topic, []).append(projector)
        for reactor in self.reactors:
            hearers.setdefault(reactor.contract.events_topic, []).append(reactor)
        echoes: dict[str, Echo] = {}
        for aggregate in self.service.aggregates:
            echo = Echo(self.store, aggregate.contract, self.outlet, self.measures)
            echoes[echo.topic] = echo
            hearers.setdefault(echo.topic, []).append(echo)
        group = self.service.group
        self.ears = [Ear(topic, f"{group}.{topic}", heard, self.measures) for topic, heard in hearers.items()]
        broker = quiet_broker(self.service.settings.kafka_bootstrap, self.service.name)
        for ear in self.ears:
            ear.subscribe(broker, self.service.settings.instance)
        settling = [_now_and_then(echoes[ear.topic].settle, ear) for ear in self.ears if ear.topic in echoes]
        duties = [self.scanner.run(), self.relay.watch(), _now_and_then(self.relay.measure), *settling]
        self.tasks = await stack.enter_async_context(meanwhile(*duties))
        await stack.enter_async_context(self.relay.publishing())
        await stack.enter_async_context(listening(broker))

    def application(self) -> FastAPI:
        """The HTTP application, which opens the service and closes it; a worker alone has only the technical pages."""
        settings = self.service.settings
        verifier = Verifier(settings.keys_dir / "gateway.public.json", self.service.name)
        house = web.House(self.desk, verifier, self.measures)
        own = self.service.routes(house) if self.service.routes and self._api else None
        made = web.app(house, self.desk.aggregates if self._api else {}, own, lambda _: self.open())
        made.router.routes += [*health.routes(self), *ops.routes(self, house.caller)]
        return made


async def _now_and_then(duty: Callable[..., Awaitable[None]], *given: object) -> None:
    """A slow duty, until cancelled: one that fails or waits keeps no other from its turn.
    Proved by `test_a_suspect_is_answered_though_the_outbox_cannot_be_measured`."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            await duty(*given)
        except Exception as fault:
            log.warning("a duty waits", duty=getattr(duty, "__qualname__", ""), fault=repr(fault)[:200])
