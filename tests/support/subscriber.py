"""A campus system: it has a Kafka client and the topics' names, nothing of ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from tests.support.coast import records_of

Json = dict[str, Any]
FORMAT = r"%h\t%k\t%s\n"


@dataclass(frozen=True)
class Heard:
    """A record as any client sees it."""

    topic: str
    key: str
    headers: dict[str, str]
    value: Json | None

    @property
    def type(self) -> str:
        return self.headers["ce_type"]


async def heard(bootstrap: str, topic: str, key: str) -> list[Heard]:
    """What the topic holds about one aggregate, in order."""
    wanted = key.encode()
    return [_heard(record) for record in await records_of(bootstrap, topic) if record.key == wanted]


def _heard(record: Any) -> Heard:
    headers = {name: value.decode() for name, value in record.headers}
    return Heard(record.topic, record.key.decode(), headers, json.loads(record.value) if record.value else None)


def kcat(bootstrap: str, topic: str, key: str) -> list[Heard]:
    """The same read by Debian's `kcat`."""
    command = ["kcat", "-C", "-q", "-e", "-b", bootstrap, "-t", topic, "-o", "beginning", "-f", FORMAT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = (line.split("\t") for line in done.stdout.splitlines())
    return [_printed(topic, *line) for line in lines if line[1] == key]


def _printed(topic: str, headers: str, key: str, value: str) -> Heard:
    said = dict(each.split("=", 1) for each in headers.split(","))
    return Heard(topic, key, said, json.loads(value) if value else None)


async def every_record(bootstrap: str) -> Sequence[Any]:
    """All records of all topics but Kafka's own, raw."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        topics = sorted(name for name in await consumer.topics() if not name.startswith("__"))
    finally:
        await consumer.stop()
    return [record for topic in topics for record in await records_of(bootstrap, topic)]


async def facts_of(bootstrap: str, type_: str) -> list[Json]:
    """The values of all facts of one type, in the order of each key."""
    topic = ".".join([*type_.split(".")[:2], "events.v1"])
    records = await records_of(bootstrap, topic)
    return [json.loads(record.value) for record in records if dict(record.headers).get("ce_type") == type_.encode()]
