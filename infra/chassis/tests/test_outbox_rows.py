"""What a version tells: its facts in order, then the snapshot, ready to send; nothing personal has a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.support.lantern import Dimmed, Hung, Lit, language

from chassis.outbox import RECORD_LIMIT_BYTES, RecordTooLarge, outbox_row, told_by
from chassis.outlet import outgoing
from contracts.envelope import read_envelope

WORDS = language("room")
MOMENT = datetime(2026, 11, 23, 14, 5, 6, 789_000, tzinfo=UTC)
KEY = "01a205b5-b28b-7405-bd21-9288eda350fe"


def row_of(*facts: Any, contract: Any = WORDS.lantern, state: Any = None) -> dict[str, Any]:
    stamped = [contract.stamp(fact, KEY, 3, MOMENT.date()) for fact in facts]
    return outbox_row(contract, KEY, 3, stamped, state, told_by("lamps", "anna", KEY, MOMENT, contract), 17)


def test_facts_come_in_order_and_the_snapshot_last() -> None:
    row = row_of(Lit(brightness=2), Dimmed(brightness=1), state={"id": KEY, "version": 3})

    envelopes = [read_envelope(sent.headers) for sent in outgoing(row)]
    assert [(each.type, each.factno, each.sequence) for each in envelopes] == [
        ("passerelle.lantern.lit.v1", 1, 3),
        ("passerelle.lantern.dimmed.v1", 2, 3),
        ("passerelle.lantern.snapshot.v1", 0, 3),
    ]
    assert {(each.key, each.subject, each.actor, each.cause, each.source) for each in envelopes} == {
        (KEY, f"lantern/{KEY}", "anna", KEY, "/passerelle/lamps")
    }
    assert [record["topic"] for record in row["records"]] == ["room.lantern.events.v1"] * 2 + ["room.lantern.state.v1"]
    assert (row["_id"], row["pending"]) == (f"lantern:{KEY}:000000000003", 17)


def test_a_fact_says_only_what_it_says() -> None:
    row = row_of(Hung(name="a", number=1, place="quay"))

    assert orjson.loads(row["records"][0]["value"]) == {
        "lantern_id": KEY,
        "version": 3,
        "occurred_on": "2026-11-23",
        "name": "a",
        "number": 1,
        "place": "quay",
    }


def test_a_record_that_would_not_fit_is_not_made() -> None:
    with pytest.raises(RecordTooLarge):
        row_of(Lit(), state={"text": "x" * RECORD_LIMIT_BYTES})


def test_nothing_about_a_person_tells_its_day() -> None:
    row = row_of(Lit(), contract=replace(WORDS.lantern, personal=True), state={"id": KEY, "version": 3})

    for sent in outgoing(row):
        envelope = read_envelope(sent.headers)
        assert envelope.time == datetime(2026, 11, 1, tzinfo=UTC)
        assert sent.timestamp_ms == int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1_000)
        assert UUID(envelope.id).version == 4
        assert UUID(envelope.cause).version == 4
    assert b"2026-11-01" in row["records"][0]["value"]
    assert row["expires_at"] > datetime(2029, 10, 1, tzinfo=UTC)
