"""What time itself makes due: a leased scanner asks each aggregate whose day has come, and each deadline takes effect once."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from chassis.answers import Asked
from chassis.clock import DemoClock
from chassis.command import Desk
from chassis.decide import Aggregate, Caller, Nothing, Refusal
from chassis.documents import sweep
from chassis.lease import LEASE_SECONDS, Lease
from chassis.mongo import AWAY, Row, Session
from chassis.telemetry import UNREAD, Measures, log

LOOK_SECONDS: Final = 60.0
SWEEP_SECONDS: Final = 3_600.0
AT_ONCE: Final = 500
MOST_STEPS: Final = 1_000
CLOCK: Final = Caller("clock", {"clock": {}})


@dataclass
class _Round:
    """What one look at a kind of aggregate did, and which of them it leaves alone until the next."""

    kind: Aggregate
    steps: Counter[str] = field(default_factory=Counter)
    stuck: set[str] = field(default_factory=set)


class Scanner:
    """Applies `on_clock` to every aggregate of a service whose `next_due` is not after today, oldest first.

    Safe to run twice or after days of absence: an aggregate is asked again until it has nothing due.

    Proved by `test_scanners_that_race_take_each_step_once`.
    """

    def __init__(self, desk: Desk, measures: Measures = UNREAD) -> None:
        self._desk, self._measures = desk, measures
        self._lease = Lease(desk.store, "deadlines")

    async def run(self) -> None:
        """At once and every minute; where another process looks, again when its lease may be over. Until cancelled: then
        the next process need not wait for the lease.
        Proved by `test_a_process_that_follows_one_which_ended_looks_at_once` and
        `test_who_finds_another_looking_looks_again_when_that_ones_lease_may_be_over`."""
        try:
            await self._look_again_and_again()
        finally:
            with suppress(*AWAY):
                await self._lease.give_up()

    async def _look_again_and_again(self) -> None:
        swept = -SWEEP_SECONDS
        while True:
            pause = LEASE_SECONDS
            try:
                if await self._lease.take():
                    pause = LOOK_SECONDS
                    await self.advance()
                    if time.monotonic() - swept > SWEEP_SECONDS:
                        await sweep(self._desk.store)
                        swept = time.monotonic()
            except AWAY as fault:
                log.warning("deadlines wait", fault=type(fault).__name__)
            except Exception as fault:
                log.error("deadlines failed", fault=repr(fault), exc_info=True)
            await asyncio.sleep(pause)

    async def advance(self) -> int:
        """Everything that is due today, in the order of its days; how many steps were taken.
        Proved by `test_days_missed_are_caught_up_in_their_order_across_aggregates`."""
        if isinstance(self._desk.clock, DemoClock):
            await self._desk.clock.load()
        rounds = [_Round(kind) for kind in self._desk.aggregates.values() if kind.on_clock]
        while days := [day for each in rounds if (day := await self._earliest(each))]:
            for each in rounds:
                await self._on(min(days), each)
        self._measures.deadlines.set(sum(len(each.stuck) for each in rounds))
        return sum(each.steps.total() for each in rounds)

    async def _earliest(self, round_: _Round) -> str | None:
        """The first day, not after today, on which something of this kind is due."""
        due = await self._due(round_, self._desk.clock.today().isoformat(), 1)
        return str(due[0]["next_due"]) if due else None

    async def _on(self, day: str, round_: _Round) -> None:
        for document in await self._due(round_, day, AT_ONCE):
            id_, name = document["_id"], round_.kind.name
            if round_.steps[id_] < MOST_STEPS and await self._step(round_.kind, id_):
                round_.steps[id_] += 1
            else:
                log.warning("deadline stays", aggregate=name, id=id_, day=day, steps=round_.steps[id_])
                round_.stuck.add(id_)

    async def _due(self, round_: _Round, until: str, limit: int) -> list[Row]:
        asked = {"next_due": {"$lte": until}, "_id": {"$nin": list(round_.stuck)}}
        cursor = self._desk.store[round_.kind.name].find(asked, {"next_due": 1}).sort([("next_due", 1)]).limit(limit)
        found: list[Row] = await cursor.to_list(limit)
        return found

    async def _step(self, aggregate: Aggregate, id_: str) -> bool:
        """One step of one aggregate; False when it could not be taken and would be asked for ever."""
        row = aggregate.on_clock
        assert row is not None

        async def work(session: Session) -> bool:
            loaded = await self._desk.load(aggregate.name, id_, session)
            due = aggregate.next_due(loaded.state, loaded.private)
            if due is None or due > self._desk.clock.today():
                return False
            asked = Asked(aggregate, row, id_, Nothing(), CLOCK)
            outcome = await self._desk.perform(asked, loaded, session)
            if isinstance(outcome, Refusal):
                log.warning("deadline not possible", aggregate=aggregate.name, id=id_, slug=outcome.slug)
                return False
            return not outcome.decision.is_empty

        try:
            done = await self._desk.store.transaction(work)
        except AWAY:
            raise
        except Exception as fault:
            log.error("deadline failed", aggregate=aggregate.name, id=id_, fault=repr(fault), exc_info=True)
            return False
        self._desk.committed.set()
        return done
