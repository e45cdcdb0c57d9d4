"""Lists whose entries are known by a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from contracts.types import Shape

Changes = dict[str, object]
S = TypeVar("S", bound=Shape)


def with_entry(kept: Iterable[S], new: S, key: str) -> tuple[S, ...]:
    """The entries with `new` in the place of its namesake, or at the end."""
    by_key = {getattr(each, key): each for each in kept}
    by_key[getattr(new, key)] = new
    return tuple(by_key.values())
