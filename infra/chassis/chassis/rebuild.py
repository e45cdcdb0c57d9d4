"""Building a view anew from its topic's beginning while the old one goes on being read, and putting it in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.archive import partitions_of
from chassis.consumer import BATCH, Hearer, Record
from chassis.projection import Projector

Progress = Callable[[int, int], None]
SUFFIX: Final = "_rebuilt"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    records: int
    documents: int


async def rebuild(projector: Projector, bootstrap: str, progress: Progress = lambda done, of: None) -> Rebuilt:
    """A new collection from the beginning, swapped for the old one when it has caught up.

    What the old one still received meanwhile is read once more into the new one, so nothing is lost; memory is that of one
    batch.
    """
    collection = projector.collection
    new = replace(projector, collection=collection + SUFFIX, parking=projector.parking)
    await new.store[new.collection].drop()
    await new.prepare()
    topic = projector.projection.contract.state_topic
    async with _reader(bootstrap) as reader:
        partitions = await _assigned(reader, bootstrap, topic)
        read = await catch_up(reader, partitions, new, progress)
        if await new.store[new.collection].find_one({}) is None:
            await new.store[collection].delete_many({})
        else:
            await new.store.rename(new.collection, collection)
        read += await catch_up(reader, partitions, projector, progress)
    return Rebuilt(read, await projector.store[collection].estimated_document_count())


async def hear_again(hearer: Hearer, topic: str, bootstrap: str, progress: Progress = lambda done, of: None) -> int:
    """Reads a topic from its beginning into a journal, which takes what it lacks; how many records were read."""
    async with _reader(bootstrap) as reader:
        return await catch_up(reader, await _assigned(reader, bootstrap, topic), hearer, progress)


def _reader(bootstrap: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")


async def _assigned(reader: AIOKafkaConsumer, bootstrap: str, topic: str) -> list[TopicPartition]:
    partitions = await partitions_of(bootstrap, topic)
    if not partitions:
        raise LookupError(f"there is no topic {topic}")
    reader.assign(partitions)
    await reader.seek_to_beginning(*partitions)
    return partitions


async def catch_up(
    reader: AIOKafkaConsumer, partitions: list[TopicPartition], hearer: Hearer, progress: Progress
) -> int:
    """Hears everything up to where the topic ends now; how many records."""
    ends = await reader.end_offsets(partitions)
    read = 0
    while True:
        positions = [await reader.position(partition) for partition in partitions]
        left = sum(max(0, ends[partition] - at) for partition, at in zip(partitions, positions, strict=True))
        progress(read, read + left)
        if left == 0:
            return read
        batch = await reader.getmany(*partitions, timeout_ms=500, max_records=BATCH)
        records: list[Record] = [record for part in batch.values() for record in part]
        if records:
            await hearer.hear(records)
            read += len(records)
