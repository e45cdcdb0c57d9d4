"""Of several processes one owns a lease; whoever lost it commits nothing under it."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.watching import eventually

from chassis.lease import Lease, LeaseLost
from chassis.mongo import Session, Store


async def test_one_of_many_gets_it(database: Store) -> None:
    leases = [Lease(database, "relay") for _ in range(10)]

    taken = await asyncio.gather(*(lease.take() for lease in leases))

    assert taken.count(True) == 1


async def test_the_owner_keeps_it_and_the_others_wait(database: Store) -> None:
    owner, other = Lease(database, "relay"), Lease(database, "relay")

    assert [await owner.keep(), await other.keep(), await owner.keep(), await owner.take()] == [True, False, True, True]


async def test_an_owner_that_stood_still_finds_itself_replaced(database: Store) -> None:
    frozen, next_one = Lease(database, "relay", seconds=0.2), Lease(database, "relay", seconds=5)
    assert await frozen.take()

    await eventually(next_one.take)

    async def write(session: Session) -> None:
        await database["rows"].insert_one({"_id": 1}, session=session)
        await frozen.hold(session)

    with pytest.raises(LeaseLost):
        await database.transaction(write)
    assert await database["rows"].count_documents({}) == 0
    assert not await frozen.keep()


async def test_a_lease_given_up_is_free_at_once(database: Store) -> None:
    first, second = Lease(database, "relay"), Lease(database, "relay")
    await first.take()

    await first.give_up()

    assert await second.take()
    assert not await first.keep()


async def test_giving_up_what_another_owns_changes_nothing(database: Store) -> None:
    frozen, owner, third = (Lease(database, "relay", seconds=seconds) for seconds in (0.1, 5, 5))
    await frozen.take()
    await eventually(owner.take)

    await frozen.give_up()

    assert not await third.take()
