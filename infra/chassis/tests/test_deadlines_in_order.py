"""What time makes due: once each, in the order of its days, however long nobody looked, and on the demonstration clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.lamps import Lamps, opened, settings_of
from tests.support.watching import eventually

from chassis import deadlines
from chassis.clock import DemoClock
from chassis.decide import Caller, Decision
from chassis.lease import Lease
from stack.child import Child


@pytest.fixture
async def demo(documents: Child, signing_keys: Path) -> AsyncIterator[Lamps]:
    """The service on a demonstration clock that stands on 2 November 2020."""
    shown = {"PASSERELLE_CLOCK": "demo", "PASSERELLE_SIGN_IN": "development"}
    settings = settings_of("127.0.0.1:1", documents.address, signing_keys, f"r{uuid4().hex[:8]}", **shown)
    async with opened(settings, worker=False) as service:
        assert isinstance(service.running.clock, DemoClock)
        await service.running.clock.step(datetime(2020, 11, 2, 9, tzinfo=UTC))
        yield service


async def step(demo: Lamps, now: str) -> httpx.Response:
    headers = demo.client.headers(Caller("olga", {"ops": {}}))
    return await demo.client.http.post("/demo/clock", json={"now": now}, headers=headers)


async def told(demo: Lamps) -> list[tuple[str, int, str]]:
    """Every check of the oil: whose, which version, and the day it was due."""
    rows = await demo.store["outbox"].find({"version": {"$gt": 1}}).sort([("at", 1)]).to_list(None)
    names = {row["_id"]: row["public"]["name"] for row in await demo.store["lantern"].find({}).to_list(None)}
    return [
        (names[row["key"]], row["version"], record["value"].decode().partition('"due_on":"')[2][:10])
        for row in rows
        for record in row["records"]
        if record["headers"]["ce_type"].endswith(b"oil_checked.v1")
    ]


async def test_days_missed_are_caught_up_in_their_order_across_aggregates(demo: Lamps) -> None:
    await demo.client.hung("a", oil_until="2021-03-01")
    await demo.client.hung("b", oil_until="2021-06-01")

    answer = await step(demo, "2023-04-01T08:00:00Z")

    assert (answer.json()["today"], answer.json()["steps"]) == ("2023-04-01", 5)
    assert await told(demo) == [
        ("a", 2, "2021-03-01"),
        ("b", 2, "2021-06-01"),
        ("a", 3, "2022-03-01"),
        ("b", 3, "2022-06-01"),
        ("a", 4, "2023-03-01"),
    ]


async def test_each_deadline_takes_effect_once_however_often_and_by_whoever_it_is_looked_at(demo: Lamps) -> None:
    await demo.client.hung("a", oil_until="2021-03-01")
    await step(demo, "2021-03-01T08:00:00Z")

    others = [deadlines.Scanner(demo.running.desk) for _ in range(4)]
    steps = await asyncio.gather(*(scanner.advance() for scanner in [*others, demo.running.scanner]))

    assert steps == [0] * 5
    assert await told(demo) == [("a", 2, "2021-03-01")]


async def test_scanners_that_race_take_each_step_once(demo: Lamps) -> None:
    for name in "abcdef":
        await demo.client.hung(name, oil_until="2021-03-01")
    assert isinstance(demo.running.clock, DemoClock)
    await demo.running.clock.step(datetime(2022, 3, 1, tzinfo=UTC))

    await asyncio.gather(*(deadlines.Scanner(demo.running.desk).advance() for _ in range(3)))

    assert sorted(await told(demo)) == sorted(
        (name, version, day) for name in "abcdef" for version, day in ((2, "2021-03-01"), (3, "2022-03-01"))
    )


@asynccontextmanager
async def looking(demo: Lamps) -> AsyncIterator[None]:
    """A process that looks for what is due, until it is told to end."""
    running = asyncio.create_task(deadlines.Scanner(demo.running.desk).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_process_that_follows_one_which_ended_looks_at_once(demo: Lamps) -> None:
    await demo.client.hung("a", oil_until="2020-11-01")
    async with looking(demo):
        await eventually(lambda: told(demo), lambda steps: len(steps) == 1)
    await demo.client.hung("b", oil_until="2020-11-01")

    async with looking(demo):
        await eventually(lambda: told(demo), lambda steps: len(steps) == 2, within_seconds=5)


async def test_who_finds_another_looking_looks_again_when_that_ones_lease_may_be_over(
    demo: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "LEASE_SECONDS", 0.1)
    await demo.client.hung("a", oil_until="2020-11-01")
    killed = Lease(demo.running.store, "deadlines", seconds=1.0)
    assert await killed.take()

    async with looking(demo):
        await eventually(lambda: told(demo), lambda steps: len(steps) == 1, within_seconds=10)


async def test_a_deadline_ends_with_its_day_in_brussels(demo: Lamps) -> None:
    await demo.client.hung("a", oil_until="2021-03-01")

    before = await step(demo, "2021-02-28T22:59:59Z")
    after = await step(demo, "2021-02-28T23:00:00Z")

    assert (before.json()["today"], before.json()["steps"]) == ("2021-02-28", 0)
    assert (after.json()["today"], after.json()["steps"]) == ("2021-03-01", 1)


async def test_what_is_over_is_not_due_any_more(demo: Lamps) -> None:
    id_ = await demo.client.hung("a", oil_until="2021-03-01")
    await demo.client.done(id_, "take-down-lantern", at=1)

    assert (await step(demo, "2022-01-01T08:00:00Z")).json()["steps"] == 0


async def test_a_deadline_that_cannot_be_taken_does_not_hold_up_the_others(
    demo: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    await demo.client.hung("broken", oil_until="2021-01-01")
    await demo.client.hung("b", oil_until="2021-03-01")
    row = demo.running.desk.aggregates["lantern"].on_clock
    assert row is not None
    check = row.decide

    def decide(state: Any, *rest: Any) -> Any:
        if state.name == "broken":
            raise ZeroDivisionError
        return check(state, *rest)

    monkeypatch.setattr(deadlines, "MOST_STEPS", 50)
    object.__setattr__(row, "decide", decide)
    try:
        answer = await step(demo, "2021-03-01T08:00:00Z")
    finally:
        object.__setattr__(row, "decide", check)

    assert answer.json()["steps"] == 1
    assert await told(demo) == [("b", 2, "2021-03-01")]


async def test_a_deadline_that_never_moves_ends_after_a_bounded_number_of_steps(
    demo: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await demo.client.hung("a", oil_until="2021-03-01")
    row = demo.running.desk.aggregates["lantern"].on_clock
    assert row is not None
    check = row.decide
    monkeypatch.setattr(deadlines, "MOST_STEPS", 7)
    object.__setattr__(row, "decide", lambda state, private, body, context: Decision((), private))
    try:
        answer = await step(demo, "2021-03-01T08:00:00Z")
    finally:
        object.__setattr__(row, "decide", check)

    assert answer.json()["steps"] == 7
    assert (await demo.store["lantern"].find_one({"_id": id_}))["version"] == 1


async def test_the_clock_stays_where_it_was_put_for_other_processes_and_after_a_restart(demo: Lamps) -> None:
    await step(demo, "2024-02-29T10:11:12.345678Z")
    other = DemoClock(demo.running.store)
    await other.load()

    assert other.today() == demo.running.clock.today() == date(2024, 2, 29)
    first = other.now()
    await other.load()
    assert other.now() >= first


async def test_the_demonstration_clock_keeps_its_day(demo: Lamps, monkeypatch: pytest.MonkeyPatch) -> None:
    await step(demo, "2024-02-29T22:59:59Z")
    passed = time.monotonic() + 10

    monkeypatch.setattr("chassis.clock.time.monotonic", lambda: passed)

    assert demo.running.clock.today() == date(2024, 2, 29)


async def test_a_step_needs_a_moment_with_its_zone(demo: Lamps) -> None:
    assert (await step(demo, "2024-02-29T10:00:00")).status_code == 422
