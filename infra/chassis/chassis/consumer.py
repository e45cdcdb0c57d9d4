"""Hearing topics: batches of raw records, offsets committed only after their effect is durable.

FastStream runs the loop and the acknowledgement; what it would decide about errors is decided here. A partition that must
wait is set back to the record it waits for and paused, the others go on.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
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
"""Of a partition at once. What is left of it is asked for only when the broker has answered for the others."""
FETCH_MS: Final = 1_000
"""So long the broker waits to answer when it has nothing new. What comes to a partition meanwhile that was left out of the
request, as some of it was still in hand, waits as long; half of this would cost a service at rest as much again."""


class Hearer(Protocol):
    """Does something with a batch; gives the partitions that must wait, with the offset to go on from."""

    async def hear(self, records: Sequence[Record]) -> Waiting: ...


class Stopped(Exception):
    """Too many records in a row were put aside: a person must look before this topic goes on.
    Proved by `test_too_many_parked_in_a_row_stop_the_topic_until_an_operator_lets_it_go_on`."""


@dataclass
class Ear(ConsumerRebalanceListener):  # type: ignore[misc]
    """One subscription of a service: its group, and for each topic who hears it, in this order.

    Guarantees: an offset is committed after every hearer has dealt with all records before it, never earlier and half a
    second after its batch at most; a partition that waits is heard again from the record it waits for, after a pause that
    grows to 30 s; the other partitions go on. A topic that a person must look at is stopped alone.

    Proved by `test_an_unknown_reference_keeps_its_partition_waiting_and_no_other` and
    `test_of_two_topics_heard_together_one_stops_and_the_other_goes_on`.
    """

    group: str
    hearers: Mapping[str, Sequence[Hearer]]
    measures: Measures = UNREAD
    stopped: dict[str, str] = field(default_factory=dict)
    _waiting_since: dict[TopicPartition, float] = field(default_factory=dict)
    _pauses: dict[TopicPartition, float] = field(default_factory=dict)
    _lags: dict[TopicPartition, int] = field(default_factory=dict)
    _offsets: Offsets = field(default_factory=Offsets)
    _ending: bool = False
    _in_hand: dict[str, float] = field(default_factory=dict)
    _joined: bool = False
    _subscriber: Any = None

    def subscribe(self, broker: KafkaBroker, instance: str = "") -> None:
        """Adds the subscription to the broker, with every default that loses records set right."""
        static: dict[str, Any] = {"group_instance_id": f"{instance}-{self._wanted}"} if instance else {}
        self._subscriber = broker.subscriber(
            *self.hearers,
            group_id=self.group,
            batch=True,
            max_records=BATCH,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            listener=self,
            parser=self._parse,
            decoder=_raw,
            fetch_max_wait_ms=FETCH_MS,
            max_partition_fetch_bytes=FETCH_BYTES,
            consumer_timeout_ms=1_000,
            max_poll_interval_ms=3_600_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            **static,
        )
        self._subscriber.get_msg = Reader(self.group, self._offsets, self._wait).read
        self._subscriber.stop = partial(self._end, self._subscriber.stop)
        self._subscriber(self.heard)

    @property
    def _wanted(self) -> str:
        """A short name of these topics. Kafka gives a member of the same name its old partitions again, whatever it wants now.
        Proved by `test_a_newer_version_of_a_named_worker_hears_the_topic_that_it_hears_in_addition`."""
        return f"{zlib.crc32(' '.join(sorted(self.hearers)).encode()):08x}"

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
        """One batch, each topic for itself; then the loop commits each partition where it stands.
        Proved by `test_a_restart_goes_on_from_the_record_that_waits` and
        `test_a_topic_in_hand_for_long_turns_the_service_red`."""
        parts: dict[str, list[Record]] = {}
        for record in records:
            parts.setdefault(record.topic, []).append(record)
        self._in_hand = dict.fromkeys(parts, time.monotonic())
        try:
            async with asyncio.TaskGroup() as hearing:
                for topic, part in parts.items():
                    hearing.create_task(self._deal(topic, part))
        except Exception as fault:
            log.error("a batch failed as a whole, tries again", group=self.group, fault=repr(fault), exc_info=True)
            raise
        finally:
            self._in_hand = {}

    async def _deal(self, topic: str, records: Sequence[Record]) -> None:
        waiting, parts = await self._hear(topic, records), by_partition(records)
        self._measure(topic, parts)
        for partition, part in parts.items():
            self._offsets.next[partition] = waiting.get(partition, part[-1].offset + 1)
            if partition in waiting:
                self._wait(partition, waiting[partition])
            else:
                self._pauses.pop(partition, None)
                self._waiting_since.pop(partition, None)
        self._in_hand.pop(topic, None)

    async def _hear(self, topic: str, records: Sequence[Record]) -> Waiting:
        """Every hearer in turn."""
        if topic in self.stopped:
            return from_the_start(records)
        waiting: dict[TopicPartition, int] = {}
        try:
            for hearer in self.hearers[topic]:
                for partition, offset in (await hearer.hear(records)).items():
                    waiting[partition] = min(offset, waiting.get(partition, offset))
            return waiting
        except Stopped as stop:
            self.stopped[topic] = str(stop)
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            log.error("what a hearer waited for was cancelled, tries again", topic=topic)
        except AWAY as fault:
            log.warning("consumer waits", topic=topic, fault=type(fault).__name__)
        except Exception as fault:
            log.error("consumer failed, tries again", topic=topic, fault=repr(fault), exc_info=True)
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
        if partition.topic in self.stopped:
            return
        pause = self._pauses.get(partition, FIRST_PAUSE_SECONDS)
        self._pauses[partition] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        asyncio.get_running_loop().call_later(pause * random.uniform(0.8, 1.2), self._resume, partition)

    def _resume(self, partition: TopicPartition) -> None:
        consumer = self._subscriber.consumer
        if consumer is not None and partition in consumer.assignment() and partition.topic not in self.stopped:
            consumer.resume(partition)

    def go_on(self) -> list[str]:
        """Lets the stopped topics go on, and gives them. Proved by `test_a_stopped_topic_stays_stopped_through_a_rebalance`."""
        stopped = list(self.stopped)
        self.stopped.clear()
        consumer = self._subscriber.consumer
        if consumer is not None:
            consumer.resume(*(part for part in consumer.paused() if part.topic in stopped))
        return stopped

    async def caught_up(self, topic: str) -> set[int]:
        """The partitions of a topic of which all that stood there when this was called has been dealt with.
        Proved by `test_a_suspect_whose_newest_version_still_waits_for_kafka_is_left_to_the_relay`."""
        consumer = self._subscriber.consumer
        assigned = [part for part in consumer.assignment() if part.topic == topic] if consumer else []
        if not assigned:
            return set()
        ends = await consumer.end_offsets(assigned)
        if topic in self._in_hand:
            return set()
        there = {partition for partition in ends if partition in consumer.assignment()}
        return {part.partition for part in there if await consumer.position(part) >= ends[part]}

    @property
    def faults(self) -> Iterable[str]:
        """Why this subscription is not ready; none when it is.
        Proved by `test_what_waits_for_long_turns_the_service_red`."""
        yield from self.stopped.values()
        consumer = self._subscriber.consumer
        if consumer is None or not self._joined:
            yield f"{self.group} is not being read"
            return
        now = time.monotonic()
        waits = [(began, part.topic) for part, began in self._waiting_since.items() if part.topic not in self.stopped]
        hands = [(began, topic) for topic, began in self._in_hand.items()]
        for since, said in ((waits, "has waited for"), (hands, "has been in hand for")):
            began, topic = min(since, default=(now, ""))
            if now - began > RED_AFTER_SECONDS:
                yield f"{topic} {said} {int(now - began)} s"
        heard = consumer.assignment() - consumer.paused()
        polls = [consumer.last_poll_timestamp(partition) for partition in heard]
        silent = time.time() - min((poll for poll in polls if poll), default=math.inf) / 1_000
        if silent > SILENT_SECONDS and not self._in_hand:
            yield f"{self.group} has not been read for {int(silent)} s"

    def _measure(self, topic: str, parts: Mapping[TopicPartition, Sequence[Record]]) -> None:
        consumer = self._subscriber.consumer
        assigned = consumer.assignment() if consumer else set()
        oldest = time.time()
        for partition, part in parts.items():
            end = consumer.highwater(partition) if partition in assigned else None
            self._lags[partition] = max(0, end - part[-1].offset - 1) if end is not None else 0
            if self._lags[partition]:
                oldest = min(oldest, part[-1].timestamp / 1_000)
        self.measures.lag_records.labels(topic).set(sum(lag for part, lag in self._lags.items() if part.topic == topic))
        self.measures.lag_seconds.labels(topic).set(time.time() - oldest)


async def _raw(message: KafkaAckableMessage) -> Any:
    return message.raw_message
