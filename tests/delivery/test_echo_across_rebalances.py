"""Echo when partitions change hands: what another worker heard is not taken for known, and its suspects are taken over."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from tests.delivery.test_echo import dimmed, echoed, heard, old_one_told_last, row, snapshots
from tests.support.coast import versions
from tests.support.ground import Room
from tests.support.hearing import ear
from tests.support.lamps import Lamps, opened
from tests.support.watching import eventually

from chassis.broker import listening, quiet_broker
from chassis.consumer import Ear
from chassis.echo import Echo
from chassis.relay import send_again

pytestmark = pytest.mark.slow

LANTERNS = 12
PARTITIONS = 6


def parts(service: Lamps, room: Room) -> set[int]:
    """The partitions of the service's own snapshots that this process hears."""
    topic = room.words.lantern.state_topic
    consumer = ear(service, topic)._subscriber.consumer
    return {part.partition for part in consumer.assignment() if part.topic == topic} if consumer else set()


async def test_what_another_worker_heard_meanwhile_is_not_taken_for_known(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first knows version 1; versions 2 to 4 are heard by the second; then an old 3 comes to the first."""
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.1)
    async with opened(room.settings) as first:
        keys = [await first.client.hung(str(number)) for number in range(LANTERNS)]
        for key in keys:
            await eventually(partial(heard, first, key, 1))
        async with opened(room.settings, api=False) as second:
            await eventually(lambda: of(second, room), lambda held: 0 < len(held) < PARTITIONS)
            await eventually(lambda: of(first, room), lambda held: 0 < len(held) < PARTITIONS)
            places = {record.key.decode(): record.partition for record in await snapshots(room)}
            key = next(key for key in keys if places[key] in parts(second, room))
            await first.client.done(key, "light-lantern", at=1)
            for version in (2, 3):
                await first.client.done(key, "dim-lantern", {"brightness": version}, at=version)
            await eventually(lambda: heard(second, key, 4))
        await eventually(lambda: of(first, room), lambda held: len(held) == PARTITIONS)

        await send_again(first.running.outlet, await row(first, key, 3), [room.words.lantern.state_topic])

        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4, 3, 4])
        assert echoed(first) == 1


async def of(service: Lamps, room: Room) -> set[int]:
    return parts(service, room)


async def test_a_suspect_is_answered_by_whoever_hears_its_partition_next(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 600.0)
    key = await old_one_told_last(room)
    async with opened(room.settings) as suspicious:
        await eventually(lambda: heard(suspicious, key, 2))
        assert echoed(suspicious) == 0

    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.1)
    async with opened(room.settings) as service:
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4, 2, 4])
        assert await service.store["echo_suspects"].count_documents({}) == 0


async def test_a_suspect_that_is_taken_over_while_something_is_heard_is_not_forgotten(room: Room) -> None:
    async with opened(room.settings) as teller:
        key, other = await dimmed(teller, "a", 1), await dimmed(teller, "b", 0)
        await eventually(lambda: heard(teller, key, 3))
        await eventually(lambda: heard(teller, other, 2))
    topic = room.words.lantern.state_topic
    last = next(record for record in reversed(await snapshots(room)) if record.key == other.encode())
    async with opened(room.settings, worker=False) as door:
        left = {"_id": f"{topic}/{key}", "topic": topic, "key": key, "partition": 0, "version": 2}
        await door.store["echo_suspects"].insert_one(left)
        echo = Hesitating(door.store, room.words.lantern, door.running.outlet)
        ear = Ear(topic, "never-listening", [echo])
        ear.subscribe(quiet_broker(room.bootstrap, "never-listening"))

        hearing = asyncio.create_task(echo.hear([last]))
        await echo.asked.wait()
        settling = asyncio.create_task(echo.settle(ear))
        await asyncio.wait([settling], timeout=0.5)
        echo.go_on.set()
        await asyncio.gather(hearing, settling)

        assert [row["key"] for row in await door.store["echo_suspects"].find({}).to_list(None)] == [key]


class Hesitating(Echo):
    """Stands still when it first asks for what was told."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def _behind(self, *given: Any) -> Any:
        if not self.asked.is_set():
            self.asked.set()
            await self.go_on.wait()
        return await super()._behind(*given)


async def test_a_suspect_whose_newest_version_still_waits_for_kafka_is_left_to_the_relay(room: Room) -> None:
    async with opened(room.settings) as service:
        key = await dimmed(service, "a", 0)
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2])
    async with opened(room.settings, worker=False) as door:
        await door.client.done(key, "dim-lantern", {"brightness": 5}, at=2)
        echo = Echo(door.store, room.words.lantern, door.running.outlet)
        ear = Ear(room.words.lantern.state_topic, "listening-alone", [echo])
        broker = quiet_broker(room.bootstrap, "listening-alone")
        ear.subscribe(broker)
        async with listening(broker):
            await eventually(lambda: read_whole(ear))
            await echo.settle(ear)
            waiting = versions(await snapshots(room), key)
            await door.store["outbox"].update_one({"key": key, "version": 3}, {"$unset": {"pending": ""}})
            await echo.settle(ear)

    assert waiting == [1, 2]
    assert versions(await snapshots(room), key) == [1, 2, 3]


async def read_whole(ear: Ear) -> Any:
    return len(await ear.caught_up()) == PARTITIONS
