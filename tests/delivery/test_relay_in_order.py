"""Rows of a key go in the order of their versions, whoever commits late and whatever Kafka refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError
from tests.support.coast import set_topic, versions
from tests.support.ground import Room
from tests.support.lamps import opened
from tests.support.telling import api, drained, facts, ids, pending, promised, row_of, snapshots
from tests.support.watching import eventually

from chassis import relay as relays
from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX
from chassis.outlet import Outgoing, Outlet
from chassis.relay import Relay


@pytest.mark.slow
async def test_a_backlog_goes_out_once_each_and_every_key_in_order(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "BATCH", 7)
    async with api(room) as door:
        keys = [await door.client.hung(name) for name in "abcde"]
        for key in keys:
            await door.store["lantern"].update_one({"_id": key}, {"$set": {"state": "lit", "public.state": "lit"}})
        for version in range(1, 9):
            await asyncio.gather(
                *(door.client.done(key, "dim-lantern", {"brightness": version}, at=version) for key in keys)
            )
        async with opened(room.settings, api=False):
            await drained(door)

        told = await facts(room)
        assert sorted(ids(told)) == sorted(await promised(door, room.words.lantern.events_topic))
        for key in keys:
            assert versions(told, key) == list(range(1, 10))
            assert versions(await snapshots(room), key) == list(range(1, 10))


async def test_a_version_that_commits_late_is_still_told_before_the_next(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row is older than what was read already when its key's next version is committed."""
    monkeypatch.setattr(relays, "BATCH", 5)
    publish = Relay._publish
    turns = 0

    async with api(room) as door:
        outbox = door.store[OUTBOX]
        await outbox.insert_many([row_of(room, f"k{number}", 1, 1_000 + number) for number in range(40)])
        late, next_one = row_of(room, "late", 1, 1_002), row_of(room, "late", 2, 5_000)

        async def commit_meanwhile(relay: Relay, rows: Sequence[Row]) -> list[Row]:
            nonlocal turns
            turns += 1
            if turns == 3:
                await outbox.insert_one(late)
                await outbox.insert_one(next_one)
            return await publish(relay, rows)

        monkeypatch.setattr(Relay, "_publish", commit_meanwhile)
        async with opened(room.settings, api=False):
            await drained(door)

    assert versions(await facts(room), "late") == [1, 2]
    assert versions(await snapshots(room), "late") == [1, 2]
    assert len(await facts(room)) == 42


async def test_what_commits_late_is_told_before_the_lot_that_was_read_after_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a backlog the next lot is read from where the first ends, while the first is on its way."""
    monkeypatch.setattr(relays, "LOT", 10)
    monkeypatch.setattr(relays, "BATCH", 5)
    waiting = Relay._waiting
    committed: list[int] = []

    async with api(room) as door:
        outbox = door.store[OUTBOX]
        await outbox.insert_many([row_of(room, f"k{number}", 1, 1_000 + number) for number in range(25)])

        async def commit_meanwhile(relay: Relay, most: int, left_out: Row, after: int = 0) -> list[Row]:
            if after and not committed:
                for version, at in ((1, 1_002), (2, 1_012)):
                    await outbox.insert_one(row_of(room, "late", version, at))
                    committed.append(after)
            return await waiting(relay, most, left_out, after)

        monkeypatch.setattr(Relay, "_waiting", commit_meanwhile)
        async with opened(room.settings, api=False):
            await drained(door)

    assert committed == [1_009, 1_009]
    assert versions(await facts(room), "late") == [1, 2]
    assert versions(await snapshots(room), "late") == [1, 2]
    assert len(await facts(room)) == 27


async def test_a_key_that_kafka_refuses_waits_and_the_others_go_on(room: Room) -> None:
    topic = room.words.lantern.events_topic
    await set_topic(room.bootstrap, topic, {"max.message.bytes": "3000"})
    async with opened(room.settings) as service:
        big, small = await service.client.hung("big"), await service.client.hung("small")
        await drained(service)
        await service.client.done(big, "engrave-lantern", {"text": "x" * 6_000}, at=1)
        await service.client.done(big, "light-lantern", at=2)
        for version in range(1, 6):
            await service.client.done(small, "engrave-lantern", {"text": "y"}, at=version)
        await eventually(lambda: facts(room), lambda told: versions(told, small) == [1, 2, 3, 4, 5, 6])

        assert versions(await facts(room), big) == [1]
        await eventually(lambda: pending(service), lambda left: left == 2)

        await set_topic(room.bootstrap, topic, {"max.message.bytes": "1048588"})
        await drained(service)
        told = await facts(room)
        owed = await promised(service, topic)

    assert versions(told, big) == [1, 2, 3]
    assert sorted(ids(told)) == sorted(owed)


@pytest.mark.parametrize("lot", [2, 2_000])
async def test_a_key_that_kafka_refused_waits_with_its_rows_of_later_batches(
    room: Room, monkeypatch: pytest.MonkeyPatch, lot: int
) -> None:
    monkeypatch.setattr(relays, "LOT", lot)
    monkeypatch.setattr(relays, "BATCH", 1)
    topic = room.words.lantern.events_topic
    await set_topic(room.bootstrap, topic, {"max.message.bytes": "3000"})
    async with api(room) as door:
        big = await door.client.hung("big")
        await door.client.done(big, "engrave-lantern", {"text": "x" * 6_000}, at=1)
        await door.client.done(big, "light-lantern", at=2)
        small = await door.client.hung("small")
        async with opened(room.settings, api=False):
            await eventually(lambda: facts(room), lambda told: versions(told, small) == [1])
            assert versions(await facts(room), big) == [1]
            await set_topic(room.bootstrap, topic, {"max.message.bytes": "1048588"})
            await drained(door)

    assert versions(await facts(room), big) == [1, 2, 3]


async def test_a_row_behind_a_refused_one_of_its_key_waits(room: Room) -> None:
    """Whatever became of its own records: the first refused record here is the only one."""

    class Refusing(Outlet):
        async def send(self, records: Sequence[Outgoing]) -> list[BaseException | None]:
            return [KafkaError(), *[None] * (len(records) - 1)]

    rows = [row_of(room, key, version, at) for at, (key, version) in enumerate([("k", 1), ("k", 2), ("other", 1)], 1)]
    async with api(room) as door:
        relay = Relay(door.store, Refusing(room.bootstrap, "refusing"), asyncio.Event())

        assert await relay._publish(rows) == [rows[2]]


@pytest.mark.slow
async def test_what_another_process_commits_is_told_at_once_when_that_is_known(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own commits wake a relay; it watches those of others only where there are any."""
    rests: list[Relay] = []
    begun: list[float] = []
    rest, watch = Relay._rest, Store.watch
    watched = asyncio.Event()

    async def counted(relay: Relay) -> None:
        begun.append(relays.NET_SECONDS)
        await rest(relay)
        rests.append(relay)

    @asynccontextmanager
    async def noticed(store: Store, pipeline: list[Row], **options: Any) -> AsyncIterator[Any]:
        async with watch(store, pipeline, **options) as changes:
            watched.set()
            yield changes

    async def rested() -> int:
        return len(rests)

    async def rests_for() -> float:
        return begun[-1]

    monkeypatch.setattr(Relay, "_rest", counted)
    monkeypatch.setattr(Store, "watch", noticed)
    monkeypatch.setattr(relays, "NET_SECONDS", 0.8)
    async with opened(room.settings) as service, api(room) as elsewhere:
        await service.client.hung("own")
        await drained(service)
        own = len(rests)
        await eventually(rested, lambda times: times >= own + 3)
        assert not watched.is_set()

        async def known() -> bool:
            await elsewhere.client.hung(f"of another {uuid4()}")
            return watched.is_set()

        await eventually(known, every_seconds=0.2)
        await drained(service)
        monkeypatch.setattr(relays, "NET_SECONDS", 60.0)
        await eventually(rests_for, lambda seconds: seconds == 60.0)

        await elsewhere.client.hung("one more of another")
        await drained(service)
