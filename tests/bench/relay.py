"""Path: outbox → Kafka, two records a row. Floor: read 500, send all without awaiting each, mark in one update."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bson import ObjectId
from tests.bench.bench_ground import Ground, snapshot
from tests.bench.interleaved import Figures, interleaved
from tests.support.moments import DAY, MOMENT

from chassis.outbox import INDEXES, OUTBOX, Told, outbox_row
from chassis.outlet import Outlet, producer
from chassis.relay import Relay
from contracts.partner import PARTNER, Activated

ROWS, BATCH = 4_000, 500


async def run(ground: Ground, times: int) -> list[Figures]:
    figures = Figures("relay, two records a row", "rows/s", {"passerelle": 1.2})

    async def plain() -> float:
        return await floor(ground)

    async def product() -> float:
        return await passerelle(ground)

    return [await interleaved(figures, {"floor": plain, "passerelle": product}, times)]


async def floor(ground: Ground) -> float:
    """The plain form: read, publish, mark, and again."""
    store, facts, states = ground.store(), await ground.topic("bench.facts"), await ground.topic("bench.states")
    rows = []
    for number in range(ROWS):
        key, value, headers = snapshot(number, 1)
        kept = {"key": key, "headers": dict(headers), "fact": value[:300], "state": value}
        rows.append({"_id": ObjectId(), "at": number, "done": False, **kept})
    await store["outbox"].insert_many(rows)
    await store["outbox"].create_index([("done", 1), ("at", 1)])
    kafka = producer(ground.bootstrap, "floor")
    await kafka.start()
    try:
        started = time.perf_counter()
        while batch := await store["outbox"].find({"done": False}).sort([("at", 1)]).limit(BATCH).to_list(BATCH):
            sendings: list[Any] = []
            for row in batch:
                headers = list(row["headers"].items())
                sendings.append(await kafka.send(facts, key=row["key"], value=row["fact"], headers=headers))
                sendings.append(await kafka.send(states, key=row["key"], value=row["state"], headers=headers))
            await asyncio.gather(*sendings)
            await store["outbox"].update_many({"_id": {"$in": [row["_id"] for row in batch]}}, {"$set": {"done": True}})
        return ROWS / (time.perf_counter() - started)
    finally:
        await kafka.stop()
        await store.drop_database()
        store.close()


async def until_published(store: Any) -> None:
    """Asks the outbox a few hundred times a second, which costs the relay little."""
    while await store[OUTBOX].find_one({"pending": {"$gt": 0}}, {"_id": 1}):  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def passerelle(ground: Ground) -> float:
    """The product's relay over the product's rows."""
    store, facts, states = ground.store(), await ground.topic("bench.facts"), await ground.topic("bench.states")
    rows = []
    for number in range(ROWS):
        key, value, _ = snapshot(number, 1)
        fact = PARTNER.stamp(Activated(relation_owner="officer-1"), key.decode(), 1, DAY)
        told = Told("partners", "officer-1", "bench", MOMENT)
        row = outbox_row(PARTNER, key.decode(), 1, [fact], None, told, number + 1)
        first = row["records"][0]
        row["records"] = [{**first, "topic": facts}, {**first, "topic": states, "value": value}]
        rows.append(row)
    await store.index(OUTBOX, *INDEXES)
    await store[OUTBOX].insert_many(rows)
    relay = Relay(store, Outlet(ground.bootstrap, "bench"), asyncio.Event())
    started = time.perf_counter()
    try:
        async with relay.publishing():
            await until_published(store)
            return ROWS / (time.perf_counter() - started)
    finally:
        await store.drop_database()
        store.close()
