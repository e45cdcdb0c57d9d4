"""CloudEvents 1.0 in Kafka's binary mode: what stands in a record's headers, written strictly and read tolerantly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

CONTENT_TYPE: Final = "application/json"


class EnvelopeError(ValueError):
    """A record without the headers that every record of this platform has."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who says what about whom: `sequence` is the aggregate's version, `factno` the fact's place in it (a snapshot has 0)."""

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    sequence: int
    key: str
    actor: str
    cause: str
    factno: int
    traceparent: str | None = None

    @property
    def aggregate(self) -> str:
        return self.subject.partition("/")[0]

    @property
    def dataschema(self) -> str:
        return "urn:passerelle:schema:" + self.type.removeprefix("passerelle.")

    def headers(self) -> list[tuple[str, bytes]]:
        return [*self.shared().items(), *self.own().items()]

    def shared(self) -> dict[str, bytes]:
        """What all records of a version say alike."""
        time = self.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {
            "ce_specversion": b"1.0",
            "ce_source": self.source.encode(),
            "ce_subject": self.subject.encode(),
            "ce_time": time.encode(),
            "ce_partitionkey": self.key.encode(),
            "ce_sequence": b"%012d" % self.sequence,
            "ce_actor": self.actor.encode(),
            "ce_cause": self.cause.encode(),
            "content-type": CONTENT_TYPE.encode(),
        }
        return said | {"ce_traceparent": self.traceparent.encode()} if self.traceparent else said

    def own(self) -> dict[str, bytes]:
        """What each record of a version says for itself."""
        return {
            "ce_id": self.id.encode(),
            "ce_type": self.type.encode(),
            "ce_dataschema": self.dataschema.encode(),
            "ce_factno": b"%d" % self.factno,
        }


def read_envelope(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """Raises `EnvelopeError` naming what is missing or malformed."""
    found = {name.lower(): value for name, value in headers}
    try:
        return Envelope(
            id=found["ce_id"].decode(),
            type=found["ce_type"].decode(),
            source=found["ce_source"].decode(),
            subject=found["ce_subject"].decode(),
            time=datetime.fromisoformat(found["ce_time"].decode()),
            sequence=int(found["ce_sequence"]),
            key=found["ce_partitionkey"].decode(),
            actor=found["ce_actor"].decode(),
            cause=found["ce_cause"].decode(),
            factno=int(found.get("ce_factno", b"0")),
            traceparent=found["ce_traceparent"].decode() if "ce_traceparent" in found else None,
        )
    except KeyError as missing:
        raise EnvelopeError(f"header {missing.args[0]} is missing") from missing
    except (ValueError, AttributeError) as malformed:
        raise EnvelopeError(f"a header is malformed: {malformed}") from malformed
