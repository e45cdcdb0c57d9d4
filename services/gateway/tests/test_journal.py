"""The journal on a real store: a fact stands once however often it is heard, and costs no more than it must."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from services.gateway.tests.gateway_house import DAY, MOMENT
from tests.support.wire import Cost, Wire, listened, record

from chassis.mongo import Store
from chassis.outbox import Told, new_id, outbox_row
from chassis.parking import Parking
from contracts.partner import PARTNER, Activated, Registered
from contracts.record import Fact
from gateway.journal import TIMELINE, Journal
from stack.child import Child

REGISTERED = Registered.model_validate({"kind": "university", "name": {"display": "Journal"}, "country": "FI"})
ACTIVATED = Activated(relation_owner="officer-1")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def store(documents: Child, wire: Wire) -> AsyncIterator[Store]:
    async with listened(wire):
        kept = Store(documents.address, f"journal_{uuid4().hex[:8]}")
    yield kept
    kept.close()


def heard(key: str, version: int, fact: Fact) -> Any:
    stamped = PARTNER.stamp(fact, key, version, DAY)
    return record(
        outbox_row(PARTNER, key, version, [stamped], None, Told("partners", "officer-1", "c", MOMENT), 1), at=0
    )


async def never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")


async def test_a_fact_costs_three_trips_the_first_time_and_two_later(store: Store, wire: Wire) -> None:
    journal, key = Journal(store, PARTNER, Parking("gateway", store, never)), new_id()
    await journal.hear([heard(new_id(), 1, REGISTERED)])
    wire.cost()

    await journal.hear([heard(key, 1, REGISTERED)])
    first = wire.cost()
    await journal.hear([heard(key, 2, ACTIVATED)])

    assert (first, wire.cost()) == (Cost(trips=3, documents=2), Cost(trips=2, documents=1))


@pytest.mark.parametrize("many", [1, 2, 7])
async def test_facts_told_twice_stand_once_also_beside_new_ones(store: Store, many: int) -> None:
    journal = Journal(store, PARTNER, Parking("gateway", store, never))
    told = [heard(new_id(), 1, REGISTERED) for _ in range(many)]

    await journal.hear(told)
    await journal.hear(told)
    await journal.hear([told[0], heard(new_id(), 1, REGISTERED)])

    assert await store[TIMELINE].count_documents({}) == many + 1
