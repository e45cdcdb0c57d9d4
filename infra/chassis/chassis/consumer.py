"""Hearing topics: batches of raw records, offsets committed only after their effect is durable.

FastStream runs the loop and the acknowledgement; what it would decide about errors is decided here. A partition that must
wait is set back to the record it waits for and paused, the others go on.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

from aiokafka import ConsumerRebalanceListener, TopicPartition
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.middlewares import AckPolicy

from chassis.broker import FIRST_PAUSE_SECONDS
from chassis.mongo import AWAY
from chassis.offsets import Offsets
from chassis.reading import BATCH, Reader, Record, Waiting, by_partition, from_the_start
from chassis.telemetry import UNREAD, Measures, log

LONGEST_PAUSE_SECONDS: Final = 30.0
RED_AFTER_SECONDS: Final = 300.0
SILENT_SECONDS: Final = 60.0
FETCH_BYTES: Final = 4 * 1024 * 1024
"""Of a partition at once. What is left of it is asked for only when the broker has answered for the others, and where they
have nothing new that takes two seconds."""


class Hearer(Protocol):
    """Does something with a batch; gives the partitions that must wait, with the offset to go on from."""

    async def hear(self, records: Sequence[Record]) -> Waiting: ...


class Stopped(Exception):
    """Too many records in a row were put aside: a person must look before this topic goes on.
    Proved by `test_too_many_parked_in_a_row_stop_the_topic_until_an_operator_lets_it_go_on`."""


@dataclass
class Ear(ConsumerRebalanceListener):  # type: ignore[misc]
    """One subscription of a service: a topic, its group and who hears it, in this order.

    Guarantees: an offset is committed after every hearer has dealt with all records before it, never earlier and half a
    second after its batch at most; a partition that waits is heard again from the record it waits for, after a pause that
    grows to 30 s; the other partitions go on.

    Proved by `test_an_unknown_reference_keeps_its_partition_waiting_and_no_other`.
    """

    topic: str
    group: str
    hearers: Sequence[Hearer]
    measures: Measures = UNREAD
    stopped: str | None = None
    _waiting_since: dict[TopicPartition, float] = field(default_factory=dict)
    _pauses: dict[TopicPartition, float] = field(default_factory=dict)
    _lags: dict[TopicPartition, int] = field(default_factory=dict)
    _offsets: Offsets = field(default_factory=Offsets)
    _ending: bool = False
    _in_hand_since: float | None = None
    _joined: bool = False
    _subscriber: Any = None

    def subscribe(self, broker: KafkaBroker, instance: str = "") -> None:
        """Adds the subscription to the broker, with every default that loses records set right."""
        static: dict[str, Any] = {"group_instance_id": f"{instance}-{self.topic}"} if instance else {}
        self._subscriber = broker.subscriber(
            self.topic,
            group_id=self.group,
            batch=True,
            max_records=BATCH,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            listener=self,
            parser=self._parse,
            decoder=_raw,
            fetch_max_wait_ms=2_000,
            max_partition_fetch_bytes=FETCH_BYTES,
            consumer_timeout_ms=1_000,
            max_poll_interval_ms=3_600_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            **static,
        )
        self._subscriber.get_msg = Reader(self.topic, self._offsets, self._wait).read
        self._subscriber.stop = partial(self._end, self._subscriber.stop)
        self._subscriber(self.heard)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._offsets.commit(self._subscriber.consumer)
        self._offsets.forget()
        for known in (self._waiting_since, self._pauses, self._lags):
            known.clear()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._joined, self._ending = True, False

    async def _parse(self, records: tuple[Record, ...]) -> KafkaAckableMessage:
        return KafkaAckableMessage(
            body=b"",
            headers={},
            raw_message=records,
            message_id="",
            correlation_id="",
            consumer=self,
        )

    async def commit(self) -> None:
        """What FastStream calls after each batch."""
        if self._ending:
            await self._offsets.commit(self._subscriber.consumer)
        else:
            self._offsets.commit_soon(self._subscriber.consumer)

    async def _end(self, stop: Callable[[], Awaitable[None]]) -> None:
        """The batch in hand is finished and committed as it ends; a broker that stands still is not waited for.
        Proved by `test_a_service_that_is_asked_to_end_does_not_wait_for_a_broker_that_stands_still`."""
        self._ending = True
        await self._offsets.commit(self._subscriber.consumer)
        await stop()
        await self._offsets.close()

    async def heard(self, records: Any) -> None:
        """One batch: every hearer in turn; then the loop commits each partition where it stands.
        Proved by `test_a_restart_goes_on_from_the_record_that_waits` and
        `test_a_batch_in_hand_for_long_turns_the_service_red`."""
        self._in_hand_since = time.monotonic()
        try:
            waiting = from_the_start(records) if self.stopped else await self._hear(records)
            parts = by_partition(records)
            self._measure(parts)
            for partition, part in parts.items():
                self._offsets.next[partition] = waiting.get(partition, part[-1].offset + 1)
                if partition in waiting:
                    self._wait(partition, waiting[partition])
                else:
                    self._pauses.pop(partition, None)
                    self._waiting_since.pop(partition, None)
        except Exception as fault:
            log.error("a batch failed as a whole, tries again", topic=self.topic, fault=repr(fault), exc_info=True)
            raise
        finally:
            self._in_hand_since = None

    async def _hear(self, records: Sequence[Record]) -> Waiting:
        waiting: dict[TopicPartition, int] = {}
        try:
            for hearer in self.hearers:
                for partition, offset in (await hearer.hear(records)).items():
                    waiting[partition] = min(offset, waiting.get(partition, offset))
            return waiting
        except Stopped as stop:
            self.stopped = str(stop)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            log.error("what a hearer waited for was cancelled, tries again", topic=self.topic)
        except AWAY as fault:
            log.warning("consumer waits", topic=self.topic, fault=type(fault).__name__)
        except Exception as fault:
            log.error("consumer failed, tries again", topic=self.topic, fault=repr(fault), exc_info=True)
        return from_the_start(records)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """What FastStream calls for a batch that failed as a whole.
        Proved by `test_a_batch_that_fails_as_a_whole_is_heard_again`."""
        self._wait(partition, offset)

    def _wait(self, partition: TopicPartition, offset: int) -> None:
        """Sets the partition back, so that the commit which follows does not pass over what waits."""
        consumer = self._subscriber.consumer
        if consumer is None or partition not in consumer.assignment():
            return  # another process has it now
        consumer.seek(partition, offset)
        consumer.pause(partition)
        self._waiting_since.setdefault(partition, time.monotonic())
        if self.stopped:
            return
        pause = self._pauses.get(partition, FIRST_PAUSE_SECONDS)
        self._pauses[partition] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        asyncio.get_running_loop().call_later(pause * random.uniform(0.8, 1.2), self._resume, partition)

    def _resume(self, partition: TopicPartition) -> None:
        consumer = self._subscriber.consumer
        if consumer is not None and partition in consumer.assignment() and not self.stopped:
            consumer.resume(partition)

    def go_on(self) -> None:
        """Lets a stopped topic go on. Proved by `test_a_stopped_topic_stays_stopped_through_a_rebalance`."""
        self.stopped = None
        consumer = self._subscriber.consumer
        if consumer is not None:
            consumer.resume(*consumer.paused())

    async def caught_up(self) -> set[int]:
        """The partitions of which all that stood there when this was called has been dealt with.
        Proved by `test_a_suspect_whose_newest_version_still_waits_for_kafka_is_left_to_the_relay`."""
        consumer = self._subscriber.consumer
        assigned = consumer.assignment() if consumer else set()
        if not assigned:
            return set()
        ends = await consumer.end_offsets(assigned)
        if self._in_hand_since is not None:
            return set()
        there = {partition for partition in ends if partition in consumer.assignment()}
        return {part.partition for part in there if await consumer.position(part) >= ends[part]}

    @property
    def fault(self) -> str | None:
        """Why this subscription is not ready; None when it is.
        Proved by `test_what_waits_for_long_turns_the_service_red`."""
        consumer = self._subscriber.consumer
        if self.stopped:
            return self.stopped
        if consumer is None or not self._joined:
            return f"{self.topic} is not being read"
        now = time.monotonic()
        waits, in_hand = min(self._waiting_since.values(), default=now), self._in_hand_since or now
        for began, said in ((waits, "has waited for"), (in_hand, "has been in hand for")):
            if now - began > RED_AFTER_SECONDS:
                return f"{self.topic} {said} {int(now - began)} s"
        heard = consumer.assignment() - consumer.paused()
        polls = [consumer.last_poll_timestamp(partition) for partition in heard]
        silent = time.time() - min((poll for poll in polls if poll), default=math.inf) / 1_000
        if silent > SILENT_SECONDS and self._in_hand_since is None:
            return f"{self.topic} has not been read for {int(silent)} s"
        return None

    def _measure(self, parts: Mapping[TopicPartition, Sequence[Record]]) -> None:
        consumer = self._subscriber.consumer
        assigned = consumer.assignment() if consumer else set()
        oldest = time.time()
        for partition, part in parts.items():
            end = consumer.highwater(partition) if partition in assigned else None
            self._lags[partition] = max(0, end - part[-1].offset - 1) if end is not None else 0
            if self._lags[partition]:
                oldest = min(oldest, part[-1].timestamp / 1_000)
        self.measures.lag_records.labels(self.topic).set(sum(self._lags.values()))
        self.measures.lag_seconds.labels(self.topic).set(time.time() - oldest)


async def _raw(message: KafkaAckableMessage) -> Any:
    return message.raw_message
