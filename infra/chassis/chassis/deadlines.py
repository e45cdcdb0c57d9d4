"""What time itself makes due: a leased scanner asks each aggregate whose day has come, and each deadline takes effect once."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from chassis.clock import DemoClock
from chassis.command import Asked, Desk
from chassis.decide import Aggregate, Caller, Nothing, Refusal
from chassis.documents import sweep
from chassis.lease import Lease
from chassis.mongo import AWAY, Session
from chassis.telemetry import Measures, log

LOOK_SECONDS: Final = 60.0
STEPS_A_ROUND: Final = 500
CLOCK: Final = Caller("clock", {"clock": {}})


class Scanner:
    """Applies `on_clock` to every aggregate of a service whose `next_due` is not after today, oldest first.

    Safe to run twice or after days of absence: an aggregate is asked again until it has nothing due.
    """

    def __init__(self, desk: Desk, measures: Measures | None = None) -> None:
        self._desk, self._measures = desk, measures
        self._lease = Lease(desk.store, "deadlines")
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Once at the start, then whenever woken and every minute; until cancelled."""
        swept = 0.0
        while True:
            try:
                if await self._lease.take():
                    await self.advance()
                    if time.monotonic() - swept > 3_600:
                        await sweep(self._desk.store)
                        swept = time.monotonic()
            except AWAY as fault:
                log.warning("deadlines wait", fault=type(fault).__name__)
            except Exception as fault:
                log.error("deadlines failed", fault=repr(fault), exc_info=True)
            try:
                await asyncio.wait_for(self.wake.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
            self.wake.clear()

    async def advance(self) -> int:
        """Everything that is due today, in the order of its days; how many steps were taken."""
        if isinstance(self._desk.clock, DemoClock):
            await self._desk.clock.load()
        steps = 0
        for aggregate in self._desk.aggregates.values():
            if aggregate.on_clock:
                steps += await self._advance(aggregate)
        return steps

    async def _advance(self, aggregate: Aggregate) -> int:
        steps, stuck = 0, set[str]()
        while True:
            today = self._desk.clock.today().isoformat()
            asked = {"next_due": {"$lte": today}, "_id": {"$nin": list(stuck)}}
            cursor = self._desk.store[aggregate.name].find(asked, {"_id": 1}).sort([("next_due", 1)])
            due = await cursor.limit(STEPS_A_ROUND).to_list(STEPS_A_ROUND)
            if self._measures:
                self._measures.deadlines.set(len(due))
            if not due:
                return steps
            for document in due:
                if await self._step(aggregate, document["_id"]):
                    steps += 1
                else:
                    stuck.add(document["_id"])

    async def _step(self, aggregate: Aggregate, id_: str) -> bool:
        """One step of one aggregate; False when it could not be taken and would be asked for ever."""
        row = aggregate.on_clock
        assert row is not None

        async def work(session: Session) -> bool:
            loaded = await self._desk.load(aggregate.name, id_, session)
            due = aggregate.next_due(loaded.state, loaded.private)
            if due is None or due > self._desk.clock.today():
                return True
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
