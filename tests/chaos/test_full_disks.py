"""The disk is full under the store or under Kafka: it is said, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.chaos.test_outages import drained
from tests.support.coast import make_topics, records_of, versions
from tests.support.ground import Room, store_in
from tests.support.lamps import Lamps, opened, settings_of
from tests.support.lantern import language
from tests.support.watching import eventually

from stack import kafka
from stack.child import Child

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk in memory that can be filled up."""
    folder.mkdir()
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    options = f"size={size},uid={os.geteuid()},gid={os.getegid()},mode=700"
    mount = [*root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run([*root, "umount", "-l", str(folder)], check=True)


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
    with small_disk(tmp_path / "disk", "400m") as disk, store_in(disk) as documents:
        async with service_on(broker, documents, signing_keys) as (room, service):
            acknowledged = [await service.client.hung(f"before {number}") for number in range(20)]
            ballast = fill_up(disk)
            refused = await _until_refused(service, acknowledged)
            ballast.unlink()
            documents.kill()  # after a full disk it takes nothing more until it is started again
            await asyncio.to_thread(documents.start, 120)

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
    with small_disk(tmp_path / "disk", "300m") as disk, kafka.start(disk, within_seconds=120) as broker:
        async with service_on(broker, documents, signing_keys) as (room, service):
            before = await service.client.hung("before")
            await drained(service)
            ballast = fill_up(disk)
            during = [await service.client.hung(f"during {number}") for number in range(300)]
            ballast.unlink()
            await asyncio.to_thread(broker.restart, 120)
            await drained(service, 120)
            events = await records_of(room.bootstrap, room.words.lantern.events_topic)

    assert {record.key.decode() for record in events} == {before, *during}
    assert all(set(versions(events, key)) == {1} for key in (before, *during))
