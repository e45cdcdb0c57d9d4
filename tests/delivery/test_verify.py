import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.support.parcels import MOMENT, TODAY, Post, Weighed, delete_topic, post_office

from chassis.outbox import Told, outbox_row
from chassis.upkeep.verify import Difference, Houses, Report, verify
from stack.child import Child

pytestmark = pytest.mark.slow


@pytest.fixture
async def post(broker: Child, documents: Child) -> AsyncIterator[Post]:
    async with post_office(broker.address, documents.address, f"r{uuid4().hex[:8]}") as office:
        await office.record("p1")
        await office.record("p2")
        yield office


async def verified(post: Post, patience_seconds: float = 0.0) -> Report:
    houses = Houses(post.store, post.databases, post.views)
    return await verify([post.contract], post.bootstrap, houses, patience_seconds=patience_seconds)


def places(report: Report) -> set[tuple[str, str]]:
    return {(difference.key, difference.where) for difference in report.differences}


async def test_what_was_told_and_kept_without_a_fault_agrees(post: Post) -> None:
    await post.send()

    report = await verified(post)

    assert report.differences == ()
    assert report.counted == {"facts": 8, "aggregates": 2, "rows of views and copies": 4}


async def test_a_deleted_topic_is_found_by_every_fact_it_held(post: Post) -> None:
    await post.send()
    await delete_topic(post.bootstrap, post.contract.events_topic)

    report = await verified(post)

    missing = [difference for difference in report.differences if difference.what.endswith("is missing")]
    assert len(missing) == 8


async def test_duplicates_and_another_order_make_no_difference(post: Post) -> None:
    await post.send(post.rows[3:])
    await post.send(post.rows)

    assert (await verified(post)).differences == ()


async def test_a_dropped_row_of_a_view_is_found(post: Post) -> None:
    await post.send()
    await post.view().delete_one({"_id": "p2"})

    report = await verified(post)

    assert report.differences == (
        Difference("parcel", "p2", f"{post.views}.parcels", "is missing, the owner has version 3"),
    )


async def test_a_dropped_document_of_the_owner_is_found(post: Post) -> None:
    await post.send()
    await post.owner()["parcel"].delete_one({"_id": "p1"})

    assert {("p1", "owner"), ("p1", "last record")} <= places(await verified(post))


@pytest.mark.parametrize("kept", ["owner", "view", "copy"])
async def test_a_changed_field_is_found_where_it_is(post: Post, kept: str) -> None:
    await post.send()
    where, collection, member = {
        "owner": ("owner", post.owner()["parcel"], "public.size.grams"),
        "view": (f"{post.views}.parcels", post.view(), "size.grams"),
        "copy": (f"{post.databases['reader']}.parcel_copies", post.copies(), "label"),
    }[kept]
    await collection.update_one({"_id": "p1"}, {"$set": {member: 1}})

    assert ("p1", where) in places(await verified(post))


async def test_a_row_that_nobody_told_is_found(post: Post) -> None:
    await post.send()
    await post.view().insert_one({"_id": "p9", "version": 1, "state": "packed"})

    assert places(await verified(post)) == {("p9", f"{post.views}.parcels")}


async def test_a_missing_fact_is_found(post: Post) -> None:
    lost = post.of("p1", 2)["records"][1]
    await post.send(without=[lost["id"]])

    report = await verified(post)

    assert Difference("parcel", "p1", "facts", "version 2, fact 2 is missing") in report.differences
    assert ("p1", "owner") in places(report)


async def test_an_extra_fact_is_found(post: Post) -> None:
    await post.send()
    fact = post.contract.stamp(Weighed(grams=1), "p1", 4, TODAY)
    told = Told("post", "a-stranger", "nothing", MOMENT)
    await post.send([outbox_row(post.contract, "p1", 4, [fact], None, told, 99)])

    report = await verified(post)

    assert Difference("parcel", "p1", "facts", "version 4, fact 1 is there and was never told") in report.differences


async def test_another_fact_in_the_place_of_one_is_found(post: Post) -> None:
    await post.send()
    fact = post.contract.stamp(Weighed(grams=1), "p1", 3, TODAY)
    told = Told("post", "a-stranger", "nothing", MOMENT)
    await post.send([outbox_row(post.contract, "p1", 3, [fact], None, told, 99)])

    assert ("p1", "facts") in places(await verified(post))


async def test_a_fact_of_an_unknown_type_in_the_place_of_one_is_named(post: Post) -> None:
    strange = {**post.of("p1", 2)["records"][0]}
    strange["headers"] = {**strange["headers"], "ce_type": b"passerelle.parcel.painted.v1"}
    await post.send(without=[strange["id"]])
    await post.send([{**post.of("p1", 2), "records": [strange]}])

    found = [each.what for each in (await verified(post)).differences if each.key == "p1"]

    assert any("unknown type passerelle.parcel.painted.v1" in what for what in found), found


async def test_a_stale_last_record_is_found(post: Post) -> None:
    await post.send()
    old = post.of("p2", 1)
    await post.send([{**old, "records": old["records"][-1:]}])

    report = await verified(post)

    assert report.differences == (Difference("parcel", "p2", "last record", "is of version 1, the owner has 3"),)


async def test_a_last_record_that_is_no_snapshot_is_found(post: Post) -> None:
    await post.send()
    await post.kafka.send_and_wait(post.contract.state_topic, key=b"p2", value=b"not a snapshot")

    assert places(await verified(post)) == {("p2", "last record")}


async def test_what_is_still_on_its_way_is_waited_for(post: Post) -> None:
    await post.send(post.rows[:-1])

    comparing = asyncio.create_task(verified(post, patience_seconds=20))
    await asyncio.sleep(0)
    await post.send(post.rows[-1:])

    assert (await comparing).differences == ()


async def test_what_is_personal_is_compared_by_its_state_for_versions_may_skip(broker: Child, documents: Child) -> None:
    async with post_office(broker.address, documents.address, f"r{uuid4().hex[:8]}", personal=True) as post:
        await post.record("p1")
        await post.send()
        await post.owner()["parcel"].update_one({"_id": "p1"}, {"$set": {"version": 7, "public.version": 7}})
        agreed = await verified(post)

        await post.owner()["parcel"].update_one({"_id": "p1"}, {"$set": {"public.label": "another"}})

        assert agreed.differences == ()
        assert {("p1", "owner"), ("p1", "last record")} == places(await verified(post))
