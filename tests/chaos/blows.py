"""What is done to the processes, and when: drawn from a seed, so that a run can be told to somebody else by a number."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.chaos.stage import Stage, kinds

from stack.child import Child

LEASE_SECONDS: Final = 10.0


class Kind(StrEnum):
    KILL = "kill"
    FREEZE = "freeze"
    RESTART = "restart"


@dataclass(frozen=True)
class Blow:
    """At `at` seconds the target is killed and stays down, or stands still, for `seconds`; or is restarted in good order."""

    at: float
    kind: Kind
    target: str
    seconds: float


def drawn(seed: int, seconds: float, targets: Sequence[str], every_seconds: float = 4.0) -> list[Blow]:
    """Blows for a run: each part of the platform is hit equally often, whatever the number of its processes."""
    chance = random.Random(seed)
    parts = sorted({kinds(target) for target in targets})
    of_part = {part: [target for target in targets if kinds(target) == part] for part in parts}
    blows: list[Blow] = []
    bag: list[str] = []
    at = chance.uniform(1, every_seconds)
    while at < seconds:
        if not bag:
            bag = [*parts]
            chance.shuffle(bag)
        target = chance.choice(of_part[bag.pop()])
        kind = chance.choices([Kind.KILL, Kind.FREEZE, Kind.RESTART], [6, 3, 1])[0]
        lasting = chance.uniform(0, 2) if kind is Kind.KILL else _frozen(chance, target)
        blows.append(Blow(round(at, 2), kind, target, round(lasting, 2)))
        at += chance.uniform(0.5, 1.5) * every_seconds
    return blows


def _frozen(chance: random.Random, target: str) -> float:
    """A worker is mostly frozen longer than its lease; the ground everybody stands on, for shorter."""
    if target in ("kafka", "store"):
        return chance.uniform(1, 8)
    if target.endswith("-api"):
        return chance.uniform(1, 12)
    return chance.uniform(1, 10) if chance.random() < 0.3 else chance.uniform(LEASE_SECONDS + 0.5, 20)


@dataclass
class Tally:
    """What was done."""

    kills: Counter[str] = field(default_factory=Counter)
    freezes: Counter[str] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)
    beyond_lease: int = 0


async def dealt(stage: Stage, blows: Sequence[Blow]) -> Tally:
    """Deals the blows at their times; several at once, but never two to one process. Returns when the last is over."""
    tally, begun = Tally(), time.monotonic()
    dealing: list[asyncio.Task[None]] = []
    for blow in blows:
        await asyncio.sleep(max(0.0, begun + blow.at - time.monotonic()))
        if blow.target not in stage.held:
            stage.held.add(blow.target)
            dealing.append(asyncio.create_task(_dealt(stage, blow, tally)))
    await asyncio.gather(*dealing)
    return tally


async def _dealt(stage: Stage, blow: Blow, tally: Tally) -> None:
    child = stage.processes[blow.target]
    try:
        if child.alive:
            await _one(child, blow, tally)
    finally:
        stage.held.discard(blow.target)


async def _one(child: Child, blow: Blow, tally: Tally) -> None:
    match blow.kind:
        case Kind.KILL:
            await asyncio.to_thread(child.kill)
            tally.kills[kinds(blow.target)] += 1
            await asyncio.sleep(blow.seconds)
        case Kind.FREEZE:
            child.freeze()
            tally.freezes[kinds(blow.target)] += 1
            await asyncio.sleep(blow.seconds)
            child.thaw()
            tally.beyond_lease += blow.seconds > LEASE_SECONDS and not blow.target.endswith("-api")
        case Kind.RESTART:
            await asyncio.to_thread(child.stop, 10)
            tally.restarts[kinds(blow.target)] += 1
