from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from tests.support.parcels import Post, delete_topic, make_topics, post_office

from chassis.upkeep.archive import Place, whole
from chassis.upkeep.republish import republish
from chassis.upkeep.verify import Houses, verify
from stack.child import Child

pytestmark = pytest.mark.slow


@pytest.fixture
async def post(broker: Child, documents: Child) -> AsyncIterator[Post]:
    async with post_office(broker.address, documents.address, f"r{uuid4().hex[:8]}") as office:
        await office.record("p1")
        await office.record("p2")
        yield office


async def sent(post: Post, since: datetime | None = None) -> dict[str, int]:
    done = republish([post.contract], post.bootstrap, post.owner(), since)
    return {each.topic: each.sent async for each in done}


async def places(post: Post, topic: str) -> list[Place | None]:
    return sorted([entry.place async for entry in whole(post.bootstrap, topic)], key=repr)


async def test_a_deleted_topic_is_republished_with_the_same_ids_and_verifies(post: Post) -> None:
    await post.send()
    topics = (post.contract.events_topic, post.contract.state_topic)
    before = await places(post, topics[0])
    for topic in topics:
        await delete_topic(post.bootstrap, topic)
    await make_topics(post.bootstrap, post.contract)

    assert await sent(post) == {topics[0]: 8, topics[1]: 2}

    assert await places(post, topics[0]) == before
    houses = Houses(post.store, post.databases, post.views)
    report = await verify([post.contract], post.bootstrap, houses, patience_seconds=0)
    assert report.differences == ()


async def test_only_what_is_missing_is_sent_again(post: Post) -> None:
    lost = post.of("p1", 2)["records"][1]["id"]
    await post.send(without=[lost])

    assert await sent(post) == {post.contract.events_topic: 1, post.contract.state_topic: 0}
    assert await sent(post) == {post.contract.events_topic: 0, post.contract.state_topic: 0}


async def test_a_stale_last_snapshot_is_followed_by_the_newest(post: Post) -> None:
    await post.send()
    old = post.of("p2", 1)
    await post.send([{**old, "records": old["records"][-1:]}])

    assert await sent(post) == {post.contract.events_topic: 0, post.contract.state_topic: 1}


async def test_what_was_never_acknowledged_is_left_to_the_relay(post: Post) -> None:
    await post.owner()["outbox"].update_many({"key": "p1"}, {"$set": {"pending": 1}})

    assert await sent(post) == {post.contract.events_topic: 4, post.contract.state_topic: 1}


async def test_what_was_told_before_the_given_day_is_left_out(post: Post) -> None:
    await post.owner()["outbox"].update_many({"key": "p1"}, {"$set": {"at": 1_900_000_000_000_000}})

    assert await sent(post, datetime(2026, 11, 1, tzinfo=UTC)) == {
        post.contract.events_topic: 4,
        post.contract.state_topic: 1,
    }
