"""Path: a reaction: inbox row, changed aggregate and outbox row in one transaction. Floor: that transaction bare, with the
inbox row as its own proof that the record is new."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from aiokafka import ConsumerRecord
from tests.bench.bare import told, transaction
from tests.bench.bench_ground import PARTITIONS, Ground
from tests.bench.interleaved import Figures, interleaved
from tests.support import lantern
from tests.support.lantern import Greeted, Language, language
from tests.support.moments import DAY, MOMENT

from chassis.clock import RealClock
from chassis.command import Desk
from chassis.parking import Parking
from chassis.reaction import Heard, Reaction, Reactor, Work
from contracts.envelope import Envelope
from contracts.record import encode

RECORDS, KEYS = 600, 60


async def run(ground: Ground, times: int) -> list[Figures]:
    figures = Figures("reaction", "records/s", {"passerelle": 0.8})
    variants = {"floor": lambda: floor(ground), "passerelle": lambda: passerelle(ground)}
    return [await interleaved(figures, variants, times)]


async def floor(ground: Ground) -> float:
    client, name = ground.motor(), f"reaction_{uuid4().hex[:8]}"
    here: Any = client[name]
    await here.items.insert_many([_lantern(number) for number in range(KEYS)])
    for collection in ("inbox", "outbox"):
        await here[collection].insert_one({"_id": "first"})
    started = time.perf_counter()
    for number in range(RECORDS):
        id_, row = _id(number % KEYS), told(number, 1)

        async def work(session: Any, number: int = number, id_: str = id_, row: Any = row) -> None:
            await here.inbox.insert_one({"_id": f"CH:{number}", "at": datetime.now(UTC)}, session=session)
            item = await here.items.find_one({"_id": id_}, session=session)
            version = item["version"]
            changed = {**item, "version": version + 1, "public": {**item["public"], "brightness": number % 9}}
            await here.items.replace_one({"_id": id_, "version": version}, changed, session=session)
            await here.outbox.insert_one(row, session=session)

        await transaction(client, work)
    seconds = time.perf_counter() - started
    await client.drop_database(name)
    client.close()
    return RECORDS / seconds


async def passerelle(ground: Ground) -> float:
    store, words = ground.store("reaction"), language(f"r{uuid4().hex[:8]}")
    desk = Desk("lamps", store, RealClock(), [lantern.aggregate(words.lantern)])
    await desk.prepare()
    await store["lantern"].insert_many([_lantern(number) for number in range(KEYS)])
    await store["inbox"].insert_one({"_id": "first"})
    parking = Parking("lamps", store, _never)
    await parking.prepare()
    reactor = Reactor(desk, words.harbour, (Reaction("CH-B", words.harbour, (Greeted,), dim),), parking)
    records = [_greeting(words, number) for number in range(RECORDS)]
    started = time.perf_counter()
    waiting = await reactor.hear(records)
    seconds = time.perf_counter() - started
    assert not waiting, waiting
    assert await store["inbox"].count_documents({}) == RECORDS + 1
    await store.drop_database()
    store.close()
    return RECORDS / seconds


async def dim(heard: Heard, work: Work) -> None:
    await work.run("lantern", "dim_lantern", heard.envelope.key, {"brightness": 1 + len(heard.fact.words) % 9})


def _greeting(words: Language, number: int) -> Any:
    """A fact of a harbour that bears the lantern's id."""
    key, version = _id(number % KEYS), number // KEYS + 1
    fact = words.harbour.stamp(Greeted(words="x" * (number % 9)), key, version, DAY)
    envelope = Envelope(
        id=str(uuid4()),
        type=words.harbour.fact_type(Greeted),
        source="/passerelle/coast",
        subject=f"harbour/{key}",
        time=MOMENT,
        sequence=version,
        key=key,
        actor="anna",
        cause="bench",
        factno=1,
        traceparent=None,
    )
    value = encode(fact)
    partition = number % KEYS % PARTITIONS
    headers = envelope.headers()
    topic = words.harbour.events_topic
    return ConsumerRecord(
        topic, partition, number, 0, 0, key.encode(), value, None, len(key), len(value), tuple(headers)
    )


def _id(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def _lantern(number: int) -> dict[str, Any]:
    """A lit one as its service keeps it."""
    id_ = _id(number)
    public = {"id": id_, "version": 1, "state": "lit", "name": f"L{number}", "number": number, "place": "quay"}
    public |= {"brightness": 1, "text": "x" * 600}
    return {"_id": id_, "version": 1, "state": "lit", "public": public, "private": orjson.loads(b"{}"), "at": 1}


async def _never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")
