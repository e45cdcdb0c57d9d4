"""Path: rebuild of a view from its topic's beginning while the old one is read. Floor: the projection's floor on the same
topic, into nothing. `--size 10` makes it 100,000 aggregates and 1,000,000 records."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from dataclasses import dataclass
from typing import Any

import psutil
from tests.bench.bench_ground import Ground
from tests.bench.interleaved import Figures
from tests.bench.projection import floor

from chassis.parking import Parking
from chassis.projection import Projection, Projector
from chassis.upkeep.rebuild import rebuild
from contracts.partner import PARTNER
from contracts.record import Contract

AGGREGATES, VERSIONS = 10_000, 10
READS_PER_SECOND = 20


@dataclass(frozen=True)
class OnTopic(Contract[Any]):
    """A contract whose states stand in a topic of this bench."""

    topic: str = ""

    @property
    def state_topic(self) -> str:
        return self.topic


async def run(ground: Ground, times: int, size: int = 1) -> list[Figures]:
    topic = await ground.topic("bench.rebuilt")
    count = await ground.fill(topic, AGGREGATES * size, VERSIONS)
    rate = Figures(f"rebuild, {count:,} records", "records/s", {"passerelle": 0.8})
    memory = Figures("rebuild, resident memory after a tenth and at most", "MB", {"at most": 1.1}, lower_is_better=True)
    reads = Figures("rebuild, a read before and meanwhile, p50", "ms", {}, lower_is_better=True)
    for _ in range(max(1, times // 2)):
        store = ground.store("rebuilt")
        try:
            seconds = await floor(ground, topic, count, store, "floor")
            rate.repetitions.setdefault("floor", []).append(count / seconds)
            watch = Watch(store["view"], AGGREGATES * size)
            reads.repetitions.setdefault("before", []).append(await watch.read(200))
            reading = asyncio.create_task(watch.keep_reading())
            seconds = await _rebuilt(ground, topic, store, watch)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            assert watch.missed == 0, f"{watch.missed} reads found nothing"
            rate.repetitions.setdefault("passerelle", []).append(count / seconds)
            memory.repetitions.setdefault("after a tenth", []).append(watch.after_a_tenth)
            memory.repetitions.setdefault("at most", []).append(watch.at_most)
            reads.repetitions.setdefault("meanwhile", []).append(watch.middle)
        finally:
            await store.drop_database()
            store.close()
    return [rate, memory, reads]


async def _rebuilt(ground: Ground, topic: str, store: Any, watch: Watch) -> float:
    members = {field.name: getattr(PARTNER, field.name) for field in dataclasses.fields(PARTNER)}
    projection = Projection(OnTopic(**members, topic=topic), "view")
    projector = Projector(store, projection, Parking("bench", store, _never))
    started = time.perf_counter()
    done = await rebuild(projector, ground.bootstrap, watch.progress)
    assert done.records >= watch.documents * VERSIONS, done
    return time.perf_counter() - started


class Watch:
    """Reads single documents and looks at the memory of this process meanwhile."""

    def __init__(self, view: Any, documents: int) -> None:
        self._view, self.documents = view, documents
        self.missed, self.after_a_tenth, self.at_most = 0, 0.0, 0.0
        self._process, self._read_ms = psutil.Process(), list[float]()

    def progress(self, done: int, of: int) -> None:
        resident = self._process.memory_info().rss / 1e6
        if 0 < done <= of / 10:  # of the first reading; the second finds little or nothing
            self.after_a_tenth = resident
        self.at_most = max(self.at_most, resident)

    async def read(self, often: int) -> float:
        """The median of so many reads, in milliseconds."""
        self._read_ms.clear()
        for _ in range(often):
            await self._read_one()
        return self.middle

    async def keep_reading(self) -> None:
        self._read_ms.clear()
        while True:
            await self._read_one()
            await asyncio.sleep(1 / READS_PER_SECOND)

    async def _read_one(self) -> None:
        id_ = f"01900000-0000-7000-8000-{random.randrange(self.documents):012d}"
        started = time.perf_counter()
        found = await self._view.find_one({"_id": id_})
        self._read_ms.append((time.perf_counter() - started) * 1_000)
        self.missed += found is None

    @property
    def middle(self) -> float:
        return sorted(self._read_ms)[len(self._read_ms) // 2]


async def _never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")
