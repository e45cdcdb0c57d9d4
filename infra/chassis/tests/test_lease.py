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
        writes = database.writes()
        writes.insert("rows", {"_id": 1})
        frozen.hold(writes)
        await writes.send(session)

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


class Jumping:
    """A clock that is put forward and back."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Jumping:
    jumping = Jumping()
    monkeypatch.setattr("chassis.lease.time", jumping)
    return jumping


async def test_a_lease_taken_before_the_clock_was_put_back_does_not_hold_up_the_next_owner(
    database: Store, clock: Jumping
) -> None:
    dead, next_one = Lease(database, "relay", seconds=10), Lease(database, "relay", seconds=10)
    await dead.take()

    clock.now -= 3_600

    assert await next_one.take()


async def test_an_owner_whose_clock_was_put_back_renews_its_lease_at_once(database: Store, clock: Jumping) -> None:
    owner, other = Lease(database, "relay", seconds=10), Lease(database, "relay", seconds=10)
    await owner.take()

    clock.now -= 3_600

    assert await owner.keep()
    assert not await other.take()


async def test_a_clock_put_forward_changes_the_owner_and_the_first_one_notices(database: Store, clock: Jumping) -> None:
    first, second = Lease(database, "relay", seconds=10), Lease(database, "relay", seconds=10)
    await first.take()

    clock.now += 3_600

    assert await second.take()
    assert not await first.keep()


async def test_clocks_a_little_apart_do_not_change_the_owner(database: Store, clock: Jumping) -> None:
    owner, other = Lease(database, "relay", seconds=10), Lease(database, "relay", seconds=10)
    clock.now += 8
    await owner.take()

    clock.now -= 8

    assert not await other.take()


async def test_what_was_read_under_a_lease_that_was_lost_meanwhile_is_not_published(
    database: Store, clock: Jumping
) -> None:
    frozen, other = Lease(database, "relay", seconds=10), Lease(database, "relay", seconds=10)
    await frozen.take()
    clock.now += 11
    await other.take()
    await other.give_up()

    assert [await frozen.keep(), await frozen.keep()] == [False, True]
