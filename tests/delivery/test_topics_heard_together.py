"""Several topics in one subscription: none keeps another waiting, and each says for itself how it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from aiokafka import TopicPartition
from tests.support.coast import Coast
from tests.support.ground import Room
from tests.support.hearing import committed, write_strange
from tests.support.watching import eventually

from chassis.broker import listening, quiet_broker
from chassis.consumer import Ear
from chassis.reading import BATCH, Record, Waiting

pytestmark = pytest.mark.slow


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
    ear = Ear(f"{room.settings.database}.together", {topic: [hearer] for topic, hearer in hearers.items()})
    broker = quiet_broker(room.bootstrap, "worker")
    ear.subscribe(broker)
    try:
        async with listening(broker):
            await eventually(partial(faults, ear), lambda said: not said)
            yield ear
    finally:
        await ear.close()


async def faults(ear: Ear) -> list[str]:
    return list(ear.faults)


def given(noting: Noting) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(noting.heard)

    return count


async def test_a_topic_that_comes_in_thousands_keeps_no_other_waiting(room: Room, harbourside: Coast) -> None:
    many, few = Noting(), Noting()
    few.going.set()
    flood, other = room.words.harbour.events_topic, room.words.harbour.state_topic
    sendings = [await harbourside.kafka.send(flood, value=b"one of many", partition=0) for _ in range(10 * BATCH)]
    await asyncio.gather(*sendings)
    async with an_ear(room, {flood: many, other: few}) as ear:
        await eventually(given(many), bool)
        before = len(many.heard)
        await harbourside.write(other, b"alone", partition=0)

        async def taken() -> bool:
            return TopicPartition(other, 0) in ear._subscriber.consumer._fetcher._records

        await eventually(taken, bool)
        many.going.set()
        await eventually(given(few), bool, every_seconds=0.001)
        after = len(many.heard)
        await eventually(given(many), lambda heard: heard == len(sendings))

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
        assert [said.partition(" has waited")[0] for said in ear.faults] == [held]

        holding.going.set()
        await eventually(partial(faults, ear), lambda said: not said)
        assert await ear.caught_up(held) == set(range(6))


async def test_beside_a_record_that_cannot_be_read_nothing_of_any_topic_is_lost(room: Room, harbourside: Coast) -> None:
    topics = [room.words.harbour.events_topic, room.words.harbour.state_topic]
    noting = Noting()
    noting.going.set()
    for number in range(400):
        for topic in topics:
            await harbourside.write(topic, b"plain", partition=number % 6)
        if number == 100:
            await asyncio.to_thread(write_strange, room.bootstrap, topics[0], "key")
    async with an_ear(room, dict.fromkeys(topics, noting)):

        async def offsets() -> set[tuple[str, int, int]]:
            return {(record.topic, record.partition, record.offset) for record in noting.heard}

        there = await eventually(offsets, lambda heard: len(heard) >= 801)

        async def committed_offsets() -> int:
            kept = [await committed(room, f"{room.settings.database}.together", topic) for topic in topics]
            return sum(sum(of_topic.values()) for of_topic in kept)

        await eventually(committed_offsets, lambda kept: kept == 801)
    unreadable = {record.offset for record in noting.heard if "passerelle_unreadable" in dict(record.headers)}
    assert len(there) == 801
    assert len(unreadable) == 1
