"""The only place that reads a clock for business: dates are Brussels dates, instants are UTC.

`real` is the wall clock. `demo` stands where `POST /demo/clock` put it: its day stays until it is stepped, only its time of
day moves on, so that what happens in a row is told in a row.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from chassis.mongo import Store

BRUSSELS = ZoneInfo("Europe/Brussels")


def brussels_day(instant: datetime) -> date:
    """The day of an instant in Brussels."""
    return instant.astimezone(BRUSSELS).date()


class Clock(Protocol):
    """What time it is for business."""

    def now(self) -> datetime: ...

    def today(self) -> date: ...


class RealClock:
    """The wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return brussels_day(self.now())


class DemoClock(RealClock):
    """A clock that a person steps; kept in the store, so that a restart finds it where it stood.
    Proved by `test_the_clock_stays_where_it_was_put_for_other_processes_and_after_a_restart`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._set_to = datetime.now(UTC)
        self._since = time.monotonic()

    async def load(self) -> None:
        """Takes up where another process put it."""
        kept = await self._store["clock"].find_one({"_id": "demo"})
        if kept and kept["now"] != self._set_to:
            self._put(kept["now"])

    async def step(self, now: datetime) -> None:
        """Puts it there, for every process that loads it."""
        now = now.replace(microsecond=now.microsecond // 1_000 * 1_000)  # as the store keeps it
        await self._store["clock"].update_one({"_id": "demo"}, {"$set": {"now": now}}, upsert=True)
        self._put(now)

    def _put(self, now: datetime) -> None:
        self._set_to, self._since = now, time.monotonic()

    def now(self) -> datetime:
        moved = self._set_to + timedelta(seconds=time.monotonic() - self._since)
        return min(moved, end_of_day(self._set_to))


def end_of_day(instant: datetime) -> datetime:
    """The last microsecond of the instant's day in Brussels."""
    local = instant.astimezone(BRUSSELS)
    next_midnight = datetime(local.year, local.month, local.day, tzinfo=BRUSSELS) + timedelta(days=1)
    return next_midnight.astimezone(UTC) - timedelta(microseconds=1)
