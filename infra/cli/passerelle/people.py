"""The directory of people from a file: read whole, checked line by line, and sent only when every line is right."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import TypeAdapter, ValidationError

from contracts.roles import Role
from contracts.types import Lang, Subject
from passerelle.door import door
from passerelle.failure import Failure
from passerelle.surroundings import surroundings
from passerelle.tokens import OF_PEOPLE

COLUMNS: Final = ("subject", "name", "email", "unit", "languages", "roles", "active")
NEEDED: Final = frozenset({"subject", "name", "roles"})
DIMENSIONS: Final = ("countries", "regions", "kinds", "units", "committee_ids")
ROLE: Final = re.compile(r"(?P<role>[a-z_]+)\s*(?:\((?P<scope>[^()]*)\))?")
YES: Final = frozenset({"", "yes", "true", "1", "oui"})
NO: Final = frozenset({"no", "false", "0", "non"})
MOST_ERRORS: Final = 20

Scope = Mapping[str, list[str]]
Entry = Mapping[str, Any]


@dataclass
class Read:
    """The people of a file, and what is wrong with it by line."""

    people: list[Entry] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def import_people(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8, `,` or `;`; columns " + ", ".join(COLUMNS))],
) -> None:
    """Bring people into the directory: new ones are added, known subjects are replaced.

    languages: fr|en. roles: officer|promoter, each with a scope if it is limited:
    officer(countries=CD BF; kinds=university). active: yes (default) or no.
    """
    found = read(file)
    if found.errors:
        more = len(found.errors) - MOST_ERRORS
        shown = [*found.errors[:MOST_ERRORS], *([f"… and {more} more"] if more > 0 else [])]
        raise Failure("\n".join([f"Nothing was imported from {file}:", *shown]))
    with door(surroundings(), "gateway", Role.OPS) as gateway:
        imported = gateway.post("/api/v1/people/import", {"people": found.people})["imported"]
    print(f"{imported} people are in the directory as {file.name} says.")


def read(file: Path) -> Read:
    """Every line of the file; raises `Failure` for a file that is none of this shape."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise Failure(f"{file} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise Failure(f"{file} is not a text in UTF-8; nothing was imported.") from fault
    return parse(text, str(file))


def parse(text: str, file: str) -> Read:
    """The lines of a file's text, as `read`."""
    first = text.partition("\n")[0]
    lines = csv.DictReader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    header = [name.strip() for name in lines.fieldnames or ()]
    lines.fieldnames = header
    unknown, missing = sorted(set(header) - set(COLUMNS)), sorted(NEEDED - set(header))
    if unknown or missing:
        told = [f"unknown columns: {', '.join(unknown)}"] if unknown else []
        told += [f"missing columns: {', '.join(missing)}"] if missing else []
        raise Failure(f"{file}: {'; '.join(told)}. The columns are {', '.join(COLUMNS)}.")
    found, seen = Read(), set[str]()
    for row in lines:
        try:
            person = _person(row)
            if person["subject"] in seen:
                raise ValueError(f"{person['subject']} stands in the file twice")
            seen.add(person["subject"])
            found.people.append(person)
        except ValueError as fault:
            found.errors.append(f"line {lines.line_num}: {fault}")
    return found


def _person(row: Mapping[str | None, Any]) -> Entry:
    if None in row or None in row.values():
        raise ValueError(f"{len(COLUMNS)} columns at most, and as many as the header has")
    cell = {str(name): str(value).strip() for name, value in row.items()}
    active = cell.get("active", "").lower()
    if active not in YES | NO:
        raise ValueError(f"active is yes or no, not {active}")
    if not cell["name"]:
        raise ValueError("name is empty")
    return {
        "subject": _typed(Subject, cell["subject"], "subject"),
        "name": cell["name"],
        "email": cell.get("email") or None,
        "unit": cell.get("unit") or None,
        "languages": [_typed(Lang, each, "languages") for each in _split(cell.get("languages", "")) or ["fr"]],
        "roles": dict(_roles(cell["roles"])),
        "active": active in YES,
    }


def _typed(kind: Any, value: str, column: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as invalid:
        raise ValueError(f"{column} {value!r}: {invalid.errors()[0]['msg']}") from invalid


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("|") if part.strip()]


def _roles(text: str) -> Iterator[tuple[str, Scope]]:
    for part in _split(text):
        written = ROLE.fullmatch(part)
        if not written or written["role"] not in OF_PEOPLE:
            raise ValueError(f"roles: {part!r} is none of {', '.join(OF_PEOPLE)}")
        yield str(Role(written["role"])), dict(_scope(written["scope"] or ""))


def _scope(text: str) -> Iterator[tuple[str, list[str]]]:
    for part in filter(None, (each.strip() for each in text.split(";"))):
        dimension, _, values = part.partition("=")
        if dimension.strip() not in DIMENSIONS or not values.split():
            raise ValueError(f"roles: the scope {part!r} is not one of {', '.join(DIMENSIONS)} with values")
        yield dimension.strip(), values.split()
