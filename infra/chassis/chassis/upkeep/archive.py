"""Topics read whole, and what a service's outbox says it told: for tools that compare the two."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chassis.consumer import FETCH_BYTES
from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX
from chassis.reading import Record
from contracts.envelope import EnvelopeError, read_envelope

SILENCE_SECONDS: Final = 30.0


class Unreadable(Exception):
    """The end of a topic was not reached: the broker does not answer or went silent."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the language: `factno` 0 is the snapshot after the version."""

    key: str
    version: int
    factno: int
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a topic; `place` is None for one that does not say what every record says."""

    key: str
    place: Place | None
    type: str
    value: bytes | None


async def whole(bootstrap: str, topic: str) -> AsyncIterator[Entry]:
    """Every record that the topic holds now, each partition in order; nothing when there is no such topic.

    Raises `Unreadable` after 30 s without progress. Commits nothing and joins no group.

    Proved by `test_a_deleted_topic_is_republished_with_the_same_ids_and_verifies`.
    """
    consumer = reader(bootstrap)
    try:
        partitions = await partitions_of(bootstrap, topic)
        if not partitions:
            return
        await consumer.start()
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        starts = await consumer.beginning_offsets(partitions)
        unread = {partition for partition in partitions if starts[partition] < ends[partition]}
        moved = time.monotonic()
        while unread:
            for partition, records in (await consumer.getmany(*unread, timeout_ms=500)).items():
                moved = time.monotonic()
                for record in records:
                    if record.offset < ends[partition]:
                        yield _entry(record)
            unread = {part for part in unread if await consumer.position(part) < ends[part]}
            if time.monotonic() - moved > SILENCE_SECONDS:
                raise Unreadable(f"{topic}: nothing came for {SILENCE_SECONDS:.0f} s")
    except KafkaError as fault:
        raise Unreadable(f"Kafka at {bootstrap}: {fault}") from fault
    finally:
        await consumer.stop()


def reader(bootstrap: str) -> Any:
    """A consumer from the beginning, which joins no group and commits nothing."""
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=FETCH_BYTES,
    )


async def partitions_of(bootstrap: str, topic: str) -> list[TopicPartition]:
    """As the broker knows them now; a consumer's own knowledge of a topic comes late."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        described = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return [TopicPartition(topic, part["partition"]) for each in described for part in each["partitions"]]


def _entry(record: Record) -> Entry:
    key = (record.key or b"").decode(errors="replace")
    try:
        envelope = read_envelope(record.headers)
    except EnvelopeError:
        return Entry(key, None, "", record.value)
    place = Place(key, envelope.sequence, envelope.factno, envelope.id)
    return Entry(key, place, envelope.type, record.value)


def places(row: Row, topic: str) -> Iterator[Place]:
    """What an outbox row told on this topic."""
    for record in row["records"]:
        if record["topic"] == topic:
            yield Place(row["key"], row["version"], int(record["headers"]["ce_factno"]), record["id"])


async def told(store: Store, aggregate: str, topic: str) -> dict[Place, bool]:
    """All that the service told on this topic, with whether it still waits for Kafka."""
    fields = dict.fromkeys(("key", "version", "pending", "records.topic", "records.id"), 1)
    fields["records.headers.ce_factno"] = 1
    found: dict[Place, bool] = {}
    async for row in store[OUTBOX].find({"aggregate": aggregate}, fields):
        found.update(dict.fromkeys(places(row, topic), "pending" in row))
    return found
