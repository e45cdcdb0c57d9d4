"""One service put together: what it owns, what it hears, and the two applications made of it (api and worker)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from fastapi import APIRouter, FastAPI
from faststream.kafka import KafkaBroker

from chassis import documents, health, ops
from chassis import http as web
from chassis.auth import Verifier
from chassis.clock import Clock, DemoClock, RealClock
from chassis.command import Desk, RefusalStream
from chassis.consumer import Ear, Hearer
from chassis.deadlines import Scanner
from chassis.decide import Aggregate
from chassis.echo import Echo
from chassis.mongo import Store
from chassis.parking import Parking
from chassis.projection import Copy, Projector
from chassis.reaction import Reaction, Reactor
from chassis.relay import Relay, producer
from chassis.settings import ServiceSettings
from chassis.telemetry import Measures, log
from contracts.record import Contract


@dataclass(frozen=True)
class Service:
    """Everything that makes a service, readable on one screen of its `app.py`."""

    name: str
    settings: ServiceSettings
    aggregates: Sequence[Aggregate]
    copies: Sequence[Copy] = ()
    reactions: Sequence[Reaction] = ()
    routes: Callable[[web.House], APIRouter] | None = None
    refusals: RefusalStream | None = None

    @property
    def database(self) -> str:
        return self.settings.database or f"passerelle_{self.name}"

    @property
    def hears(self) -> dict[str, Contract[Any]]:
        """The topics it subscribes to besides its own, by name."""
        copies = {copy.contract.state_topic: copy.contract for copy in self.copies}
        return copies | {reaction.contract.events_topic: reaction.contract for reaction in self.reactions}

    @property
    def tells(self) -> list[str]:
        """The topics it writes."""
        own = [topic for a in self.aggregates for topic in (a.contract.events_topic, a.contract.state_topic)]
        return own + ([self.refusals.contract.events_topic] if self.refusals else [])


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
        self.kafka: AIOKafkaProducer = None
        self.relay: Relay | None = None
        self.ears: list[Ear] = []
        self.reactors: list[Reactor] = []
        self.parking = Parking(service.name, self.store, self._send, self.measures)
        self.tasks: list[asyncio.Task[None]] = []

    async def _send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        await self.kafka.send_and_wait(topic, key=key, value=value, headers=list(headers))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Running]:
        """Everything up on entry; on exit the batch in hand is finished, then everything is closed."""
        async with AsyncExitStack() as stack:
            stack.callback(self.store.close)
            if isinstance(self.clock, DemoClock):
                await self.clock.load()
            await self.desk.prepare()
            await documents.prepare(self.store)
            await self.parking.prepare()
            self.kafka = producer(self.service.settings.kafka_bootstrap, f"{self.service.name}-relay")
            await self.kafka.start()
            stack.push_async_callback(self.kafka.stop)
            self._assemble_reactors()
            if self._worker:
                await self._work(stack)
            yield self

    def _assemble_reactors(self) -> None:
        contracts = {reaction.contract.events_topic: reaction.contract for reaction in self.service.reactions}
        for topic, contract in contracts.items():
            rows = [reaction for reaction in self.service.reactions if reaction.contract.events_topic == topic]
            self.reactors.append(Reactor(self.desk, contract, rows, self.parking, self.measures))

    async def _work(self, stack: AsyncExitStack) -> None:
        self.relay = Relay(self.store, self.kafka, self.desk.committed, self.measures)
        hearers: dict[str, list[Hearer]] = {}
        echoes = []
        for copy in self.service.copies:
            projector = Projector(self.store, copy.projection(), self.parking, self.measures)
            await projector.prepare()
            hearers.setdefault(copy.contract.state_topic, []).append(projector)
        for reactor in self.reactors:
            hearers.setdefault(reactor.contract.events_topic, []).append(reactor)
        for aggregate in self.service.aggregates:
            echo = Echo(self.store, aggregate.contract, self.kafka, self.measures)
            echoes.append(echo)
            hearers.setdefault(aggregate.contract.state_topic, []).append(echo)
        broker = quiet_broker(self.service.settings.kafka_bootstrap, self.service.name)
        for topic, listening in hearers.items():
            ear = Ear(topic, f"passerelle.{self.service.name}", listening, self.measures)
            ear.group = f"passerelle.{self.service.name}.{topic}"
            ear.subscribe(broker, self.service.settings.instance)
            self.ears.append(ear)
            stack.push_async_callback(ear.close)
        stack.push_async_callback(self.relay.lease.give_up)
        self._start(stack, self.relay.run(), self.scanner.run(), self._watch_outbox(), self._tidy(echoes))
        await broker.start()
        stack.push_async_callback(broker.stop)

    def _start(self, stack: AsyncExitStack, *running: Any) -> None:
        self.tasks = [asyncio.create_task(each) for each in running]

        async def end() -> None:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        stack.push_async_callback(end)

    async def _watch_outbox(self) -> None:
        """Wakes the relay for rows that another process committed."""
        while True:
            with contextlib.suppress(Exception):
                async with self.store.watch([{"$match": {"operationType": "insert"}}], collection="outbox") as changes:
                    async for _ in changes:
                        self.desk.committed.set()
            await asyncio.sleep(2)

    async def _tidy(self, echoes: Sequence[Echo]) -> None:
        """Slow duties: measures of the outbox, suspects of quiet topics."""
        while True:
            await asyncio.sleep(10)
            try:
                if self.relay:
                    await self.relay.measure()
                for echo in echoes:
                    await echo.settle()
            except Exception as fault:
                log.warning("tidying waits", fault=type(fault).__name__)

    def application(self, lifespan: Any = None) -> FastAPI:
        """The HTTP application; a worker alone has only the technical pages."""
        settings = self.service.settings
        verifier = Verifier(settings.keys_dir / "gateway.public.json", self.service.name)
        house = web.House(self.desk, verifier, self.measures)
        own = self.service.routes(house) if self.service.routes and self._api else None
        made = web.app(house, self.desk.aggregates if self._api else {}, own, lifespan)
        made.include_router(health.routes(self))
        made.include_router(ops.routes(self, house))
        return made


def quiet_broker(bootstrap: str, client_id: str) -> KafkaBroker:
    """FastStream's broker without its own log lines, type casting and topic creation."""
    return KafkaBroker(bootstrap, client_id=client_id, logger=None, apply_types=False, allow_auto_create_topics=False)
