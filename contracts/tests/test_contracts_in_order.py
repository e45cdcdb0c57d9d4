"""The committed contracts are what the models and tables give, and the checks find what is planted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from infra.check import http_schemas
from jsonschema import Draft202012Validator

from contracts import bodies
from contracts.check import golden, schemas, topic_files
from contracts.check.__main__ import problems
from contracts.check.tree import ROOT
from contracts.registry import RECORDS


def test_the_committed_contracts_are_in_order() -> None:
    assert problems() == []


def test_the_committed_bodies_are_those_of_the_command_tables() -> None:
    assert list(http_schemas.differences(http_schemas.schemas())) == []


def test_every_schema_is_a_schema() -> None:
    for schema in [*schemas.record_schemas().values(), *bodies.load().values()]:
        Draft202012Validator.check_schema(dict(schema))


def test_every_record_names_its_aggregate_version_and_day() -> None:
    for type_, (contract, model) in RECORDS.items():
        required = schemas.record_schema(type_, contract, model)["required"]
        common = ["id", "version"] if type_ == contract.snapshot_type else [contract.id_field, "version", "occurred_on"]
        assert set(common) <= set(required), type_


@pytest.mark.parametrize("where", ["top", "nested", "in a list"])
def test_a_name_of_personal_data_is_found_at_any_depth(where: str) -> None:
    planted: dict[str, Any] = {"properties": {"email": {"type": "string"}}}
    nested = {"properties": {"who": {"anyOf": [planted]}}, "$defs": {}}
    schema = {
        "top": planted,
        "nested": nested,
        "in a list": {"$defs": {"Contact": {"properties": {"people": {"items": planted}}}}},
    }[where]

    found = list(schemas.personal_data({"partner.planted.v1.schema.json": schema}))

    assert len(found) == 1
    assert "email is a name of personal data" in found[0]


def test_a_golden_record_never_carries_null() -> None:
    for file in (ROOT / "examples").glob("*.json"):
        assert "null" not in json.dumps(json.loads(file.read_text(encoding="utf-8"))["value"]), file.name


def test_golden_records_of_a_personal_aggregate_are_dated_to_the_month() -> None:
    for type_, (contract, _) in RECORDS.items():
        if contract.personal:
            example = golden.golden(type_)
            assert example["headers"]["ce_time"].endswith("-01T00:00:00.000Z")
            assert example["value"].get("occurred_on", "2026-11-01").endswith("-01")


def planted_topic(tmp_path: Path, name: str, old: str, new: str) -> Path:
    for file in (ROOT / "topics").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text.replace(old, new) if file.stem == name else text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('owner = "agreements"', 'owner = "partners"', "owner is agreements"),
        ('"gateway"', '"canteen"', "nobody is called canteen"),
        ('"retention.ms" = "-1"', '"retention.ms" = "604800000"', "retention.ms is -1"),
        ('"max.message.bytes" = "1048576"', "", "max.message.bytes is 1048576"),
        ("partitions = 6", "partitions = 0", "partitions is at least 1"),
        ('key = "agreement_id"', 'key = ""', "key and why say something"),
        ('key = "agreement_id"\n', "", "key is missing"),
    ],
)
def test_what_is_wrong_in_a_topic_file_is_found(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = planted_topic(tmp_path, "passerelle.agreement.events.v1", old, new)

    assert any(said in problem for problem in topic_files.incomplete(folder))


def test_a_reader_without_a_place_to_park_is_found(tmp_path: Path) -> None:
    folder = planted_topic(tmp_path, "", "", "")
    (folder / "passerelle.agreement.events.v1.dlq.events.toml").unlink()

    assert list(topic_files.incomplete(folder)) == ["topics/passerelle.agreement.events.v1.dlq.events.toml is missing"]
