"""FastStream's broker as the chassis uses it: it only listens, and starts when Kafka is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from faststream.kafka import KafkaBroker

from chassis.telemetry import log

FIRST_PAUSE_SECONDS: Final = 0.05
GRACE_SECONDS: Final = 10.0
ASK_AGAIN_MS: Final = 1_000
"""Every subscription asks for Kafka by itself while it is away; ten times a second, which is the client's own pace, they
take a core together from a broker that is just coming back."""
LEAVE_SECONDS: Final = 2.0
"""The client waits forty for an answer to its leaving, which nothing depends on: who is silent is left out of its group."""


@asynccontextmanager
async def meanwhile(*running: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """These go on until the end."""
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def listening(broker: KafkaBroker) -> AsyncIterator[None]:
    """The broker's subscriptions, started as soon as Kafka answers; at the end each finishes the batch in hand.
    Proved by `test_a_worker_asked_to_end_finishes_the_batch_in_hand`."""
    try:
        async with meanwhile(_start(broker)):
            yield
    finally:
        await broker.stop()


async def _start(broker: KafkaBroker) -> None:
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            await broker.start()
            return
        except Exception as fault:
            log.warning("waits for Kafka", fault=repr(fault)[:200])
            await broker.stop()
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Kafka's consumer, which ends wholly: closed by half it would stay a member of its group, with partitions nobody reads.

    Proved by `test_a_subscription_that_kafka_does_not_let_go_is_closed_to_its_end`.
    """

    _ending: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Returns when it has ended, also when an earlier call began that and was given up.
        Proved by `test_a_consumer_whose_end_is_not_waited_for_ends_nevertheless`."""
        self._ending = self._ending or asyncio.create_task(self._end(super().stop()))
        await asyncio.shield(self._ending)

    async def _end(self, stop: Awaitable[None]) -> None:
        """What the client does not end by itself, because an answer does not come or as it rests after a fetch that failed,
        is ended here."""
        closing = asyncio.ensure_future(stop)
        if await _over(closing):
            return
        left: list[Any] = [closing]
        if group := self._coordinator:
            left += [group._coordination_task, group._heartbeat_task, group._commit_refresh_task]
        if fetcher := self._fetcher:
            left += [fetcher._fetch_task, *fetcher._pending_tasks]
        left = [task for task in left if task]
        for task in left:
            task.cancel()
        await _over(asyncio.gather(*left, return_exceptions=True))
        await _over(asyncio.ensure_future(self._client.close()))


async def _over(doing: asyncio.Future[Any]) -> bool:
    """Whether it ends well soon; it is not waited for longer."""
    await asyncio.wait([doing], timeout=LEAVE_SECONDS)
    return doing.done() and not doing.cancelled() and doing.exception() is None


class Broker(KafkaBroker):
    """FastStream's broker, whose subscriptions start together instead of one after the other, and end wholly."""

    async def start(self) -> None:
        await self.connect()
        client: Any = self.config.broker_config
        client.builder = partial(Consumer, **client.builder.keywords)
        async with asyncio.TaskGroup() as starting:
            for subscriber in self.subscribers:
                starting.create_task(subscriber.start())
        self.running = True


def quiet_broker(bootstrap: str, client_id: str) -> Broker:
    """Without a producer of its own, log lines, type casting, models of what handlers take and topic creation."""
    return Broker(
        bootstrap,
        client_id=client_id,
        consumer_only=True,
        logger=None,
        apply_types=False,
        serializer=None,
        graceful_timeout=GRACE_SECONDS,
        retry_backoff_ms=ASK_AGAIN_MS,
    )
