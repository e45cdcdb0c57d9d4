"""The ground gives way for a while: commands are taken or clearly refused, and everything comes back by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx
import pytest
from tests.support.coast import Coast, records_of
from tests.support.ground import Room
from tests.support.lamps import Lamps, Process, opened
from tests.support.watching import eventually

from stack.child import Child

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

TEN_MINUTES = pytest.param(600.0, marks=[pytest.mark.chaos, pytest.mark.timeout(1_500)], id="ten minutes")


async def pending(service: Lamps) -> int:
    return int(await service.store["outbox"].count_documents({"pending": {"$gt": 0}}))


async def told(room: Room) -> list[str]:
    found = await records_of(room.bootstrap, room.words.lantern.events_topic)
    return [dict(record.headers)["ce_id"].decode() for record in found]


async def promised(service: Lamps) -> list[str]:
    rows = await service.store["outbox"].find({}).to_list(None)
    return [record["id"] for row in rows for record in row["records"] if ".events." in record["topic"]]


async def hangs(service: Lamps, until: Callable[[], bool]) -> list[float]:
    """One lantern after the other; how long each took."""
    took = []
    while not until():
        begun = time.monotonic()
        answer = await service.client.hang(uuid4().hex)
        took.append(time.monotonic() - begun)
        await asyncio.sleep(0.02)
        assert answer.status_code == 201, answer.text
    return took


async def drained(service: Lamps, within_seconds: float = 90.0) -> None:
    await eventually(lambda: pending(service), lambda left: left == 0, within_seconds=within_seconds)


@pytest.mark.parametrize("away_seconds", [pytest.param(20.0, id="twenty seconds"), TEN_MINUTES])
async def test_commands_go_on_while_the_broker_is_away_and_all_is_told_afterwards(
    room: Room, broker: Child, lamps: Lamps, away_seconds: float
) -> None:
    await hangs(lamps, _after(2))
    await drained(lamps)

    broker.kill()
    during = await hangs(lamps, _after(away_seconds))
    grown = await pending(lamps)
    await asyncio.to_thread(broker.start, 120)
    begun = time.monotonic()
    await drained(lamps, 60 + away_seconds)

    assert grown == len(during)
    found = await told(room)
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(await promised(lamps))
    print(
        f"broker away {away_seconds:.0f} s: {len(during)} commands taken, median {median(during) * 1000:.1f} ms,"
        f" drained in {time.monotonic() - begun:.1f} s"
    )


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


async def test_without_its_store_a_service_says_503_and_goes_on_when_it_is_back(documents: Child, lamps: Lamps) -> None:
    await lamps.client.hung("before")
    documents.kill()

    refused = await lamps.client.hang("during", key="the same")
    again = await lamps.client.hang("during", key="the same")
    ready = await lamps.client.http.get("/ready")
    await asyncio.to_thread(documents.start, 120)

    async def taken() -> httpx.Response:
        return await lamps.client.hang("during", key="the same")

    answer = await eventually(taken, lambda seen: seen.status_code == 201, within_seconds=30)
    await drained(lamps)

    for each in (refused, again):
        assert each.status_code == 503
        assert each.json()["type"].endswith("owner-away")
        assert each.headers["retry-after"]
    assert (ready.status_code, ready.json()["faults"]) == (503, ["the store does not answer"])
    assert await lamps.store["lantern"].count_documents({"public.name": "during"}) == 1
    assert answer.json()["version"] == 1


async def test_workers_come_and_go_under_load_and_each_greeting_is_noted_once_in_order(
    room: Room, harbourside: Coast, tmp_path: Path
) -> None:
    process = Process(room.settings, tmp_path, "worker", more={"LAMPS_INSTANCE": ""})
    keys = [await harbourside.opens(f"harbour {number}") for number in range(12)]
    stop = asyncio.Event()
    counts = dict.fromkeys(keys, 0)

    async def greets() -> None:
        while not stop.is_set():
            for key in keys:
                await harbourside.tells_greeting(key, f"hello {counts[key]}")
                counts[key] += 1
            await asyncio.sleep(0.02)

    async with opened(room.settings, worker=False) as door:
        greeting = asyncio.create_task(greets())
        with process.child("first").start() as first:
            await works(first)
            with process.child("second").start() as second, process.child("third").start() as third:
                for child in (first, second, third):
                    await works(child)
                await asyncio.sleep(2)
            await asyncio.sleep(2)
            stop.set()
            await greeting

            async def noted() -> int:
                return int(await door.store["greetings"].count_documents({}))

            await eventually(noted, lambda seen: seen == sum(counts.values()), within_seconds=60)

            async def copies() -> dict[str, int]:
                kept = await door.store["harbour_copies"].find({}).to_list(None)
                return {row["_id"]: row["version"] for row in kept}

            newest = {key: count + 1 for key, count in counts.items()}
            await eventually(copies, lambda seen: seen == newest, within_seconds=60)
        rows = await door.store["greetings"].find({}).to_list(None)

    assert sum(counts.values()) > 100
    for key in keys:
        mine = sorted((row for row in rows if row["key"] == key), key=lambda row: int(row["version"]))
        assert [row["number"] for row in mine] == list(range(1, counts[key] + 1))
        assert [row["version"] for row in mine] == list(range(2, counts[key] + 2))


async def works(child: Child) -> None:
    """Returns when the worker hears its topics."""

    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=10) as client:
            return (await client.get(f"{child.address}/ready")).status_code == 200

    await eventually(ready, within_seconds=60)


async def test_a_slow_reader_slows_no_command(room: Room, harbourside: Coast, lamps: Lamps) -> None:
    """Its records wait; whoever works with the service does not."""
    harbour = await harbourside.opens("slow harbour")
    await hangs(lamps, _after(1))
    alone = await hangs(lamps, _after(4))
    for number in range(60):
        await harbourside.tells_greeting(harbour, f"slow {number}")
    beside = await hangs(lamps, _after(4))
    behind = await lamps.store["greetings"].count_documents({})
    begun = time.monotonic()
    await drained(lamps, 10)

    assert behind < 60
    assert time.monotonic() - begun < 10
    assert median(beside) < 5 * median(alone) + 0.05
