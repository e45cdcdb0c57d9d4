"""A reader with nothing of ours: the CloudEvents SDK parses every golden record."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from contracts.check.golden import as_received
from contracts.check.tree import EXAMPLES, read


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.stem)
def test_the_sdk_reads_attributes_extensions_and_data(file: Path) -> None:
    example = read(file)
    headers, value = as_received(example)

    event = from_binary(KafkaMessage(dict(headers), example["key"], value), JSONFormat())

    assert event.get_type() == example["headers"]["ce_type"]
    assert event.get_id() == example["headers"]["ce_id"]
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("partitionkey") == example["key"]
    assert event.get_extension("sequence") == example["headers"]["ce_sequence"]
    assert event.get_data() == example["value"]
