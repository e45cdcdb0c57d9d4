"""The relay killed, doubled, frozen, cut off: every committed row reaches Kafka, with its own ids, each key in order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.coast import versions
from tests.support.ground import Room
from tests.support.lamps import Lamps, Process, opened
from tests.support.telling import api, drained, facts, ids, pending, promised, row_of, snapshots
from tests.support.watching import eventually, stays

from chassis.lease import Lease, LeaseLost
from chassis.outbox import OUTBOX
from chassis.outlet import Outlet
from chassis.relay import Relay
from stack.child import Child

pytestmark = pytest.mark.slow


async def test_a_relay_killed_between_acknowledgement_and_mark_sends_the_same_ids_again(
    room: Room, tmp_path: Path
) -> None:
    process = Process(room.settings, tmp_path, "worker")
    async with api(room) as door:
        for name in "abc":
            await door.client.hung(name)
        killed = process.child("killed", "die before marking")
        killed.launch()
        await eventually(lambda: gone(killed))

        assert await pending(door) == 3
        first = ids(await facts(room))
        await door.store["leases"].update_one({"_id": "relay"}, {"$set": {"until": 0.0}})
        with process.child("next").start():
            await drained(door)

        assert sorted(first) == sorted(await promised(door, room.words.lantern.events_topic))
        assert sorted(ids(await facts(room))) == sorted(first * 2)
        assert sorted(set(ids(await snapshots(room)))) == sorted(await promised(door, room.words.lantern.state_topic))


async def gone(child: Child) -> bool:
    return not child.alive


async def test_a_service_killed_between_commit_and_publish_tells_it_after_its_restart(
    room: Room, tmp_path: Path
) -> None:
    process = Process(room.settings, tmp_path)
    killed = process.child("killed", "die before sending").start()
    async with process.client(killed).http as http:
        client = process.client(killed)
        client.http = http
        answer = await client.hang("a")
    await eventually(lambda: gone(killed))
    before = await facts(room)

    async with api(room) as door:
        await door.store["leases"].update_one({"_id": "relay"}, {"$set": {"until": 0.0}})
        with process.child("next").start():
            await drained(door)

        assert (answer.status_code, before) == (201, [])
        assert ids(await facts(room)) == await promised(door, room.words.lantern.events_topic)


async def test_of_two_relays_one_publishes_and_the_other_takes_over(room: Room) -> None:
    async with api(room) as door:
        id_ = await door.client.hung("a")
        await door.client.done(id_, "light-lantern", at=1)
        async with opened(room.settings, api=False) as one, opened(room.settings, api=False) as two:
            for version in range(2, 12):
                await door.client.done(id_, "dim-lantern", {"brightness": version % 9 + 1}, at=version)
            await drained(door)
            held = [bool(each.running.relay.lease._token) for each in (one, two)]
            first, second = (one, two) if held[0] else (two, one)
            await first.running.relay.lease.give_up()
            assert await second.running.relay.lease.take()
            for version in range(12, 20):
                await door.client.done(id_, "dim-lantern", {"brightness": version % 9 + 1}, at=version)
            await drained(door)

        assert sorted(held) == [False, True]
        assert ids(await facts(room)) == await promised(door, room.words.lantern.events_topic)
        assert versions(await snapshots(room), id_) == list(range(1, 21))


async def test_a_relay_that_stands_by_leaves_the_store_alone(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is committed: it looks for the other's lease every other second."""
    async with api(room) as door, opened(room.settings, api=False):
        id_ = await door.client.hung("a")
        await drained(door)
        async with opened(room.settings, api=False) as second:
            relay, looks = second.running.relay, list[bool]()
            take = relay.lease.take

            async def counted() -> bool:
                looks.append(await take())
                return looks[-1]

            monkeypatch.setattr(relay.lease, "take", counted)
            await door.client.done(id_, "light-lantern", at=1)
            second.running.desk.committed.set()

            async def looked() -> int:
                return len(looks)

            await stays(looked, lambda times: times <= 3, for_seconds=3)

    assert looks == [False] * len(looks)


async def test_a_relay_without_the_lease_sends_nothing(room: Room) -> None:
    async with api(room) as door:
        await door.client.hung("a")
        outlet = Outlet(room.bootstrap, "without")
        assert await Lease(door.store, "relay").take()

        with pytest.raises(LeaseLost):
            await Relay(door.store, outlet, asyncio.Event())._drain()

        await outlet.stop()
        assert await facts(room) == []


async def test_a_relay_that_lost_its_lease_while_it_sent_marks_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api(room) as door:
        await door.client.hung("a")
        outlet = Outlet(room.bootstrap, "overtaken")
        relay, send = Relay(door.store, outlet, asyncio.Event()), outlet.send
        assert await relay.lease.keep()

        async def overtaken(records: Any) -> Any:
            await door.store["leases"].update_one({"_id": "relay"}, {"$set": {"until": 0.0}})
            assert await Lease(door.store, "relay").take()
            return await send(records)

        monkeypatch.setattr(outlet, "send", overtaken)
        with pytest.raises(LeaseLost):
            await relay._drain()

        await outlet.stop()
        assert (len(await facts(room)), await pending(door)) == (1, 1)


async def test_commands_are_taken_while_the_broker_is_away_and_told_when_it_is_back(
    room: Room, broker: Child, lamps: Lamps
) -> None:
    await lamps.client.hung("before")
    await drained(lamps)

    broker.kill()
    during = [await lamps.client.hang(f"during {number}") for number in range(5)]
    waiting = await pending(lamps)
    await asyncio.to_thread(broker.start, 120)
    after = await lamps.client.hang("after")
    await drained(lamps, 60)

    assert {answer.status_code for answer in [*during, after]} == {201}
    assert waiting == 5
    told = ids(await facts(room))
    assert set(told) == set(await promised(lamps, room.words.lantern.events_topic))
    assert len(told) == 7


async def test_a_service_that_starts_without_a_broker_takes_commands_and_tells_them_later(
    room: Room, broker: Child
) -> None:
    broker.kill()
    async with opened(room.settings) as service:
        answer = await service.client.hang("a")
        ready = await service.client.http.get("/ready")
        await asyncio.to_thread(broker.start, 120)
        await drained(service, 60)

        async def is_ready() -> Any:
            return (await service.client.http.get("/ready")).json()

        await eventually(is_ready, lambda said: said["status"] == "ready", within_seconds=30)

    assert (answer.status_code, ready.status_code) == (201, 503)
    assert len(await facts(room)) == 1


async def test_a_frozen_broker_is_waited_for(room: Room, broker: Child, lamps: Lamps) -> None:
    await lamps.client.hung("before")
    await drained(lamps)

    broker.freeze()
    await lamps.client.hung("during")

    async def left() -> int:
        return await pending(lamps)

    await stays(left, lambda count: count == 1, for_seconds=1.0)
    broker.thaw()
    await drained(lamps, 60)

    told = ids(await facts(room))
    assert set(told) == set(await promised(lamps, room.words.lantern.events_topic))


async def test_a_service_that_is_asked_to_end_marks_what_it_published(room: Room, tmp_path: Path) -> None:
    process = Process(room.settings, tmp_path, "worker")
    async with api(room) as door:
        outbox = door.store[OUTBOX]
        await outbox.insert_many(
            [row_of(room, f"k{number % 50}", 1 + number // 50, 1 + number) for number in range(2_000)]
        )
        ended = process.child("ended")
        ended.launch()

        async def some() -> int:
            return await pending(door)

        await eventually(some, lambda left: left < 2_000, every_seconds=0.005)
        await asyncio.to_thread(ended.stop, 40)
        left = await pending(door)
        told = await facts(room)
        with process.child("next").start():
            await drained(door, 60)

    assert ended._process is not None
    assert ended._process.returncode == 0
    assert len(told) == 2_000 - left
    everything = await facts(room)
    assert len(ids(everything)) == len(set(ids(everything))) == 2_000
    for number in range(50):
        assert versions(everything, f"k{number}") == list(range(1, 41))


async def test_a_store_killed_under_load_loses_nothing_that_was_acknowledged(
    room: Room, documents: Child, lamps: Lamps
) -> None:
    made: dict[str, int] = {}

    async def work(name: str) -> None:
        version, id_ = 0, ""
        for number in range(40):
            key = f"{name}{number}"
            if not id_:
                answer = await lamps.client.hang(name, key=key)
                id_ = answer.json().get("id", "") if answer.status_code == 201 else ""
            else:
                answer = await lamps.client.ask(
                    id_, "engrave-lantern", {"text": key}, at=version or None, Idempotency_Key=key
                )
            if answer.status_code in (200, 201):
                made[id_] = version = answer.json()["version"]
            elif answer.status_code == 412:
                version = answer.json()["version"]
            else:
                assert answer.status_code == 503, answer.text

    async def kill_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(0.5)
            documents.kill()
            await asyncio.to_thread(documents.start)

    await asyncio.gather(*(work(f"w{number}") for number in range(4)), kill_twice())
    await drained(lamps, 60)

    kept = {row["_id"]: row for row in await lamps.store["lantern"].find({}).to_list(None)}
    assert len(made) == 4
    told, states = await facts(room), await snapshots(room)
    assert {id_: kept[id_]["version"] >= version for id_, version in made.items()} == dict.fromkeys(made, True)
    for id_, row in kept.items():
        assert sorted(set(versions(told, id_))) == list(range(1, row["version"] + 1))
        assert versions(states, id_)[-1] == row["version"]
    assert {record.key.decode() for record in told} == set(kept)
