"""Path: outbox → Kafka, two records a row. Floor: read 500, send all without awaiting each, mark in one update; the second
floor reads and marks while the batch before is on its way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.bench.bare import told
from tests.bench.bench_ground import Ground, snapshot
from tests.bench.interleaved import Figures, interleaved
from tests.support.moments import DAY, MOMENT

from chassis.outbox import INDEXES, OUTBOX, Told, outbox_row
from chassis.outlet import Outlet, producer
from chassis.relay import Relay
from contracts.partner import PARTNER, Activated

ROWS, BATCH = 8_000, 500
Drain = Callable[[Any, Any, str, str], Awaitable[None]]


async def run(ground: Ground, times: int) -> list[Figures]:
    figures = Figures("relay, two records a row", "rows/s", {"passerelle": 1.2})
    variants = {
        "floor": lambda: floor(ground, plain),
        "passerelle": lambda: passerelle(ground),
        "floor, overlapped": lambda: floor(ground, overlapped),
    }
    return [await interleaved(figures, variants, times)]


async def floor(ground: Ground, drain: Drain) -> float:
    """Rows a second of one form of the raw parts, its producer connected before the clock starts."""
    store, facts, states = ground.store(), await ground.topic("bench.facts"), await ground.topic("bench.states")
    await store["outbox"].insert_many([told(number, 1) for number in range(ROWS)])
    await store["outbox"].create_index([("done", 1), ("at", 1)])
    kafka = producer(ground.bootstrap, "floor")
    await kafka.start()
    try:
        started = time.perf_counter()
        await drain(store["outbox"], kafka, facts, states)
        return ROWS / (time.perf_counter() - started)
    finally:
        await kafka.stop()
        await store.drop_database()
        store.close()


async def plain(outbox: Any, kafka: Any, facts: str, states: str) -> None:
    """Read, publish, mark, and again."""
    while batch := await _read(outbox, {"done": False}):
        await asyncio.gather(*await _send(kafka, batch, facts, states))
        await _mark(outbox, batch)


async def overlapped(outbox: Any, kafka: Any, facts: str, states: str) -> None:
    """Marks the batch before and reads the next one while Kafka takes this one; what is read again is left out."""
    batch = await _read(outbox, {"done": False})
    marking: asyncio.Task[None] | None = None
    while batch:
        sendings = await _send(kafka, batch, facts, states)
        reading = asyncio.create_task(_read(outbox, {"done": False, "at": {"$gt": batch[-1]["at"]}}))
        await asyncio.gather(*sendings)
        if marking:
            await marking
        marking = asyncio.create_task(_mark(outbox, batch))
        batch = await reading
    if marking:
        await marking


async def _read(outbox: Any, asked: dict[str, Any]) -> list[Any]:
    rows: list[Any] = await outbox.find(asked).sort([("at", 1)]).limit(BATCH).batch_size(BATCH).to_list(BATCH)
    return rows


async def _send(kafka: Any, batch: list[Any], facts: str, states: str) -> list[Any]:
    sendings: list[Any] = []
    for row in batch:
        headers = list(row["headers"].items())
        sendings.append(await kafka.send(facts, key=row["key"], value=row["fact"], headers=headers))
        sendings.append(await kafka.send(states, key=row["key"], value=row["state"], headers=headers))
    return sendings


async def _mark(outbox: Any, batch: list[Any]) -> None:
    await outbox.update_many({"_id": {"$in": [row["_id"] for row in batch]}}, {"$set": {"done": True}})


async def passerelle(ground: Ground) -> float:
    """The product's relay over the product's rows, its producer connected before the clock starts."""
    store, facts, states = ground.store(), await ground.topic("bench.facts"), await ground.topic("bench.states")
    warm = await ground.topic("bench.warm")
    await store.index(OUTBOX, *INDEXES)
    await store[OUTBOX].insert_many([waiting(number, facts, states) for number in range(ROWS)])
    outlet = Outlet(ground.bootstrap, "bench")
    await outlet.put(warm, b"warm", b"{}", ())
    relay = Resting(store, outlet, asyncio.Event())
    started = time.perf_counter()
    try:
        async with relay.publishing():
            await relay.rests.wait()
            seconds = time.perf_counter() - started
            assert not await store[OUTBOX].count_documents({"pending": {"$gt": 0}})
            return ROWS / seconds
    finally:
        await store.drop_database()
        store.close()


def waiting(number: int, facts: str, states: str) -> dict[str, Any]:
    """A row of the product's: a fact and a snapshot."""
    key, value, _ = snapshot(number, 1)
    fact = PARTNER.stamp(Activated(relation_owner="officer-1"), key.decode(), 1, DAY)
    who = Told("partners", "officer-1", "bench", MOMENT)
    row = outbox_row(PARTNER, key.decode(), 1, [fact], None, who, number + 1)
    first = row["records"][0]
    row["records"] = [{**first, "topic": facts}, {**first, "topic": states, "value": value}]
    return row


class Resting(Relay):
    """Says when nothing waits any more; asking the store for it would cost what is measured here."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.rests = asyncio.Event()

    async def _rest(self) -> None:
        self.rests.set()
        await super()._rest()
