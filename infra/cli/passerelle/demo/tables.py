"""The demonstration's data as they lie beside this file, and the days on which they happen."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from contracts.roles import Role
from passerelle import people
from passerelle.failure import Failure

if TYPE_CHECKING:
    from passerelle.demo.stage import Stage

FIRST_DAY: Final = date(2019, 1, 7)
TERMS_FROM: Final = date(2025, 10, 1)
PARTNERS_FROM: Final = date(2026, 1, 12)
LAST_DAY: Final = date(2026, 11, 2)

Row = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Step:
    """Something that happens on a day; `play` does what of it is not done yet. `hour` orders a day."""

    on: date
    hour: int
    play: Callable[[Stage], None] = field(compare=False)


def text(name: str) -> str:
    return files("passerelle.demo").joinpath(name).read_text(encoding="utf-8")


def table(name: str) -> dict[str, Any]:
    """A TOML file; days and instants become JSON's texts."""
    found = _plain(tomllib.loads(text(name)))
    assert isinstance(found, dict)
    return found


def lines(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text(name).splitlines()))


def persons() -> list[people.Entry]:
    found = people.parse(text("people.csv"), "people.csv")
    if found.errors:
        raise Failure("\n".join(found.errors))
    return found.people


def roles_of() -> dict[str, list[Role]]:
    """Each person's roles by subject."""
    return {person["subject"]: [Role(role) for role in person["roles"]] for person in persons()}


def day(text_: str) -> date:
    return date.fromisoformat(text_)


def _plain(value: object) -> object:
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case datetime() | date():
            return value.isoformat()
        case _:
            return value


def chosen(row: Row, *names: str) -> dict[str, Any]:
    """The members of these names that the row has."""
    return {name: row[name] for name in names if name in row}


def first(rows: Iterable[Row], **wanted: object) -> Row | None:
    """The first row whose members are these."""
    return next(matching(rows, **wanted), None)


def matching(rows: Iterable[Row], **wanted: object) -> Iterator[Row]:
    return (row for row in rows if all(row.get(name) == value for name, value in wanted.items()))
