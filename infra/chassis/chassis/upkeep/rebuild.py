"""Building a view anew from its topic's beginning while the old one goes on being read, and putting it in its place."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.consumer import Hearer
from chassis.mongo import Row
from chassis.projection import Projector
from chassis.reading import BATCH, Record
from chassis.upkeep import archive

Progress = Callable[[int, int], None]
SUFFIX: Final = "_rebuilt"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    records: int
    documents: int


async def rebuild(projector: Projector, bootstrap: str, progress: Progress = lambda done, of: None) -> Rebuilt:
    """A new collection from the beginning, whose documents take the place of the old ones when it has caught up.

    Readers always find a document: each is replaced by its new form unless a newer version came meanwhile, and only what the
    topic does not know is taken away. Memory is that of one batch.

    Proved by `test_a_view_is_built_anew_from_its_topic` and
    `test_what_comes_while_a_rebuild_ends_is_not_taken_away`.
    """
    collection = projector.collection
    new = replace(projector, collection=collection + SUFFIX, told=None)
    await new.store[new.collection].drop()
    await new.prepare()
    topic = projector.projection.contract.state_topic
    async with archive.reader(bootstrap) as reader:
        partitions = await _assigned(reader, bootstrap, topic)
        read = await catch_up(reader, partitions, new, progress)
        await _take_places(new, projector)
        strangers = await _strangers(new, projector)
        read += await catch_up(reader, partitions, new, progress)
        await _take_away(strangers, new, projector)
    await new.store[new.collection].drop()
    return Rebuilt(read, await projector.store[collection].estimated_document_count())


async def _take_places(new: Projector, old: Projector) -> None:
    """Puts every document of the new collection in the place of the old one that is not newer."""
    async for batch in _batches(new):
        if await old.store.transaction(partial(old.replace, batch, than="$lte")) < len(batch):
            await old.keep({document["_id"]: document for document in batch})  # some are not there yet, or newer


async def _strangers(new: Projector, old: Projector) -> dict[str, int]:
    """What stands in the old collection and is not in the new one, with its version: not known to the topic, or just come."""
    strangers: dict[str, int] = {}
    async for batch in _batches(old, {"version": 1}):
        strangers |= {row["_id"]: row["version"] for row in batch}
        ids = [row["_id"] for row in batch]
        for known in await new.store[new.collection].find({"_id": {"$in": ids}}, {"_id": 1}).to_list(None):
            del strangers[known["_id"]]
    return strangers


async def _take_away(strangers: Mapping[str, int], new: Projector, old: Projector) -> None:
    """Those that the topic, read to an end that lies behind them, does not know either."""
    for id_, version in strangers.items():
        if await new.store[new.collection].find_one({"_id": id_}, {"_id": 1}) is None:
            await old.store[old.collection].delete_one({"_id": id_, "version": version})


async def _batches(projector: Projector, fields: Mapping[str, int] | None = None) -> AsyncIterator[list[Row]]:
    cursor = projector.store[projector.collection].find({}, fields).batch_size(BATCH)
    while batch := await cursor.to_list(BATCH):
        yield batch


async def hear_again(hearer: Hearer, topic: str, bootstrap: str, progress: Progress = lambda done, of: None) -> int:
    """Reads a topic from its beginning into a journal, which takes what it lacks; how many records were read."""
    async with archive.reader(bootstrap) as reader:
        return await catch_up(reader, await _assigned(reader, bootstrap, topic), hearer, progress)


async def _assigned(reader: AIOKafkaConsumer, bootstrap: str, topic: str) -> list[TopicPartition]:
    partitions = await archive.partitions_of(bootstrap, topic)
    if not partitions:
        raise LookupError(f"there is no topic {topic}")
    reader.assign(partitions)
    await reader.seek_to_beginning(*partitions)
    return partitions


async def catch_up(
    reader: AIOKafkaConsumer, partitions: list[TopicPartition], hearer: Hearer, progress: Progress
) -> int:
    """Hears everything up to where the topic ends now; how many records. Raises `Unreadable` after 30 s without progress.
    Proved by `test_a_rebuild_to_which_nothing_comes_does_not_wait_for_ever`."""
    ends = await reader.end_offsets(partitions)
    read, moved = 0, time.monotonic()
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
            read, moved = read + len(records), time.monotonic()
        elif time.monotonic() - moved > archive.SILENCE_SECONDS:
            raise archive.Unreadable(f"nothing came for {archive.SILENCE_SECONDS:.0f} s")
