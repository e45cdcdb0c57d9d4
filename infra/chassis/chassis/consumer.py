"""Hearing a topic: batches of raw records, offsets committed only after their effect is durable.

FastStream runs the loop and the acknowledgement; what it would decide about errors is decided here. A partition that must
wait is set back to the record it waits for and paused, the others go on.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.middlewares import AckPolicy

from chassis.mongo import Busy, StoreAway
from chassis.telemetry import Measures, log


class Record(Protocol):
    """A record as Kafka's client gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


Waiting = Mapping[TopicPartition, int]

BATCH: Final = 1_000
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 30.0
RED_AFTER_SECONDS: Final = 300.0


class Hearer(Protocol):
    """Does something with a batch; gives the partitions that must wait, with the offset to go on from."""

    async def hear(self, records: Sequence[Record]) -> Waiting: ...


class Stopped(Exception):
    """Too many records in a row were put aside: a person must look before this topic goes on."""


@dataclass
class Ear:
    """One subscription of a service: a topic, its group and who hears it, in this order."""

    topic: str
    group: str
    hearers: Sequence[Hearer]
    measures: Measures | None = None
    stopped: str | None = None
    waiting_since: dict[TopicPartition, float] = field(default_factory=dict)
    _pauses: dict[TopicPartition, float] = field(default_factory=dict)
    _resuming: set[asyncio.Task[None]] = field(default_factory=set)
    _subscriber: Any = None

    def subscribe(self, broker: KafkaBroker, instance: str = "") -> None:
        """Adds the subscription to the broker, with every default that loses records set right."""
        static: dict[str, Any] = {"group_instance_id": f"{instance}-{self.topic}"} if instance else {}
        self._subscriber = broker.subscriber(
            self.topic,
            group_id=self.group,
            batch=True,
            max_records=BATCH,
            batch_timeout_ms=2_000,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            parser=self._parse,
            decoder=_raw,
            fetch_max_wait_ms=2_000,
            max_poll_interval_ms=3_600_000,
            session_timeout_ms=20_000,
            heartbeat_interval_ms=5_000,
            **static,
        )
        self._subscriber(self.heard)

    async def _parse(self, records: tuple[Record, ...]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=b"",
            headers={},
            raw_message=records,
            message_id="",
            correlation_id="",
            consumer=self._subscriber.consumer,
        )

    async def heard(self, records: Any) -> None:
        """One batch: every hearer in turn; then the loop commits each partition where it stands."""
        waiting: dict[TopicPartition, int] = {}
        try:
            for hearer in self.hearers:
                for partition, offset in (await hearer.hear(records)).items():
                    waiting[partition] = min(offset, waiting.get(partition, offset))
        except Stopped as stop:
            self.stopped = str(stop)
            waiting = _from_the_start(records)
        except (StoreAway, Busy) as fault:
            log.warning("consumer waits", topic=self.topic, fault=type(fault).__name__)
            waiting = _from_the_start(records)
        except Exception as fault:
            log.error("consumer failed, tries again", topic=self.topic, fault=repr(fault), exc_info=True)
            waiting = _from_the_start(records)
        self._measure(records)
        for partition in {TopicPartition(record.topic, record.partition) for record in records}:
            if partition in waiting:
                self._wait(partition, waiting[partition])
            else:
                self._pauses.pop(partition, None)
                self.waiting_since.pop(partition, None)

    def _wait(self, partition: TopicPartition, offset: int) -> None:
        consumer = self._subscriber.consumer
        consumer.seek(partition, offset)
        consumer.pause(partition)
        self.waiting_since.setdefault(partition, time.monotonic())
        if self.stopped:
            return
        pause = self._pauses.get(partition, FIRST_PAUSE_SECONDS)
        self._pauses[partition] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        task = asyncio.create_task(self._resume(partition, pause * random.uniform(0.8, 1.2)))
        self._resuming.add(task)
        task.add_done_callback(self._resuming.discard)

    async def _resume(self, partition: TopicPartition, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        consumer = self._subscriber.consumer
        if consumer is not None and partition in consumer.assignment() and not self.stopped:
            consumer.resume(partition)

    def go_on(self) -> None:
        """Lets a stopped topic go on."""
        self.stopped = None
        consumer = self._subscriber.consumer
        if consumer is not None:
            consumer.resume(*consumer.paused())

    @property
    def fault(self) -> str | None:
        """Why this subscription is not ready; None when it is."""
        if self.stopped:
            return self.stopped
        longest = min(self.waiting_since.values(), default=None)
        if longest is not None and time.monotonic() - longest > RED_AFTER_SECONDS:
            return f"{self.topic} has waited for {int(time.monotonic() - longest)} s"
        consumer = self._subscriber.consumer if self._subscriber else None
        if consumer is None:
            return f"{self.topic} is not being read"
        return None

    def _measure(self, records: Sequence[Record]) -> None:
        if self.measures is None:
            return
        self.measures.lag_seconds.labels(self.topic).set(max(0.0, time.time() - records[-1].timestamp / 1_000))
        consumer, lag = self._subscriber.consumer, 0
        for partition in consumer.assignment() if consumer else ():
            end = consumer.highwater(partition)
            last = max((r.offset for r in records if r.partition == partition.partition), default=None)
            lag += max(0, end - last - 1) if end is not None and last is not None else 0
        self.measures.lag_records.labels(self.topic).set(lag)

    async def close(self) -> None:
        for task in list(self._resuming):
            task.cancel()
        await asyncio.gather(*self._resuming, return_exceptions=True)


async def _raw(message: KafkaAckableMessage) -> Any:
    return message.raw_message


def _from_the_start(records: Sequence[Record]) -> dict[TopicPartition, int]:
    first: dict[TopicPartition, int] = {}
    for record in records:
        partition = TopicPartition(record.topic, record.partition)
        first[partition] = min(record.offset, first.get(partition, record.offset))
    return first


def by_partition(records: Sequence[Record]) -> dict[TopicPartition, list[Record]]:
    parts: dict[TopicPartition, list[Record]] = {}
    for record in records:
        parts.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
    return parts


Sender = Callable[[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]], Awaitable[None]]
"""Sends (topic, key, value, headers) and returns when Kafka has acknowledged."""
