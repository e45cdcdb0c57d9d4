"""Several topics in one subscription: none keeps another waiting, and each says for itself how it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
GROUP = "{}.together"


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
async def an_ear(room: Room, hearers: Mapping[str, Noting]) -> AsyncIterator[Ear]:
    ear = Ear(GROUP.format(room.settings.database), {topic: [hearer] for topic, hearer in hearers.items()})
    broker = quiet_broker(room.bootstrap, "worker")
    ear.subscribe(broker)
    async with listening(broker):
        await eventually(partial(faults, ear), lambda said: not said)
        yield ear


async def faults(ear: Ear) -> list[str]:
    return list(ear.faults)


def given(noting: Noting) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(noting.heard)

    return count


async def taken(ear: Ear, partition: TopicPartition) -> bool:
    """Whether the client has records of it that were not given yet."""
    return partition in ear._subscriber.consumer._fetcher._records


async def different(noting: Noting) -> int:
    """How many records, whatever came twice."""
    return len({record.offset for record in noting.heard})


async def write_many(coast: Coast, topic: str, count: int) -> None:
    sendings = [await coast.kafka.send(topic, value=b"one of many", partition=0) for _ in range(count)]
    await asyncio.gather(*sendings)


async def test_a_topic_that_comes_in_thousands_keeps_no_other_waiting(room: Room, harbourside: Coast) -> None:
    many, few = Noting(), Noting()
    few.going.set()
    flood, other = room.words.harbour.events_topic, room.words.harbour.state_topic
    await write_many(harbourside, flood, 10 * BATCH)
    async with an_ear(room, {flood: many, other: few}) as ear:
        await eventually(given(many), bool)
        before = len(many.heard)
        await harbourside.write(other, b"alone", partition=0)
        await eventually(partial(taken, ear, TopicPartition(other, 0)), bool)
        many.going.set()
        await eventually(given(few), bool, every_seconds=0.001)
        after = len(many.heard)
        await eventually(given(many), lambda heard: heard == 10 * BATCH)

    assert after - before <= 2 * BATCH


async def test_a_topic_in_hand_for_long_turns_the_service_red(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, other = room.words.harbour.events_topic, room.words.harbour.state_topic
    holding = Noting()
    async with an_ear(room, {held: holding, other: Noting()}) as ear:
        await harbourside.write(held, b"hard to bear", partition=2)
        await eventually(given(holding), bool)
        assert list(ear.faults) == []
        assert await ear.caught_up(held) == set()
        assert await ear.caught_up(other) == set(range(6))

        monkeypatch.setattr("chassis.consumer.RED_AFTER_SECONDS", 0.0)
        assert [said.partition(" has been in hand")[0] for said in ear.faults] == [held]

        holding.going.set()
        await eventually(partial(faults, ear), lambda said: not said)
        assert await ear.caught_up(held) == set(range(6))


@pytest.mark.parametrize("kafka_answers", [True, False])
async def test_what_was_read_beside_a_fault_is_read_again_also_when_going_back_fails_at_first(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch, kafka_answers: bool
) -> None:
    many, few = Noting(), Noting()
    few.going.set()
    flood, other = room.words.harbour.events_topic, room.words.harbour.state_topic
    await write_many(harbourside, flood, 3 * BATCH)
    ask = AIOKafkaConsumer.committed
    refused: list[TopicPartition] = []

    async def committed_or_not(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
        if not kafka_answers and not refused:
            refused.append(partition)
            raise KafkaError("not now")
        found: int | None = await ask(consumer, partition)
        return found

    async with an_ear(room, {flood: many, other: few}) as ear:
        await eventually(given(many), bool)
        monkeypatch.setattr(AIOKafkaConsumer, "committed", committed_or_not)
        await asyncio.to_thread(write_strange, room.bootstrap, other, "key")
        await eventually(partial(taken, ear, TopicPartition(other, 1)), bool)
        many.going.set()
        await eventually(given(few), bool, within_seconds=30)
        await eventually(partial(different, many), lambda heard: heard == 3 * BATCH)

    assert bool(refused) is not kafka_answers
    assert [dict(record.headers).keys() for record in few.heard] == [{"passerelle_unreadable"}]


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
    async with an_ear(room, {topic: noting}):
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
    async with an_ear(room, {topic: unlucky}):
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

    async with an_ear(room, {topic: noting}):
        monkeypatch.setattr(AIOKafkaConsumer, "commit", commit_slowly)
        await harbourside.write(topic, b"one", partition=3)
        await held.wait()
        await harbourside.write(topic, b"two", partition=3)
        await eventually(given(noting), lambda heard: heard == 2)
        going.set()
        await eventually(partial(committed, room, GROUP.format(room.settings.database), topic), lambda at: at == {3: 2})
