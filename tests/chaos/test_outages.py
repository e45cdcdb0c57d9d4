"""The ground gives way for a while: commands are taken or clearly refused, and everything comes back by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx
import pytest
from tests.support.coast import Coast, make_topics, records_of, versions
from tests.support.ground import Room
from tests.support.lamps import Lamps, Process, opened, settings_of
from tests.support.lantern import language
from tests.support.watching import eventually

from stack import kafka, store
from stack.child import Child

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(240)]

AWAY_SECONDS = float(os.environ.get("BROKER_AWAY_SECONDS", "20"))


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
        assert answer.status_code == 201, answer.text
    return took


async def drained(service: Lamps, within_seconds: float = 90.0) -> None:
    await eventually(lambda: pending(service), lambda left: left == 0, within_seconds=within_seconds)


@pytest.mark.timeout(240 + 2 * AWAY_SECONDS)
async def test_commands_go_on_while_the_broker_is_away_and_all_is_told_afterwards(
    room: Room, broker: Child, lamps: Lamps
) -> None:
    """`BROKER_AWAY_SECONDS=600` tries ten minutes."""
    await hangs(lamps, _after(2))
    await drained(lamps)

    broker.kill()
    during = await hangs(lamps, _after(AWAY_SECONDS))
    grown = await pending(lamps)
    await asyncio.to_thread(broker.start, 60)
    begun = time.monotonic()
    await drained(lamps)

    assert grown == len(during)
    found = await told(room)
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(await promised(lamps))
    print(
        f"broker away {AWAY_SECONDS:.0f} s: {len(during)} commands taken, median {median(during) * 1000:.1f} ms,"
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
    await asyncio.to_thread(documents.start, 60)

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
        with process.child("first").start():
            await asyncio.sleep(2)
            with process.child("second").start(), process.child("third").start():
                await asyncio.sleep(5)
            await asyncio.sleep(4)
            stop.set()
            await greeting

            async def noted() -> int:
                return int(await door.store["greetings"].count_documents({}))

            await eventually(noted, lambda seen: seen == sum(counts.values()), within_seconds=60)
        rows = await door.store["greetings"].find({}).to_list(None)
        copies = {row["_id"]: row["version"] for row in await door.store["harbour_copies"].find({}).to_list(None)}

    assert sum(counts.values()) > 100
    for key in keys:
        mine = sorted((row for row in rows if row["key"] == key), key=lambda row: int(row["version"]))
        assert [row["number"] for row in mine] == list(range(1, counts[key] + 1))
        assert [row["version"] for row in mine] == list(range(2, counts[key] + 2))
    assert copies == {key: count + 1 for key, count in counts.items()}


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


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk in memory that can be filled up."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(disk: Path) -> Path:
    """A file as large as what is free."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


@asynccontextmanager
async def service_on(broker: Child, documents: Child, keys: Path) -> AsyncIterator[tuple[Room, Lamps]]:
    name = f"r{uuid4().hex[:8]}"
    words = language(name)
    await make_topics(broker.address, words)
    settings = settings_of(broker.address, documents.address, keys, name)
    async with opened(settings) as service:
        yield Room(settings, words), service


async def test_a_full_disk_under_the_store_is_said_and_costs_nothing_that_was_acknowledged(
    broker: Child, signing_keys: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "400m") as disk, store.start(disk) as documents:
        async with service_on(broker, documents, signing_keys) as (room, service):
            acknowledged = [await service.client.hung(f"before {number}") for number in range(20)]
            ballast = fill_up(disk)
            refused = await _until_refused(service, acknowledged)
            ballast.unlink()
            documents.kill()  # after a full disk it takes nothing more until it is started again
            await asyncio.to_thread(documents.start, 60)

            async def taken() -> httpx.Response:
                return await service.client.hang("after", key="after")

            answer = await eventually(taken, lambda seen: seen.status_code == 201, within_seconds=60)
            acknowledged.append(answer.json()["id"])
            await drained(service)
            kept = {row["_id"] for row in await service.store["lantern"].find({}).to_list(None)}
            events = await records_of(room.bootstrap, room.words.lantern.events_topic)

    assert refused is None or (refused.status_code == 503 and refused.json()["type"].endswith("owner-away"))
    assert set(acknowledged) <= kept
    assert {record.key.decode() for record in events} == kept


async def _until_refused(service: Lamps, acknowledged: list[str]) -> httpx.Response | None:
    """The first answer that is no acknowledgement, within a while."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        answer = await service.client.hang(f"x{uuid4().hex * 2}")
        if answer.status_code != 201:
            return answer
        acknowledged.append(answer.json()["id"])
    return None


async def test_a_full_disk_under_the_broker_lets_commands_go_on_and_loses_none(
    documents: Child, signing_keys: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "300m") as disk, kafka.start(disk) as broker:
        async with service_on(broker, documents, signing_keys) as (room, service):
            before = await service.client.hung("before")
            await drained(service)
            ballast = fill_up(disk)
            during = [await service.client.hung(f"during {number}") for number in range(300)]
            ballast.unlink()
            await asyncio.to_thread(broker.restart, 60)
            await drained(service, 120)
            events = await records_of(room.bootstrap, room.words.lantern.events_topic)

    assert {record.key.decode() for record in events} == {before, *during}
    assert all(set(versions(events, key)) == {1} for key in (before, *during))
