"""Creates the topics that the contracts name and brings their settings up to date; `python -m chassis.topics`."""

from __future__ import annotations

import asyncio
import os

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.topics import load


async def create(bootstrap: str, replication: int = 1) -> int:
    """Creates what is missing; how many. Raises what Kafka refuses, naming the topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30_000)
    await admin.start()
    try:
        wanted = load()
        present = set(await admin.list_topics())
        missing = [
            NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.config))
            for topic in wanted.values()
            if topic.name not in present
        ]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise RuntimeError(f"topic {name}: {for_code(code).__name__}")
        standing = [topic for topic in wanted.values() if topic.name in present]
        if standing:
            await admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.config)) for topic in standing]
            )
        return len(missing)
    finally:
        await admin.close()


def main() -> None:
    """Creates the topics of every contract; ends with 1 when Kafka refuses one."""
    bootstrap = os.environ.get("PASSERELLE_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    replication = int(os.environ.get("PASSERELLE_KAFKA_REPLICATION", "1"))
    made = asyncio.run(create(bootstrap, replication))
    print(f"{made} topics created")


if __name__ == "__main__":
    main()
