"""What must hold however many ask at once: one effect a key, no lost change, no gap, no rule slipped past."""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel
from tests.support.lamps import ANNA, Lamps
from tests.support.lantern import LIT_PER_PLACE, Hang

from chassis.answers import Asked
from chassis.decide import Refusal
from chassis.mongo import SAME_KEY, Busy, Session, Store, StoreAway
from chassis.parking import Parking
from chassis.problems import Problem
from chassis.projection import Projection, Projector
from chassis.taking import Taken
from chassis.writes import WriteRefused
from contracts.partner import PARTNER
from stack import ports


async def outbox(door: Lamps) -> list[Any]:
    rows: list[Any] = await door.store["outbox"].find({}).sort([("at", 1)]).to_list(None)
    return rows


async def test_forty_racing_commands_on_one_aggregate_make_forty_versions(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    await door.client.done(id_, "light-lantern", at=1)
    service = door.running.desk
    row = service.aggregates["lantern"].command("dim_lantern")

    async def dim(number: int) -> int:
        async def work(session: Session) -> Any:
            loaded = await service.load("lantern", id_, session)
            asked = Asked(service.aggregates["lantern"], row, id_, row.model(brightness=1 + number % 9), ANNA)
            return await service.perform(asked, loaded, session)

        taken = await service.store.transaction(work)
        assert isinstance(taken, Taken)
        return int(taken.state.version)

    versions = await asyncio.gather(*(dim(number) for number in range(40)))

    assert sorted(versions) == list(range(3, 43))
    rows = await outbox(door)
    assert [row["version"] for row in rows] == list(range(1, 43))
    assert [row["at"] for row in rows] == sorted({row["at"] for row in rows})


async def test_what_was_read_before_another_changed_it_is_version_stale_when_it_is_saved(door: Lamps) -> None:
    """Even for a caller that loaded it outside of its transaction, where no conflict would tell."""
    id_ = await door.client.hung("a")
    desk = door.running.desk
    kind = desk.aggregates["lantern"]
    old = await desk.load("lantern", id_)
    await door.client.done(id_, "light-lantern", at=1)
    asked = Asked(kind, kind.command("engrave_lantern"), id_, kind.command("engrave_lantern").model(text="x"), ANNA)

    with pytest.raises(Problem, match="version-stale"):
        await desk.store.transaction(lambda session: desk.perform(asked, old, session))

    assert (await desk.load("lantern", id_)).state.state == "lit"


async def test_of_forty_people_who_read_the_same_version_one_changes_it(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    answers = await asyncio.gather(*(door.client.ask(id_, "light-lantern", at=1) for _ in range(40)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 39}
    assert len(await outbox(door)) == 2


async def test_forty_racing_creations_get_forty_numbers_without_a_gap(door: Lamps) -> None:
    names = [f"lantern {number}" for number in range(40)]

    answers = await asyncio.gather(*(door.client.hang(name) for name in [*names, "lantern 1", "lantern 2"]))

    made = [answer.json() for answer in answers if answer.status_code == 201]
    assert sorted(each["number"] for each in made) == list(range(1, 41))
    assert sorted(each["name"] for each in made) == sorted(names)
    assert [answer.status_code for answer in answers].count(409) == 2


async def test_a_refused_creation_leaves_its_number_to_the_next(door: Lamps) -> None:
    await door.client.hang("a")
    refused = await door.client.hang("a")
    unknown = await door.client.hang("b", harbour_id=str(uuid4()))
    made = await door.client.hang("c")

    assert (refused.status_code, unknown.status_code) == (409, 409)
    assert made.json()["number"] == 2


async def test_many_creations_in_one_transaction_count_on_and_leave_out_the_refused(door: Lamps) -> None:
    await door.client.hang("b")
    items: list[tuple[str, BaseModel]] = [(str(uuid4()), Hang(name=name)) for name in ("a", "b", "c")]

    outcomes = await door.running.desk.run_many("lantern", "hang_lantern", items, ANNA)

    assert [each.state.number if isinstance(each, Taken) else each.slug for each in outcomes] == [2, "name-taken", 3]
    kept = await door.store["lantern"].find({}).to_list(None)
    assert sorted(row["public"]["name"] for row in kept) == ["a", "b", "c"]
    assert (await door.client.hang("d")).json()["number"] == 4


async def test_many_creations_race_with_single_ones_for_their_claims(door: Lamps) -> None:
    names = [f"n{number}" for number in range(12)]
    items: list[tuple[str, BaseModel]] = [(str(uuid4()), Hang(name=name)) for name in names]

    many, single = await asyncio.gather(
        door.running.desk.run_many("lantern", "hang_lantern", items, ANNA),
        asyncio.gather(*(door.client.hang(name) for name in names)),
    )

    by_many = [each.state.name for each in many if isinstance(each, Taken)]
    by_single = [answer.json()["name"] for answer in single if answer.status_code == 201]
    assert sorted(by_many + by_single) == sorted(names)
    assert all(isinstance(each, (Taken, Refusal)) for each in many)
    counted = await door.store["lantern"].find({}).sort([("public.number", 1)]).to_list(None)
    assert [row["public"]["number"] for row in counted] == list(range(1, 13))


async def test_two_commands_under_one_guard_do_not_both_slip_past_the_rule(door: Lamps) -> None:
    ids = [await door.client.hung(f"n{number}", place="mole") for number in range(LIT_PER_PLACE + 4)]

    answers = await asyncio.gather(*(door.client.ask(id_, "light-lantern", at=1) for id_ in ids))

    assert Counter(answer.status_code for answer in answers) == {200: LIT_PER_PLACE, 409: 4}
    assert await door.store["lantern"].count_documents({"state": "lit"}) == LIT_PER_PLACE


async def test_a_command_that_rests_on_a_copy_never_decides_on_one_that_changes_meanwhile(door: Lamps) -> None:
    copies = door.store["harbour_copies"]
    for number in range(10):
        harbour = f"h{number}"
        await copies.insert_one({"_id": harbour, "version": 1, "name": "Ostende", "state": "open"})
        closed_first = asyncio.Event()

        async def close(harbour: str = harbour, done: asyncio.Event = closed_first) -> None:
            async def work(session: Session) -> None:
                closed = {"_id": harbour, "version": 2, "name": "Ostende", "state": "closed"}
                await copies.replace_one({"_id": harbour, "version": {"$lt": 2}}, closed, session=session)
                hung = await door.store["lantern"].find({"public.harbour_id": harbour}, session=session).to_list(None)
                await door.store["seen"].replace_one(
                    {"_id": harbour}, {"_id": harbour, "lanterns": len(hung)}, upsert=True, session=session
                )

            await door.running.store.transaction(work)
            done.set()

        answer, _ = await asyncio.gather(door.client.hang(f"n{number}", harbour_id=harbour), close())

        seen = await door.store["seen"].find_one({"_id": harbour})
        assert (answer.status_code, seen["lanterns"]) in {(201, 1), (409, 0)}, answer.text


async def test_the_same_key_raced_has_one_effect_and_one_answer(door: Lamps) -> None:
    answers = await asyncio.gather(*(door.client.hang("a", key="k") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.json()["id"], answer.json()["version"]) for answer in answers}) == 1
    assert await door.store["lantern"].count_documents({}) == 1
    assert len(await outbox(door)) == 1


async def test_a_repeated_change_is_answered_from_what_was_kept_before_its_version_is_looked_at(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    first = await door.client.ask(id_, "light-lantern", at=1, Idempotency_Key="k")
    again = await door.client.ask(id_, "light-lantern", at=1, Idempotency_Key="k")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == {"id": id_, "version": 2}
    assert again.headers["etag"] == first.headers["etag"] == '"2"'


async def test_a_repeated_change_that_tells_nothing_has_one_effect(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    note = {"note": {"fr": "à revoir"}}

    raced = await asyncio.gather(
        *(door.client.ask(id_, "note-by-hand", note, at=1, Idempotency_Key="k") for _ in range(4))
    )
    again = await door.client.ask(id_, "note-by-hand", note, at=1, Idempotency_Key="k")

    assert {answer.status_code for answer in [*raced, again]} == {200}
    assert (await door.store["lantern"].find_one({"_id": id_}))["private"]["notes"] == ["à revoir"]


async def test_a_policy_refusal_is_told_once_and_its_key_gives_it_again(door: Lamps) -> None:
    await door.store["harbour_copies"].insert_one({"_id": "h", "version": 1, "state": "closed"})

    answers = await asyncio.gather(*(door.client.hang("a", key="k", harbour_id="h") for _ in range(8)))
    later = await door.client.hang("a", key="k", harbour_id="h")

    assert {answer.json()["type"] for answer in [*answers, later]} == {"urn:passerelle:problem:harbour-closed"}
    rows = await outbox(door)
    assert [(row["aggregate"], row["version"]) for row in rows] == [("refusal", 1)]
    assert rows[0]["pending"] > 1_700_000_000_000_000


async def test_a_key_that_was_refused_by_a_policy_has_no_effect_later(door: Lamps) -> None:
    copies = door.store["harbour_copies"]
    await copies.insert_one({"_id": "h", "version": 1, "state": "closed"})
    first = await door.client.hang("a", key="k", harbour_id="h")

    await copies.replace_one({"_id": "h"}, {"_id": "h", "version": 2, "state": "open"})
    again = await door.client.hang("a", key="k", harbour_id="h")

    assert (first.status_code, again.status_code) == (409, 409)
    assert again.json() == first.json()
    assert await door.store["lantern"].count_documents({}) == 0
    assert (await door.client.hang("a", key="another", harbour_id="h")).status_code == 201


async def test_a_key_that_a_policy_refuses_while_a_rival_is_taken_has_one_answer(door: Lamps) -> None:
    copies = door.store["harbour_copies"]
    for number in range(6):
        harbour, key = f"h{number}", f"k{number}"
        await copies.insert_one({"_id": harbour, "version": 1, "state": "open"})

        async def close(harbour: str = harbour) -> None:
            await copies.replace_one({"_id": harbour}, {"_id": harbour, "version": 2, "state": "closed"})

        closing = asyncio.create_task(close())
        answers = await asyncio.gather(*(door.client.hang(f"n{number}", key=key, harbour_id=harbour) for _ in range(4)))
        await closing
        answers.append(await door.client.hang(f"n{number}", key=key, harbour_id=harbour))

        assert len({answer.status_code for answer in answers}) == 1
        told = await door.store["outbox"].count_documents({"answer.key": {"$regex": f"\\|{key}$"}})
        assert told == 1


async def test_another_aggregate_changes_with_the_one_that_was_asked_or_not_at_all(door: Lamps) -> None:
    old, new = await door.client.hung("old"), await door.client.hung("new")

    await door.client.done(old, "swap-lantern", {"with_id": new}, at=1)

    kept = {row["_id"]: (row["version"], row["state"]) for row in await door.store["lantern"].find({}).to_list(None)}
    assert kept == {old: (2, "down"), new: (2, "lit")}
    assert [(row["key"], row["version"]) for row in await outbox(door)][2:] == [(old, 2), (new, 2)]


async def test_what_only_the_service_knows_changes_without_a_version_that_kafka_never_sees(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    answer = await door.client.done(id_, "note-by-hand", {"note": {"fr": "à revoir"}}, at=1)

    kept = await door.store["lantern"].find_one({"_id": id_})
    assert (answer["version"], kept["version"], kept["private"]["notes"]) == (1, 1, ["à revoir"])
    assert len(await outbox(door)) == 1


async def test_racing_notes_are_all_kept(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    notes = [{"note": {"fr": f"note {number}"}} for number in range(10)]
    await asyncio.gather(*(door.client.done(id_, "note-by-hand", note, at=1) for note in notes))

    kept = await door.store["lantern"].find_one({"_id": id_})
    assert sorted(kept["private"]["notes"]) == [f"note {number}" for number in range(10)]


async def test_a_newer_first_state_is_kept_when_an_older_one_comes_at_the_same_moment(database: Store) -> None:
    """The store finds nothing to replace, and before it inserts another does."""
    projector = Projector(database, Projection(PARTNER, "view"), Parking("tests", database, _never))
    view = database["view"]
    replace_one = view.replace_one

    async def raced(asked: Any, document: Any, **options: Any) -> Any:
        if options.get("upsert"):
            await view.insert_one({"_id": "k", "version": 1})
            asked = {**asked, "version": {"$lt": 0}}
        return await replace_one(asked, document, **options)

    vars(view)["replace_one"] = raced
    await projector.keep({"k": {"_id": "k", "version": 2}})

    assert await view.find({}).to_list(None) == [{"_id": "k", "version": 2}]


async def test_what_the_store_refuses_is_not_repeated_in_the_error(database: Store) -> None:
    await database["rows"].insert_one({"_id": 1})

    async def work(session: Session) -> None:
        writes = database.writes()
        writes.insert("rows", {"_id": 1, "said": "Mme Vermeiren"})
        await writes.send(session)

    with pytest.raises(WriteRefused) as fault:
        await database.transaction(work)

    assert fault.value.codes == {SAME_KEY}
    assert "Vermeiren" not in "".join(traceback.format_exception(fault.value))


async def test_who_waits_for_a_store_that_is_away_is_told_so_at_once() -> None:
    """Thirty callers on two threads, each of which would look for it for two seconds."""
    nowhere = Store(f"mongodb://127.0.0.1:{ports.free_port()}/?directConnection=true", "nowhere", transactions=2)

    async def work(session: Session) -> None:
        await nowhere["rows"].find_one({}, session=session)

    try:
        asked = asyncio.gather(*(nowhere.transaction(work) for _ in range(30)), return_exceptions=True)
        told = await asyncio.wait_for(asked, 10)
    finally:
        nowhere.close()
    assert {type(each) for each in told} == {StoreAway}


async def test_a_transaction_that_always_conflicts_gives_up(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.mongo.RETRY_FOR_SECONDS", 0.2)
    await database["rows"].insert_one({"_id": 1, "n": 0})

    held, may_end = threading.Event(), threading.Event()

    async def holds(session: Session) -> None:
        await database["rows"].update_one({"_id": 1}, {"$inc": {"n": 1}}, session=session)
        held.set()
        may_end.wait(10)

    async def conflicts(session: Session) -> None:
        await database["rows"].update_one({"_id": 1}, {"$inc": {"n": 100}}, session=session)

    holding = asyncio.create_task(database.transaction(holds))
    await asyncio.to_thread(held.wait, 10)
    with pytest.raises(Busy):
        await database.transaction(conflicts)
    may_end.set()
    await holding

    assert (await database["rows"].find_one({"_id": 1}))["n"] == 1


async def test_a_claim_that_stays_taken_ends_the_attempts(database: Store) -> None:
    await database["claims"].insert_one({"_id": "taken"})

    async def claims(session: Session) -> None:
        await database["claims"].insert_one({"_id": "taken"}, session=session)

    with pytest.raises(Exception, match="E11000"):
        await database.transaction(claims)


async def test_what_a_transaction_raises_leaves_nothing(database: Store) -> None:
    async def fails(session: Session) -> None:
        await database["rows"].insert_one({"_id": 1}, session=session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transaction(fails)

    assert await database["rows"].count_documents({}) == 0


async def _never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")
