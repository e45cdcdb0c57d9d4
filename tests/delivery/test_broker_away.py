"""What a service does while Kafka does not answer."""

from __future__ import annotations

import logging

import pytest
from tests.support.ground import Room
from tests.support.lamps import opened
from tests.support.watching import eventually, stays

from stack.child import Child

pytestmark = pytest.mark.slow


async def test_a_broker_that_is_away_is_asked_for_now_and_then(
    room: Room, broker: Child, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes back sooner when nobody takes the processor from it meanwhile."""
    async with opened(room.settings, api=False) as worker:

        async def reading() -> list[str | None]:
            return [ear.fault for ear in worker.running.ears]

        await eventually(reading, lambda faults: not any(faults))
        caplog.set_level(logging.WARNING, "aiokafka")
        broker.kill()
        try:
            caplog.clear()

            async def refused() -> int:
                return sum("Unable connect" in record.getMessage() for record in caplog.records)

            subscriptions = len(worker.running.ears)
            await stays(refused, lambda times: times < 40 * subscriptions, for_seconds=4, every_seconds=0.2)
        finally:
            broker.start(120)
