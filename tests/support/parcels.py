"""A contract of three facts and a service told into real Kafka and store: what the comparing tools are tried on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.mongo import Row, Store
from chassis.outbox import OUTBOX, Told, outbox_row
from chassis.outlet import outgoing, producer
from chassis.taking import public_json
from contracts.record import Contract, Fact, State
from contracts.types import Shape


class ParcelFact(Fact):
    parcel_id: str = ""


class Packed(ParcelFact):
    label: str
    grams: int


class Relabelled(ParcelFact):
    label: str


class Weighed(ParcelFact):
    grams: int


class Size(Shape):
    grams: int


class Parcel(State):
    state: str = "packed"
    label: str
    size: Size


def evolve(parcel: Parcel | None, fact: Packed | Relabelled | Weighed) -> Parcel:
    match fact:
        case Packed(parcel_id=id_, label=label, grams=grams):
            return Parcel(id=id_, label=label, size=Size(grams=grams))
        case Relabelled(label=label):
            assert parcel is not None
            return parcel.model_copy(update={"label": label})
        case Weighed(grams=grams):
            assert parcel is not None
            return parcel.model_copy(update={"size": Size(grams=grams)})


@dataclass(frozen=True)
class ParcelContract(Contract[Parcel]):
    """`room` keeps the topics of one test apart from those of another on the same broker."""

    room: str = "room"

    @property
    def events_topic(self) -> str:
        return f"passerelle.{self.room}.events.v1"

    @property
    def state_topic(self) -> str:
        return f"passerelle.{self.room}.state.v1"


def contract_of(room: str, *, personal: bool = False) -> ParcelContract:
    return ParcelContract(
        aggregate="parcel",
        service="post",
        collection="parcels",
        state=Parcel,
        facts=(Packed, Relabelled, Weighed),
        evolve=evolve,
        personal=personal,
        room=room,
    )


TODAY = date(2026, 11, 2)
MOMENT = datetime(2026, 11, 2, tzinfo=UTC)
STORY: tuple[tuple[Fact, ...], ...] = (
    (Packed(label="books", grams=900),),
    (Relabelled(label="old books"), Weighed(grams=950)),
    (Relabelled(label="very old books"),),
)


@dataclass
class Post:
    """The service `post`, its reader's copies and the gateway's view, in databases of their own."""

    bootstrap: str
    store: Store
    kafka: AIOKafkaProducer
    contract: Contract[Any]
    rows: list[Row]

    @property
    def databases(self) -> dict[str, str]:
        return {"post": f"{self.store.name}_post", "reader": f"{self.store.name}_reader"}

    @property
    def views(self) -> str:
        return f"{self.store.name}_gateway"

    def owner(self) -> Store:
        return self.store.sibling(self.databases["post"])

    def view(self) -> Any:
        return self.store.sibling(self.views)["parcels"]

    def copies(self) -> Any:
        return self.store.sibling(self.databases["reader"])["parcel_copies"]

    async def record(self, key: str) -> None:
        """The whole story of one parcel: in the owner's store, in its outbox, in the view and in the copy."""
        state: Any = None
        for version, facts in enumerate(STORY, start=1):
            stamped = [self.contract.stamp(fact, key, version, TODAY) for fact in facts]
            state = self.contract.fold(state, stamped)
            told = Told("post", "clerk-01", "a-command", MOMENT)
            row = outbox_row(self.contract, key, version, stamped, public_json(state), told, len(self.rows) + 1)
            row.pop("pending")
            self.rows.append(row)
            await self.owner()[OUTBOX].insert_one(row)
        public = public_json(state)
        document = {"_id": key, "version": state.version, "state": "packed", "public": public, "private": {}, "at": 1}
        await self.owner()["parcel"].insert_one(document)
        kept = {name: value for name, value in public.items() if name != "id"}
        await self.view().insert_one({"_id": key, **kept, "view": {"words": ["books"]}})
        copied = {name: value for name, value in kept.items() if name in ("version", "label")}
        await self.copies().insert_one({"_id": key, **copied, "touched": 3})

    async def send(self, rows: Iterable[Row] | None = None, *, without: Sequence[str] = ()) -> None:
        """Sends the rows' records, all unless told otherwise, but not those whose id is among `without`."""
        for row in self.rows if rows is None else rows:
            for record, sent in zip(row["records"], outgoing(row), strict=True):
                if record["id"] not in without:
                    await self.kafka.send(sent.topic, key=sent.key, value=sent.value, headers=sent.headers)
        await self.kafka.flush()

    def of(self, key: str, version: int) -> Row:
        return next(row for row in self.rows if row["key"] == key and row["version"] == version)


async def make_topics(bootstrap: str, contract: Contract[Any]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = (contract.events_topic, contract.state_topic)
        await admin.create_topics([NewTopic(name, num_partitions=3, replication_factor=1) for name in names])
    finally:
        await admin.close()


async def delete_topic(bootstrap: str, name: str) -> None:
    """Deletes a topic and returns when the broker does not list it any more."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([name])
        until = time.monotonic() + 20
        while name in await admin.list_topics():
            assert time.monotonic() < until, f"{name} is still listed"
            await asyncio.sleep(0.05)
    finally:
        await admin.close()


@asynccontextmanager
async def post_office(bootstrap: str, mongo: str, room: str, *, personal: bool = False) -> AsyncIterator[Post]:
    """A post office with empty topics and databases of its own."""
    contract = contract_of(room, personal=personal)
    await make_topics(bootstrap, contract)
    store, kafka = Store(mongo, f"post_{room}"), producer(bootstrap, "post")
    await kafka.start()
    try:
        yield Post(bootstrap, store, kafka, contract, [])
    finally:
        await kafka.stop()
        store.close()
