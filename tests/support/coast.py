"""The service `coast` as far as others see it: harbours told on Kafka, and whatever else somebody may write there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from tests.support.lantern import Closed, Greeted, Language, Opened
from tests.support.watching import eventually

from chassis.mongo import Row
from chassis.outbox import Told, outbox_row
from chassis.outlet import outgoing, producer
from chassis.taking import public_json
from contracts.record import Fact

TODAY = date(2026, 11, 2)


@dataclass
class Coast:
    """Tells harbours, every version on both topics, facts first."""

    kafka: AIOKafkaProducer
    words: Language
    rows: list[Row] = field(default_factory=list)
    _states: dict[str, Any] = field(default_factory=dict)

    async def tells(self, key: str, *facts: Fact, send: bool = True, trace: str | None = None) -> Row:
        before = self._states.get(key)
        version = before.version + 1 if before else 1
        contract = self.words.harbour
        stamped = [contract.stamp(fact, key, version, TODAY) for fact in facts]
        self._states[key] = contract.fold(before, stamped)
        told = Told("coast", "clerk-01", "a-command", datetime.now(UTC))
        row = outbox_row(contract, key, version, stamped, public_json(self._states[key]), told, version)
        if trace:
            row["headers"]["ce_traceparent"] = trace.encode()
        self.rows.append(row)
        if send:
            await self.send(row)
        return row

    async def opens(self, name: str, key: str | None = None) -> str:
        id_ = key or str(uuid4())
        await self.tells(id_, Opened(name=name))
        return id_

    async def closes(self, key: str) -> None:
        await self.tells(key, Closed())

    async def greets(self, key: str, *words: str) -> None:
        for each in words:
            await self.tells(key, Greeted(words=each))

    async def tells_greeting(self, key: str, words: str) -> None:
        await self.tells(key, Greeted(words=words))

    async def send(self, *rows: Row, only: str = "") -> None:
        sent = [record for row in rows for record in outgoing(row)]
        sendings = [
            await self.kafka.send(each.topic, key=each.key, value=each.value, headers=list(each.headers))
            for each in sent
            if only in each.topic
        ]
        for sending in sendings:
            await sending

    async def write(
        self,
        topic: str,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
        *,
        key: bytes | None = b"k",
        partition: int | None = None,
    ) -> None:
        """Writes anything at all."""
        await self.kafka.send_and_wait(topic, value=value, key=key, headers=list(headers), partition=partition)


@asynccontextmanager
async def coast(bootstrap: str, words: Language) -> AsyncIterator[Coast]:
    kafka = producer(bootstrap, "coast")
    await kafka.start()
    try:
        yield Coast(kafka, words)
    finally:
        await kafka.stop()


async def make_topics(bootstrap: str, words: Language, *, partitions: int = 6) -> None:
    compacted = {words.lantern.state_topic, words.harbour.state_topic}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics(
            [
                NewTopic(
                    topic,
                    1 if ".dlq." in topic else partitions,
                    1,
                    topic_configs={
                        "file.delete.delay.ms": "1000",
                        "cleanup.policy": "compact" if topic in compacted else "delete",
                        "max.message.bytes": "2097152" if ".dlq." in topic else "1048588",
                    },
                )
                for topic in words.topics
            ]
        )
    finally:
        await admin.close()


async def delete_topics(bootstrap: str, words: Language) -> None:
    """So that a broker that was killed has little to look through when it comes back."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(words.topics)
    finally:
        await admin.close()


async def set_topic(bootstrap: str, topic: str, config: dict[str, str]) -> None:
    """Changes settings of a topic; returns when the broker says them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])

        async def described() -> dict[str, str]:
            (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
            return {entry[0]: entry[1] for *_, entries in answer.resources for entry in entries}

        await eventually(described, lambda said: config.items() <= said.items())
    finally:
        await admin.close()


async def clean_often(bootstrap: str) -> None:
    """The broker's log cleaner looks every half second instead of every fifteen."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        often = {"log.cleaner.backoff.ms": "500"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", often)])
    finally:
        await admin.close()


async def records_of(bootstrap: str, topic: str) -> list[Any]:
    """Everything that the topic holds now, each partition in order."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(part) < ends[part] for part in partitions]):
            for records in (await consumer.getmany(*partitions, timeout_ms=100)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def versions(records: Sequence[Any], key: str) -> list[int]:
    """The versions told of a key, in the order in which they stand."""
    return [int(dict(record.headers)["ce_sequence"]) for record in records if record.key == key.encode()]
