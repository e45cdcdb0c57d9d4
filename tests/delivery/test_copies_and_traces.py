"""Local copies: the newest state of each key, whatever comes twice, late, broken or erased; and one trace to whoever hears."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support.coast import Coast, records_of
from tests.support.ground import Room
from tests.support.lamps import Lamps, opened
from tests.support.lantern import Closed
from tests.support.spans import remembered
from tests.support.watching import eventually

from chassis.mongo import Row
from chassis.outlet import outgoing
from chassis.projection import Projector
from chassis.upkeep import archive
from chassis.upkeep import rebuild as rebuilding
from chassis.upkeep.rebuild import rebuild

pytestmark = pytest.mark.slow

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"


async def copy(service: Lamps, key: str) -> Any:
    return await service.store["harbour_copies"].find_one({"_id": key})


async def at(service: Lamps, key: str, version: int) -> Any:
    return await eventually(lambda: copy(service, key), lambda kept: bool(kept) and kept["version"] == version)


async def test_of_many_versions_the_newest_is_kept_with_the_wanted_members(lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "a", "b")
    await harbourside.closes(key)

    kept = await at(lamps, key, 4)
    assert {**kept, "touched": 0} == {"_id": key, "version": 4, "name": "Ostende", "state": "closed", "touched": 0}


async def test_what_comes_while_a_rebuild_ends_is_not_taken_away(lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await at(lamps, key, 1)
    (projector,) = (each for each in lamps.running.projectors if each.collection == "harbour_copies")
    view = lamps.store._direct[lamps.store.name]["harbour_copies"]
    view.insert_one({"_id": "stranger", "version": 1})
    ends: list[int] = []

    def progress(done: int, of: int) -> None:
        if done == of:
            ends.append(done)
        if len(ends) == 2:  # it reads the topic's last part; the live view goes on meanwhile
            view.insert_one({"_id": f"newcomer {done}", "version": 1})

    await rebuild(projector, lamps.running.service.settings.kafka_bootstrap, progress)

    assert len(ends) == 2
    assert {row["_id"] for row in view.find({})} == {key, "newcomer 0"}


async def test_a_rebuild_to_which_nothing_comes_does_not_wait_for_ever(
    room: Room, lamps: Lamps, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SILENCE_SECONDS", 1.0)
    await at(lamps, await harbourside.opens("Ostende"), 1)
    (projector,) = (each for each in lamps.running.projectors if each.collection == "harbour_copies")

    async with archive.reader(room.bootstrap) as reader:
        partitions = await rebuilding._assigned(reader, room.bootstrap, room.words.harbour.state_topic)
        reader.pause(*partitions)
        with pytest.raises(archive.Unreadable):
            await rebuilding.catch_up(reader, partitions, projector, lambda done, of: None)


async def test_an_older_state_that_comes_later_changes_nothing(lamps: Lamps, harbourside: Coast) -> None:
    key, other = await harbourside.opens("Ostende"), str(uuid4())
    await harbourside.closes(key)
    await at(lamps, key, 2)

    await harbourside.send(harbourside.rows[0], only=".state.")
    await harbourside.opens("after", other)
    await at(lamps, other, 1)

    assert (await copy(lamps, key))["version"] == 2


async def test_two_workers_that_hear_the_same_states_agree_on_the_newest(room: Room, harbourside: Coast) -> None:
    rows = [await harbourside.opens(f"h{number}") for number in range(30)]
    for key in rows:
        await harbourside.closes(key)
    records = await records_of(room.bootstrap, room.words.harbour.state_topic)
    async with opened(room.settings, worker=False) as door:
        (projector,) = door.running.projectors
        await asyncio.gather(*(projector.hear(part) for part in (records, records[::-1], records[::2], records[1::2])))

        kept = await door.store["harbour_copies"].find({}).to_list(None)
        assert {row["_id"]: (row["version"], row["state"]) for row in kept} == dict.fromkeys(rows, (2, "closed"))


async def test_who_waits_in_the_process_is_told_what_was_put_and_nothing_else(room: Room, harbourside: Coast) -> None:
    keys = [await harbourside.opens(f"h{number}") for number in range(5)]
    for key in keys:
        await harbourside.closes(key)
    records = await records_of(room.bootstrap, room.words.harbour.state_topic)
    told: list[Row] = []

    def versions_told() -> list[tuple[str, int]]:
        said = sorted((row["_id"], row["version"]) for row in told)
        told.clear()
        return said

    async with opened(room.settings, worker=False) as door:
        (projector,) = door.running.projectors
        projector.told = told.extend
        await projector.hear(records)
        assert versions_told() == sorted((key, 2) for key in keys)

        await projector.hear(records)
        await rebuild(projector, room.bootstrap)
        for few in (keys[:1], keys):
            await projector.keep({key: {"_id": key, "version": 1} for key in few})
        assert versions_told() == []

        for version, some in ((3, keys[:1]), (4, keys)):
            await projector.keep({key: {"_id": key, "version": version} for key in some})
            assert versions_told() == sorted((key, version) for key in some)


async def test_what_a_rival_put_between_the_look_and_the_write_stays(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rival's newer version stays where many are put together."""
    keys, told = [f"h{number}" for number in range(5)], list[Row]()
    async with opened(room.settings, worker=False) as door:
        (projector,) = door.running.projectors
        await projector.keep({key: {"_id": key, "version": 1} for key in keys})
        look = Projector._versions

        async def overtaken(own: Projector, ids: list[str]) -> dict[str, int]:
            versions = await look(own, ids)
            await door.store["harbour_copies"].update_one({"_id": keys[0]}, {"$set": {"version": 3}})
            return versions

        monkeypatch.setattr(Projector, "_versions", overtaken)
        projector.told = told.extend
        await projector.keep({key: {"_id": key, "version": 2} for key in keys})

        kept = await door.store["harbour_copies"].find({}).to_list(None)
        assert {row["_id"]: row["version"] for row in kept} == {key: 3 if key == keys[0] else 2 for key in keys}
        assert told == []


async def test_a_replay_in_which_nothing_is_new_writes_nothing(room: Room, harbourside: Coast) -> None:
    for number in range(5):
        await harbourside.opens(f"h{number}")
    records = await records_of(room.bootstrap, room.words.harbour.state_topic)
    async with opened(room.settings, worker=False) as door:
        (projector,) = door.running.projectors
        await projector.hear(records)
        await door.store["harbour_copies"].update_many({}, {"$set": {"mark": 1}})

        await projector.hear(records)

        assert await door.store["harbour_copies"].count_documents({"mark": 1}) == 5


async def test_an_erased_key_stays_as_erased_and_nothing_older_brings_it_back(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    key, topic = await harbourside.opens("Ostende"), room.words.harbour.state_topic
    await at(lamps, key, 1)
    headers = outgoing(harbourside.rows[0])[-1].headers
    gone = [(name, b"000000000005" if name == "ce_sequence" else value) for name, value in headers]

    await harbourside.write(topic, None, gone, key=key.encode())
    await at(lamps, key, 5)
    await harbourside.closes(key)
    other = await harbourside.opens("after")
    await at(lamps, other, 1)

    kept = await copy(lamps, key)
    assert (kept["version"], kept["erased"], "name" in kept) == (5, True, False)


async def test_an_erasure_that_names_another_key_is_parked_and_erases_nothing(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    key = await harbourside.opens("Ostende")
    await at(lamps, key, 1)
    headers = outgoing(harbourside.rows[0])[-1].headers
    other = [
        (name, {"ce_sequence": b"000000000005", "ce_partitionkey": b"other"}.get(name, kept)) for name, kept in headers
    ]

    await harbourside.write(room.words.harbour.state_topic, None, other, key=key.encode())

    await eventually(lambda: parked(lamps), lambda rows: [row["key"] for row in rows] == [key])
    assert (await copy(lamps, key))["version"] == 1


@pytest.mark.parametrize(
    "value",
    [
        b"{no",
        b"[]",
        b'{"id": "another", "version": 2}',
        b'{"version": 2}',
        b'{"id": "%(key)s", "version": 3}',
        b"\xff",
        b"x" * 1_000_000,
        b'{"id": "%(key)s", "version": 2, "name": 18446744073709551615}',
        b'{"id": "%(key)s", "version": 2, "name": {"a\\u0000b": 1}}',
    ],
    ids=["no JSON", "a list", "another id", "no id", "another version", "no UTF-8", "a megabyte", "too big", "no name"],
)
async def test_a_broken_state_is_parked_and_the_others_of_its_batch_are_kept(
    room: Room, harbourside: Coast, value: bytes
) -> None:
    topic = room.words.harbour.state_topic
    before, bad = await harbourside.opens("before"), await harbourside.opens("bad")
    headers = outgoing(harbourside.rows[1])[-1].headers
    second = [(name, b"000000000002" if name == "ce_sequence" else kept) for name, kept in headers]
    filled = value.replace(b"%(key)s", bad.encode())
    await harbourside.write(topic, filled, second, key=bad.encode())
    after = await harbourside.opens("after")

    async with opened(room.settings) as service:
        await at(service, before, 1)
        await at(service, after, 1)

        rows = await eventually(lambda: parked(service), bool)
        assert [(row["handler"], row["key"]) for row in rows] == [("view harbour_copies", bad)]
        again = await service.client.operate("/ops/parked/redrive", id=rows[0]["_id"])
        assert again.json()["failed"]


async def parked(service: Lamps) -> list[Any]:
    rows: list[Any] = await service.store["parked"].find({}).to_list(None)
    return rows


async def test_a_parked_state_is_kept_after_all_when_it_can_be(
    room: Room, lamps: Lamps, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    (projector,) = lamps.running.projectors
    shape = projector.projection.shape

    def fails(state: Any, headers: Any) -> Any:
        raise ZeroDivisionError

    object.__setattr__(projector.projection, "shape", fails)
    key = await harbourside.opens("Ostende")
    rows = await eventually(lambda: parked(lamps), bool)
    object.__setattr__(projector.projection, "shape", shape)

    answer = await lamps.client.operate("/ops/parked/redrive", id=rows[0]["_id"])

    assert answer.json() == {"redriven": 1, "dropped": 0, "failed": None}
    assert (await copy(lamps, key))["version"] == 1


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    with remembered(monkeypatch) as exporter:
        yield exporter


def named(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans() if span.context.trace_id == int(TRACE, 16)}


async def test_a_trace_goes_through_kafka_into_copies_and_reactions_and_what_they_tell(
    room: Room, lamps: Lamps, harbourside: Coast, spans: InMemorySpanExporter
) -> None:
    key = await harbourside.opens("Ostende")
    await at(lamps, key, 1)
    id_ = await lamps.client.hung("a", harbour_id=key)

    await harbourside.tells(key, Closed(), trace=SAMPLED)
    told = await eventually(
        lambda: records_of(room.bootstrap, room.words.lantern.events_topic),
        lambda records: len([record for record in records if record.key == id_.encode()]) == 2,
    )

    heard = await eventually(
        lambda: spans_of(spans), lambda each: {"project harbour_copies", "react CH-L1"} <= set(each)
    )
    for span in heard.values():
        assert span.parent
        assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    headers = dict(told[-1].headers)
    reacted = heard["react CH-L1"].context
    assert headers["ce_traceparent"].decode().startswith(f"00-{TRACE}-{reacted.span_id:016x}-")
    assert headers["ce_cause"] == harbourside.rows[-1]["records"][0]["headers"]["ce_id"]
    assert headers["ce_actor"] == b"service:lamps"


async def spans_of(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return named(exporter)
