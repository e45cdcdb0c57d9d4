"""Wall clocks that jump: who publishes is still one, nothing is lost, and every key keeps its order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.support.coast import records_of, versions
from tests.support.ground import Room
from tests.support.lamps import Client, Lamps, Process, opened
from tests.support.watching import eventually

from chassis.mongo import Store
from stack.child import Child

JUMPS = (3_000, -3_600, 3_300, 0)
"""Seconds off, one after the other; Kafka takes what is less than an hour ahead of the broker's clock."""
FAR_AHEAD = 3 * 3_600

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass
class Clock:
    """The wall clock of the processes that are told of the file; in this one, that of the tokens it makes."""

    off: Path
    seconds: int = 0

    def put(self, seconds: int) -> None:
        written = self.off.with_suffix(".new")
        written.write_text(str(seconds))
        written.replace(self.off)
        self.seconds = seconds

    def time(self) -> float:
        return time.time() + self.seconds


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    put = Clock(tmp_path / "clock-off")
    monkeypatch.setattr("chassis.auth.time", put)
    return put


@dataclass
class Keeper:
    """Hangs lanterns and changes them, and knows which versions were acknowledged."""

    client: Client
    acknowledged: dict[str, int] = field(default_factory=dict)

    async def works(self, times: int = 8) -> None:
        for number in range(times):
            self.acknowledged[await self.client.hung(f"lantern {uuid4()}")] = 1
            for id_ in list(self.acknowledged)[-3:]:
                done = await self.client.done(id_, "engrave-lantern", {"text": f"{number}"}, at=self.acknowledged[id_])
                self.acknowledged[id_] = done["version"]


async def drained(store: Store) -> None:
    async def waiting() -> int:
        return int(await store["outbox"].count_documents({"pending": {"$gt": 0}}))

    await eventually(waiting, lambda left: left == 0, within_seconds=60)


async def is_ready(client: Client) -> Any:
    return (await client.http.get("/ready")).json()


def ids(records: Sequence[Any]) -> Counter[bytes]:
    return Counter(dict(record.headers)["ce_id"] for record in records)


def in_order(told: Sequence[int]) -> bool:
    """Whether each version was told for the first time after all before it."""
    return list(dict.fromkeys(told)) == list(range(1, max(told) + 1))


async def test_a_row_made_after_the_clock_was_put_back_is_told_after_those_of_its_key_before(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(tmp_path / "clock-off")
    monkeypatch.setattr("chassis.shelf.time.time_ns", lambda: int(clock.time() * 1e9))
    async with opened(room.settings, worker=False) as door:
        clock.seconds = 3_600
        id_ = await door.client.hung("a")
        clock.seconds = 0
        for version in (1, 2, 3):
            await door.client.done(id_, "engrave-lantern", {"text": "x"}, at=version)
        async with opened(room.settings, api=False):
            await drained(door.running.store)

    assert versions(await records_of(room.bootstrap, room.words.lantern.events_topic), id_) == [1, 2, 3, 4]


async def test_a_service_whose_clock_jumps_takes_every_command_and_tells_each_fact_once(
    room: Room, tmp_path: Path, clock: Clock
) -> None:
    process = Process(room.settings, tmp_path)
    clock.put(0)
    async with opened(room.settings, api=False, worker=False) as door:
        with process.child("jumping").start() as child:
            keeper = Keeper(process.client(child))
            await keeper.works()
            repeated = await keeper.client.hang("repeated", key="the same")
            for seconds in (*JUMPS, FAR_AHEAD, 0):
                clock.put(seconds)
                await keeper.works()
                again = await keeper.client.hang("repeated", key="the same")
                assert (again.status_code, again.json()["id"]) == (201, repeated.json()["id"])
                if seconds != FAR_AHEAD:
                    await drained(door.store)
                    await eventually(lambda: is_ready(keeper.client), lambda said: said["status"] == "ready")
            lease = await door.store["leases"].find_one({"_id": "relay"})
            await keeper.client.http.aclose()

    facts = await records_of(room.bootstrap, room.words.lantern.events_topic)
    acknowledged = {**keeper.acknowledged, repeated.json()["id"]: 1}
    assert {key: versions(facts, key) for key in acknowledged} == {
        key: list(range(1, version + 1)) for key, version in acknowledged.items()
    }
    assert set(ids(facts).values()) == {1}
    assert lease["token"] == 1


async def test_when_the_clock_of_two_relays_jumps_the_lease_changes_hands_once_at_most(
    room: Room, tmp_path: Path
) -> None:
    clock = Clock(tmp_path / "clock-off")
    settings = room.settings.model_copy(update={"lease_seconds": 60.0})
    process = Process(settings, tmp_path, "worker", more={"LAMPS_INSTANCE": ""})
    async with opened(room.settings, worker=False) as door:
        keeper = Keeper(door.client)
        with process.child("one").start(), process.child("other").start():
            await keeper.works()
            for seconds in JUMPS:
                clock.put(seconds)
                await keeper.works()
                await drained(door.store)
            lease = await door.store["leases"].find_one({"_id": "relay"})
            await told_whole(room, door, keeper)

    assert lease["token"] <= 1 + len(JUMPS)


async def test_two_relays_whose_clocks_are_an_hour_apart_lose_nothing_and_reorder_nothing(
    room: Room, tmp_path: Path
) -> None:
    async with opened(room.settings, worker=False) as door:
        keeper = Keeper(door.client)
        with relay(room, tmp_path / "right", 0), relay(room, tmp_path / "ahead", 3_300):
            await keeper.works(20)
            await drained(door.store)
            await told_whole(room, door, keeper)


def relay(room: Room, folder: Path, off: int) -> Child:
    folder.mkdir()
    Clock(folder / "clock-off").put(off)
    return Process(room.settings, folder, "worker", more={"LAMPS_INSTANCE": ""}).child(folder.name).start()


async def told_whole(room: Room, door: Lamps, keeper: Keeper) -> None:
    """Each version is told, again only with the same ids, and the last snapshot is the newest, soon."""
    facts = await records_of(room.bootstrap, room.words.lantern.events_topic)
    rows = await door.store["outbox"].find({}).to_list(None)
    promised = {record["id"].encode() for row in rows for record in row["records"] if ".events." in record["topic"]}
    assert set(ids(facts)) == promised
    for key, version in keeper.acknowledged.items():
        assert in_order(versions(facts, key))
        assert max(versions(facts, key)) == version

    async def last() -> dict[str, int]:
        states = await records_of(room.bootstrap, room.words.lantern.state_topic)
        return {key: versions(states, key)[-1] for key in keeper.acknowledged}

    await eventually(last, lambda shown: shown == keeper.acknowledged)
