"""`python -m tests.bench [PATH…]`: every figure beside its floor in the same run; medians of ratios, best read twice."""

from __future__ import annotations

import asyncio
import importlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from tests.bench.bench_ground import ground
from tests.bench.interleaved import Figures

from stack import store

PATHS = ("projection", "relay", "command", "click", "reads", "process")


def main(
    paths: Annotated[list[str] | None, typer.Argument(help=", ".join(PATHS))] = None,
    times: int = 5,
    program: str = store.FAST,
) -> None:
    """Prints a table; ends with 1 when a goal was missed."""
    if store.executable(program) is None:
        raise SystemExit(f"{program} is not installed; `make store-fast` builds the fast one")
    figures = asyncio.run(measure(paths or list(PATHS), times, program))
    table = Table(title=f"{program}, {times} interleaved repetitions, medians")
    for heading in ("path", "variant", "figure", "× floor", "goal"):
        table.add_column(heading)
    missed = 0
    for one in figures:
        for variant in one.repetitions:
            met = one.met(variant)
            missed += met is False
            goal = (
                ""
                if met is None
                else f"{'≤' if one.lower_is_better else '≥'} {one.goal[variant]:g} {'' if met else '✗'}"
            )
            table.add_row(
                one.path, variant, f"{one.median(variant):,.1f} {one.unit}", f"{one.ratio(variant):.2f}", goal
            )
    Console(width=120).print(table)
    sys.exit(1 if missed else 0)


async def measure(paths: list[str], times: int, program: str) -> list[Figures]:
    found: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        async with ground(Path(folder), program) as here:
            for path in paths:
                found += await importlib.import_module(f"tests.bench.{path}").run(here, times)
    return found


if __name__ == "__main__":
    typer.run(main)
