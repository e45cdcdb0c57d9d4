"""The way out to Kafka: one idempotent producer, replaced by a new one after a failure.

A record that the broker refuses leaves a gap in the producer's numbering, after which it takes nothing more for that
partition; so a producer that failed is given up together with all it still holds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

STOP_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record as it is sent: the same key, value and headers whenever it is sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    timestamp_ms: int | None = None


def outgoing(key: str, record: Mapping[str, Any]) -> Outgoing:
    """A record of an outbox row."""
    headers = [(name, bytes(value)) for name, value in record["headers"].items()]
    value = bytes(record["value"]) if record["value"] is not None else None
    return Outgoing(record["topic"], key.encode(), value, headers, record.get("timestamp_ms"))


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
    """

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self._bootstrap, self._client_id = bootstrap, client_id
        self._producer: AIOKafkaProducer = None
        self._starting = asyncio.Lock()

    async def send(self, records: Sequence[Outgoing]) -> list[BaseException | None]:
        """Sends without waiting for one before the next; what went wrong for each, None where it was acknowledged.

        After a record could not be handed over, later ones of its topic are not tried. While the broker is away this waits.
        Raises `KafkaError` when no connection can be made at all.
        """
        kafka = await self._started()
        outcomes: list[Any] = []
        refused: dict[str, KafkaError] = {}
        for record in records:
            if record.topic in refused:
                outcomes.append(refused[record.topic])
                continue
            try:
                outcomes.append(
                    await kafka.send(
                        record.topic,
                        key=record.key,
                        value=record.value,
                        headers=list(record.headers),
                        timestamp_ms=record.timestamp_ms,
                    )
                )
            except KafkaError as fault:
                refused[record.topic] = fault
                outcomes.append(fault)
        sendings = [outcome for outcome in outcomes if isinstance(outcome, asyncio.Future)]
        for sending in sendings:
            sending.add_done_callback(_fault)
        if sendings:
            await asyncio.wait(sendings)
        faults = [_fault(outcome) for outcome in outcomes]
        if any(faults):
            self._producer = None if self._producer is kafka else self._producer
            await _close(kafka)
        return faults

    async def put(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Sends one record; returns when Kafka has acknowledged it and raises when it has not."""
        (fault,) = await self.send([Outgoing(topic, key, value, headers)])
        if fault:
            raise fault

    async def stop(self) -> None:
        """Closes the producer; what it still holds is lost to it, not to the outbox."""
        kafka, self._producer = self._producer, None
        if kafka is not None:
            _forget_all(kafka)
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
        _forget_all(kafka)
        with contextlib.suppress(KafkaError, KeyError):
            await kafka._sender.close()
        await kafka.client.close()


def _forget_all(kafka: AIOKafkaProducer) -> None:
    kafka._message_accumulator.fail_all(ProducerClosed())


def _fault(outcome: Any) -> BaseException | None:
    if not isinstance(outcome, asyncio.Future):
        fault: BaseException = outcome
        return fault
    return outcome.exception()
