"""How far a subscription has come, and telling Kafka so: not for every batch, and never further than what was dealt with."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.telemetry import log

COMMIT_SECONDS: Final = 0.5
"""Offsets wait so long for those of the batches that follow. Whoever hears something again because of that changes nothing; a
commit for every batch costs broker and client about what the batch itself does."""

WITHIN_SECONDS: Final = 2.0
"""The client itself asks a broker that is away for ever, and nobody could end meanwhile."""


class Offsets:
    """Where each partition of a subscription is to be heard from next.

    Guarantees: an offset is committed only when all before it was dealt with; what was dealt with is committed half a second
    later, at the end and before a partition is given away at once.

    Proved by `test_a_worker_asked_to_end_finishes_the_batch_in_hand`.
    """

    def __init__(self) -> None:
        self.next: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None

    def commit_soon(self, consumer: Any) -> None:
        """Also what is dealt with until then."""
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_later(consumer))

    async def _commit_later(self, consumer: Any) -> None:
        done = False
        while not done:
            await asyncio.sleep(COMMIT_SECONDS)
            done = await self.commit(consumer)

    async def commit(self, consumer: Any) -> bool:
        """What is known and not committed yet; a partition that was given away is left to who has it now. False when Kafka did
        not take it, so that somebody hears it again, or more was dealt with meanwhile.
        Proved by `test_what_is_dealt_with_during_a_commit_is_committed_too`."""
        assigned = consumer.assignment() if consumer else ()
        offsets = {part: at for part, at in self.next.items() if part in assigned and self._committed.get(part) != at}
        if not offsets:
            return True
        try:
            await asyncio.wait_for(consumer.commit(offsets), WITHIN_SECONDS)
        except (KafkaError, TimeoutError) as fault:
            log.warning("offsets not committed", fault=repr(fault)[:200])
            return False
        self._committed |= offsets
        return all(self._committed.get(part) == at for part, at in self.next.items() if part in consumer.assignment())

    def forget(self) -> None:
        """Partitions are being given out anew."""
        self.next.clear()
        self._committed.clear()

    async def close(self) -> None:
        """Nothing is committed after this."""
        if self._committing:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
