"""Echo: whatever a relay sends too late, the last record of every key is its owner's newest."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import murmur2
from bson import Decimal128
from tests.support.coast import clean_often, records_of, set_topic, versions
from tests.support.ground import Room
from tests.support.lamps import Lamps, Process, opened
from tests.support.watching import eventually, stays

from chassis import echo as echoes
from chassis.echo import Echo
from chassis.outlet import Outgoing, Outlet
from chassis.relay import send_again

pytestmark = pytest.mark.slow


async def snapshots(room: Room) -> list[Any]:
    return await records_of(room.bootstrap, room.words.lantern.state_topic)


async def row(service: Lamps, key: str, version: int) -> Any:
    return await service.store["outbox"].find_one({"key": key, "version": version})


async def dimmed(service: Lamps, name: str, times: int) -> str:
    """A lantern with `times` versions after its second."""
    id_ = await service.client.hung(name)
    await service.client.done(id_, "light-lantern", at=1)
    for version in range(2, 2 + times):
        await service.client.done(id_, "dim-lantern", {"brightness": version % 9 + 1}, at=version)
    return id_


def echoed(service: Lamps) -> float:
    return float(service.running.measures.registry.get_sample_value("passerelle_echoed_snapshots_total") or 0)


async def compacted(room: Room, key: str) -> list[int]:
    """The versions of a key that are left after forced compaction (the segment that is written to is never compacted)."""
    topic = room.words.lantern.state_topic
    soon = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.001",
        "max.compaction.lag.ms": "100",
    }
    await clean_often(room.bootstrap)
    await set_topic(room.bootstrap, topic, soon)
    outlet = Outlet(room.bootstrap, "filler")
    (partition,) = {record.partition for record in await snapshots(room) if record.key == key.encode()}

    async def left() -> list[int]:
        await outlet.send([Filler.of(topic, partition)])
        return versions(await snapshots(room), key)

    try:
        return await eventually(left, lambda told: len(told) == 1, within_seconds=45, every_seconds=0.3)
    finally:
        await outlet.stop()


class Filler:
    """Records that make the broker begin a new segment in the partition of another key."""

    count = 0

    @classmethod
    def of(cls, topic: str, partition: int) -> Any:
        while True:
            cls.count += 1
            key = f"filler-{cls.count}".encode()
            if (murmur2(key) & 0x7FFFFFFF) % 6 == partition:
                break
        return Outgoing(topic, key, b"{}", [("ce_sequence", b"1")])


async def test_a_relay_frozen_past_its_lease_cannot_leave_an_old_snapshot_behind(room: Room, tmp_path: Path) -> None:
    settings = room.settings.model_copy(update={"lease_seconds": 1.0})
    process = Process(settings, tmp_path, "worker", more={"LAMPS_INSTANCE": ""})
    async with opened(room.settings, worker=False) as door:
        key = await dimmed(door, "a", 0)
        frozen, other = process.child("frozen", "stand before sending"), process.child("other")
        frozen.launch()
        marker = process.marker("frozen")
        await eventually(lambda: there(marker))
        frozen.freeze()
        with other.start():
            await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2])
            await door.client.done(key, "dim-lantern", {"brightness": 5}, at=2)
            await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3])

            marker.unlink()
            frozen.thaw()
            told = await eventually(
                lambda: snapshots(room), lambda told: len(versions(told, key)) > 5 and versions(told, key)[-1] == 3
            )
            frozen.kill()

            assert versions(told, key)[3:5] == [1, 2]
            assert await compacted(room, key) == [3]


async def there(marker: Path) -> bool:
    return await asyncio.to_thread(marker.exists)


async def test_an_old_snapshot_after_a_newer_one_is_answered_at_once(room: Room, lamps: Lamps) -> None:
    key = await dimmed(lamps, "a", 2)
    await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4])
    await eventually(lambda: heard(lamps, key, 4))
    await eventually(lambda: lamps.store["outbox"].count_documents({"pending": {"$gt": 0}}), lambda left: left == 0)

    await send_again(lamps.running.outlet, await row(lamps, key, 2), [room.words.lantern.state_topic])

    await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4, 2, 4], within_seconds=5)
    assert echoed(lamps) == 1


async def heard(service: Lamps, key: str, version: int) -> bool:
    return any(echo._last.get(key) == version for echo in echoes_of(service))


def echoes_of(service: Lamps) -> list[Echo]:
    return [each for ear in service.running.ears for each in ear.hearers if isinstance(each, Echo)]


async def old_one_told_last(room: Room) -> str:
    """The key of a lantern of four versions, of which the second was sent once more after the last, while nobody listened."""
    async with opened(room.settings) as service:
        key = await dimmed(service, "a", 2)
        await eventually(lambda: heard(service, key, 4))
    async with opened(room.settings, worker=False) as door:
        await send_again(door.running.outlet, await row(door, key, 2), [room.words.lantern.state_topic])
    return key


async def test_an_old_snapshot_that_came_while_nobody_listened_is_answered_once_its_partition_is_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.1)
    key = await old_one_told_last(room)

    async with opened(room.settings) as service:
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4, 2, 4])
        assert echoed(service) == 1


async def test_a_suspect_is_answered_though_the_outbox_cannot_be_measured(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.1)
    key = await old_one_told_last(room)
    async with opened(room.settings, worker=False) as door:
        await door.store["outbox"].insert_one({"_id": "damaged", "pending": Decimal128("1")})

    async with opened(room.settings) as service:
        with pytest.raises(TypeError):
            await service.running.relay.measure()
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 4, 2, 4])


async def test_in_ordinary_operation_nothing_is_sent_twice(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when a backlog of many versions is heard after a restart, in small batches."""
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.05)
    monkeypatch.setattr("chassis.reading.BATCH", 3)
    async with opened(room.settings, api=False) as publisher, opened(room.settings, worker=False) as door:
        for ear in publisher.running.ears:
            ear.stopped = "not listening"
        keys = [await dimmed(door, name, 6) for name in "abc"]
        await eventually(lambda: snapshots(room), lambda told: len(told) == 24)
    async with opened(room.settings) as service:
        for key in keys:
            await eventually(partial(heard, service, key, 8))
        for version in range(8, 12):
            await asyncio.gather(
                *(service.client.done(key, "dim-lantern", {"brightness": 1}, at=version) for key in keys)
            )
        await eventually(lambda: snapshots(room), lambda told: len(told) >= 36)
        await stays(lambda: snapshots(room), lambda told: len(told) == 36, for_seconds=0.6)

        assert echoed(service) == 0
        for key in keys:
            assert versions(await snapshots(room), key) == list(range(1, 13))


async def test_what_is_remembered_is_bounded_and_what_was_forgotten_is_still_kept_right(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echoes, "REMEMBERED_KEYS", 2)
    monkeypatch.setattr("chassis.service.TIDY_SECONDS", 0.1)
    async with opened(room.settings) as service:
        key = await dimmed(service, "first", 1)
        for number in range(5):
            await service.client.hung(f"n{number}")
        await eventually(lambda: snapshots(room), lambda told: len(told) == 8)
        await send_again(service.running.outlet, await row(service, key, 1), [room.words.lantern.state_topic])
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3, 1, 3])

        async def remembered() -> list[int]:
            return [len(echo._last) for echo in echoes_of(service)]

        await eventually(remembered, lambda keys: keys == [2])  # once it has heard its own answer


async def test_a_snapshot_that_is_on_its_way_already_is_not_sent_by_echo(room: Room) -> None:
    async with opened(room.settings) as service:
        key = await dimmed(service, "a", 1)
        await eventually(lambda: snapshots(room), lambda told: versions(told, key) == [1, 2, 3])
    async with opened(room.settings, worker=False) as door:
        echo = Echo(door.store, room.words.lantern, door.running.outlet)
        records = [record for record in await snapshots(room) if record.key == key.encode()]
        await echo.hear(records)
        await door.store["outbox"].update_one({"key": key, "version": 3}, {"$set": {"pending": 2**60}})

        await echo.hear(records[:1])
        on_its_way = versions(await snapshots(room), key)
        await door.store["outbox"].update_one({"key": key, "version": 3}, {"$unset": {"pending": ""}})
        await echo.hear(records[:1])

        assert on_its_way == [1, 2, 3]
        assert versions(await snapshots(room), key)[3:] in ([], [3])
