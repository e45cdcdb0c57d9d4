"""Reads a recording from running or stopped ground: topics with a plain Kafka client, databases with a plain driver."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from pymongo import MongoClient
from tests.chaos.checks import OWNED, STATE_TOPICS
from tests.chaos.recording import Answer, Json, Kept, Recording, Told

from agreements.reactions import COPIES as AGREEMENTS
from events.reactions import COPIES as EVENTS
from mobility.reactions import COPIES as MOBILITY
from partners.reactions import COPIES as PARTNERS

COPIES: Final[Mapping[str, Any]] = {
    "agreements": AGREEMENTS,
    "events": EVENTS,
    "mobility": MOBILITY,
    "partners": PARTNERS,
}
MARKER: Final = b"compaction-marker"
JOURNALED: Final = ("partner", "country", "agreement", "committee", "meeting")
TEN_YEARS_MS: Final = str(10 * 365 * 24 * 3_600_000)
SILENCE_SECONDS: Final = 30.0


def gathered(bootstrap: str, mongo: str, answers: list[Answer]) -> Recording:
    """Everything as it stands now. Two readings differ only by what still moves."""
    made = Recording(answers=answers)
    with MongoClient[Json](mongo) as client:
        for service in COPIES:
            _service(made, service, client[f"passerelle_{service}"])
        _gateway(made, client["passerelle_gateway"])
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    topics = sorted(name for name in admin.list_topics(timeout=10).topics if name.startswith("passerelle."))
    for record in records(bootstrap, topics):
        if ".dlq." in record.topic:
            made.parked.append(f"{record.topic} {record.key} {record.headers.get('passerelle_reason', '')}")
        else:
            made.records.setdefault(record.topic, []).append(record)
    for topic in STATE_TOPICS:
        made.last[topic] = {record.key: record for record in made.records.get(topic, ())}
    return made


def _service(made: Recording, service: str, database: Any) -> None:
    for aggregate, contract in OWNED.items():
        if contract.service == service:
            made.owners[aggregate] = {row["_id"]: row["public"] for row in database[aggregate].find({}, {"public": 1})}
    made.promised[service] = {
        record["id"] for row in database["outbox"].find({}, {"records.id": 1}) for record in row["records"]
    }
    made.waiting[service] = database["outbox"].count_documents({"pending": {"$gt": 0}})
    made.inbox[service] = {row["_id"]: row.get("not_possible", []) for row in database["inbox"].find({})}
    made.parked += [f"{service} {row['_id']} {row['reason']}" for row in database["parked"].find({})]
    for copied in COPIES[service]:
        rows = {row["_id"]: row for row in database[copied.collection].find({})}
        where = f"{service}.{copied.collection}"
        made.kept.append(Kept(where, copied.contract.aggregate, rows, frozenset(copied.members) or None))
    if service == "agreements":
        made.register = {row["_id"]: row["agreement_id"] for row in database["register_entries"].find({})}
        made.counters = {row["_id"]: row["next"] for row in database["counters"].find({})}


def _gateway(made: Recording, database: Any) -> None:
    for aggregate, contract in OWNED.items():
        rows = {row["_id"]: row for row in database[contract.collection].find({})}
        made.kept.append(Kept(f"gateway.{contract.collection}", aggregate, rows))
        if aggregate in JOURNALED:
            noted = database["timeline"].find({"aggregate": aggregate}, {"_id": 1})
            made.journals[contract.events_topic] = {row["_id"] for row in noted}
    made.parked += [f"gateway {row['_id']} {row['reason']}" for row in database["parked"].find({})]


def records(bootstrap: str, topics: list[str]) -> Iterator[Told]:
    """Every record that stands on these topics now, each partition in order. Fails when nothing comes for 30 s."""
    with _reader(bootstrap) as consumer:
        ends: dict[tuple[str, int], int] = {}
        described = consumer.list_topics(timeout=10).topics
        for topic in topics:
            for partition in described[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
                if low < high:
                    ends[topic, partition] = high
        consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in ends])
        moved = time.monotonic()
        while ends:
            messages: list[Any] = consumer.consume(5_000, timeout=0.5)
            for message in messages:
                place = message.topic(), message.partition()
                if message.error() is not None:
                    if message.error().name() == "_PARTITION_EOF":
                        ends.pop(place, None)
                    continue
                moved = time.monotonic()
                if place in ends and message.offset() < ends[place] and message.key() != MARKER:
                    yield _told(message)
            assert time.monotonic() - moved < SILENCE_SECONDS, f"nothing came from {sorted(ends)}"


@contextmanager
def _reader(bootstrap: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "chaos-checker",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _told(message: Any) -> Told:
    headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers() or ()}
    key = (message.key() or b"").decode(errors="replace")
    return Told(message.topic(), message.partition(), message.offset(), key, headers, message.value())


def keep_everything(bootstrap: str) -> None:
    """No compaction until it is asked for. Personal records are dated to the month, so Kafka takes those of a running test
    for weeks old, and their superseded snapshots could not be looked for."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    for topic in STATE_TOPICS:
        _set(
            admin,
            ResourceType.TOPIC,
            topic,
            {"min.compaction.lag.ms": TEN_YEARS_MS, "max.compaction.lag.ms": TEN_YEARS_MS},
        )


def compacted(bootstrap: str, within_seconds: float = 90.0) -> dict[str, dict[str, Told]]:
    """The last record per key of each state topic after Kafka was made to compact it. Nobody may hear these topics any
    more: each of their partitions gets markers, without which its newest part is never compacted."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    eager = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.0001", "min.compaction.lag.ms": "0"}
    eager["max.compaction.lag.ms"] = "1"
    _set(admin, ResourceType.BROKER, "1", {"log.cleaner.backoff.ms": "500"})
    for topic in STATE_TOPICS:
        _set(admin, ResourceType.TOPIC, topic, eager)
    until = time.monotonic() + within_seconds
    while True:
        _mark(bootstrap)
        found = list(records(bootstrap, list(STATE_TOPICS)))
        last = {(record.topic, record.key): record for record in found}
        if len(last) == len(found) or time.monotonic() > until:
            assert len(last) == len(found), f"{len(found) - len(last)} records were not compacted"
            break
        time.sleep(1)
    made: dict[str, dict[str, Told]] = {topic: {} for topic in STATE_TOPICS}
    for (topic, key), record in last.items():
        made[topic][key] = record
    return made


def _set(admin: AdminClient, kind: ResourceType, name: str, config: Mapping[str, str]) -> None:
    entries = [
        ConfigEntry(name=key, value=value, incremental_operation=AlterConfigOpType.SET) for key, value in config.items()
    ]
    resource = ConfigResource(kind, name, incremental_configs=entries)
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(timeout=20)


def _mark(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    described = producer.list_topics(timeout=10).topics
    for _ in range(2):  # the first closes the part that holds records, the second the part that holds the first
        for topic in STATE_TOPICS:
            for partition in described[topic].partitions:
                producer.produce(topic, key=MARKER, value=b"{}", partition=partition)
        producer.flush(20)
        time.sleep(0.2)
