"""The relay: takes committed outbox rows to Kafka, once each by id, in order for every key.

One relay per service is active, by a lease. It is woken by a commit in its own process or by the change stream for others'
rows, and looks by itself every few seconds. A crash between acknowledgement and mark sends the same ids again.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.mongo import Busy, Row, Session, Store, StoreAway
from chassis.outbox import OUTBOX
from chassis.telemetry import Measures, log

LEASE_SECONDS: Final = 10.0
BATCH: Final = 500
NET_SECONDS: Final = 2.0
ERROR_SECONDS: Final = (0.2, 5.0)


class LeaseLost(Exception):
    """Another relay owns the outbox now; whatever was in hand is left to it."""


class Lease:
    """A document that one process owns until a time on the store's word; every taking gives a new token."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4()}"
        self.token = 0
        self._until = 0.0

    @property
    def is_held(self) -> bool:
        return self.token > 0 and time.time() < self._until

    async def take(self) -> bool:
        """Takes or keeps the lease; False when somebody else holds it."""

        async def work(session: Session) -> bool:
            now = time.time()
            kept = await self._store["leases"].find_one({"_id": self._name}, session=session)
            mine = kept is not None and kept["owner"] == self._owner and kept["token"] == self.token
            if kept is not None and not mine and kept["until"] > now:
                return False
            token = self.token if mine else (kept["token"] + 1 if kept else 1)
            until = now + LEASE_SECONDS
            lease = {"owner": self._owner, "token": token, "until": until}
            await self._store["leases"].update_one({"_id": self._name}, {"$set": lease}, upsert=True, session=session)
            self.token, self._until = token, until
            return True

        return await self._store.transaction(work)

    async def hold(self, session: Session) -> None:
        """Within a transaction: goes on only while the lease is ours, and renews it. Raises `LeaseLost`."""
        until = time.time() + LEASE_SECONDS
        renewed = await self._store["leases"].update_one(
            {"_id": self._name, "owner": self._owner, "token": self.token},
            {"$set": {"until": until}},
            session=session,
        )
        if renewed.matched_count == 0:
            self.token = 0
            raise LeaseLost
        self._until = until

    async def give_up(self) -> None:
        if self.token:
            await self._store["leases"].update_one(
                {"_id": self._name, "owner": self._owner, "token": self.token}, {"$set": {"until": 0.0}}
            )
            self.token = 0


def producer(bootstrap: str, client_id: str) -> AIOKafkaProducer:
    """Idempotent, acknowledged by all, batches of 128 KiB without waiting for more."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=131_072,
        max_request_size=2_000_000,
        request_timeout_ms=10_000,
    )


class Relay:
    """Publishes the outbox of one service.

    Guarantees: a committed row is published at least once, always with the same ids and bytes; rows of a key in order of
    version; a row is marked only after Kafka acknowledged all its records, and only by the holder of the lease.
    """

    def __init__(
        self, store: Store, kafka: AIOKafkaProducer, wake: asyncio.Event, measures: Measures | None = None
    ) -> None:
        self._store, self._kafka, self._wake = store, kafka, wake
        self._measures = measures
        self.lease = Lease(store, "relay")
        self.last_turn = time.monotonic()
        self._held_back: dict[str, float] = {}

    async def run(self) -> None:
        """Until cancelled. A fault is waited out and never ends it."""
        pause = ERROR_SECONDS[0]
        while True:
            try:
                self.last_turn = time.monotonic()
                if self.lease.is_held or await self.lease.take():
                    await self._drain()
                pause = ERROR_SECONDS[0]
                await self._rest()
            except LeaseLost:
                log.warning("relay lost its lease")
            except (KafkaError, StoreAway, Busy) as fault:
                log.warning("relay waits", fault=type(fault).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, ERROR_SECONDS[1])
            except Exception as fault:
                log.error("relay failed", fault=repr(fault))
                await asyncio.sleep(pause)
                pause = min(pause * 2, ERROR_SECONDS[1])

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), NET_SECONDS)
        except TimeoutError:
            return
        self._wake.clear()

    async def _drain(self) -> None:
        """Publishes until nothing waits; marking a batch overlaps the publishing of the next."""
        marking: asyncio.Task[None] | None = None
        after = 0
        try:
            while True:
                self._wake.clear()
                rows = await self._waiting(after)
                if marking:
                    await marking
                    marking = None
                if not rows and after == 0:
                    return
                if not rows:
                    after = 0
                    continue
                after = rows[-1]["at"]
                sent = await self._publish(rows)
                if sent:
                    marking = asyncio.create_task(self._mark([row["_id"] for row in sent]))
                if len(sent) < len(rows):
                    raise KafkaError("some rows were not acknowledged")
        finally:
            if marking:
                await asyncio.gather(marking, return_exceptions=True)

    async def _waiting(self, after: int) -> list[Row]:
        cursor = self._store[OUTBOX].find({"pending": {"$gt": after}}).sort([("pending", 1)]).limit(BATCH)
        rows: list[Row] = await cursor.to_list(BATCH)
        return rows

    async def _publish(self, rows: list[Row]) -> list[Row]:
        """Sends every record without waiting for the one before; the rows that were acknowledged whole, in order."""
        sendings: list[list[asyncio.Future[Any]]] = []
        for row in rows:
            sendings.append([await self._kafka.send(**arguments(row["key"], record)) for record in row["records"]])
        await self._kafka.flush()
        results = [await asyncio.gather(*futures, return_exceptions=True) for futures in sendings]
        failed: set[str] = set()
        sent = []
        for row, outcome in zip(rows, results, strict=True):
            fault = next((each for each in outcome if isinstance(each, BaseException)), None)
            if fault is not None or row["key"] in failed:
                failed.add(row["key"])
                log.warning("row not acknowledged", row=row["_id"], fault=repr(fault))
            else:
                sent.append(row)
        if self._measures:
            self._measures.published.inc(sum(len(row["records"]) for row in sent))
            now = time.time()
            for row in sent:
                self._measures.publish_seconds.observe(max(0.0, now - row["at"] / 1e6))
        return sent

    async def _mark(self, ids: list[str]) -> None:
        async def work(session: Session) -> None:
            await self.lease.hold(session)
            await self._store[OUTBOX].update_many({"_id": {"$in": ids}}, {"$unset": {"pending": ""}}, session=session)

        await self._store.transaction(work)

    async def measure(self) -> None:
        """Brings the gauges of the outbox up to date."""
        if self._measures is None:
            return
        oldest = await self._store[OUTBOX].find({"pending": {"$gt": 0}}).sort([("pending", 1)]).limit(1).to_list(1)
        waiting = await self._store[OUTBOX].count_documents({"pending": {"$gt": 0}}) if oldest else 0
        self._measures.outbox_pending.set(waiting)
        self._measures.outbox_age_seconds.set(time.time() - oldest[0]["pending"] / 1e6 if oldest else 0)


def arguments(key: str, record: Row) -> dict[str, Any]:
    """A record of an outbox row as the producer takes it: the same bytes whenever it is sent."""
    return {
        "topic": record["topic"],
        "key": key.encode(),
        "value": bytes(record["value"]),
        "headers": [(name, bytes(value)) for name, value in record["headers"].items()],
        "timestamp_ms": record.get("timestamp_ms"),
    }


async def send_again(kafka: AIOKafkaProducer, row: Row, topics: Iterable[str]) -> int:
    """Sends a row's records of these topics once more, with the same ids and bytes; how many."""
    wanted = set(topics)
    sendings = [
        await kafka.send(**arguments(row["key"], record)) for record in row["records"] if record["topic"] in wanted
    ]
    await asyncio.gather(*sendings)
    return len(sendings)
