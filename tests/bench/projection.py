"""Path: state topic → guarded view. Floor: getmany, orjson, one read of versions, insert or guarded replace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from pymongo import ReplaceOne
from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures, interleaved

from chassis import telemetry
from chassis.broker import quiet_broker
from chassis.consumer import Ear
from chassis.parking import Parking
from chassis.projection import Projection, Projector
from contracts.partner import PARTNER

KEYS, UPDATES, BATCH, FETCH_BYTES = 8_000, 4, 1_000, 4 * 1024 * 1024


async def run(ground: Ground, times: int) -> list[Figures]:
    """First load (every key once), updates (several versions of each), replay (nothing is new), each with a tenth of the
    records traced; and tracing against the product's own untraced rate."""
    telemetry.set_up("bench", (BatchSpanProcessor(Nowhere()),))
    load = await ground.topic("bench.load")
    updates = await ground.topic("bench.updates")
    loaded = await ground.fill(load, KEYS, 1, sampled=0.1)
    updated = await ground.fill(updates, KEYS // UPDATES, UPDATES, sampled=0.1)
    found = []
    for name, topic, count, replayed in (
        ("projection, first load", load, loaded, False),
        ("projection, updates", updates, updated, False),
        ("projection, replay", load, loaded, True),
    ):
        figures = Figures(name, "records/s", {"passerelle": 0.85})
        variants = {
            "floor": timed(floor, ground, topic, count, replayed=replayed),
            "passerelle": timed(passerelle, ground, topic, count, replayed=replayed),
        }
        found.append(await interleaved(figures, variants, times))
    figures = Figures("projection, tracing", "records/s", {"traced at 10 %": 0.9, "traced in full": 0.6})
    traced = {}
    for name, share in (("passerelle, untraced", 0.0), ("traced at 10 %", 0.1), ("traced in full", 1.0)):
        topic = await ground.topic("bench.traced")
        count = await ground.fill(topic, KEYS, 1, sampled=share)
        traced[name] = timed(passerelle, ground, topic, count)
    return [*found, await interleaved(figures, traced, times)]


class Nowhere(SpanExporter):
    """Takes spans as an exporter does and throws them away."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


Form = Callable[[Ground, str, int, Any, str], Awaitable[float]]


def timed(
    form: Form, ground: Ground, topic: str, count: int, *, replayed: bool = False
) -> Callable[[], Awaitable[float]]:
    async def once() -> float:
        store = ground.store()
        try:
            if replayed:
                await form(ground, topic, count, store, "first")
            return count / await form(ground, topic, count, store, "second")
        finally:
            await store.drop_database()
            store.close()

    return once


async def floor(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    """Seconds of the raw parts in the best form known."""
    view = store["view"]
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=ground.bootstrap,
        group_id=f"{store.name}-{run_name}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    started, seen = 0.0, 0
    try:
        while seen < count:
            batch = await consumer.getmany(timeout_ms=1_000, max_records=BATCH)
            if not batch:
                continue
            started = started or time.perf_counter()
            newest: dict[str, dict[str, Any]] = {}
            for records in batch.values():
                seen += len(records)
                for record in records:
                    state = orjson.loads(record.value)
                    state["_id"] = state.pop("id")
                    newest[state["_id"]] = state
            known = {
                row["_id"]: row["version"]
                for row in await view.find(
                    {"_id": {"$in": list(newest)}}, {"version": 1}, batch_size=len(newest)
                ).to_list(None)
            }
            fresh = [state for key, state in newest.items() if key not in known]
            newer = [state for key, state in newest.items() if known.get(key, state["version"]) < state["version"]]
            if fresh:
                await view.insert_many(fresh, ordered=False)
            if newer:
                await _replace(store, view, newer)
            await consumer.commit()
        return time.perf_counter() - started
    finally:
        await consumer.stop()


async def _replace(store: Any, view: Any, newer: list[dict[str, Any]]) -> None:
    replacing = [ReplaceOne({"_id": s["_id"], "version": {"$lt": s["version"]}}, s) for s in newer]

    async def work(session: Any) -> None:
        await view.bulk_write(replacing, ordered=False, session=session)

    await store.transaction(work)


class Counting:
    """Hears like the projector and knows when the last record was heard."""

    def __init__(self, inner: Projector, count: int) -> None:
        self._inner, self._left, self.started, self.done = inner, count, 0.0, asyncio.Event()

    async def hear(self, records: Any) -> Any:
        self.started = self.started or time.perf_counter()
        waiting = await self._inner.hear(records)
        self._left -= len(records)
        if self._left <= 0:
            self.done.set()
        return waiting


async def passerelle(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    """Seconds of the product: its subscription, its projector."""
    parking = Parking("bench", store, _never)
    projector = Counting(Projector(store, Projection(PARTNER, "view"), parking), count)
    broker = quiet_broker(ground.bootstrap, "bench")
    ear = Ear(topic, f"{store.name}-{run_name}", [projector])
    ear.subscribe(broker)
    await broker.start()
    try:
        await projector.done.wait()
        return time.perf_counter() - projector.started
    finally:
        await broker.stop()


async def _never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")
