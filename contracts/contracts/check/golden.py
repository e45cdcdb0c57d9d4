"""Golden records: one example of every type, as it lies on Kafka; written once, then read by every later version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jsonschema import Draft202012Validator

from contracts.check.said import SAID, STORIES
from contracts.check.schemas import record_schemas
from contracts.check.tree import EXAMPLES, SCHEMA_SUFFIX, SCHEMAS, Json, file_name, read, released, written
from contracts.check.words import KEYS, TEXTS, WORDS
from contracts.decode import decode
from contracts.envelope import Envelope
from contracts.record import Contract, Fact, State
from contracts.registry import RECORDS

RECORDED_AT: Final = datetime(2026, 11, 2, 9, 12, 45, 120_000, tzinfo=UTC)
OCCURRED_ON: Final = "2026-11-02"
TRACE: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def golden(type_: str) -> Json:
    """The example of one type: topic, key, headers and value."""
    contract, model = RECORDS[type_]
    version = 1 if model is contract.facts[0] else 3
    record = _snapshot(contract) if issubclass(model, State) else _fact(contract, model, version)
    return _on_kafka(contract, type_, record)


def _fact(contract: Contract[Any], model: type[Fact], version: int) -> Fact:
    name = file_name(contract.fact_type(model))
    schema = record_schemas()[f"{name}{SCHEMA_SUFFIX}"]
    said = SAID.get(name, {})
    value = {
        member: said[member] if member in said else _value(node, member, schema)
        for member, node in schema["properties"].items()
    }
    value[contract.id_field] = KEYS[contract.aggregate]
    value["version"] = version
    value["occurred_on"] = OCCURRED_ON[:8] + "01" if contract.personal else OCCURRED_ON
    return model.model_validate({name: each for name, each in value.items() if each is not None})


def _snapshot(contract: Contract[Any]) -> State:
    by_name = {fact.short_name(): fact for fact in contract.facts}
    story = STORIES[contract.aggregate]
    state: State = contract.fold(
        None, [_fact(contract, by_name[name], version) for version, name in enumerate(story, start=1)]
    )
    return state


def _value(node: Json, member: str, root: Json) -> Any:
    node = _resolved(node, root)
    choices = node.get("enum", [node["const"]] if "const" in node else [])
    if choices:
        return WORDS[member] if WORDS.get(member) in choices else choices[0]
    if "anyOf" in node:
        return _value(node["anyOf"][0], member, root)
    properties = node.get("properties", {})
    if set(properties) == {"fr", "en"}:
        french, english = TEXTS[member]
        return {"fr": french, "en": english}
    if member in WORDS:
        return WORDS[member]
    if node.get("type") == "object":
        return {name: _value(each, name, root) for name, each in properties.items()}
    return _plain(node, member, root)


def _plain(node: Json, member: str, root: Json) -> Any:
    match node.get("type"):
        case "array":
            return [_value(node["items"], member.removesuffix("s"), root)]
        case "integer" | "number":
            return node.get("minimum", node.get("exclusiveMinimum", 0)) or 1
        case "boolean":
            return True
        case "string" if node.get("format") == "date":
            return OCCURRED_ON
        case "string" if "[0-9a-f]{8}-" in node.get("pattern", ""):
            return _id(member)
        case "string" if "[0-9a-f]{64}" in node.get("pattern", "") or member.endswith("hash"):
            return hashlib.sha256(member.encode()).hexdigest()
        case "string":
            return member
        case _:
            return OCCURRED_ON


def _id(member: str) -> str:
    digest = hashlib.sha256(member.encode()).hexdigest()
    return f"0192f0a0-66f0-7{digest[:3]}-9{digest[3:6]}-{digest[6:18]}"


def _resolved(node: Json, root: Json) -> Json:
    reference = node.get("$ref")
    return root["$defs"][reference.removeprefix("#/$defs/")] if reference else node


def _on_kafka(contract: Contract[Any], type_: str, record: Fact | State) -> Json:
    key = KEYS[contract.aggregate]
    is_state = isinstance(record, State)
    envelope = Envelope(
        id=_id(type_),
        type=type_,
        source=f"/passerelle/{contract.service if contract.aggregate != 'refusal' else 'agreements'}",
        subject=f"{contract.aggregate}/{key}",
        time=datetime(2026, 11, 1, tzinfo=UTC) if contract.personal else RECORDED_AT,
        sequence=record.version,
        key=key,
        actor="officer-02",
        cause=_id("command"),
        factno=0 if is_state else 1,
        traceparent=TRACE,
    )
    return {
        "topic": _topic(contract, is_state),
        "key": key,
        "headers": {name: value.decode() for name, value in envelope.headers()},
        "value": _json(record),
    }


def _topic(contract: Contract[Any], is_state: bool) -> str:
    if contract.aggregate == "refusal":
        return "passerelle.agreements-refusal.events.v1"
    return contract.state_topic if is_state else contract.events_topic


def _json(record: Fact | State) -> Json:
    value: Json = record.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def write_missing() -> list[str]:
    """Writes the examples that no file gives yet; a golden record that stands is never rewritten."""
    EXAMPLES.mkdir(exist_ok=True)
    made = []
    for type_ in RECORDS:
        file = EXAMPLES / f"{file_name(type_)}.json"
        if not file.exists():
            file.write_text(written(golden(type_)), encoding="utf-8")
            made.append(file.name)
    return made


def unreadable() -> Iterator[str]:
    """Examples that today's models or any release's schemas do not admit, and types without one."""
    for type_ in RECORDS:
        if not (EXAMPLES / f"{file_name(type_)}.json").exists():
            yield f"examples/{file_name(type_)}.json is missing"
    today = {file.name: read(file) for file in sorted(EXAMPLES.glob("*.json"))}
    yield from _wrong(today, "examples")
    for release in released(EXAMPLES):
        examples = {file.name: read(file) for file in sorted(release.glob("*.json"))}
        yield from _wrong(examples, f"examples/released/{release.name}")
    for schemas in (SCHEMAS, *released(SCHEMAS)):
        yield from _inadmissible(today, {file.name: read(file) for file in schemas.glob(f"*{SCHEMA_SUFFIX}")})


def as_received(example: Json) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of an example, as every Kafka client gives them."""
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    return headers, json.dumps(example["value"], ensure_ascii=False).encode()


def _wrong(examples: Mapping[str, Json], where: str) -> Iterator[str]:
    for name, example in examples.items():
        try:
            record = decode(*as_received(example))
        except ValueError as fault:
            yield f"{where}/{name}: {fault}"
            continue
        said = record.fact or record.state
        if said is None or _json(said) != example["value"]:
            yield f"{where}/{name} is not what its model gives back"
        elif f"{file_name(record.envelope.type)}.json" != name:
            yield f"{where}/{name} is an example of {record.envelope.type}"


def _inadmissible(examples: Mapping[str, Json], schemas: Mapping[str, Json]) -> Iterator[str]:
    for name, example in examples.items():
        schema = schemas.get(name.removesuffix(".json") + SCHEMA_SUFFIX)
        if schema is None:
            continue
        for error in Draft202012Validator(schema).iter_errors(example["value"]):
            yield f"examples/{name}: {error.json_path} {error.message}"
