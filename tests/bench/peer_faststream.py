"""Peers of a projection as FastStream's own pages teach it: a model per record, written one by one or as a batch."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.middlewares import AckPolicy
from pydantic import BaseModel
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from tests.bench.bench_ground import Ground


class Text(BaseModel):
    lang: str
    value: str


class Name(BaseModel):
    display: str
    local: list[Text]
    aliases: list[str]


class Identifier(BaseModel):
    scheme: str
    value: str


class Partner(BaseModel):
    id: str
    version: int
    standing: str
    kind: str
    governance: str
    name: Name
    country: str
    city: str
    identifiers: list[Identifier]
    units: list[dict[str, str]]


class Counted:
    """How long it took from the first record to the last of so many."""

    def __init__(self, count: int) -> None:
        self._left, self._started, self.seconds, self.done = count, 0.0, 0.0, asyncio.Event()

    def begins(self) -> None:
        self._started = self._started or time.perf_counter()

    def had(self, count: int) -> None:
        self._left -= count
        if self._left <= 0 and not self.done.is_set():
            self.seconds = time.perf_counter() - self._started
            self.done.set()


def guarded(partner: Partner) -> tuple[dict[str, Any], dict[str, Any]]:
    state = partner.model_dump()
    return {"_id": state.pop("id"), "version": {"$lt": partner.version}}, {"$set": state}


async def one_by_one(ground: Ground, topic: str, count: int, store: Any, run_name: str, ack: AckPolicy) -> float:
    broker, counted, view = KafkaBroker(ground.bootstrap, logger=None), Counted(count), store["view"]

    @broker.subscriber(topic, group_id=f"{store.name}-{run_name}", auto_offset_reset="earliest", ack_policy=ack)
    async def heard(partner: Partner) -> None:
        counted.begins()
        with suppress(DuplicateKeyError):  # what is kept is newer
            await view.update_one(*guarded(partner), upsert=True)
        counted.had(1)

    return await _run(broker, counted)


async def lossy(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    """As it is by default: acknowledged before it is done."""
    return await one_by_one(ground, topic, count, store, run_name, AckPolicy.ACK_FIRST)


async def safe(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    return await one_by_one(ground, topic, count, store, run_name, AckPolicy.ACK)


async def batches(ground: Ground, topic: str, count: int, store: Any, run_name: str) -> float:
    broker, counted, view = KafkaBroker(ground.bootstrap, logger=None), Counted(count), store["view"]

    @broker.subscriber(
        topic,
        group_id=f"{store.name}-{run_name}",
        auto_offset_reset="earliest",
        batch=True,
        max_records=500,
        ack_policy=AckPolicy.ACK,
    )
    async def heard(partners: list[Partner]) -> None:
        counted.begins()
        with suppress(BulkWriteError):  # what is kept is newer
            await view.bulk_write([UpdateOne(*guarded(each), upsert=True) for each in partners], ordered=False)
        counted.had(len(partners))

    return await _run(broker, counted)


async def _run(broker: KafkaBroker, counted: Counted) -> float:
    await broker.start()
    try:
        await asyncio.wait_for(counted.done.wait(), 120)
    finally:
        await broker.stop()
    return counted.seconds
