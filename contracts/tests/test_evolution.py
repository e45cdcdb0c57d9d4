"""Within a major only optional additions: each way to break a reader is found, and additions are not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from contracts.check.evolution import breaking, broken
from contracts.check.schemas import record_schemas
from contracts.check.tree import written

OLD: dict[str, Any] = {
    "$defs": {
        "Kind": {"enum": ["mou", "framework"], "type": "string"},
        "Party": {
            "type": "object",
            "properties": {"no": {"type": "integer", "minimum": 1}, "role": {"type": "string"}},
            "required": ["no"],
        },
    },
    "type": "object",
    "properties": {
        "kind": {"$ref": "#/$defs/Kind"},
        "number": {"type": "string", "pattern": "^ULB"},
        "parties": {"type": "array", "items": {"$ref": "#/$defs/Party"}},
        "by": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    },
    "required": ["kind", "number"],
}

Edit = Callable[[dict[str, Any]], object]


def changed(edit: Edit) -> dict[str, Any]:
    new = deepcopy(OLD)
    edit(new)
    return new


BREAKS: dict[str, Edit] = {
    "a member gone": lambda new: new["properties"].pop("by"),
    "a member that becomes required": lambda new: new["required"].append("parties"),
    "a required member that becomes optional": lambda new: new["required"].remove("number"),
    "a new member that is required": lambda new: (
        new["properties"].update(since={"type": "string"}),
        new["required"].append("since"),
    ),
    "another type": lambda new: new["properties"]["number"].update(type="integer"),
    "another pattern": lambda new: new["properties"]["number"].update(pattern="^UCL"),
    "a rule that was not there": lambda new: new["properties"]["number"].update(maxLength=12),
    "a rule that is gone": lambda new: new["properties"]["number"].pop("pattern"),
    "a new word in a list of words": lambda new: new["$defs"]["Kind"]["enum"].append("iia"),
    "a word gone": lambda new: new["$defs"]["Kind"]["enum"].remove("mou"),
    "a change deep inside": lambda new: new["$defs"]["Party"]["properties"]["no"].update(minimum=0),
    "a nested member that becomes required": lambda new: new["$defs"]["Party"]["required"].append("role"),
    "another choice": lambda new: new["properties"]["by"]["anyOf"].append({"type": "boolean"}),
}

ADDITIONS: dict[str, Edit] = {
    "nothing": lambda new: None,
    "an optional member": lambda new: new["properties"].update(since={"type": "string"}),
    "an optional nested member": lambda new: new["$defs"]["Party"]["properties"].update(flag={"type": "string"}),
    "a better description": lambda new: new["properties"]["number"].update(description="Of the register."),
    "a definition under another name": lambda new: (
        new["$defs"].update(AgreementKind=new["$defs"].pop("Kind")),
        new["properties"].update(kind={"$ref": "#/$defs/AgreementKind"}),
    ),
    "another order": lambda new: new["required"].reverse(),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_reader_is_found(name: str) -> None:
    assert list(breaking(OLD, changed(BREAKS[name])))


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_optional_addition_breaks_nobody(name: str) -> None:
    assert list(breaking(OLD, changed(ADDITIONS[name]))) == []


def test_a_break_is_named_by_its_pointer() -> None:
    (said,) = breaking(OLD, changed(BREAKS["a change deep inside"]))

    assert said == "/parties/items/no/minimum was 1 and is 0"


def test_every_record_is_compatible_with_itself() -> None:
    for name, schema in record_schemas().items():
        assert list(breaking(schema, schema)) == [], name


def test_a_release_is_held_against_every_later_version(tmp_path: Path) -> None:
    release = tmp_path / "released" / "1"
    release.mkdir(parents=True)
    (release / "agreement.drafted.v1.schema.json").write_text(written(OLD), encoding="utf-8")

    changed_type = changed(BREAKS["another type"])

    assert list(broken({"agreement.drafted.v1.schema.json": OLD}, tmp_path)) == []
    assert list(broken({}, tmp_path)) == ["agreement.drafted.v1.schema.json of release 1 is gone"]
    assert list(broken({"agreement.drafted.v1.schema.json": changed_type}, tmp_path)) == [
        "agreement.drafted.v1.schema.json since release 1: /number/type was 'string' and is 'integer'"
    ]
