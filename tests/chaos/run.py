"""One run of chaos: load and blows side by side, then quiet, then the proof."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.chaos.blows import Blow, Tally, dealt, drawn
from tests.chaos.checks import HEARS, faults
from tests.chaos.gathering import compacted, gathered
from tests.chaos.hands import Hands, Ledger
from tests.chaos.recording import Answer, Fault, Outcome, Recording
from tests.chaos.stage import Stage, staged
from tests.chaos.stories import MANY, Town, fresh, reactions
from tests.support.office import Office

SETTLE_SECONDS: Final = 150.0
LAST_WORDS_SECONDS: Final = 120.0
BETWEEN_LOOKS_SECONDS: Final = 2.0
SHOWN: Final = 40


@dataclass
class Report:
    """What a run did and what it found."""

    seed: int
    seconds: float
    answers: Counter[str]
    tally: Tally
    fired: Counter[str]
    ended: Counter[str]
    refusals: Counter[str]
    settled_seconds: float
    faults: list[Fault] = field(default_factory=list)

    @property
    def line(self) -> str:
        taken = self.answers[Outcome.ACKNOWLEDGED]
        fired = " ".join(f"{name}={self.fired[name]}" for name in HEARS)
        return "\n".join(
            [
                f"seed {self.seed}, {self.seconds:.0f} s: {taken / self.seconds:.1f} acknowledged/s"
                f" ({taken} acknowledged, {self.answers[Outcome.REFUSED]} refused,"
                f" {self.answers[Outcome.UNKNOWN]} unknown at first)",
                f"  kills {_counts(self.tally.kills)}",
                f"  freezes {_counts(self.tally.freezes)}, longer than the lease {self.tally.beyond_lease};"
                f" restarts {_counts(self.tally.restarts)}",
                f"  reactions {fired}",
                f"  refused {_counts(self.refusals)}; stories {_counts(self.ended)}",
                f"  quiet after {self.settled_seconds:.1f} s, {len(self.faults)} faults found",
                *(
                    f"    {promise}: {times}"
                    for promise, times in Counter(each.promise for each in self.faults).items()
                ),
                *(f"    {fault}" for fault in self.faults[:SHOWN]),
            ]
        )


def _counts(counted: Counter[str]) -> str:
    return " ".join(f"{name}={times}" for name, times in sorted(counted.items())) or "none"


async def run(
    folder: Path, seed: int, seconds: float, every_seconds: float = 4.0, crowd: Mapping[str, int] = MANY
) -> Report:
    """Raises nothing for a fault of the product: it stands in the report."""
    async with staged(folder) as stage:
        with Ledger(folder / "answers.jsonl").kept() as ledger:
            over = asyncio.Event()
            hands = Hands(stage.client, ledger, over)
            town = fresh(Office(stage), hands, seed)
            _say(f"seed {seed}: everything runs")
            await town.founded()
            before = len(ledger.answers)
            _say(f"seed {seed}: founded; {seconds:.0f} s of load and blows begin")
            telling = [asyncio.create_task(town.told(story)) for story in town.load(crowd)]
            blows = drawn(seed, seconds, sorted(stage.processes), every_seconds)
            tally, took = await _storm(stage, town, telling, blows, seconds)
            during = _commands(ledger.answers[before:])
            _say("the storm is over; waiting for quiet")
            quiet = time.monotonic()
            await stage.whole()
            await hands.resolves()
            recording, found = await _settled(stage, ledger)
            settled = time.monotonic() - quiet
            _say("quiet; topics are compacted")
            for child in stage.services.values():
                child.stop()
            found += await _last_records(stage, recording)
    return Report(
        seed,
        took,
        during,
        tally,
        reactions(recording.inbox),
        town.ended,
        ledger.slugs,
        settled,
        sorted(set(found)),
    )


async def _storm(
    stage: Stage, town: Town, telling: Sequence[asyncio.Task[None]], blows: Sequence[Blow], seconds: float
) -> tuple[Tally, float]:
    begun = time.monotonic()
    supervising = asyncio.create_task(stage.supervise())
    try:
        tally = await dealt(stage, blows)
        await asyncio.sleep(max(0.0, begun + seconds - time.monotonic()))
        took = time.monotonic() - begun
        town.over.set()
        await asyncio.wait_for(asyncio.gather(*telling), LAST_WORDS_SECONDS)
        await stage.whole()
        return tally, took
    finally:
        supervising.cancel()
        for task in telling:
            task.cancel()


async def _settled(stage: Stage, ledger: Ledger) -> tuple[Recording, list[Fault]]:
    """Looks until nothing is wrong or patience is over: what is still on its way is not a fault yet."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        recording = await asyncio.to_thread(gathered, stage.bootstrap, stage.documents.address, list(ledger.answers))
        found = await asyncio.to_thread(faults, recording)
        if not found or time.monotonic() > until:
            return recording, found
        await asyncio.sleep(BETWEEN_LOOKS_SECONDS)


async def _last_records(stage: Stage, recording: Recording) -> list[Fault]:
    last = await asyncio.to_thread(compacted, stage.bootstrap)
    return await asyncio.to_thread(faults, replace(recording, last=last))


def _commands(answers: Sequence[Answer]) -> Counter[str]:
    """Commands by outcome; one that was unknown for a while counts there too."""
    keys = {(str(answer.outcome), answer.key) for answer in answers if answer.slug != "reference-not-known-yet"}
    return Counter(outcome for outcome, _ in keys)


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
