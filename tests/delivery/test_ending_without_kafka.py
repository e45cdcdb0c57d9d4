"""Ending while Kafka does not answer: nobody waits for it, and no half of a client stays behind."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.ground import Room
from tests.support.lamps import Lamps, Process, opened
from tests.support.watching import eventually

from chassis.broker import Consumer
from stack.child import Child

pytestmark = pytest.mark.slow


async def test_a_service_that_is_asked_to_end_does_not_wait_for_a_broker_that_stands_still(
    room: Room, broker: Child, tmp_path: Path
) -> None:
    process = Process(room.settings, tmp_path, more={"LAMPS_INSTANCE": ""})
    ended = await asyncio.to_thread(process.child("ended").start)
    async with process.client(ended).http as client:

        async def is_ready() -> int:
            return (await client.get("/ready")).status_code

        await eventually(is_ready, lambda status: status == 200, within_seconds=30)
    broker.freeze()
    try:
        await asyncio.to_thread(ended.stop, 20)
    finally:
        broker.thaw()

    assert ended._process is not None
    assert ended._process.returncode == 0


@pytest.mark.parametrize("fault", ["freeze", "kill"])
async def test_a_subscription_that_kafka_does_not_let_go_is_closed_to_its_end(
    room: Room, broker: Child, fault: str
) -> None:
    """Half closed it would stay a member of its group, with partitions that nobody reads."""
    before = await of_clients()
    async with AsyncExitStack() as service:
        worker = await service.enter_async_context(opened(room.settings, api=False))
        await eventually(partial(all_joined, worker))
        await eventually(of_clients, lambda working: "Fetcher._proc_fetch_request" in working)
        getattr(broker, fault)()
        try:
            if fault == "kill":
                await eventually(of_clients, lambda working: "rests" in working)
            await service.aclose()
        finally:
            broker.thaw() if fault == "freeze" else await asyncio.to_thread(broker.start, 120)

    assert await of_clients() == before


async def all_joined(service: Lamps) -> bool:
    return not any(ear.fault for ear in service.running.ears)


async def of_clients() -> list[str]:
    """What Kafka's clients have at work in this process; `rests`: after a fetch that failed."""
    working = []
    for task in asyncio.all_tasks():
        doing: Any = task.get_coro()
        name = getattr(doing, "__qualname__", "")
        if name.startswith(("GroupCoordinator", "Fetcher", "AIOKafka")):
            resting = name.endswith("_proc_fetch_request") and getattr(doing.cr_await, "__name__", "") == "sleep"
            working.append("rests" if resting else name)
    return sorted(working)


async def test_a_consumer_whose_end_is_not_waited_for_ends_nevertheless(room: Room, broker: Child) -> None:
    before = await of_clients()
    consumer = Consumer(
        room.words.harbour.state_topic, bootstrap_servers=room.bootstrap, group_id=room.settings.database
    )
    await consumer.start()
    await eventually(of_clients, lambda working: "Fetcher._proc_fetch_request" in working)
    broker.freeze()
    try:
        given_up = asyncio.create_task(consumer.stop())
        await asyncio.sleep(0)
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up

        await consumer.stop()
        assert await of_clients() == before
    finally:
        broker.thaw()
