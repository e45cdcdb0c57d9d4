"""What a service under test has heard: its notes, its ears, its offsets, what it put aside."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.partitioner import murmur2
from tests.support.ground import Room
from tests.support.lamps import Lamps

from chassis.consumer import Ear


def partition_of(key: str) -> int:
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % 6)


def keys_in(partition: int, count: int) -> list[str]:
    """Ids that Kafka puts into this partition."""
    found: list[str] = []
    while len(found) < count:
        key = str(uuid4())
        if partition_of(key) == partition:
            found.append(key)
    return found


def greeted(service: Lamps) -> Callable[[], Awaitable[list[str]]]:
    async def words() -> list[str]:
        rows = await service.store["greetings"].find({}).sort([("version", 1)]).to_list(None)
        return [row["words"] for row in rows]

    return words


def ear(service: Lamps, topic: str) -> Ear:
    return next(each for each in service.running.ears if each.topic == topic)


async def committed(room: Room, group: str, topic: str) -> dict[int, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=room.bootstrap)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
        return {part.partition: meta.offset for part, meta in offsets.items() if part.topic == topic}
    finally:
        await admin.close()


async def parked(service: Lamps) -> list[Any]:
    rows: list[Any] = await service.store["parked"].find({}).sort([("partition", 1), ("offset", 1)]).to_list(None)
    return rows


async def copy_of(service: Lamps, key: str, version: int) -> bool:
    found = await service.store["harbour_copies"].find_one({"_id": key})
    return bool(found and found["version"] >= version)


async def ready_now(service: Lamps) -> bool:
    return (await service.client.http.get("/ready")).status_code == 200


def write_strange(bootstrap: str, topic: str, key: str) -> None:
    """A record whose header has a name that is no UTF-8: the client fails on the whole read."""
    where = [b"-b", bootstrap.encode(), b"-t", topic.encode(), b"-p", b"1", b"-k", key.encode()]
    subprocess.run([b"kcat", b"-P", *where, b"-H", b"\xff\xfe=1"], input=b"hello", check=True)
