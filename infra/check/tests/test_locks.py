"""A lock says what is installed and by which hash, never from where."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).parents[3]
LISTED = subprocess.run(
    ["git", "ls-files", "*.lock", "*package-lock.json"], cwd=TREE, capture_output=True, text=True, check=True
)
LOCKS = LISTED.stdout.split()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_carries_no_address(lock: str) -> None:
    said = (TREE / lock).read_text().splitlines()

    assert [line.strip() for line in said if "://" in line] == []


def test_every_kind_of_lock_is_looked_at() -> None:
    assert {"requirements.lock", "services/gateway/ui/package-lock.json"} <= set(LOCKS)
