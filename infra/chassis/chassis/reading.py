"""Records as Kafka's client gives them, batch by batch, with what cannot be read passed over and said."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from chassis.offsets import Offsets
from chassis.telemetry import log

BATCH: Final = 1_000
"""Records dealt with at once."""
READ_MS: Final = 60_000
LOOK_SECONDS: Final = 0.05
ONE_BY_ONE_SECONDS: Final = 5.0
"""When the unreadable was not met again for so long, batches are taken as before."""


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


class Reader:
    """Reads one topic in FastStream's place, whose own reading sleeps after an empty read, deaf to what comes meanwhile.

    Guarantees: what cannot be read is given as a record that says so, and everything beside it is given too.

    Proved by `test_a_record_that_the_client_cannot_read_is_put_aside_and_nothing_beside_it_is_lost`.
    """

    def __init__(self, topic: str, offsets: Offsets, wait: Callable[[TopicPartition, int], None]) -> None:
        self._topic, self._offsets, self._wait = topic, offsets, wait
        self._one_by_one_until, self._must_go_back = 0.0, False

    async def read(self, consumer: Any) -> tuple[Record, ...]:
        """The next batch. What the client had taken beside something unreadable is lost to it: then all is taken again, one
        by one for a while, and again until that is passed."""
        if self._must_go_back:
            try:
                await self._go_back(consumer)
            except KafkaError as fault:
                log.warning("cannot go back yet", topic=self._topic, fault=repr(fault)[:300])
                raise
            self._must_go_back = False
            self._one_by_one_until = time.monotonic() + ONE_BY_ONE_SECONDS
        try:
            if time.monotonic() < self._one_by_one_until:
                return await self._read_one(consumer)
            batch = await consumer.getmany(timeout_ms=READ_MS, max_records=BATCH)
            return tuple(record for part in batch.values() for record in part)
        except ConsumerStoppedError:
            raise
        except Exception as fault:
            log.error("something cannot be read", topic=self._topic, fault=repr(fault)[:300])
            self._must_go_back = True
            return ()

    async def _go_back(self, consumer: Any) -> None:
        """To where all before was dealt with, where nothing was to the beginning; until that went well nothing is read.
        Proved by `test_what_was_read_beside_a_fault_is_read_again_also_when_going_back_fails_at_first`."""
        unknown = list(consumer.assignment() - self._offsets.next.keys())
        committed = await asyncio.gather(*map(consumer.committed, unknown))
        known = {**self._offsets.next, **dict(zip(unknown, committed, strict=True))}
        for partition in consumer.assignment() & known.keys():
            consumer.seek(partition, known[partition] or 0)

    async def _read_one(self, consumer: Any) -> tuple[Record, ...]:
        """One record, or in the place of an unreadable one a record that says so: its hearers put that aside."""
        partitions = list(consumer.assignment() - consumer.paused())
        random.shuffle(partitions)
        for partition in partitions:
            at = await consumer.position(partition)
            try:
                batch = await consumer.getmany(partition, timeout_ms=0, max_records=1)
            except KafkaError:
                self._one_by_one_until = 0.0
                self._wait(partition, at)
            except ValueError as fault:
                self._one_by_one_until = 0.0
                consumer.seek(partition, at + 1)
                return (_unreadable(partition, at, fault),)
            else:
                if batch:
                    return tuple(batch[partition])
        await asyncio.sleep(LOOK_SECONDS)
        return ()


def _unreadable(partition: TopicPartition, offset: int, fault: ValueError) -> Any:
    headers = (("passerelle_unreadable", repr(fault)[:300].encode(errors="replace")),)
    at = int(time.time() * 1_000)
    return ConsumerRecord(partition.topic, partition.partition, offset, at, 0, None, b"", None, -1, 0, headers)


def from_the_start(records: Sequence[Record]) -> dict[TopicPartition, int]:
    """Where each partition of these records begins."""
    return {partition: part[0].offset for partition, part in by_partition(records).items()}


def by_partition(records: Sequence[Record]) -> dict[TopicPartition, list[Record]]:
    """The records of each partition, in their order."""
    parts: dict[TopicPartition, list[Record]] = {}
    for record in records:
        parts.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
    return parts
