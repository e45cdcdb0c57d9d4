"""Two processes of one service with the real relay, projector, reactor, echo and ear, on a pretended broker and store.

Every step towards the broker or the store waits for leave; whoever gives it decides which process goes on, what fails,
what is killed and how much time passes. So a whole world of interleavings is one sequence of choices.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from tests.model.pretended_store import PretendedStore, Row, Tables
from tests.support.parcels import Packed, Relabelled, contract_of

from chassis.consumer import Ear
from chassis.echo import Echo
from chassis.lease import LeaseLost
from chassis.mongo import AWAY
from chassis.outbox import OUTBOX, Told, outbox_row
from chassis.outlet import Outgoing
from chassis.projection import Projection, Projector
from chassis.reaction import Heard, Reaction, Reactor, Work
from chassis.relay import Relay
from chassis.taking import public_json

CONTRACT: Final = contract_of("model")
FACTS, STATES = CONTRACT.events_topic, CONTRACT.state_topic
VIEW, EFFECTS = "parcels", "effects"
MOMENT: Final = datetime(2026, 2, 2, tzinfo=UTC)
TURNS: Final = 60
STILL_ROUNDS: Final = 3
IDLE_TICKS: Final = 10
BATCH: Final = 3
ACTIVITY: ContextVar[str] = ContextVar("activity")
"""What a step belongs to, its own tasks too: the relay, a topic that is heard, a look at suspects."""


class Halted(BaseException):
    """The process was killed."""


@dataclass
class Broker:
    """Topics of one partition, and the offsets that groups have committed."""

    topics: dict[str, list[ConsumerRecord[Any, Any]]] = field(default_factory=lambda: {FACTS: [], STATES: []})
    committed: dict[str, int] = field(default_factory=lambda: {FACTS: 0, STATES: 0})
    owner: dict[str, str] = field(default_factory=lambda: {FACTS: "a", STATES: "a"})

    def append(self, record: Outgoing) -> None:
        log = self.topics[record.topic]
        value = record.value
        log.append(
            ConsumerRecord(record.topic, 0, len(log), 0, 0, record.key, value, None, 0, 0, tuple(record.headers))
        )


@dataclass
class Outlet:
    """As the real one: what is reported as sent stands on the topic, in order; what is not may stand there all the same."""

    process: Process

    async def send(self, records: Sequence[Outgoing]) -> list[BaseException | None]:
        leave = await self.process.leave("send")
        broker = self.process.world.broker
        kept = {"done": len(records), "lost": len(records), "half": len(records) // 2, "away": 0}[leave]
        for record in records[:kept]:
            broker.append(record)
        good = 0 if leave == "lost" else kept
        return [None] * good + [KafkaError() for _ in records[good:]]

    async def stop(self) -> None:
        return None


class Consumer:
    """One process's place in a topic."""

    def __init__(self, process: Process, topic: str) -> None:
        self._process, self.topic = process, topic
        self.position_now = process.world.broker.committed[topic]
        self.generation = process.world.generation[topic]

    def assignment(self) -> set[TopicPartition]:
        mine = self._process.world.broker.owner[self.topic] == self._process.name
        return {TopicPartition(self.topic, 0)} if mine and self.current else set()

    @property
    def current(self) -> bool:
        return self.generation == self._process.world.generation[self.topic]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.position_now = offset

    def pause(self, *_: TopicPartition) -> None:
        return None

    def highwater(self, part: TopicPartition) -> int:
        return len(self._process.world.broker.topics[self.topic])

    def resume(self, *_: TopicPartition) -> None:
        return None

    async def end_offsets(self, parts: Any) -> dict[TopicPartition, int]:
        return {part: len(self._process.world.broker.topics[self.topic]) for part in parts}

    async def position(self, part: TopicPartition) -> int:
        return self.position_now


class Parking:
    """Nothing is poison here."""

    async def keys_waiting(self, *_: Any) -> set[tuple[str, str]]:
        return set()

    def went_well(self, *_: Any) -> None:
        return None

    async def park(self, record: Any, handler: str, reason: str, **_: Any) -> None:
        raise AssertionError(f"{handler} parked {record.topic}/{record.offset}: {reason}")


async def note(heard: Heard, work: Work) -> None:
    """The effect of a fact: one more line in the list of its key."""
    key = heard.envelope.key
    kept = await work.document(EFFECTS, key) or {"_id": key, "heard": []}
    await work.put(EFFECTS, {"_id": key, "heard": [*kept["heard"], heard.envelope.sequence]})


class Process:
    """One incarnation of a worker: killed, it never comes back; another of its name does."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.asked: dict[str, asyncio.Future[str]] = {}
        self.doing: dict[str, asyncio.Task[None]] = {}
        store: Any = PretendedStore(world.tables, self.leave)
        outlet: Any = Outlet(self)
        parking: Any = Parking()
        self.relay = Relay(store, outlet, asyncio.Event())
        self.echo = Echo(store, CONTRACT, outlet)
        self.projector = Projector(store, Projection(CONTRACT, VIEW), parking)
        shelf = SimpleNamespace()
        desk: Any = SimpleNamespace(store=store, settings=None, service="post", committed=asyncio.Event(), shelf=shelf)
        reactor = Reactor(desk, CONTRACT, [Reaction("CH-M", CONTRACT, (Packed, Relabelled), note)], parking)
        self.ears = {
            FACTS: Ear(FACTS, "post", [reactor]),
            STATES: Ear(STATES, "post", [self.projector, self.echo]),
        }
        self.consumers: dict[str, Consumer] = {}
        for topic in self.ears:
            self.join(topic)

    async def leave(self, step: str) -> str:
        """Waits until this step may be taken, and how it ends."""
        name = ACTIVITY.get()
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.world.steps += 1
        self.asked[f"{name} {step} {self.world.steps:06}"] = waiting
        try:
            return await waiting
        finally:
            self.asked = {key: each for key, each in self.asked.items() if each is not waiting}

    def join(self, topic: str) -> None:
        """Begins at what the group has committed."""
        self.consumers[topic] = Consumer(self, topic)
        self.ears[topic]._subscriber = SimpleNamespace(consumer=self.consumers[topic])

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self.doing:
            work.close()
            return
        within = copy_context()
        within.run(ACTIVITY.set, name)
        self.doing[name] = asyncio.get_event_loop().create_task(work, context=within)

    async def turn(self) -> None:
        """One turn of the relay's loop."""
        try:
            if await self.relay.lease.keep():
                await self.relay._drain()
        except (LeaseLost, KafkaError, *AWAY):
            return

    async def hear(self, topic: str) -> None:
        """One batch, and the commit of where the consumer then stands."""
        consumer = self.consumers[topic]
        if not consumer.assignment():
            if self.world.broker.owner[topic] == self.name:
                self.join(topic)
            return
        batch = self.world.broker.topics[topic][consumer.position_now :][:BATCH]
        if not batch:
            return
        consumer.position_now += len(batch)
        await self.world.heard(self.ears[topic], batch, consumer)
        if consumer.current:
            self.world.broker.committed[topic] = consumer.position_now

    async def settle(self) -> None:
        try:
            await self.echo.settle(self.ears[STATES])
        except (KafkaError, *AWAY):
            return


class World:
    """Both processes, the ground, and the clock."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.tables, self.broker = Tables(), Broker()
        self.generation: dict[str, int] = defaultdict(int)
        self.now = 1_000.0
        self.smooth = True
        self.steps = 0
        self.versions: dict[str, int] = defaultdict(int)
        clock: Any = SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.now)
        long: Any = lambda low, high: 10_000.0  # noqa: E731
        self._patches = [
            patch("chassis.lease.time", clock),
            patch("chassis.relay.time", clock),
            patch("chassis.relay.BATCH", 2),
            patch("chassis.relay.LOT", 4),
            patch("chassis.relay.BREATH_SECONDS", 0),
            patch("chassis.consumer.random.uniform", long),
        ]
        for each in self._patches:
            each.start()
        self.processes = {name: Process(self, name) for name in "ab"}
        self.gone: list[Process] = []

    async def heard(self, ear: Ear, batch: Sequence[Any], consumer: Consumer) -> None:
        await ear.heard(batch)

    def close(self) -> None:
        for process in [*self.processes.values(), *self.gone]:
            for task in process.doing.values():
                task.cancel()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        for each in self._patches:
            each.stop()

    # --- what may happen ---

    def commit(self, key: str) -> None:
        """A command of the owner: its next version with its row."""
        self.versions[key] += 1
        version = self.versions[key]
        fact = Packed(label="books", grams=1) if version == 1 else Relabelled(label=f"books {version}")
        stamped = CONTRACT.stamp(fact, key, version, date(2026, 2, 2))
        state = CONTRACT.fold(None, [CONTRACT.stamp(Packed(label=f"books {version}", grams=1), key, version, MOMENT)])
        told = Told("post", "clerk", "c", MOMENT)
        at = len(self.tables.of(OUTBOX)) + 1
        row = outbox_row(CONTRACT, key, version, [stamped], public_json(state), told, at)
        self.tables.of(OUTBOX)[row["_id"]] = row

    def begin(self, name: str, what: str) -> None:
        """Lets a process begin something: a turn of the relay, a batch of a topic, a look at suspects."""
        process = self.processes[name]
        self._within(lambda: process.begin(what, self._activity(process, what)))

    def _activity(self, process: Process, what: str) -> Coroutine[Any, Any, None]:
        match what:
            case "relay":
                return process.turn()
            case "settle":
                return process.settle()
            case topic:
                return process.hear(topic)

    def go(self, name: str, how: str = "done", which: int = 0) -> bool:
        """Gives leave to one waiting step of a process; False when it waits for nothing."""
        process = self.processes[name]
        if not process.asked:
            return False
        key = sorted(process.asked)[which % len(process.asked)]
        self.smooth &= how == "done"
        step = key.split()[1]
        process.asked[key].set_result(how if how != "half" or step == "send" else "away")
        self._run()
        return True

    def waits_for(self, name: str) -> str:
        """The kind of the first step that a process waits to take; nothing when it rests."""
        return min(self.processes[name].asked, default="  ").split(" ")[1]

    def finish(self, name: str) -> None:
        """Everything that a process has begun goes well to its end."""
        for _ in range(TURNS * 10):
            if not self.go(name):
                return
        raise AssertionError("a process does not come to rest")

    def kill(self, name: str) -> None:
        """The process ends where it stands; another of its name begins."""
        self.smooth = False
        process = self.processes[name]
        self.gone.append(process)
        for task in process.doing.values():
            task.cancel()
        for topic, owner in self.broker.owner.items():
            if owner == name:
                self.generation[topic] += 1
        self._run()
        self._within(lambda: self.processes.__setitem__(name, Process(self, name)))

    def pass_time(self, seconds: float) -> None:
        self.smooth = False
        self.now += seconds

    def rebalance(self, topic: str) -> None:
        """The other process gets the topic, from what was committed."""
        self.smooth = False
        self.generation[topic] += 1
        self.broker.owner[topic] = "b" if self.broker.owner[topic] == "a" else "a"
        process = self.processes[self.broker.owner[topic]]
        if topic not in process.doing:
            process.join(topic)

    def quiet(self) -> None:
        """Everybody goes on until nothing is left to do."""
        smooth, still = self.smooth, 0
        for _ in range(TURNS):
            before = self._traces()
            for name in self.processes:
                for what in ("relay", FACTS, STATES, "settle"):
                    self.finish(name)
                    self.begin(name, what)
                    self.finish(name)
            self.now += 20.0
            still = still + 1 if self._traces() == before else 0
            if still == STILL_ROUNDS:
                self.smooth = smooth
                return
        raise AssertionError("the world does not come to rest")

    def _traces(self) -> tuple[object, ...]:
        waiting = sum("pending" in row for row in self.tables.of(OUTBOX).values())
        return waiting, *map(len, self.broker.topics.values()), *self.broker.committed.values()

    def _within(self, act: Any) -> None:
        async def done() -> None:
            act()

        self.loop.run_until_complete(done())
        self._run()

    def _run(self) -> None:
        """Until every activity waits for leave."""

        async def idle() -> None:
            for _ in range(IDLE_TICKS):
                await asyncio.sleep(0)

        self.loop.run_until_complete(idle())
        for process in self.processes.values():
            for name, task in list(process.doing.items()):
                if task.done():
                    del process.doing[name]
                    if not task.cancelled() and task.exception():
                        raise RuntimeError(f"{process.name} {name} failed") from task.exception()

    # --- what must be true ---

    def told(self, topic: str) -> list[tuple[str, int, str]]:
        """Key, version and id of every record, in order."""
        found = []
        for record in self.broker.topics[topic]:
            headers = {name: value.decode() for name, value in record.headers}
            found.append((headers["ce_partitionkey"], int(headers["ce_sequence"]), headers["ce_id"]))
        return found

    def rows(self) -> list[Row]:
        return list(self.tables.of(OUTBOX).values())
