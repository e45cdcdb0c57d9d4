"""What names something that has not arrived waits, and holds up nobody else."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from tests.support.coast import Coast
from tests.support.ground import Room
from tests.support.hearing import committed, copy_of, ear, greeted, keys_in, parked, ready_now
from tests.support.lamps import Lamps, group_in, opened
from tests.support.watching import eventually, stays

pytestmark = pytest.mark.slow


async def test_an_unknown_reference_keeps_its_partition_waiting_and_no_other(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    (waiting,), (other,) = keys_in(2, 1), keys_in(4, 1)
    for key in (waiting, other):
        await harbourside.opens("Ostende", key)
    lantern = str(uuid4())
    await harbourside.greets(waiting, "one", f"about {lantern}", "three")
    await harbourside.greets(other, "a", "b", "c")
    await eventually(greeted(lamps), lambda words: set(words) == {"one", "a", "b", "c"})
    topic = room.words.harbour.events_topic
    group = f"{group_in(room.settings.database)}.{topic}"
    await eventually(lambda: committed(room, group, topic), lambda offsets: offsets.get(4) == 4)

    await stays(greeted(lamps), lambda words: len(words) == 4, for_seconds=0.5)
    assert (await committed(room, group, topic))[2] == 2
    await lamps.store["lantern"].insert_one(
        {"_id": lantern, "version": 1, "state": "hung", "at": 1, "private": {}, "public": hung(lantern)}
    )
    await eventually(greeted(lamps), lambda words: {f"about {lantern}", "three"} <= set(words), within_seconds=20)

    await eventually(lambda: committed(room, group, topic), lambda offsets: offsets[2] == 4)
    assert await parked(lamps) == []


def hung(id_: str) -> dict[str, Any]:
    return {"id": id_, "version": 1, "state": "hung", "name": id_, "number": 1, "place": "quay"}


async def test_a_restart_goes_on_from_the_record_that_waits(room: Room, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    lantern = str(uuid4())
    async with opened(room.settings) as service:
        await harbourside.greets(key, "one", f"about {lantern}", "three")
        await eventually(greeted(service), lambda words: words == ["one"])
        await eventually(lambda: waits(service, room.words.harbour.events_topic))
    async with opened(room.settings) as service:
        await service.store["lantern"].insert_one(
            {"_id": lantern, "version": 1, "state": "hung", "at": 1, "private": {}, "public": hung(lantern)}
        )
        await eventually(greeted(service), lambda words: words == ["one", f"about {lantern}", "three"])


async def waits(service: Lamps, topic: str) -> bool:
    return bool(ear(service, topic)._waiting_since)


async def test_what_waits_for_long_turns_the_service_red(
    room: Room, lamps: Lamps, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, f"about {uuid4()}")
    await eventually(lambda: waits(lamps, room.words.harbour.events_topic))
    await eventually(lambda: ready_now(lamps))

    monkeypatch.setattr("chassis.consumer.RED_AFTER_SECONDS", 0.0)
    answer = await lamps.client.http.get("/ready")

    assert answer.status_code == 503
    assert room.words.harbour.events_topic in answer.json()["faults"][0]


async def test_letting_stopped_topics_go_on_wakes_nothing_that_merely_waits(
    room: Room, lamps: Lamps, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.consumer.FIRST_PAUSE_SECONDS", 30.0)
    topic = room.words.harbour.events_topic
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, f"about {uuid4()}")
    await eventually(lambda: waits(lamps, topic))

    assert (await lamps.client.operate("/ops/resume")).json() == {"resumed": []}

    assert {part.topic for part in ear(lamps, topic)._subscriber.consumer.paused()} == {topic}


async def test_a_fact_and_the_state_it_rests_on_are_met_soon_whichever_comes_first(
    lamps: Lamps, harbourside: Coast
) -> None:
    loop = asyncio.get_running_loop()
    slowest = 0.0
    for number in range(4):
        key = await harbourside.opens(f"h{number}")
        await eventually(partial(copy_of, lamps, key, 1))
        id_ = await lamps.client.hung(f"n{number}", harbour_id=key)
        began = loop.time()
        await harbourside.closes(key)
        await eventually(partial(state_of, lamps, id_), lambda state: state == "down", every_seconds=0.01)
        slowest = max(slowest, loop.time() - began)

    assert slowest < 2.0, f"{slowest:.2f} s"


async def state_of(service: Lamps, id_: str) -> str:
    return str((await service.store["lantern"].find_one({"_id": id_}))["state"])


async def test_what_comes_after_a_silence_is_heard_at_once(room: Room, lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await eventually(lambda: copy_of(lamps, key, 1))
    await stays(lambda: copy_of(lamps, key, 1), bool, for_seconds=2.5)
    loop = asyncio.get_running_loop()
    began = loop.time()

    await harbourside.greets(key, "hello")
    await eventually(greeted(lamps), lambda words: words == ["hello"], every_seconds=0.01)

    assert loop.time() - began < 1.0
