"""JSON Schemas of every record, generated from the models: what a reader may rely on, in the words of no language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.check.tree import SCHEMA_SUFFIX, SCHEMAS, Json, file_name, read, written
from contracts.record import Contract, Fact, State
from contracts.registry import RECORDS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

RESERVED: Final = frozenset(
    {
        *("given_name", "family_name", "member_name", "participant_name", "external_name", "signatory_name"),
        *("person", "email", "phone", "birth_date", "birth_year", "gender", "nationality", "nationalities"),
        *("passport", "orcid", "address_private", "bio", "dietary", "accessibility"),
        *("monthly_income", "monthly_amount", "score", "flight"),
    }
)
"""Names of personal data; no record has a member of that name at any depth."""


def record_schemas() -> dict[str, Json]:
    """Every record's schema by file name."""
    return {
        f"{file_name(type_)}{SCHEMA_SUFFIX}": record_schema(type_, contract, model)
        for type_, (contract, model) in RECORDS.items()
    }


def record_schema(type_: str, contract: Contract[Any], model: type[Fact] | type[State]) -> Json:
    """One record's schema: required is what every record has; what is absent is left out, never null."""
    made: Json = without_null(model.model_json_schema(by_alias=True))
    common = ("id", "version", contract.state_field)
    if issubclass(model, Fact):
        common = (contract.id_field, "version", "occurred_on")
    required = [*common, *(name for name in made.get("required", ()) if name not in common)]
    return {
        "$schema": DIALECT,
        "$id": f"urn:passerelle:schema:{file_name(type_)}",
        **made,
        "title": type_,
        "required": required,
    }


def without_null(node: Any) -> Any:
    """Records leave absent members out, so null is no value of theirs; titles made from names say nothing new."""
    if isinstance(node, list):
        return [without_null(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {
        name: _members(value) if name in ("properties", "$defs") else without_null(value)
        for name, value in node.items()
        if not (name == "default" and value is None) and name != "title"
    }
    if "anyOf" not in kept:
        return kept
    choices = [choice for choice in kept.pop("anyOf") if choice != {"type": "null"}]
    return {**choices[0], **kept} if len(choices) == 1 else {**kept, "anyOf": choices}


def _members(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: without_null(value) for name, value in node.items()}


def stale(schemas: Mapping[str, Json]) -> Iterator[str]:
    """Committed schemas that are not those the models give, one sentence each."""
    committed = {file.name: file for file in SCHEMAS.glob(f"*{SCHEMA_SUFFIX}")}
    for name in sorted(schemas.keys() | committed.keys()):
        if name not in committed:
            yield f"schemas/{name} is missing"
        elif name not in schemas:
            yield f"schemas/{name} describes no record any more"
        elif read(committed[name]) != schemas[name]:
            yield f"schemas/{name} is not what the models give"


def write(schemas: Mapping[str, Json]) -> None:
    SCHEMAS.mkdir(exist_ok=True)
    for name, schema in schemas.items():
        (SCHEMAS / name).write_text(written(schema), encoding="utf-8")
    for file in SCHEMAS.glob(f"*{SCHEMA_SUFFIX}"):
        if file.name not in schemas:
            file.unlink()


def personal_data(schemas: Mapping[str, Json]) -> Iterator[str]:
    """Members of any record, at any depth, that have a reserved name."""
    for name, schema in schemas.items():
        for pointer in _named(schema, ""):
            yield f"schemas/{name}: {pointer} is a name of personal data"


def _named(node: Any, pointer: str) -> Iterator[str]:
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _named(each, f"{pointer}/{index}")
    elif isinstance(node, dict):
        for name, each in node.items():
            if name == "properties":
                yield from (f"{pointer}/{member}" for member in each if member in RESERVED)
            yield from _named(each, f"{pointer}/{name}")
