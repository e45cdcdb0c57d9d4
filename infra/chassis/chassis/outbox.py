"""What is to be told, kept in the transaction that made it so: one row per aggregate version, its records ready to send.

Rows are the service's own record of everything it told and are kept for ever (stay and grant: 36 months); `pending` marks
those that Kafka has not acknowledged yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson
from uuid_utils import uuid7

from chassis.mongo import Row, ascending
from chassis.telemetry import traceparent
from contracts.envelope import Envelope
from contracts.record import Contract, Fact, encode

OUTBOX: Final = "outbox"
RECORD_LIMIT_BYTES: Final = 900 * 1024
PERSONAL_RETENTION: Final = timedelta(days=36 * 30.44)
INDEXES: Final = (
    ascending("pending", sparse=True),
    ascending("aggregate", "key", "version"),
    ascending("expires_at", sparse=True, expireAfterSeconds=0),
    ascending("answer.key", unique=True, sparse=True),
)


class RecordTooLarge(Exception):
    """A record would exceed 900 KiB; the command that made it is refused `too-large`.
    Proved by `test_a_command_whose_record_would_be_over_its_limit_is_too_large`."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who tells, for whom and because of what: the part of the envelope that a version's records share.

    `answer` is what was answered to the command: its idempotency `key`, `fingerprint`, and `status`, or of a refusal `slug` and
    `said`.
    """

    service: str
    actor: str
    cause: str
    time: datetime
    answer: Row | None = None


def told_by(
    service: str, actor: str, cause: str, time: datetime, contract: Contract[Any], answer: Row | None = None
) -> Told:
    """What is personal is caused by something random: a time-ordered id would tell the minute.
    Proved by `test_nothing_about_a_person_tells_its_day`."""
    return Told(service, actor, str(uuid4()) if contract.personal else cause, time, answer)


def new_id() -> str:
    """An id that sorts by the time it was made."""
    return str(uuid7())


def outbox_row(
    contract: Contract[Any],
    key: str,
    version: int,
    facts: Sequence[Fact],
    state: Row | None,
    told: Told,
    at: int,
) -> Row:
    """The row of one version: its facts in order, then the snapshot `state` (None: the contract has no state topic). What
    the headers of all its records say alike stands in it once.

    `at` orders rows and never goes back for a key. Raises `RecordTooLarge`.

    Proved by `test_facts_come_in_order_and_the_snapshot_last`.
    """
    moment = told.time.replace(day=1, hour=0, minute=0, second=0, microsecond=0) if contract.personal else told.time
    payloads = [
        (contract.events_topic, contract.fact_type(type(fact)), number, encode(fact))
        for number, fact in enumerate(facts, start=1)
    ]
    if state is not None:
        payloads.append((contract.state_topic, contract.snapshot_type, 0, orjson.dumps(state)))
    envelope = Envelope(
        id="",
        type="",
        source=f"/passerelle/{told.service}",
        subject=f"{contract.aggregate}/{key}",
        time=moment,
        sequence=version,
        key=key,
        actor=told.actor,
        cause=told.cause,
        factno=0,
        traceparent=traceparent(),
    )
    records = []
    for topic, type_, factno, value in payloads:
        if len(value) > RECORD_LIMIT_BYTES:
            raise RecordTooLarge(topic)
        id_ = str(uuid4()) if contract.personal else new_id()
        own = replace(envelope, id=id_, type=type_, factno=factno).own()
        record: Row = {"topic": topic, "id": id_, "headers": own, "value": value}
        if contract.personal:  # Kafka's own time would tell the day
            record["timestamp_ms"] = int(moment.timestamp() * 1_000)
        records.append(record)
    row: Row = {
        "_id": f"{contract.aggregate}:{key}:{version:012d}",
        "aggregate": contract.aggregate,
        "key": key,
        "version": version,
        "at": at,
        "pending": at,
        "headers": envelope.shared(),
        "records": records,
    }
    if told.answer:
        row["answer"] = told.answer
    if contract.personal:
        row["expires_at"] = told.time + PERSONAL_RETENTION
    return row
