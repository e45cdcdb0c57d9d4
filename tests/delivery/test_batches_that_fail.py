"""Batches in which something goes wrong: nothing of them is passed over, and what takes too long is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from tests.support.coast import Coast
from tests.support.ground import Room
from tests.support.hearing import committed, write_strange
from tests.support.watching import eventually

from chassis.broker import listening, quiet_broker
from chassis.consumer import Ear
from chassis.reading import BATCH, Record, Waiting

pytestmark = pytest.mark.slow
GROUP = "{}.alone"


@dataclass
class Noting:
    """Notes what it was given, batch by batch; a batch is done when `going` lets it."""

    batches: list[Sequence[Record]] = field(default_factory=list)
    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, records: Sequence[Record]) -> Waiting:
        self.batches.append(records)
        await self.going.wait()
        return {}

    @property
    def heard(self) -> list[Record]:
        return [record for batch in self.batches for record in batch]


@asynccontextmanager
async def an_ear(room: Room, topic: str, hearer: Noting) -> AsyncIterator[Ear]:
    ear = Ear(topic, GROUP.format(room.settings.database), [hearer])
    broker = quiet_broker(room.bootstrap, "worker")
    ear.subscribe(broker)
    async with listening(broker):
        await eventually(partial(fault, ear), lambda said: not said)
        yield ear


async def fault(ear: Ear) -> str | None:
    return ear.fault


def given(noting: Noting) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(noting.heard)

    return count


async def taken(ear: Ear, partition: TopicPartition) -> bool:
    """Whether the client has records of it that were not given yet."""
    return partition in ear._subscriber.consumer._fetcher._records


async def different(noting: Noting) -> int:
    """How many records, whatever came twice."""
    return len({(record.partition, record.offset) for record in noting.heard})


async def write_many(coast: Coast, topic: str, count: int) -> None:
    sendings = [await coast.kafka.send(topic, value=b"one of many", partition=0) for _ in range(count)]
    await asyncio.gather(*sendings)


async def test_a_batch_in_hand_for_long_turns_the_service_red(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, holding = room.words.harbour.events_topic, Noting()
    async with an_ear(room, topic, holding) as ear:
        await harbourside.write(topic, b"hard to bear", partition=2)
        await eventually(given(holding), bool)
        assert ear.fault is None
        assert await ear.caught_up() == set()

        monkeypatch.setattr("chassis.consumer.RED_AFTER_SECONDS", 0.0)
        assert str(ear.fault).startswith(f"{topic} has been in hand for")

        holding.going.set()
        await eventually(partial(fault, ear), lambda said: not said)
        assert await ear.caught_up() == set(range(6))


@pytest.mark.parametrize("kafka_answers", [True, False])
async def test_what_was_read_beside_a_fault_is_read_again_also_when_going_back_fails_at_first(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch, kafka_answers: bool
) -> None:
    topic, noting = room.words.harbour.events_topic, Noting()
    await write_many(harbourside, topic, BATCH + BATCH // 2)
    ask = AIOKafkaConsumer.committed
    refused: list[TopicPartition] = []

    async def committed_or_not(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
        if not kafka_answers and not refused:
            refused.append(partition)
            raise KafkaError("not now")
        found: int | None = await ask(consumer, partition)
        return found

    async with an_ear(room, topic, noting) as ear:
        await eventually(given(noting), bool)
        monkeypatch.setattr(AIOKafkaConsumer, "committed", committed_or_not)
        await asyncio.to_thread(write_strange, room.bootstrap, topic, "key")
        await eventually(partial(taken, ear, TopicPartition(topic, 1)), bool)
        noting.going.set()
        await eventually(partial(different, noting), lambda heard: heard == BATCH + BATCH // 2 + 1, within_seconds=40)

    assert bool(refused) is not kafka_answers
    strange = [record for record in noting.heard if "passerelle_unreadable" in dict(record.headers)]
    assert [(record.partition, record.offset) for record in strange] == [(1, 0)]


async def test_a_batch_that_fails_as_a_whole_is_heard_again(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, noting = room.words.harbour.events_topic, Noting()
    noting.going.set()
    begun = asyncio.get_running_loop().time()

    def measure_or_fail(*_: object) -> None:
        if len(noting.batches) < 6:
            raise ValueError("a fault in the program")

    monkeypatch.setattr(Ear, "_measure", measure_or_fail)
    async with an_ear(room, topic, noting):
        await harbourside.write(topic, b"heard again", partition=3)
        await eventually(given(noting), lambda heard: heard == 6)
        await eventually(partial(committed, room, GROUP.format(room.settings.database), topic), lambda at: at == {3: 1})

    assert {record.offset for record in noting.heard} == {0}
    assert asyncio.get_running_loop().time() - begun > 1.0, "the pauses grow"


@dataclass
class Unlucky(Noting):
    """What it waits for at first is cancelled by somebody else."""

    async def hear(self, records: Sequence[Record]) -> Waiting:
        self.batches.append(records)
        if len(self.batches) == 1:
            waited_for = asyncio.get_running_loop().create_future()
            waited_for.cancel()
            await waited_for
        return {}


async def test_what_a_hearer_gave_up_because_something_was_cancelled_is_heard_again(
    room: Room, harbourside: Coast
) -> None:
    topic, unlucky = room.words.harbour.events_topic, Unlucky()
    async with an_ear(room, topic, unlucky):
        await harbourside.write(topic, b"once", partition=3)
        await eventually(given(unlucky), lambda heard: heard == 2)
        await eventually(partial(committed, room, GROUP.format(room.settings.database), topic), lambda at: at == {3: 1})


async def test_what_is_dealt_with_during_a_commit_is_committed_too(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, noting, held, going = room.words.harbour.events_topic, Noting(), asyncio.Event(), asyncio.Event()
    noting.going.set()
    commit = AIOKafkaConsumer.commit

    async def commit_slowly(consumer: AIOKafkaConsumer, at: dict[TopicPartition, int]) -> None:
        await commit(consumer, at)
        held.set()
        await going.wait()

    async with an_ear(room, topic, noting):
        monkeypatch.setattr(AIOKafkaConsumer, "commit", commit_slowly)
        await harbourside.write(topic, b"one", partition=3)
        await held.wait()
        await harbourside.write(topic, b"two", partition=3)
        await eventually(given(noting), lambda heard: heard == 2)
        going.set()
        await eventually(partial(committed, room, GROUP.format(room.settings.database), topic), lambda at: at == {3: 2})
