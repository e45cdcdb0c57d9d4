"""Every aggregate's contract in one place, for tools that read all; a service names the few it hears."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from contracts.record import Contract

AGGREGATES: Final = ("partner", "country", "agreement", "committee", "meeting", "stay", "refusal")


def _known() -> dict[str, Contract[Any]]:
    found: dict[str, Contract[Any]] = {}
    for aggregate in AGGREGATES:
        try:
            module = import_module(f"contracts.{aggregate}")
        except ModuleNotFoundError:
            continue
        found[aggregate] = getattr(module, aggregate.upper())
    return found


CONTRACTS: Final[Mapping[str, Contract[Any]]] = _known()
