"""Waiting for what must come true: polled to a deadline, and what was seen is said when it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    probe: Callable[[], Awaitable[T]],
    until: Callable[[T], bool] = bool,
    *,
    within_seconds: float = 30.0,
    every_seconds: float = 0.03,
) -> T:
    """What `probe` gives once `until` holds for it; fails with the last thing seen."""
    deadline = time.monotonic() + within_seconds
    while True:
        seen = await probe()
        if until(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {within_seconds:g} s; last seen: {seen!r}")
        await asyncio.sleep(every_seconds)


async def stays(
    probe: Callable[[], Awaitable[T]], holds: Callable[[T], bool], *, for_seconds: float, every_seconds: float = 0.05
) -> None:
    """Fails as soon as `holds` does not hold for what `probe` gives."""
    deadline = time.monotonic() + for_seconds
    while time.monotonic() < deadline:
        seen = await probe()
        assert holds(seen), f"seen: {seen!r}"
        await asyncio.sleep(every_seconds)
