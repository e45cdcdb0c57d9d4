"""`python -m infra.check.http_schemas [--write]`: the committed schemas of command bodies equal the command tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from chassis.decide import Aggregate, Command
from contracts.check.schemas import DIALECT

FOLDER = Path(__file__).parents[2] / "contracts" / "http"
SUFFIX = ".schema.json"
ROOMS = (
    "partners.partner",
    "partners.country",
    "agreements.agreement",
    "events.committee",
    "events.meeting",
    "mobility.stay",
)
"""Where the aggregates live, each with its `AGGREGATE`."""


def schemas() -> dict[str, str]:
    """The text of every body's schema by file name."""
    aggregates: list[Aggregate] = [import_module(room).AGGREGATE for room in ROOMS]
    return {
        f"{aggregate.name}.{row.name}{SUFFIX}": _schema(aggregate, row)
        for aggregate in aggregates
        for row in aggregate.commands
    }


def _schema(aggregate: Aggregate, row: Command) -> str:
    made: Mapping[str, Any] = _strict(row.model.model_json_schema(by_alias=True))
    name = f"{aggregate.name}.{row.name}"
    document = {
        "$schema": DIALECT,
        "$id": f"urn:passerelle:body:{name}",
        "title": name,
        **made,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _strict(node: Any) -> Any:
    """The door refuses unknown members at every depth, so the schema says so; titles made from names say nothing."""
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    inner = {
        name: {member: _strict(of) for member, of in each.items()} if name in ("properties", "$defs") else _strict(each)
        for name, each in node.items()
        if name != "title"
    }
    return {**inner, "additionalProperties": False} if "properties" in inner else inner


def differences(wanted: Mapping[str, str]) -> Iterator[str]:
    committed = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob(f"*{SUFFIX}")}
    for name in sorted(wanted.keys() | committed.keys()):
        if name not in committed:
            yield f"contracts/http/{name} is missing"
        elif name not in wanted:
            yield f"contracts/http/{name} is of no command"
        elif wanted[name] != committed[name]:
            yield f"contracts/http/{name} is not what the command table gives"


def write(wanted: Mapping[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob(f"*{SUFFIX}"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    wanted = schemas()
    if arguments == ["--write"]:
        write(wanted)
    found = list(differences(wanted))
    print("\n".join(found) if found else f"{len(wanted)} command bodies are described.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
