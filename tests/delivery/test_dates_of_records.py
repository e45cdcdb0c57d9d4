"""Personal records are dated to the month of the service's own clock, not of Kafka's."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.outlet import Outgoing, Outlet
from contracts.registry import CONTRACTS
from contracts.topics import load
from stack.child import Child

pytestmark = pytest.mark.slow

FAR_AHEAD_MS = 3 * 365 * 24 * 3_600_000
PERSONAL = [contract for contract in CONTRACTS.values() if contract.personal]
DATED = sorted({topic for contract in PERSONAL for topic in (contract.events_topic, contract.state_topic)})


@pytest.mark.parametrize("name", DATED)
async def test_a_record_of_a_clock_far_ahead_is_taken(name: str, broker: Child) -> None:
    """Else a stay announced on a demonstration clock that was stepped into next year would never be told."""
    room, admin = f"{name}.{uuid4().hex[:8]}", AIOKafkaAdminClient(bootstrap_servers=broker.address)
    outlet = Outlet(broker.address, "dates")
    await admin.start()
    try:
        await admin.create_topics([NewTopic(room, 1, 1, topic_configs=dict(load()[name].config))])
        ahead = int(time.time() * 1_000) + FAR_AHEAD_MS
        faults = await outlet.send([Outgoing(room, b"a", b"{}", [], ahead)])
    finally:
        await outlet.stop()
        await admin.delete_topics([room])
        await admin.close()

    assert faults == [None]
