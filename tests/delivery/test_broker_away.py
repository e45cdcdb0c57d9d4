"""What a service does while Kafka does not answer."""

from __future__ import annotations

import logging
from collections import Counter

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

        async def reading() -> list[str]:
            return [ear.fault for ear in worker.running.ears if ear.fault]

        await eventually(reading, lambda faults: not faults)
        caplog.set_level(logging.WARNING, "aiokafka")
        broker.kill()
        try:
            caplog.clear()

            async def said() -> Counter[str]:
                return Counter(f"{each.funcName}: {each.msg}" for each in caplog.records)

            refused, most = "_get_conn: Unable connect to node with id %s: %s", 40 * len(worker.running.ears)
            await eventually(said, lambda times: times[refused] > 0)
            await stays(said, lambda times: times[refused] < most, for_seconds=4)
        finally:
            broker.start(120)
