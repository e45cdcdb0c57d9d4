"""Path: click to view, one command at a time. Floor: transaction, woken relay, consumer, change stream; no product code."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
from aiokafka import AIOKafkaConsumer
from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Store
from chassis.outlet import producer
from contracts.roles import Role
from stack import keys

CLICKS = 60


async def run(ground: Ground, times: int) -> list[Figures]:
    await topics.create(ground.bootstrap)
    middle = Figures("click to view, p50", "ms", {"passerelle": 1.5}, lower_is_better=True)
    slow = Figures("click to view, p99", "ms", {"passerelle": 2.0}, lower_is_better=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        keys.make(folder / "keys")
        told = {
            "PASSERELLE_MONGO_URL": ground.mongo_url,
            "PASSERELLE_KAFKA_BOOTSTRAP": ground.bootstrap,
            "PASSERELLE_KEYS_DIR": str(folder / "keys"),
        }
        caller = Caller("officer-1", {Role.OFFICER: {}})
        token = Signer(folder / "keys" / "gateway.private.json").token(caller, ["partners", "gateway"], seconds=7_200)
        owner = served(folder, "partners", port_variable="PARTNERS_PORT", path="/ready", **told)
        async with owner as partners:
            gateway = served(
                folder, "gateway", port_variable="GATEWAY_PORT", path="/ready", PASSERELLE_PARTNERS_URL=partners, **told
            )
            async with gateway as address:
                for _ in range(times):
                    for name, measured in (
                        ("floor", await floor(ground)),
                        ("passerelle", await passerelle(address, token)),
                    ):
                        middle.repetitions.setdefault(name, []).append(statistics.median(measured))
                        slow.repetitions.setdefault(name, []).append(sorted(measured)[int(len(measured) * 0.99)])
    return [middle, slow]


async def passerelle(gateway: str, token: str) -> list[float]:
    """Milliseconds from the POST until the gateway's own read shows the new version."""
    headers = {"authorization": f"Bearer {token}"}
    measured = []
    async with httpx.AsyncClient(base_url=gateway, headers=headers, timeout=30) as client:
        for number in range(CLICKS + 5):
            body = {"kind": "university", "name": {"display": uuid4().hex}, "country": "FI"}
            started = time.perf_counter()
            made = await client.post("/api/v1/partners", json=body, headers={"idempotency-key": uuid4().hex})
            assert made.status_code == 201, made.text
            id_ = made.json()["id"]
            read = await client.get(f"/api/v1/partners/{id_}", headers={"min-version": f"partner/{id_}=1"})
            assert read.status_code == 200, read.text
            if number >= 5:
                measured.append((time.perf_counter() - started) * 1_000)
    return measured


async def floor(ground: Ground) -> list[float]:
    """The same hops with nothing of the product: one transaction, a woken relay, a consumer, a change stream."""
    store, topic = Store(ground.mongo_url, f"click_{uuid4().hex[:8]}"), await ground.topic("bench.click")
    await store["view"].insert_one({"_id": "first"})
    kafka, woken = producer(ground.bootstrap, "click"), asyncio.Event()
    await kafka.start()
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=ground.bootstrap, group_id=store.name, auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: dict[str, asyncio.Event] = {}
    running = [
        asyncio.create_task(_relay(store, kafka, topic, woken)),
        asyncio.create_task(_project(store, consumer)),
        asyncio.create_task(_notice(store, seen)),
    ]
    await asyncio.sleep(1)
    measured = []
    try:
        for number in range(CLICKS + 5):
            id_ = uuid4().hex
            seen[id_] = asyncio.Event()
            started = time.perf_counter()
            await store.transaction(lambda session, id_=id_: _command(store, session, id_))  # type: ignore[misc]
            woken.set()
            await asyncio.wait_for(seen[id_].wait(), 10)
            if number >= 5:
                measured.append((time.perf_counter() - started) * 1_000)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await consumer.stop()
        await kafka.stop()
        await store.drop_database()
        store.close()
    return measured


async def _command(store: Store, session: Any, id_: str) -> None:
    await store["items"].insert_one({"_id": id_, "version": 1, "text": "x" * 600}, session=session)
    await store["outbox"].insert_one({"_id": id_, "done": False, "value": orjson.dumps({"id": id_})}, session=session)


async def _relay(store: Store, kafka: Any, topic: str, woken: asyncio.Event) -> None:
    while True:
        await woken.wait()
        woken.clear()
        rows = await store["outbox"].find({"done": False}).to_list(500)
        await asyncio.gather(*[await kafka.send(topic, value=row["value"], key=row["_id"].encode()) for row in rows])
        await store["outbox"].update_many({"_id": {"$in": [row["_id"] for row in rows]}}, {"$set": {"done": True}})


async def _project(store: Store, consumer: AIOKafkaConsumer) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            await store["view"].insert_many([{"_id": orjson.loads(record.value)["id"]} for record in records])


async def _notice(store: Store, seen: dict[str, asyncio.Event]) -> None:
    async with store.watch([], collection="view") as changes:
        async for change in changes:
            event = seen.get(change["documentKey"]["_id"])
            if event:
                event.set()
