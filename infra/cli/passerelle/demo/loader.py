"""Plays the demonstration's story from its first day to its last; what has happened already is left as it is."""

from __future__ import annotations

import time
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from passerelle.demo import agreements, office, partners, refusals, sittings, stays
from passerelle.demo.stage import Stage
from passerelle.demo.tables import Step, roles_of
from passerelle.surroundings import surroundings


def story() -> list[Step]:
    """Every step in the order of its day and hour."""
    parts: tuple[Any, ...] = (office, partners, sittings, agreements, stays, refusals)
    return sorted(step for part in parts for step in part.steps())


def demo() -> None:
    """Play the demonstration data into the office, by commands through the gateway; a second time nothing happens."""
    began, told = time.monotonic(), story()
    stage = Stage(surroundings(), roles_of())
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    try:
        with Progress(*columns) as progress:
            task = progress.add_task("", total=len(told))
            for step in told:
                progress.update(task, description=step.on.isoformat())
                stage.move(step.on, step.hour)
                step.play(stage)
                progress.advance(task)
    finally:
        stage.close()
    if stage.acts:
        print(f"Demonstration played up to {told[-1].on}: {stage.acts} commands, {time.monotonic() - began:.1f} s.")
    else:
        print("The demonstration is there already; nothing was done.")
