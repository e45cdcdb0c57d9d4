"""What each path costs, counted exactly: round trips to the store, documents written, records and bytes published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.support.coast import Coast, records_of
from tests.support.ground import Room
from tests.support.lamps import Lamps, opened
from tests.support.lantern import Greeted
from tests.support.moments import MOMENT
from tests.support.wire import Cost, Wire, listened, record

from chassis.mongo import Store
from chassis.outbox import INDEXES, OUTBOX, Told, outbox_row
from chassis.outlet import Outlet
from chassis.parking import Parking
from chassis.projection import Projection, Projector
from chassis.reaction import Heard, Reaction, Reactor, Work
from chassis.relay import Relay

TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}


COSTS: Mapping[str, Cost] = {
    "a command": Cost(trips=3, documents=2, records=2, bytes=1_307),
    "a creation that draws a number and claims a name": Cost(trips=4, documents=4, records=2, bytes=1_330),
    "a batch heard": Cost(trips=1),
    "a reaction": Cost(trips=4, documents=3),
    "500 rows relayed": Cost(trips=3, documents=501, records=1_000),
    "1,000 states new to a view": Cost(trips=2, documents=1_000),
    "1,000 newer states": Cost(trips=3, documents=1_000),
    "1,000 states already known": Cost(trips=1),
}


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def lamps(room: Room, wire: Wire) -> AsyncIterator[Lamps]:
    """Takes commands only, so that nothing else asks the store."""
    async with listened(wire), opened(room.settings, worker=False) as service:
        yield service


async def published(lamps: Lamps, room: Room) -> Cost:
    """What the relay makes of the outbox as it stands."""
    outlet = Outlet(room.bootstrap, "costs")
    relay = Relay(lamps.store, outlet, asyncio.Event())
    assert await relay.lease.keep()
    await relay._drain()
    await outlet.stop()
    records = [
        record
        for topic in (room.words.lantern.events_topic, room.words.lantern.state_topic)
        for record in await records_of(room.bootstrap, topic)
    ]
    sizes = [
        len(record.key) + len(record.value) + sum(len(name) + len(value) for name, value in record.headers)
        for record in records
    ]
    return Cost(records=len(records), bytes=sum(sizes))


def both(one: Cost, other: Cost) -> Cost:
    return Cost(
        one.trips + other.trips, one.documents + other.documents, one.records + other.records, one.bytes + other.bytes
    )


async def forget_told(lamps: Lamps) -> None:
    await lamps.store[OUTBOX].delete_many({})


async def test_a_command(lamps: Lamps, room: Room, wire: Wire) -> None:
    id_ = await lamps.client.hung("Phare")
    await lamps.client.done(id_, "light-lantern", {"brightness": 2}, at=1)
    await lamps.client.done(id_, "dim-lantern", {"brightness": 1}, at=2)
    await forget_told(lamps)
    wire.cost()

    answer = await lamps.client.ask(id_, "dim-lantern", {"brightness": 3}, at=3, Idempotency_Key="k", **TRACE)

    asked = wire.cost()
    assert answer.status_code == 200, answer.text
    assert both(asked, await published(lamps, room)) == COSTS["a command"]


async def test_a_creation(lamps: Lamps, room: Room, wire: Wire) -> None:
    await lamps.client.hung("Phare")
    await forget_told(lamps)
    wire.cost()

    answer = await lamps.client.http.post(
        "/api/v1/lanterns", json={"name": "Fanal"}, headers=lamps.client.headers(Idempotency_Key="k") | TRACE
    )

    asked = wire.cost()
    assert answer.status_code == 201, answer.text
    assert both(asked, await published(lamps, room)) == COSTS["a creation that draws a number and claims a name"]


async def test_reactions(lamps: Lamps, harbourside: Coast, wire: Wire) -> None:
    ids = [await lamps.client.hung(f"Phare {number}", place=f"quay {number}") for number in range(12)]
    for id_ in ids:
        await lamps.client.done(id_, "light-lantern", {}, at=1)
    desk, words = lamps.running.desk, lamps.words

    async def dim(heard: Heard, work: Work) -> None:
        await work.run("lantern", "dim_lantern", heard.envelope.key, {"brightness": 2})

    reactor = Reactor(desk, words.harbour, (Reaction("CH-L9", words.harbour, (Greeted,), dim),), lamps.running.parking)
    for id_ in ids:
        await harbourside.opens("Vieux-Port", id_)
        await harbourside.greets(id_, "ahoy")
    first, *others = (
        record(row, at=0) for row in harbourside.rows for at, _ in enumerate(row["records"][:1]) if row["version"] == 2
    )
    await reactor.hear([first])
    wire.cost()

    await reactor.hear(others)

    batch, reaction = COSTS["a batch heard"], COSTS["a reaction"]
    count = len(others)
    assert wire.cost() == Cost(batch.trips + count * reaction.trips, count * reaction.documents)


async def test_a_batch_of_the_relay(room: Room, wire: Wire) -> None:
    async with listened(wire):
        store = Store(room.settings.mongo_url, room.settings.database)
    await store.index(OUTBOX, *INDEXES)
    told = Told("lamps", "anna", "a-command", MOMENT)
    rows = []
    for number in range(501):
        key = str(UUID(int=number))
        fact = room.words.harbour.stamp(Greeted(words="ahoy"), key, 1, MOMENT.date())
        rows.append(outbox_row(room.words.harbour, key, 1, [fact], {"id": key, "version": 1}, told, number + 1))
    outlet = Outlet(room.bootstrap, "costs")
    relay = Relay(store, outlet, asyncio.Event())
    await store[OUTBOX].insert_one(rows[0])
    await relay.lease.keep()
    await relay._drain()
    await store[OUTBOX].insert_many(rows[1:])
    wire.cost()

    await relay._drain()

    asked = wire.cost()
    assert not await store[OUTBOX].find_one({"pending": {"$gt": 0}})
    told_of = [await records_of(room.bootstrap, topic) for topic in words_of(room)]
    assert Cost(asked.trips, asked.documents, sum(map(len, told_of)) - 2) == COSTS["500 rows relayed"]
    await outlet.stop()
    store.close()


def words_of(room: Room) -> Sequence[str]:
    return room.words.harbour.events_topic, room.words.harbour.state_topic


async def test_a_batch_of_a_view(room: Room, wire: Wire) -> None:
    async with listened(wire):
        store = Store(room.settings.mongo_url, room.settings.database)
    projector = Projector(store, Projection(room.words.harbour, "harbours"), Parking("lamps", store, never))
    await projector.hear(states(room, 1, version=1))
    wire.cost()

    for name, version in (
        ("1,000 states new to a view", 2),
        ("1,000 newer states", 3),
        ("1,000 states already known", 3),
    ):
        await projector.hear(states(room, 1_000, version=version, start=2))
        assert (name, wire.cost()) == (name, COSTS[name])
    store.close()


def states(room: Room, count: int, *, version: int, start: int = 1) -> list[Any]:
    told = Told("coast", "clerk-01", "a-command", MOMENT)
    rows = []
    for number in range(start, start + count):
        key = str(UUID(int=number))
        state = {"id": key, "version": version, "state": "open", "name": "Vieux-Port"}
        rows.append(outbox_row(room.words.harbour, key, version, [], state, told, 1))
    return [record(row, at=0) for row in rows]


async def never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")
