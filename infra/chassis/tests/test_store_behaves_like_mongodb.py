"""Every feature of the database that the code rests on, as MongoDB has it: run against any store that claims its protocol, on
Motor and on PyMongo's own asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from pymongo import ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from tests.support.pymongo_driver import on_pymongo

from chassis.mongo import NO_SUCH_TRANSACTION, Session, Store, ascending
from stack.child import Child


@pytest.fixture(params=["motor", "pymongo"])
async def database(request: pytest.FixtureRequest, documents: Child) -> AsyncIterator[Store]:
    """An empty database on each driver."""
    with on_pymongo() if request.param == "pymongo" else nullcontext():
        kept = Store(documents.address, f"t{uuid4().hex[:10]}")
        yield kept
        kept.close()


async def test_a_transaction_sees_one_moment_and_its_own_writes(database: Store) -> None:
    rows = database["rows"]
    await rows.insert_many([{"_id": 1, "n": 1}, {"_id": 2, "n": 1}])
    seen: list[int] = []

    async def work(session: Session) -> None:
        seen.append((await rows.find_one({"_id": 1}, session=session))["n"])
        await rows.update_one({"_id": 2}, {"$set": {"n": 2}})
        seen.append((await rows.find_one({"_id": 2}, session=session))["n"])
        await rows.insert_one({"_id": 3, "n": 3}, session=session)
        seen.append((await rows.find_one({"_id": 3}, session=session))["n"])
        assert await rows.find_one({"_id": 3}) is None

    await database.transaction(work)

    assert seen == [1, 1, 3]


async def test_a_write_to_what_changed_since_the_moment_is_a_labelled_conflict(database: Store) -> None:
    rows = database["rows"]
    await rows.insert_one({"_id": 1, "n": 1})
    faults: list[OperationFailure] = []

    async def work(session: Session) -> None:
        await rows.find_one({"_id": 1}, session=session)
        if not faults:
            await rows.update_one({"_id": 1}, {"$inc": {"n": 10}})
        try:
            await rows.update_one({"_id": 1}, {"$inc": {"n": 100}}, session=session)
        except OperationFailure as fault:
            faults.append(fault)
            raise

    await database.transaction(work)

    assert [fault.has_error_label("TransientTransactionError") for fault in faults] == [True]
    assert (await rows.find_one({"_id": 1}))["n"] == 111


async def test_a_key_taken_inside_a_transaction_is_a_duplicate_or_a_conflict_and_ends_it(database: Store) -> None:
    rows = database["rows"]
    await rows.insert_one({"_id": 1})

    seen: list[OperationFailure] = []

    async def work(session: Session) -> None:
        with pytest.raises(OperationFailure) as taken:
            await rows.insert_one({"_id": 1}, session=session)
        with pytest.raises(OperationFailure) as ended:
            await rows.insert_one({"_id": 2}, session=session)
        seen.extend((taken.value, ended.value))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transaction(work)

    taken, ended = seen
    assert isinstance(taken, DuplicateKeyError) or taken.has_error_label("TransientTransactionError")
    assert ended.code == NO_SUCH_TRANSACTION or ended.has_error_label("TransientTransactionError")
    assert await rows.count_documents({}) == 1


async def test_a_counter_made_and_drawn_in_racing_transactions_has_no_gap(database: Store) -> None:
    async def draw(session: Session) -> int:
        counted = await database["counters"].find_one_and_update(
            {"_id": "c"}, {"$inc": {"next": 1}}, upsert=True, return_document=True, session=session
        )
        return int(counted["next"])

    drawn = await asyncio.gather(*(database.transaction(draw) for _ in range(20)))

    assert sorted(drawn) == list(range(1, 21))


async def test_an_undone_transaction_gives_its_number_back(database: Store) -> None:
    async def draw_and_fail(session: Session) -> None:
        await database["counters"].find_one_and_update(
            {"_id": "c"}, {"$inc": {"next": 1}}, upsert=True, session=session
        )
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.transaction(draw_and_fail)

    assert await database["counters"].find_one({"_id": "c"}) is None


async def test_a_sparse_index_holds_only_what_has_the_member(database: Store) -> None:
    await database.index("rows", ascending("pending", sparse=True))
    await database["rows"].insert_many([{"_id": number, "pending": number} for number in range(1, 6)])

    await database["rows"].update_many({"_id": {"$in": [1, 2, 4]}}, {"$unset": {"pending": ""}})

    waiting = await database["rows"].find({"pending": {"$gt": 0}}).sort([("pending", 1)]).to_list(None)
    assert waiting == [{"_id": 3, "pending": 3}, {"_id": 5, "pending": 5}]
    assert (await database["rows"].find_one({"_id": 1})) == {"_id": 1}


async def test_a_unique_sparse_index_lets_in_many_without_the_member_and_one_with_it(database: Store) -> None:
    await database.index("rows", ascending("name", unique=True, sparse=True))
    await database["rows"].insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "name": "a"}])

    with pytest.raises(DuplicateKeyError):
        await database["rows"].insert_one({"_id": 4, "name": "a"})


async def test_indexes_made_twice_stand_once_and_keep_what_was_declared(database: Store) -> None:
    for _ in range(2):
        await database.index("rows", ascending("expires_at", expireAfterSeconds=0), ascending("a", "b", unique=True))

    described = await database["rows"].index_information()

    by_fields = {tuple(index["key"]): index for index in described.values()}
    assert by_fields[(("expires_at", 1),)]["expireAfterSeconds"] == 0
    assert by_fields[(("a", 1), ("b", 1))]["unique"] is True
    assert len(described) == 3


async def test_changes_of_a_collection_are_heard_from_then_on(database: Store) -> None:
    await database["rows"].insert_one({"_id": 0})
    inserts: list[dict[str, Any]] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]

    async with database.watch(inserts, collection="rows") as changes:
        await database["rows"].update_one({"_id": 0}, {"$set": {"n": 1}})
        await database["others"].insert_one({"_id": 1})

        async def write(session: Session) -> None:
            await database["rows"].insert_one({"_id": 2}, session=session)

        await database.transaction(write)
        heard = await asyncio.wait_for(anext(aiter(changes)), 10)

    assert set(heard) == {"_id"}


async def test_changes_of_a_whole_database_are_heard_with_the_document_after_them(database: Store) -> None:
    async with database.watch([{"$match": {"ns.coll": {"$in": ["a", "b"]}}}], full=True) as changes:
        heard = aiter(changes)
        await database["a"].insert_one({"_id": 1, "n": 1})
        await database["c"].insert_one({"_id": 1})
        await database["b"].insert_one({"_id": 1})
        await database["b"].update_one({"_id": 1}, {"$set": {"n": 2}})
        seen = [await asyncio.wait_for(anext(heard), 10) for _ in range(3)]

    told = [(each["ns"]["coll"], each["operationType"], each["fullDocument"].get("n")) for each in seen]
    assert told == [("a", "insert", 1), ("b", "insert", None), ("b", "update", 2)]


async def test_files_are_kept_in_chunks_and_deleted(database: Store) -> None:
    async def chunks() -> Any:
        for letter in (b"a", b"b", b"c"):
            yield letter * 200_000

    await database.files.write("f", chunks())
    read = b"".join([chunk async for chunk in database.files.read("f")])
    await database.files.delete("f")

    assert read == b"a" * 200_000 + b"b" * 200_000 + b"c" * 200_000
    assert await database["fs.chunks"].count_documents({}) == 0
    assert await database["fs.files"].count_documents({}) == 0


async def test_a_file_whose_source_fails_leaves_nothing(database: Store) -> None:
    async def chunks() -> Any:
        yield b"a" * 600_000
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.files.write("f", chunks())

    assert await database["fs.chunks"].count_documents({}) == 0


async def test_of_a_file_that_is_gone_or_was_never_whole_nothing_is_left_to_delete(database: Store) -> None:
    async def chunk() -> Any:
        yield b"a"

    await database.files.write("gone", chunk())
    await database["fs.chunks"].insert_one({"files_id": "half", "n": 0, "data": b"a"})

    for id_ in ("gone", "gone", "half"):
        await database.files.delete(id_)

    assert await database["fs.chunks"].count_documents({}) == 0


async def test_words_are_found_by_their_beginnings_in_an_array(database: Store) -> None:
    await database.index("rows", ascending("words"))
    words = {1: ["universite", "de", "yaounde"], 2: ["yale"], 3: ["can", "tho"], 4: []}
    await database["rows"].insert_many([{"_id": id_, "words": each} for id_, each in words.items()])

    async def beginning(prefix: str) -> list[int]:
        ranged = {"words": {"$elemMatch": {"$gte": prefix, "$lt": prefix + "\uffff"}}}
        return [row["_id"] async for row in database["rows"].find(ranged).sort([("_id", 1)])]

    assert await beginning("ya") == [1, 2]
    assert await beginning("yao") == [1]
    assert await beginning("z") == []


async def test_an_unordered_insert_keeps_what_it_can_and_names_the_duplicates(database: Store) -> None:
    await database["rows"].insert_one({"_id": 2})

    with pytest.raises(BulkWriteError) as fault:
        await database["rows"].insert_many([{"_id": number} for number in (1, 2, 3)], ordered=False)

    assert [(error["code"], error["index"]) for error in (fault.value.details or {})["writeErrors"]] == [(11000, 1)]
    assert await database["rows"].count_documents({}) == 3


async def test_guarded_replacements_in_one_transaction_take_only_what_is_newer(database: Store) -> None:
    await database["rows"].insert_many([{"_id": 1, "version": 3}, {"_id": 2, "version": 3}])

    async def work(session: Session) -> int:
        newer = [{"_id": 1, "version": 2}, {"_id": 2, "version": 4}, {"_id": 3, "version": 1}]
        replacing = [ReplaceOne({"_id": row["_id"], "version": {"$lt": row["version"]}}, row) for row in newer]
        done = await database["rows"].bulk_write(replacing, ordered=False, session=session)
        return int(done.modified_count)

    assert await database.transaction(work) == 1
    kept = {row["_id"]: row["version"] for row in await database["rows"].find({}).to_list(None)}
    assert kept == {1: 3, 2: 4}


async def test_writes_of_several_collections_reach_the_store_together_or_not_at_all(database: Store) -> None:
    await database["rows"].insert_one({"_id": 1, "version": 1})

    async def change(version: int, session: Session) -> None:
        writes = database.writes()
        writes.insert("others", {"_id": version})
        writes.delete("others", version - 1)
        writes.update_all("rows", [1], {"$set": {"seen": version}}, otherwise=KeyError())
        writes.update("guards", {"_id": "g"}, {"$inc": {"touched": 1}}, upsert=True, otherwise=None)
        replaced = {"_id": 1, "version": version + 1}
        writes.replace("rows", {"_id": 1, "version": version}, replaced, otherwise=LookupError("stale"))
        await writes.send(session)

    for version in (1, 2):
        await database.transaction(partial(change, version))
    with pytest.raises(LookupError, match="stale"):
        await database.transaction(partial(change, 1))

    assert await database["rows"].find_one({"_id": 1}) == {"_id": 1, "version": 3}
    assert await database["others"].find({}).to_list(None) == [{"_id": 2}]
    assert await database["guards"].find_one({"_id": "g"}) == {"_id": "g", "touched": 2}


async def test_writes_that_meet_a_rivals_are_made_again_on_what_the_rival_left(database: Store) -> None:
    await database["rows"].insert_one({"_id": 1, "n": 0})

    async def add(session: Session) -> None:
        row = await database["rows"].find_one({"_id": 1}, session=session)
        writes = database.writes()
        writes.replace("rows", {"_id": 1, "n": row["n"]}, {"_id": 1, "n": row["n"] + 1}, otherwise=LookupError())
        writes.insert("others", {"_id": row["n"]})
        await writes.send(session)

    await asyncio.gather(*(database.transaction(add) for _ in range(20)))

    assert await database["rows"].find_one({"_id": 1}) == {"_id": 1, "n": 20}
    assert await database["others"].count_documents({}) == 20


async def test_what_is_read_as_of_one_moment_has_no_gap(database: Store) -> None:
    """Two rows of a transaction are both there or neither, in however many pieces they are fetched."""
    await database.index("rows", ascending("at"))
    stop, filler = asyncio.Event(), "x" * 500

    async def write() -> int:
        pairs = 0
        while not stop.is_set():
            pairs += 1
            await database.transaction(partial(pair, pairs))
        return pairs

    async def pair(number: int, session: Session) -> None:
        rows = [{"_id": f"{number}-{half}", "at": half * 1_000_000 + number, "x": filler} for half in (0, 1)]
        await database["rows"].insert_many(rows, session=session)

    writing = asyncio.create_task(write())
    for _ in range(20):
        seen = await database.as_of_one_moment("rows", {"at": {"$gt": 0}}, [("at", 1)], 10_000)
        halves = [{row["_id"].partition("-")[0] for row in seen if row["_id"].endswith(h)} for h in ("-0", "-1")]
        assert halves[0] == halves[1]
    stop.set()

    assert await writing > 1


async def test_a_transaction_awaits_nothing_but_the_store(database: Store) -> None:
    async def work(session: Session) -> None:
        await database["rows"].insert_one({"_id": 1}, session=session)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaits nothing but the store"):
        await database.transaction(work)

    assert await database["rows"].find_one({"_id": 1}) is None


async def test_a_guarded_upsert_of_something_stale_is_a_duplicate(database: Store) -> None:
    await database["rows"].insert_one({"_id": 1, "version": 3})

    with pytest.raises(DuplicateKeyError):
        await database["rows"].replace_one({"_id": 1, "version": {"$lt": 2}}, {"_id": 1, "version": 2}, upsert=True)


async def test_the_newest_of_each_key_and_what_waits_come_from_one_grouping(database: Store) -> None:
    rows = [("a", 1, None), ("a", 2, 7), ("b", 5, None), ("c", 1, 9)]
    await database["rows"].insert_many(
        [{"key": key, "version": version, **({"pending": p} if p else {})} for key, version, p in rows]
    )

    group = {"_id": "$key", "version": {"$max": "$version"}, "pending": {"$max": "$pending"}}
    found = await database.aggregate("rows", [{"$match": {"key": {"$in": ["a", "b"]}}}, {"$group": group}])

    assert {row["_id"]: (row["version"], row.get("pending")) for row in found} == {"a": (2, 7), "b": (5, None)}


async def test_values_come_back_as_they_went(database: Store) -> None:
    moment = datetime(2026, 11, 2, 5, 30, 1, 123_000, tzinfo=UTC)
    row = {"_id": "é\u00a0»", "bytes": b"\x00\xff", "big": 2**53 + 1, "at": moment, "none": None, "list": [], "map": {}}
    await database["rows"].insert_one(dict(row))

    assert await database["rows"].find_one({"_id": row["_id"]}) == row
