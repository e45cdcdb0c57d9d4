"""The README keeps its word: an office that begins empty registers its first agreement with what stands there."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.campus import Campus, started

from chassis.clock import brussels_day
from stack import places

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

README = places.TREE / "README.md"
ADDRESSES = ". .run/env; export PATH=$PWD/.venv/bin:$PATH"


@pytest.fixture(scope="module")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campus]:
    """A campus on today's date that nobody has begun."""
    async with started(tmp_path_factory.mktemp("empty")) as campus:
        await campus.step(to=brussels_day(datetime.now(UTC)))
        yield campus


def from_a_shell() -> str:
    """Every block of the section, as one script; only the addresses come from elsewhere."""
    section = README.read_text().partition("### The first agreement, from a shell")[2].partition("\n## ")[0]
    script = "".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL))
    assert script.startswith(ADDRESSES)
    return script.removeprefix(ADDRESSES)


def types(campus: Campus, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**campus.told, "PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


async def test_the_first_agreement_is_registered_with_what_the_readme_says(empty: Campus, tmp_path: Path) -> None:
    begun = await asyncio.to_thread(empty.runs, "init")
    assert begun.returncode == 0, begun.stderr

    done = await asyncio.to_thread(types, empty, from_a_shell(), tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"ULB-{empty.today.year}-0001"
    assert "register-agreement: active" in done.stdout
    report = await empty.verified()
    assert not report.differences
