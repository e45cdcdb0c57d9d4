"""What a rule or a reaction asks for has a limit: beyond it nothing is decided, since a part would decide otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.lamps import Lamps

from chassis.decide import Rows
from chassis.mongo import Row, Session
from chassis.reaction import Work
from chassis.shelf import TooMany

LIT = {"public.place": "quay", "state": "lit"}


def lit(count: int) -> Iterator[Row]:
    return ({"_id": f"l{number:05}", "state": "lit", "public": {"place": "quay"}} for number in range(count))


async def test_a_rule_is_told_of_all_that_matches_or_the_command_fails(door: Lamps) -> None:
    id_ = await door.client.hung("a", place="quay")
    await door.store["lantern"].insert_many(lit(1_000))
    refused = await door.client.ask(id_, "light-lantern", at=1)
    await door.store["lantern"].insert_one({"_id": "one more", "state": "lit", "public": {"place": "quay"}})

    failed = await door.client.ask(id_, "light-lantern", at=1)

    assert refused.json()["type"].endswith("too-bright")
    assert (failed.status_code, failed.json()["type"].rpartition(":")[2]) == (500, "internal-error")
    assert (await door.running.desk.load("lantern", id_)).state.version == 1


async def test_what_asks_for_too_much_says_how_it_is_called_and_how_much_it_may_have(door: Lamps) -> None:
    await door.store["lantern"].insert_many(lit(3))
    find = door.running.desk.shelf.find

    found = await find([Rows("lit", "lantern", LIT, limit=3)], None)
    with pytest.raises(TooMany, match="lit of lantern: more than 2 match"):
        await find([Rows("lit", "lantern", LIT, sort=(("_id", 1),), limit=2)], None)

    assert [len(rows) for rows in found.values()] == [3]


async def test_a_reaction_is_given_all_that_matches_or_fails(door: Lamps) -> None:
    await door.store["lantern"].insert_many(lit(3))

    async def asked(limit: int) -> list[Row]:
        async def work(session: Session) -> list[Row]:
            working = Work(door.running.desk, session, "a-fact")
            return await working.rows("lantern", LIT, sort=(("_id", -1),), limit=limit)

        rows: Any = await door.running.store.transaction(work)
        return list(rows)

    assert [row["_id"] for row in await asked(3)] == ["l00002", "l00001", "l00000"]
    with pytest.raises(TooMany, match="lantern: more than 2 match"):
        await asked(2)
