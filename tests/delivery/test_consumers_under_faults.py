"""Hearing under faults: what comes twice, what goes away meanwhile, and who takes over."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import psutil
import pytest
from tests.support.coast import Coast
from tests.support.ground import Room
from tests.support.hearing import committed, copy_of, ear, greeted, keys_in, parked, ready_now
from tests.support.lamps import Lamps, Process, group_in, opened
from tests.support.watching import eventually

from stack.child import Child

pytestmark = pytest.mark.slow


async def test_duplicates_and_replays_change_nothing(room: Room, lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "one", "hang a", "three")
    await eventually(greeted(lamps), lambda words: len(words) == 3)
    before = await lamps.store["greetings"].find({}).to_list(None)

    await harbourside.send(*harbourside.rows, *reversed(harbourside.rows))
    await harbourside.greets(key, "four")
    await eventually(greeted(lamps), lambda words: words[-1] == "four")

    after = await lamps.store["greetings"].find({}).sort([("version", 1)]).to_list(None)
    assert after[:3] == sorted(before, key=lambda row: row["version"])
    assert [row["number"] for row in after] == [1, 2, 3, 4]
    assert await lamps.store["lantern"].count_documents({}) == 1
    await eventually(lambda: copy_of(lamps, key, 5))
    assert (await lamps.store["harbour_copies"].find_one({"_id": key}))["version"] == 5


async def test_a_repeated_record_is_done_even_if_its_reaction_is_not_possible_any_more(
    lamps: Lamps, harbourside: Coast
) -> None:
    await lamps.store["mended"].insert_one({"_id": "poison"})
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "poison")
    await eventually(greeted(lamps), lambda words: words == ["poison"])
    await lamps.store["mended"].delete_one({"_id": "poison"})

    await harbourside.send(*harbourside.rows)
    await harbourside.greets(key, "two")

    await eventually(greeted(lamps), lambda words: words == ["poison", "two"])
    assert await parked(lamps) == []


async def test_a_store_that_goes_away_is_waited_for_and_everything_takes_effect_once(
    documents: Child, lamps: Lamps, harbourside: Coast
) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "0")
    await eventually(greeted(lamps), lambda words: words == ["0"])

    documents.kill()
    await harbourside.greets(key, *(str(number) for number in range(1, 10)))
    await asyncio.to_thread(documents.start)

    await eventually(greeted(lamps), lambda words: words == [str(number) for number in range(10)], within_seconds=40)
    numbers = await lamps.store["greetings"].find({}).sort([("version", 1)]).to_list(None)
    assert [row["number"] for row in numbers] == list(range(1, 11))
    assert await parked(lamps) == []


async def test_consumers_go_on_after_the_broker_was_killed(broker: Child, lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "one")
    await eventually(greeted(lamps), lambda words: words == ["one"])

    broker.kill()
    await asyncio.to_thread(broker.start, 120)
    await harbourside.greets(key, "two")

    await eventually(greeted(lamps), lambda words: words == ["one", "two"], within_seconds=40)
    await eventually(lambda: ready_now(lamps), within_seconds=30)


async def test_workers_that_come_and_go_lose_nothing_and_do_nothing_twice(room: Room, harbourside: Coast) -> None:
    keys = [await harbourside.opens(f"h{number}", *keys_in(number % 6, 1)) for number in range(12)]
    telling = asyncio.Event()

    async def tell() -> None:
        for number in range(40):
            await asyncio.gather(*(harbourside.tells_greeting(key, str(number)) for key in keys))
        telling.set()

    async with opened(room.settings) as first:
        task = asyncio.create_task(tell())
        for _ in range(2):
            async with opened(room.settings) as second:
                await eventually(partial(ready_now, second))
                await eventually(partial(has_part, second, room))
        await task
        await eventually(greeted(first), lambda words: len(words) == 480, within_seconds=60)

        for key in keys:
            rows = await first.store["greetings"].find({"key": key}).sort([("version", 1)]).to_list(None)
            assert [row["words"] for row in rows] == [str(number) for number in range(40)]
            assert [row["number"] for row in rows] == list(range(1, 41))
        assert await parked(first) == []


async def has_part(service: Lamps, room: Room) -> bool:
    consumer = ear(service, room.words.harbour.events_topic)._subscriber.consumer
    return 0 < len(consumer.assignment()) < 6


async def test_a_worker_killed_in_the_middle_leaves_everything_to_the_next(
    room: Room, harbourside: Coast, tmp_path: Path
) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, *(f"slow {number}" for number in range(12)))
    process = Process(room.settings, tmp_path, "worker")
    async with opened(room.settings, worker=False) as door:
        killed = process.child("killed").start()
        await eventually(greeted(door), lambda words: len(words) >= 2)
        killed.kill()
        with process.child("next").start():
            words = await eventually(greeted(door), lambda words: len(words) == 12, within_seconds=40)
        rows = await door.store["greetings"].find({}).sort([("version", 1)]).to_list(None)

    assert words == [f"slow {number}" for number in range(12)]
    assert [row["number"] for row in rows] == list(range(1, 13))


async def test_a_worker_asked_to_end_finishes_the_batch_in_hand(room: Room, harbourside: Coast, tmp_path: Path) -> None:
    (key,) = keys_in(1, 1)
    await harbourside.opens("Ostende", key)
    await harbourside.greets(key, *(f"slow {number}" for number in range(10)))
    topic = room.words.harbour.events_topic
    process = Process(room.settings, tmp_path, "worker")
    async with opened(room.settings, worker=False) as door:
        ended = process.child("ended").start()
        await eventually(greeted(door), lambda words: 1 <= len(words) < 10, every_seconds=0.01)
        await asyncio.to_thread(ended.stop)
        words = await greeted(door)()

    assert words == [f"slow {number}" for number in range(10)]
    assert (await committed(room, f"{group_in(room.settings.database)}.{topic}", topic))[1] == 11
    assert ended._process is not None
    assert ended._process.returncode == 0


async def test_a_service_at_rest_takes_next_to_nothing(room: Room, tmp_path: Path) -> None:
    with Process(room.settings, tmp_path).child("idle").start() as idle:
        process = psutil.Process(idle.pid)

        async def calm() -> bool:
            before = process.cpu_times()
            await asyncio.sleep(2)
            after = process.cpu_times()
            used = after.user + after.system - before.user - before.system
            print(f"{used:.3f} s of two")
            return used < 0.12

        await eventually(calm, within_seconds=30)
