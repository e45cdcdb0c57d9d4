"""`python -m tests.rules [PACKAGE…]`: every rule switched off one at a time; which test sees it, and which rules none does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated, Final

import pytest
import typer
from rich.console import Console
from rich.table import Table
from tests.rules.catalogue import ROOT, SERVICES
from tests.rules.results import Found, kept
from tests.rules.switches import every_rule

ON_THE_STORE: Final = tuple(f"services/{name}/tests/test_{name}_service.py" for name in SERVICES)
TESTS: Final = {
    **{name: (f"services/{name}/tests",) for name in SERVICES},
    "contracts": ("contracts/tests", *(f"services/{name}/tests" for name in SERVICES)),
    "chassis": ("infra/chassis/tests", "tests/delivery", "tests/model", *ON_THE_STORE),
}
WITHOUT: Final = (
    "contracts/tests/test_standalone_install.py",
    "tests/model/test_relay_and_consumers.py::test_code_broken_on_purpose_is_found_out",
)
"""Tests of other processes, where no switch is, and tests that break the code by themselves."""


def main(
    packages: Annotated[list[str] | None, typer.Argument(help=", ".join(TESTS))] = None,
    matching: Annotated[str, typer.Option(help="only rules whose id contains this")] = "",
    afresh: Annotated[bool, typer.Option(help="forget what earlier runs found")] = False,
    minutes: Annotated[float, typer.Option(help="stop after so long; the next run goes on there")] = 0.0,
) -> None:
    """Ends with 1 when a rule is guarded by no test that names it."""
    found: dict[str, Found] = {}
    broken = []
    for package in packages or list(TESTS):
        if not _run(package, matching, afresh, minutes):
            broken.append(package)
        found |= kept(package)
    rules = [each for each in every_rule() if each.group in (packages or TESTS) and matching in each.id]
    table = Table("rule", "kind", "a test that fails without it")
    for rule in rules:
        table.add_row(rule.id, rule.kind, found.get(rule.id, Found(rule.id)).test.replace("services/", ""))
    console = Console(width=220)
    console.print(table)
    none = [rule for rule in rules if not found.get(rule.id, Found(rule.id)).test]
    unnamed = [rule for rule in rules if rule not in none and not found[rule.id].guarded]
    for title, some in (("No test guards", none), ("A test fails but does not name", unnamed)):
        for rule in some:
            where = found[rule.id].test if rule.id in found else ""
            console.print(f"{title}: {rule.id} ({rule.words[0] if rule.words else rule.kind}) {where}", markup=False)
    console.print(
        f"{len(rules)} rules, {len(none)} unguarded, {len(unnamed)} guarded by a test that does not name them"
    )
    for package in broken:
        console.print(f"The run over {package} did not come to its end")
    sys.exit(1 if none or unnamed or broken else 0)


def _run(package: str, matching: str, afresh: bool, minutes: float) -> bool:
    """False when the session itself broke off."""
    options = ["-p", "tests.rules.session", f"--rules-of={package}", f"--rules-matching={matching}"]
    options += [f"--rules-minutes={minutes}", *(["--rules-afresh"] if afresh else [])]
    options += [
        "-q",
        "--tb=native",
        "--no-header",
        "-s",
        "-p",
        "no:cacheprovider",
        *(f"--deselect={test}" for test in WITHOUT),
    ]
    command = [sys.executable, "-m", "pytest", *options, *TESTS[package]]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
    return done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


if __name__ == "__main__":
    typer.run(main)
