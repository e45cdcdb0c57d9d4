"""What a subscriber reads with the package, and what it is told when a record is not right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.agreement import Registered
from contracts.check.golden import as_received
from contracts.check.tree import EXAMPLES, read
from contracts.decode import Malformed, UnknownType, decode
from contracts.envelope import EnvelopeError


def registered() -> tuple[list[tuple[str, bytes]], bytes]:
    return as_received(read(EXAMPLES / "agreement.registered.v1.json"))


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_every_golden_record_is_decoded_and_says_who_and_what(file: Path) -> None:
    example = read(file)

    record = decode(*as_received(example))

    said = record.fact or record.state
    assert said is not None
    assert said.model_dump(mode="json", by_alias=True, exclude_none=True) == example["value"]
    assert record.envelope.key == example["key"]
    assert record.envelope.subject == f"{record.envelope.aggregate}/{example['key']}"


def test_a_fact_comes_as_its_class_with_its_values() -> None:
    record = decode(*registered())

    assert isinstance(record.fact, Registered)
    assert record.fact.number == "ULB-2026-0042"
    assert record.state is None


def test_an_unknown_member_is_ignored() -> None:
    headers, value = registered()

    record = decode(headers, json.dumps({**json.loads(value), "since_next_year": True}).encode())

    assert isinstance(record.fact, Registered)


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_sequence", "ce_partitionkey", "ce_actor"])
def test_a_missing_header_is_named(name: str) -> None:
    headers, value = registered()

    with pytest.raises(EnvelopeError, match=f"header {name} is missing"):
        decode([pair for pair in headers if pair[0] != name], value)


@pytest.mark.parametrize(("name", "wrong"), [("ce_sequence", b"three"), ("ce_time", b"yesterday"), ("ce_id", b"\xff")])
def test_a_malformed_header_is_told(name: str, wrong: bytes) -> None:
    headers, value = registered()

    with pytest.raises(EnvelopeError, match="malformed"):
        decode([(each, wrong if each == name else content) for each, content in headers], value)


def test_an_unknown_type_is_named_so_that_a_reader_can_count_it() -> None:
    headers, value = registered()
    headers = [(name, b"passerelle.agreement.sealed.v1" if name == "ce_type" else content) for name, content in headers]

    with pytest.raises(UnknownType) as unknown:
        decode(headers, value)

    assert unknown.value.type == "passerelle.agreement.sealed.v1"


@pytest.mark.parametrize("value", [b"not json", b"[]", b'"text"', b"\xff\xfe"])
def test_a_value_that_is_no_record_is_told_with_its_type(value: bytes) -> None:
    headers, _ = registered()

    with pytest.raises(Malformed) as malformed:
        decode(headers, value)

    assert malformed.value.type == "passerelle.agreement.registered.v1"


def test_a_wrong_member_is_named_by_its_path() -> None:
    headers, value = registered()
    said = json.loads(value)
    said["parties"][1]["partner_id"] = "Yaoundé"

    with pytest.raises(Malformed) as malformed:
        decode(headers, json.dumps(said).encode())

    assert malformed.value.errors[0].startswith("parties/1/partner_id: ")


def test_a_version_that_is_not_the_envelopes_is_told() -> None:
    headers, value = registered()

    with pytest.raises(Malformed, match="version 4, but ce_sequence 3"):
        decode(headers, json.dumps({**json.loads(value), "version": 4}).encode())


@pytest.mark.parametrize("nothing", [None, b""])
def test_an_empty_value_is_a_tombstone(nothing: bytes | None) -> None:
    headers, _ = registered()

    assert decode(headers, nothing).is_tombstone
