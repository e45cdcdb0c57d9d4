"""What every bench stands on: a real broker and store of its own, and records as large as real ones (1.2 KB)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient
from tests.support.moments import MOMENT

from chassis.mongo import Store
from chassis.outlet import producer
from contracts.envelope import Envelope
from contracts.partner import PARTNER
from stack import kafka, keys, store

PARTITIONS = 6
FILLER = "x" * 700


@dataclass(frozen=True)
class Ground:
    bootstrap: str
    mongo_url: str
    program: str

    def store(self, name: str = "bench") -> Store:
        return Store(self.mongo_url, f"{name}_{uuid4().hex[:8]}")

    def motor(self) -> AsyncIOMotorClient[dict[str, object]]:
        return AsyncIOMotorClient(self.mongo_url, w="majority", journal=True)

    def environment(self, folder: Path) -> dict[str, str]:
        """What every process of the product is told here; makes the keys that tokens are signed with."""
        keys.make(folder / "keys")
        return {
            "PASSERELLE_MONGO_URL": self.mongo_url,
            "PASSERELLE_KAFKA_BOOTSTRAP": self.bootstrap,
            "PASSERELLE_KEYS_DIR": str(folder / "keys"),
        }

    async def topic(self, name: str) -> str:
        """A new topic of six partitions."""
        full = f"{name}.{uuid4().hex[:8]}"
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(full, PARTITIONS, 1)])
        finally:
            await admin.close()
        return full

    async def fill(self, topic: str, keys: int, versions: int, *, sampled: float = 0.0) -> int:
        """Writes `versions` snapshots of each key, version by version; how many records."""
        kafka_producer = producer(self.bootstrap, "bench")
        await kafka_producer.start()
        try:
            for version in range(1, versions + 1):
                for number in range(keys):
                    key, value, headers = snapshot(number, version, sampled=number < keys * sampled)
                    await kafka_producer.send(topic, key=key, value=value, headers=headers)
            await kafka_producer.flush()
        finally:
            await kafka_producer.stop()
        return keys * versions


def snapshot(number: int, version: int, *, sampled: bool = False) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """A partner's snapshot as its owner writes it."""
    key = f"01900000-0000-7000-8000-{number:012d}"
    state = {
        "id": key,
        "version": version,
        "standing": "active",
        "kind": "university",
        "governance": "public_service",
        "name": {"display": f"University {number}", "local": [{"lang": "fr", "value": FILLER}], "aliases": []},
        "country": "FI",
        "city": "Helsinki",
        "identifiers": [{"scheme": "pic", "value": f"{number:09d}"}],
        "units": [],
    }
    envelope = Envelope(
        id=str(uuid4()),
        type=PARTNER.snapshot_type,
        source="/passerelle/partners",
        subject=f"partner/{key}",
        time=MOMENT,
        sequence=version,
        key=key,
        actor="officer-1",
        cause="bench",
        factno=0,
        traceparent=f"00-{number + 1:032x}-{version:016x}-{'01' if sampled else '00'}",
    )
    return key.encode(), orjson.dumps(state), envelope.headers()


@asynccontextmanager
async def ground(folder: Path, program: str) -> AsyncIterator[Ground]:
    """A broker and a store of this program (`secantusd-rs`, `secantusd-py`), both ended on exit."""
    (folder / "data" / program).mkdir(parents=True)
    broker = await asyncio.to_thread(kafka.start, folder)
    try:
        documents = await asyncio.to_thread(store.start, folder)
        try:
            yield Ground(broker.address, documents.address, program)
        finally:
            await asyncio.to_thread(documents.stop)
    finally:
        await asyncio.to_thread(broker.stop)
