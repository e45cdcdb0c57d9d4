"""Where the page that a question asks for ended last time: asked for up to there, a store that would read and sort all that
matches before it cuts the page off has only the page to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from chassis.mongo import Row

REMEMBERED: Final = 1_000
Read = Callable[[Sequence[Mapping[str, Any]]], Awaitable[list[Row]]]


class Horizon:
    """Never decides what is shown: what lies before an end is the page whenever there is enough of it, and else all that
    matches is read."""

    def __init__(self) -> None:
        self._ends: dict[str, Any] = {}

    async def page(
        self, question: Sequence[Mapping[str, Any]], order: tuple[str, int], rows: int, read: Read
    ) -> list[Row]:
        """The first `rows` that match every condition of `question`, in this order."""
        member, direction = order
        name = f"{order}{rows}{question}"
        end = self._ends.get(name)
        if end is not None:
            before = {member: {"$lte" if direction > 0 else "$gte": end}}
            found = await read([*question, before])
            if len(found) == rows:
                self._ends[name] = value_of(found[-1], member)
                return found
        found = await read(question)
        if len(found) == rows:
            if len(self._ends) >= REMEMBERED:
                self._ends.clear()
            self._ends[name] = value_of(found[-1], member)
        return found


def value_of(row: Mapping[str, Any], member: str) -> Any:
    """The value at a dotted path; None where there is none."""
    value: Any = row
    for part in member.split("."):
        value = value.get(part) if isinstance(value, Mapping) else value
    return value
