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

PATHS = ("process", "projection", "relay", "command", "click", "reads", "reaction", "rebuilding", "eche")
ASKED_FOR = ("transactions", "growth", "peers")
SIZED = ("rebuilding", "growth")


def main(
    paths: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(PATHS)}; and {', '.join(ASKED_FOR)}")] = None,
    times: int = 3,
    program: str = store.FAST,
    size: Annotated[int, typer.Option(help=f"how many times larger: {', '.join(SIZED)}")] = 1,
) -> None:
    """Prints a table a path; ends with 1 when a goal was missed."""
    if store.executable(program) is None:
        raise SystemExit(f"{program} is not installed; `make store-fast` builds the fast one")
    sys.exit(1 if asyncio.run(measure(paths or list(PATHS), times, program, size)) else 0)


async def measure(paths: list[str], times: int, program: str, size: int) -> int:
    """How many goals were missed."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="passerelle-bench-") as folder:
        async with ground(Path(folder), program) as here:
            for path in paths:
                sized = {"size": size} if path in SIZED else {}
                found = await importlib.import_module(f"tests.bench.{path}").run(here, times, **sized)
                missed += shown(f"{path}, {program}, {times} interleaved repetitions, medians", found)
    return missed


def shown(title: str, figures: list[Figures]) -> int:
    """Prints the figures; how many missed their goal."""
    table, missed = Table(title=title, title_justify="left"), 0
    for heading in ("path", "variant", "figure", "× first", "goal"):
        table.add_column(heading)
    for one in figures:
        for variant in one.repetitions:
            met = one.met(variant)
            missed += met is False
            goal = "" if met is None else f"{'≤' if one.lower_is_better else '≥'} {one.goal[variant]:g}"
            figure = f"{one.median(variant):,.{1 if one.median(variant) >= 10 else 2}f} {one.unit}"
            table.add_row(one.path, variant, figure, f"{one.ratio(variant):.2f}", f"{goal} ✗" if met is False else goal)
    Console(width=130).print(table)
    return missed


if __name__ == "__main__":
    typer.run(main)
