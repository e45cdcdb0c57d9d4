"""The shape of each command's body, from the JSON schemas that the contracts carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import contracts

Schema = Mapping[str, Any]
FOLDERS: Final = (
    Path(str(contracts.__file__)).parent / "http",
    Path(str(contracts.__file__)).parent.parent / "http",
)
NULL: Final = {"type": "null"}


@cache
def schema_of(aggregate: str, command: str) -> Schema | None:
    """The command's body with its references resolved; None when there is no such command."""
    for folder in FOLDERS:
        for name in (f"{aggregate}.{command}.schema.json", f"{command}.schema.json"):
            if (folder / name).is_file():
                document = json.loads((folder / name).read_text())
                return resolved(document, document.get("$defs", {}))
    return None


def resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Without references, and without the `null` of optional members: absent is how a form says nothing."""
    if "$ref" in schema:
        target = definitions[str(schema["$ref"]).rpartition("/")[2]]
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return resolved({**target, **beside}, definitions)
    for union in ("anyOf", "oneOf", "allOf"):
        given = [each for each in schema.get(union, ()) if each != NULL]
        if len(given) == 1:
            beside = {name: value for name, value in schema.items() if name not in (union, "title")}
            inner = resolved({**resolved(given[0], definitions), **beside}, definitions)
            return {**inner, "nullable": len(given) != len(schema[union])}
    changed = dict(schema)
    if "properties" in schema:
        changed["properties"] = {name: resolved(each, definitions) for name, each in schema["properties"].items()}
    if "items" in schema:
        changed["items"] = resolved(schema["items"], definitions)
    return changed


def is_localized(schema: Schema) -> bool:
    return set(schema.get("properties", ())) == {"fr", "en"}


def longest(schema: Schema) -> int:
    """The most characters that a text of this schema may have, as far as it says so."""
    if is_localized(schema):
        return max(longest(each) for each in schema["properties"].values())
    return int(schema.get("maxLength", 0))
