"""What code with switches asks while it runs: does this rule hold just now? One rule at a time can be off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

VARIABLE: Final = "PASSERELLE_RULE_OFF"


class Board:
    """Which rule is off, and which rules were asked about since somebody began to listen."""

    def __init__(self, off: str = "") -> None:
        self.off = off
        self.asked: set[str] = set()

    def on(self, rule: str) -> bool:
        self.asked.add(rule)
        return rule != self.off

    @contextmanager
    def without(self, rule: str) -> Iterator[None]:
        before, self.off = self.off, rule
        try:
            yield
        finally:
            self.off = before

    def listened(self) -> set[str]:
        """The rules asked about since the last time."""
        asked, self.asked = self.asked, set()
        return asked


BOARD: Final = Board(os.environ.get(VARIABLE, ""))
on = BOARD.on
