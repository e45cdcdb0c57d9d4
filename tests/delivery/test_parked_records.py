"""Records that cannot be borne or read are put aside, with those of their key behind them; too many stop the topic."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from confluent_kafka import Producer
from tests.support.coast import Coast, records_of, set_topic
from tests.support.ground import Room
from tests.support.hearing import committed, copy_of, ear, greeted, keys_in, parked, ready_now, write_strange
from tests.support.lamps import Lamps, group_in, opened
from tests.support.watching import eventually, stays

from chassis.consumer import Stopped
from chassis.decide import Caller

pytestmark = pytest.mark.slow


async def test_a_record_that_cannot_be_borne_is_parked_with_those_of_its_key_behind_it(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    key, other = keys_in(3, 2)
    for each in (key, other):
        await harbourside.opens("Ostende", each)
    await harbourside.greets(key, "one", "poison", "three")
    await harbourside.greets(other, "a")
    await eventually(greeted(lamps), lambda words: set(words) == {"one", "a"})
    await harbourside.greets(key, "four")
    await harbourside.greets(other, "b")
    await eventually(greeted(lamps), lambda words: "b" in words)

    rows = await parked(lamps)
    assert [(row["behind"], row["attempts"]) for row in rows] == [(False, 3), (True, 1), (True, 1)]
    assert set(await greeted(lamps)()) == {"one", "a", "b"}
    dead = await records_of(room.bootstrap, f"{room.words.harbour.events_topic}.dlq.lamps")
    headers = dict(dead[0].headers)
    assert len(dead) == 3
    assert headers["passerelle_reason"] == b"ValueError: these words cannot be borne"
    assert headers["passerelle_handler"] == b"CH-L2"
    assert headers["passerelle_attempts"] == b"3"
    assert headers["passerelle_from"].decode() == f"{rows[0]['topic']}/{rows[0]['partition']}/{rows[0]['offset']}"
    assert headers["ce_type"] == b"passerelle.harbour.greeted.v1"


async def test_redrive_replays_in_order_up_to_what_fails_again(lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "one", "poison", "three", "four")
    rows = await eventually(lambda: parked(lamps), lambda rows: len(rows) == 3)

    failed = (await lamps.client.operate("/ops/parked/redrive", id=rows[0]["_id"])).json()
    await lamps.store["mended"].insert_one({"_id": "poison"})
    redriven = (await lamps.client.operate("/ops/parked/redrive", id=rows[2]["_id"])).json()

    assert failed == {"redriven": 0, "dropped": 0, "failed": "ValueError: these words cannot be borne"}
    assert redriven == {"redriven": 3, "dropped": 0, "failed": None}
    assert await greeted(lamps)() == ["one", "poison", "three", "four"]
    numbers = await lamps.store["greetings"].find({}).sort([("version", 1)]).to_list(None)
    assert [row["number"] for row in numbers] == [1, 2, 3, 4]
    assert {(row["open"], row["outcome"], row["closed_by"]) for row in await parked(lamps)} == {
        (False, "redriven", "otto")
    }
    assert (await lamps.client.http.get("/ops/parked", headers=lamps.client.headers())).status_code == 403
    await harbourside.greets(key, "five")
    await eventually(greeted(lamps), lambda words: words[-1] == "five")


async def test_a_record_given_up_frees_those_behind_it(lamps: Lamps, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "poison", "two")
    rows = await eventually(lambda: parked(lamps), lambda rows: len(rows) == 2)

    dropped = (await lamps.client.operate("/ops/parked/drop", id=rows[0]["_id"])).json()
    redriven = (await lamps.client.operate("/ops/parked/redrive", id=rows[1]["_id"])).json()

    assert (dropped["dropped"], redriven["redriven"]) == (1, 1)
    assert await greeted(lamps)() == ["two"]


async def test_too_many_parked_in_a_row_stop_the_topic_until_an_operator_lets_it_go_on(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 3)
    monkeypatch.setattr("chassis.reaction.ATTEMPTS", 1)
    topic = room.words.harbour.events_topic
    async with opened(room.settings) as service:
        keys = [await harbourside.opens(f"h{number}", *keys_in(number % 6, 1)) for number in range(12)]
        for key in keys:
            await harbourside.greets(key, "poison")
        await eventually(lambda: is_stopped(service, topic))
        ready = await service.client.http.get("/ready")
        await harbourside.greets(keys[0], "later")

        await stays(lambda: parked(service), lambda rows: len(rows) == 3, for_seconds=1.0)
        assert (ready.status_code, ready.json()["faults"]) == (503, [ear(service, topic).stopped])
        other = await harbourside.opens("the copies go on")
        await eventually(lambda: copy_of(service, other, 1))

        await service.store["mended"].insert_one({"_id": "poison"})
        resumed = await service.client.operate("/ops/resume")
        await eventually(greeted(service), lambda words: words.count("poison") == 9)
        assert resumed.json() == {"resumed": [topic]}
        assert len(await parked(service)) in (3, 4)
        await eventually(lambda: ready_now(service))


async def test_of_two_topics_one_stops_and_the_other_goes_on(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 3)
    topic, other = room.words.harbour.state_topic, room.words.lantern.state_topic
    group = f"{group_in(room.settings.database)}.{other}"
    async with opened(room.settings) as service:
        await eventually(lambda: ready_now(service))
        for number in range(4):
            await harbourside.write(topic, b"no snapshot", key=f"k{number}".encode(), partition=0)
        await eventually(lambda: is_stopped(service, topic))
        late = await harbourside.opens("Ostende")
        hung = [await service.client.hung(f"n{number}") for number in range(12)]

        await eventually(lambda: committed(room, group, other), lambda offsets: sum(offsets.values()) == len(hung))
        faults = (await service.client.http.get("/ready")).json()["faults"]
        assert faults == [f"{topic}: view harbour_copies would park more than 3 records in a row"]
        assert await service.store["harbour_copies"].find_one({"_id": late}) is None

        assert (await service.client.operate("/ops/resume")).json() == {"resumed": [topic]}
        await eventually(lambda: copy_of(service, late, 1))


async def is_stopped(service: Lamps, topic: str) -> bool:
    return bool(ear(service, topic).stopped)


async def joined(service: Lamps, topic: str) -> bool:
    return ear(service, topic)._joined


async def test_a_stopped_topic_stays_stopped_through_a_rebalance(room: Room, harbourside: Coast) -> None:
    topic = room.words.harbour.events_topic
    async with opened(room.settings) as service:
        key = await harbourside.opens("Ostende")
        await eventually(lambda: ready_now(service))
        ear(service, topic).stopped = "somebody must look"
        await harbourside.greets(key, "one")
        async with opened(room.settings) as other:
            ear(other, topic).stopped = "somebody must look"
            await eventually(lambda: joined(other, topic))
        await harbourside.greets(key, "two")

        await stays(greeted(service), lambda words: words == [], for_seconds=1.0)
        await service.client.operate("/ops/resume")
        await eventually(greeted(service), lambda words: words == ["one", "two"])


async def test_one_reaction_that_always_fails_stops_the_topic_though_another_goes_well(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 3)
    monkeypatch.setattr("chassis.reaction.ATTEMPTS", 1)
    topic = room.words.harbour.events_topic
    async with opened(room.settings) as service:
        for number in range(6):
            key = await harbourside.opens(f"h{number}")
            await harbourside.greets(key, "poison")
            await harbourside.closes(key)

        await eventually(lambda: is_stopped(service, topic))


async def test_bad_records_with_good_ones_between_them_stop_nobody(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 2)
    monkeypatch.setattr("chassis.reaction.ATTEMPTS", 1)
    async with opened(room.settings) as service:
        for number, (bad, good) in enumerate(zip(keys_in(1, 6), keys_in(1, 6), strict=True)):
            for key, words in ((bad, "poison"), (good, f"good {number}")):
                await harbourside.opens(words, key)
                await harbourside.greets(key, words)

        await eventually(greeted(service), lambda words: len(words) == 6)
        assert len(await parked(service)) == 6
        assert not await is_stopped(service, room.words.harbour.events_topic)


async def test_one_command_is_enough_for_a_topic_that_several_reactions_stopped_at(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 3)
    topic = room.words.harbour.events_topic
    async with opened(room.settings) as service:
        for number in range(6):
            await harbourside.write(topic, b"{no", broken("k")["not JSON"][1], key=f"k{number}".encode())
        await eventually(lambda: is_stopped(service, topic))

        await service.client.operate("/ops/resume")

        await eventually(lambda: parked(service), lambda rows: len(rows) == 12)
        assert ear(service, topic).stopped is None


async def test_a_record_that_could_not_be_kept_counts_once_however_often_it_is_tried(
    room: Room, harbourside: Coast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.parking.IN_A_ROW", 3)
    topic = room.words.harbour.events_topic
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, *"abcd")
    records = [each for each in await records_of(room.bootstrap, topic) if each.key == key.encode()][1:]
    async with opened(room.settings, worker=False) as service:
        parking = service.running.parking
        await set_topic(room.bootstrap, f"{topic}.dlq.lamps", {"max.message.bytes": "100"})
        for _ in range(5):
            with pytest.raises(KafkaError):
                await parking.park(records[0], "CH-L2", "cannot be borne")
        await set_topic(room.bootstrap, f"{topic}.dlq.lamps", {"max.message.bytes": "2097152"})

        for record in records[:3]:
            await parking.park(record, "CH-L2", "cannot be borne")
        with pytest.raises(Stopped, match="more than 3 records in a row"):
            await parking.park(records[3], "CH-L2", "cannot be borne")

        assert [row["offset"] for row in await parked(service)] == [record.offset for record in records[:3]]


def broken(key: str) -> dict[str, tuple[bytes | None, Sequence[tuple[str, Any]]]]:
    """Records that say less than every record says: value and headers by what is wrong with them."""
    headers: list[tuple[str, Any]] = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"x"),
        ("ce_type", b"passerelle.harbour.greeted.v1"),
        ("ce_source", b"/passerelle/coast"),
        ("ce_subject", f"harbour/{key}".encode()),
        ("ce_time", b"2026-11-02T10:00:00.000Z"),
        ("ce_partitionkey", key.encode()),
        ("ce_sequence", b"000000000002"),
        ("ce_actor", b"a"),
        ("ce_cause", b"c"),
        ("ce_factno", b"1"),
    ]
    good = f'{{"harbour_id":"{key}","version":2,"occurred_on":"2026-11-02","words":"x"}}'.encode()

    def changed(name: str, value: Any) -> list[tuple[str, Any]]:
        return [(each, value if each == name else kept) for each, kept in headers]

    return {
        "not JSON": (b"{no", headers),
        "no UTF-8": (b"\xff\xfe", headers),
        "another shape": (b'{"hello": 1}', headers),
        "a list": (b"[]", headers),
        "another version": (good.replace(b'"version":2', b'"version":3'), headers),
        "no headers": (good, []),
        "no type": (good, [each for each in headers if each[0] != "ce_type"]),
        "a header of no UTF-8": (good, changed("ce_type", b"\xff\xfe")),
        "an empty header": (good, changed("ce_id", None)),
        "a sequence of no digits": (good, changed("ce_sequence", b"two")),
        "a time of none": (good, changed("ce_time", b"yesterday")),
        "another key": (good, changed("ce_partitionkey", b"other")),
        "null": (None, headers),
        "empty": (b"", headers),
        "a megabyte": (b"x" * 1_000_000, headers),
        "deep": (b"[" * 100_000, headers),
    }


@pytest.mark.parametrize("kind", list(broken("k")))
async def test_a_broken_fact_is_parked_and_its_partition_goes_on(
    room: Room, lamps: Lamps, harbourside: Coast, kind: str
) -> None:
    bad, good = keys_in(1, 2)
    value, headers = broken(bad)[kind]
    await harbourside.opens("Ostende", good)

    await harbourside.write(room.words.harbour.events_topic, value, headers, key=bad.encode(), partition=1)
    await harbourside.greets(good, "hello")

    await eventually(greeted(lamps), lambda words: words == ["hello"])
    rows = await parked(lamps)
    assert {row["handler"] for row in rows} == {"CH-L1", "CH-L2"}
    assert kind != "null" or {row["reason"] for row in rows} == {"ValueError: a facts topic has no empty records"}
    dead = await records_of(room.bootstrap, f"{room.words.harbour.events_topic}.dlq.lamps")
    assert {record.value for record in dead} == {value}
    shown = await lamps.client.http.get("/ops/parked/one", params={"id": rows[0]["_id"]}, headers=ops(lamps))
    again = await lamps.client.operate("/ops/parked/redrive", id=rows[0]["_id"])
    assert (shown.status_code, again.json()["redriven"]) == (200, 0)
    assert again.json()["failed"]


def ops(service: Lamps) -> dict[str, str]:
    return service.client.headers(Caller("otto", {"ops": {}}))


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe"])
async def test_a_fact_with_no_key_or_a_strange_one_is_parked(
    room: Room, lamps: Lamps, harbourside: Coast, key: bytes | None
) -> None:
    topic = room.words.harbour.events_topic
    await harbourside.write(topic, b"{}", broken("k")["a list"][1], key=key, partition=1)
    (good,) = keys_in(1, 1)
    await harbourside.opens("Ostende", good)
    await harbourside.greets(good, "hello")

    await eventually(greeted(lamps), lambda words: words == ["hello"])
    assert len(await parked(lamps)) == 2


async def test_a_record_of_no_key_and_no_value_is_parked_too(room: Room, lamps: Lamps, harbourside: Coast) -> None:
    plain = Producer({"bootstrap.servers": room.bootstrap})
    plain.produce(room.words.harbour.events_topic, partition=1)
    await asyncio.to_thread(plain.flush)
    (good,) = keys_in(1, 1)
    await harbourside.opens("Ostende", good)
    await harbourside.greets(good, "hello")

    await eventually(greeted(lamps), lambda words: words == ["hello"])
    assert len(await parked(lamps)) == 2


async def test_a_type_that_nobody_here_knows_is_counted_and_passed_over(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    value, headers = broken("k")["a list"]
    unknown = [(name, b"passerelle.harbour.painted.v1" if name == "ce_type" else kept) for name, kept in headers]
    for topic in (room.words.harbour.events_topic, room.words.harbour.state_topic):
        await harbourside.write(topic, value, unknown, key=b"k", partition=1)
    (good,) = keys_in(1, 1)
    await harbourside.opens("Ostende", good)
    await harbourside.greets(good, "hello")

    await eventually(greeted(lamps), lambda words: words == ["hello"])
    await eventually(lambda: copy_of(lamps, good, 1))
    metrics = (await lamps.client.http.get("/metrics")).text
    for topic in (room.words.harbour.events_topic, room.words.harbour.state_topic):
        assert f'passerelle_heard_records_total{{effect="unknown type",topic="{topic}"}} 1.0' in metrics
    assert await parked(lamps) == []


async def test_a_record_that_the_client_cannot_read_is_put_aside_and_nothing_beside_it_is_lost(
    room: Room, lamps: Lamps, harbourside: Coast
) -> None:
    """A header's name of no UTF-8 makes Kafka's Python clients fail on the whole read."""
    topic = room.words.harbour.events_topic
    (bad,), others = keys_in(1, 1), [*keys_in(2, 2), *keys_in(4, 1)]
    for key in (bad, *others):
        await harbourside.opens("Ostende", key)
    for number in range(30):
        if number in (7, 21):
            await asyncio.to_thread(write_strange, room.bootstrap, topic, bad)
        await asyncio.gather(*(harbourside.tells_greeting(key, f"{key} {number}") for key in (bad, *others)))

    words = await eventually(greeted(lamps), lambda words: len(words) == 120, within_seconds=40)

    assert sorted(words) == sorted(f"{key} {number}" for key in (bad, *others) for number in range(30))
    rows = await parked(lamps)
    assert {row["handler"] for row in rows} == {"CH-L1", "CH-L2"}
    assert len(rows) == 4
    assert b"utf-8" in dict(rows[0]["headers"])["passerelle_unreadable"]
    group = f"{group_in(room.settings.database)}.{topic}"
    await eventually(
        lambda: committed(room, group, topic), lambda offsets: (offsets.get(1), offsets.get(2)) == (33, 62)
    )
