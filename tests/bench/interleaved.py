"""Runs variants of the same work in turn, A B C A B C…, and compares their medians: only ratios are meant to travel."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Variant = Callable[[], Awaitable[float]]
"""One repetition; gives the figure (a rate, or milliseconds)."""


@dataclass
class Figures:
    """What was measured of one path: every repetition of every variant, the first one being the floor."""

    path: str
    unit: str
    goal: Mapping[str, float]
    repetitions: dict[str, list[float]] = field(default_factory=dict)
    lower_is_better: bool = False

    def median(self, variant: str) -> float:
        return statistics.median(self.repetitions[variant])

    def ratio(self, variant: str) -> float:
        """Against the floor, repetition by repetition, so that a slow moment of the machine hits both."""
        floor = next(iter(self.repetitions))
        pairs = zip(self.repetitions[variant], self.repetitions[floor], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    def met(self, variant: str) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        goal = self.goal.get(variant)
        if goal is None:
            return None
        return self.ratio(variant) <= goal if self.lower_is_better else self.ratio(variant) >= goal


async def interleaved(figures: Figures, variants: Mapping[str, Variant], times: int) -> Figures:
    for _ in range(times):
        for name, variant in variants.items():
            figures.repetitions.setdefault(name, []).append(await variant())
    return figures
