"""What a reaction does within its transaction, and among the records of its key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.coast import Coast, records_of
from tests.support.ground import Room
from tests.support.hearing import parked
from tests.support.lamps import Lamps, opened

from chassis.decide import Refusal
from chassis.mongo import Session
from chassis.outbox import new_id
from chassis.reaction import NotKnownYet, Work


async def test_a_reaction_begins_again_when_the_copy_that_it_rests_on_changes_meanwhile(door: Lamps) -> None:
    await door.store["harbour_copies"].insert_one({"_id": "h", "version": 1, "state": "open"})
    from_outside = door.store._direct[door.store.name]["harbour_copies"]
    seen: list[int] = []

    async def work(session: Session) -> None:
        doing = Work(door.running.desk, session, "cause")
        seen.append((await doing.copy("harbour_copies", "h"))["version"])
        from_outside.update_one({"_id": "h", "version": 1}, {"$set": {"version": 2}})
        await doing.writes.send(session)

    await door.store.transaction(work)

    assert seen == [1, 2]


async def test_a_command_of_a_reaction_on_an_unknown_id_is_not_possible(door: Lamps) -> None:
    async def work(session: Session) -> object:
        return await Work(door.running.desk, session, "cause").run("lantern", "light_lantern", new_id(), {})

    assert await door.store.transaction(work) == Refusal("unknown-id")


async def test_a_command_of_a_reaction_that_names_what_has_not_arrived_waits(door: Lamps) -> None:
    async def work(session: Session) -> None:
        named = {"name": "a", "harbour_id": new_id()}
        await Work(door.running.desk, session, "cause").run("lantern", "hang_lantern", new_id(), named)

    with pytest.raises(NotKnownYet):
        await door.store.transaction(work)


async def test_what_comes_behind_an_unreadable_record_in_its_batch_is_parked(room: Room, harbourside: Coast) -> None:
    key = await harbourside.opens("Ostende")
    await harbourside.greets(key, "hello")
    *_, greeting = await records_of(room.bootstrap, room.words.harbour.events_topic)
    unreadable = replace(greeting, value=b"{", offset=greeting.offset - 1)
    async with opened(room.settings, worker=False) as door:
        (reactor,) = door.running.reactors

        assert await reactor.hear([unreadable, greeting]) == {}

        rows = {(row["offset"], row["handler"]) for row in await parked(door)}
        assert rows == {(unreadable.offset, "CH-L1"), (unreadable.offset, "CH-L2"), (greeting.offset, "CH-L2")}
        assert await door.store["greetings"].count_documents({}) == 0
