"""The way out to Kafka: one idempotent producer, replaced by a new one after a failure.

A record that the broker refuses leaves a gap in the producer's numbering, after which it takes nothing more for that
partition; so a producer that failed is given up together with all it still holds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

STOP_SECONDS: Final = 2.0
PARTITIONER: Final = DefaultPartitioner()


class Outgoing(NamedTuple):
    """A record as it is sent: the same key, value and headers whenever it is sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp_ms: int | None = None


def outgoing(row: Mapping[str, Any]) -> list[Outgoing]:
    """The records of an outbox row."""
    key, shared = row["key"].encode(), row.get("headers", {}).items()
    return [
        Outgoing(
            record["topic"], key, record["value"], [*shared, *record["headers"].items()], record.get("timestamp_ms")
        )
        for record in row["records"]
    ]


def producer(bootstrap: str, client_id: str) -> AIOKafkaProducer:
    """Idempotent, acknowledged by all, batches of 128 KiB without waiting for more."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=131_072,
        max_request_size=2_200_000,
        request_timeout_ms=10_000,
    )


class Outlet:
    """Sends records, many at once. Connects when first used, and again after the broker was away.

    Guarantees: what is reported as sent was acknowledged by all replicas; records of a partition stand there in the order
    in which they were given; what is reported as failed is not sent later.

    Proved by `test_a_key_that_kafka_refuses_waits_and_the_others_go_on`.
    """

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self._bootstrap, self._client_id = bootstrap, client_id
        self._producer: AIOKafkaProducer = None
        self._starting = asyncio.Lock()

    async def send(self, records: Sequence[Outgoing]) -> list[BaseException | None]:
        """Sends without waiting for one before the next; what went wrong for each, None where it was acknowledged.

        After a batch could not be handed over, later ones of its topic are not tried. While the broker is away this waits.
        Raises `KafkaError` when no connection can be made at all.

        Proved by `test_a_frozen_broker_is_waited_for`.
        """
        kafka = await self._started()
        faults: list[BaseException | None] = [None] * len(records)
        refused: dict[str, BaseException] = {}
        sendings: list[tuple[asyncio.Future[Any], list[int]]] = []
        for (topic, partition), places in (await _by_partition(kafka, records, refused)).items():
            for batch, packed in _batches(kafka, records, places):
                try:
                    if topic in refused:
                        raise refused[topic]
                    sendings.append((await kafka.send_batch(batch, topic, partition=partition), packed))
                except KafkaError as fault:
                    refused[topic] = fault
                    for place in packed:
                        faults[place] = fault
        outcomes = await asyncio.gather(*(sending for sending, _ in sendings), return_exceptions=True)
        for (_, packed), outcome in zip(sendings, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                for place in packed:
                    faults[place] = outcome
        if any(faults):
            self._producer = None if self._producer is kafka else self._producer
            await _close(kafka)
        return faults

    async def put(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Sends one record; returns when Kafka has acknowledged it and raises when it has not."""
        (fault,) = await self.send([Outgoing(topic, key, value, list(headers))])
        if fault:
            raise fault

    async def stop(self) -> None:
        """Closes the producer; what it still holds is lost to it, not to the outbox."""
        kafka, self._producer = self._producer, None
        if kafka is not None:
            kafka._message_accumulator.fail_all(ProducerClosed())
            await _close(kafka)

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                fresh = producer(self._bootstrap, self._client_id)
                try:
                    await fresh.start()
                except BaseException:
                    await fresh.stop()
                    raise
                self._producer = fresh
            return self._producer


async def _close(kafka: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(kafka.stop(), STOP_SECONDS)
    except TimeoutError:  # it waits for a broker that is away
        kafka._message_accumulator.fail_all(ProducerClosed())
        with contextlib.suppress(KafkaError, KeyError):
            await kafka._sender.close()
        await kafka.client.close()


async def _by_partition(
    kafka: AIOKafkaProducer, records: Sequence[Outgoing], refused: dict[str, BaseException]
) -> dict[tuple[str, int], list[int]]:
    """The places of the records that go to each partition; topics that cannot be reached come with why."""
    counts: dict[str, int] = {}
    for topic in {record.topic for record in records}:
        try:
            counts[topic] = len(await kafka.partitions_for(topic))
        except KafkaError as fault:
            refused[topic], counts[topic] = fault, 1
    parts: dict[tuple[str, int], list[int]] = {}
    for place, record in enumerate(records):
        parts.setdefault((record.topic, _partition(record.key, counts[record.topic])), []).append(place)
    return parts


@lru_cache(maxsize=10_000)
def _partition(key: bytes | None, count: int) -> int:
    """As every Kafka client would choose it; records without a key go to the first."""
    numbers = list(range(count))
    return int(PARTITIONER(key, numbers, numbers)) if key is not None else 0


def _batches(
    kafka: AIOKafkaProducer, records: Sequence[Outgoing], places: Sequence[int]
) -> Iterator[tuple[BatchBuilder, list[int]]]:
    """These records in order, packed as full as a request takes, and the places of each pack."""
    packed: list[int] = []
    batch = kafka.create_batch()
    for place in places:
        _, key, value, headers, timestamp = records[place]
        if batch.append(key=key, value=value, timestamp=timestamp, headers=headers) is None:
            yield batch, packed
            batch, packed = kafka.create_batch(), []
            batch.append(key=key, value=value, timestamp=timestamp, headers=headers)
        packed.append(place)
    batch.close()  # it does not wait for more
    yield batch, packed
