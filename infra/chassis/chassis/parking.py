"""The parking lot: records that cannot be dealt with are put aside, kept for ever, and replayed in order on demand.

A parked record stands in `<topic>.dlq.<service>` and in the service's own collection `parked`. While one of a key waits
there for a handler, later records of that key are put behind it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import ConsumerRecord

from chassis.consumer import Stopped
from chassis.mongo import AWAY, Row, Store, ascending
from chassis.reading import Record
from chassis.telemetry import UNREAD, Measures, log

PARKED: Final = "parked"
IN_A_ROW: Final = 25
REASON_BYTES: Final = 500


Sender = Callable[[str, bytes | None, bytes | None, Sequence[tuple[str, bytes]]], Awaitable[None]]
"""Sends (topic, key, value, headers) and returns when Kafka has acknowledged."""


Again = Callable[[Record], Awaitable[None]]
"""Deals with a parked record; raises when it still cannot."""


class Parking:
    """One service's parking lot; more than `IN_A_ROW` parked without a success between them raise `Stopped`.
    Proved by `test_a_record_that_cannot_be_borne_is_parked_with_those_of_its_key_behind_it`."""

    def __init__(self, service: str, store: Store, send: Sender, measures: Measures = UNREAD) -> None:
        self._service, self._store, self._send, self._measures = service, store, send, measures
        self._row: dict[tuple[str, str], int] = {}

    async def prepare(self) -> None:
        """Makes the index that waiting keys are found by."""
        await self._store.index(PARKED, ascending("handler", "key", "open"))

    async def park(self, record: Record, handler: str, reason: str, *, attempts: int = 1, behind: bool = False) -> None:
        """Puts a record aside; returns when both places have it, so that it may be acknowledged. Only then it counts.
        Proved by `test_a_broken_fact_is_parked_and_its_partition_goes_on` and
        `test_a_record_that_could_not_be_kept_counts_once_however_often_it_is_tried`."""
        id_ = f"{handler}:{record.topic}:{record.partition}:{record.offset}"
        if await self._store[PARKED].find_one({"_id": id_}):
            return
        if not behind and self._row.get((record.topic, handler), 0) >= IN_A_ROW:
            self._row = {each: count for each, count in self._row.items() if each[0] != record.topic}
            raise Stopped(f"{record.topic}: {handler} would park more than {IN_A_ROW} records in a row")
        said = reason.encode(errors="replace")[:REASON_BYTES].decode(errors="replace")
        headers = [
            *record.headers,
            ("passerelle_reason", said.encode()),
            ("passerelle_handler", handler.encode()),
            ("passerelle_attempts", str(attempts).encode()),
            ("passerelle_from", f"{record.topic}/{record.partition}/{record.offset}".encode()),
        ]
        value = b"" if record.key is None and record.value is None else record.value  # Kafka's client wants one of them
        await self._send(f"{record.topic}.dlq.{self._service}", record.key, value, headers)
        await self._store[PARKED].insert_one(
            {
                "_id": id_,
                "handler": handler,
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.timestamp,
                "key": _key(record),
                "raw_key": record.key,
                "value": record.value,
                "headers": [[name, value] for name, value in record.headers],
                "reason": said,
                "attempts": attempts,
                "behind": behind,
                "open": True,
                "parked_at": datetime.now(UTC),
            }
        )
        if not behind:
            self._row[record.topic, handler] = self._row.get((record.topic, handler), 0) + 1
        self._measures.parked.labels(record.topic, "behind" if behind else "error").inc()
        log.error("record parked", topic=record.topic, offset=record.offset, handler=handler, reason=said)

    def went_well(self, topic: str, handler: str) -> None:
        """A record that the handler could deal with ends the row."""
        self._row.pop((topic, handler), None)

    async def keys_waiting(self, handlers: Iterable[str], records: Sequence[Record]) -> set[tuple[str, str]]:
        """The (handler, key) pairs among these that have a parked record before them."""
        keys = list({_key(record) for record in records})
        asked = {"handler": {"$in": list(handlers)}, "key": {"$in": keys}, "open": True}
        rows = await self._store[PARKED].find(asked, {"handler": 1, "key": 1}).to_list(None)
        return {(row["handler"], row["key"]) for row in rows}

    async def waiting(self, handler: str, key: str) -> list[Row]:
        """The open ones of a key, in the order in which they must be replayed."""
        asked = {"handler": handler, "key": key, "open": True}
        rows: list[Row] = await self._store[PARKED].find(asked).sort([("partition", 1), ("offset", 1)]).to_list(None)
        return rows

    async def redrive(self, row: Row, by: str, again: Again) -> tuple[int, str | None]:
        """Replays the open records of a key in order, up to the first that fails again: how many went well, why one did not.
        Proved by `test_redrive_replays_in_order_up_to_what_fails_again`."""
        done = 0
        while rows := await self.waiting(row["handler"], row["key"]):
            for each in rows:
                try:
                    await again(as_record(each))
                except AWAY:
                    raise
                except Exception as fault:
                    reason = f"{type(fault).__name__}: {fault}"[:REASON_BYTES]
                    failed = {"$set": {"reason": reason}, "$inc": {"attempts": 1}}
                    await self._store[PARKED].update_one({"_id": each["_id"]}, failed)
                    return done, reason
                await self.close(each["_id"], by, "redriven")
                done += 1
        return done, None

    async def close(self, id_: str, by: str, outcome: str) -> None:
        """Takes a record out of the lot; who did it and how stays with it.
        Proved by `test_a_record_given_up_frees_those_behind_it`."""
        done = {"open": False, "outcome": outcome, "closed_at": datetime.now(UTC), "closed_by": by}
        await self._store[PARKED].update_one({"_id": id_, "open": True}, {"$set": done})
        log.info("parked record closed", id=id_, outcome=outcome, by=by)


def _key(record: Record) -> str:
    return record.key.decode(errors="replace") if record.key else ""


def as_record(row: Row) -> Any:
    """A parked row as the record it was."""
    return ConsumerRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        timestamp=row["timestamp"],
        timestamp_type=0,
        key=bytes(row["raw_key"]) if row["raw_key"] is not None else None,
        value=bytes(row["value"]) if row["value"] is not None else None,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple((name, None if value is None else bytes(value)) for name, value in row["headers"]),
    )
