"""Command tables and their cases: for every row a way it goes well and a way to each refusal it lists.

A case brings an office in memory to where a command is to be tried, and says what is then asked for and what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

import pytest

from chassis.decide import Aggregate, Caller, Command, Loaded, Refusal

DONE: Final = "done"
GENERAL: Final = frozenset({"not-permitted", "unknown-id", "reference-not-known-yet"})
"""What a decision may give without its row listing it."""

OfficeT = TypeVar("OfficeT")
T = TypeVar("T")


def as_listed(row: Command, outcome: T) -> T:
    """The outcome of a command; raises AssertionError for a refusal that its row does not list."""
    if isinstance(outcome, Refusal):
        assert outcome.slug in {*row.refusals, *GENERAL, "transition-not-allowed"}, f"{row.name}: {outcome.slug}"
    return outcome


@dataclass(frozen=True, slots=True)
class Ask:
    """A command as somebody sends it; without an id it creates."""

    id: str | None
    body: Mapping[str, Any]
    caller: Caller


@dataclass(frozen=True, slots=True)
class World:
    """What lies in a service's store on a day."""

    today: date
    aggregates: Mapping[tuple[str, str], Loaded]
    documents: Mapping[str, Iterable[Mapping[str, Any]]] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Case(Generic[OfficeT]):
    """One way a command goes: `slug` is what refuses it, `DONE` when nothing does; `to` is where it then leads."""

    row: str
    slug: str
    arrange: Callable[[OfficeT], Ask]
    to: str = ""

    def __str__(self) -> str:
        return f"{self.row}: {self.slug} {self.to}".strip()


def done(row: str, arrange: Callable[[OfficeT], Ask], to: str = "") -> Case[OfficeT]:
    return Case(row, DONE, arrange, to)


def refused(row: str, **by_slug: Callable[[OfficeT], Ask]) -> tuple[Case[OfficeT], ...]:
    """The refusals of a row, each named by its slug with `_` for `-`."""
    return tuple(Case(row, slug.replace("_", "-"), arrange) for slug, arrange in by_slug.items())


@dataclass(frozen=True)
class Table(Generic[OfficeT]):
    """An aggregate's command table and its cases. `world` tells what an office holds, `at` brings one of the aggregate into
    a state and gives its id."""

    aggregate: Aggregate
    opened: Callable[[], OfficeT]
    world: Callable[[OfficeT], World]
    at: Callable[[OfficeT, str], str]
    states: tuple[str, ...]
    cases: tuple[Case[OfficeT], ...]

    @property
    def changes(self) -> list[Command]:
        return [row for row in self.aggregate.commands if not row.creates]

    def without_case(self) -> list[str]:
        """Rows, refusals and ways out of a row that no case proves."""
        proved = {(case.row, case.slug, case.to) for case in self.cases}
        return [
            f"{row.name}: {slug} {to}".strip()
            for row in self.aggregate.commands
            for slug, to in (*((DONE, to) for to in row.to or ("",)), *((slug, "") for slug in row.refusals))
            if (row.name, slug, to) not in proved
        ]

    def not_in_table(self) -> list[str]:
        """Cases of what the table does not list."""
        slugs = {row.name: {*row.refusals, *GENERAL, DONE} for row in self.aggregate.commands}
        return [str(case) for case in self.cases if case.slug not in slugs.get(case.row, ())]

    def going_well(self, row: Command) -> Case[OfficeT]:
        return next(case for case in self.cases if case.row == row.name and case.slug == DONE)

    def never_offered(self, row: Command) -> list[str]:
        return [state for state in self.states if state not in row.from_states]


# --- what tests are parametrized with, under names that say which row ---


def each_case(*tables: Table[OfficeT]) -> list[Any]:
    return [pytest.param(table, case, id=f"{_name(table)} {case}") for table in tables for case in table.cases]


def each_row(*tables: Table[OfficeT]) -> list[Any]:
    return [_row(table, row) for table in tables for row in table.aggregate.commands]


def each_row_with_other_states(*tables: Table[OfficeT]) -> list[Any]:
    return [_row(table, row) for table in tables for row in table.changes if table.never_offered(row)]


def _row(table: Table[OfficeT], row: Command) -> Any:
    return pytest.param(table, row, id=f"{_name(table)} {row.name}")


def _name(table: Table[OfficeT]) -> str:
    return table.aggregate.name
