"""What a run left behind, as plain data: answers that were given, records on Kafka, documents in the databases.

Nothing here knows the chassis: it is what any reader with a Kafka client and a database client sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """What was said to one attempt of a command; attempts of one command share the idempotency `key`.

    `before` is the version that the command named, 0 for a creation.
    """

    outcome: Outcome
    key: str
    subject: str
    command: str
    aggregate: str
    path: str
    body: Json
    before: int = 0
    id: str = ""
    version: int = 0
    slug: str = ""
    at: float = 0.0


@dataclass(frozen=True)
class Told:
    """A record as it stands on Kafka."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, str]
    value: bytes | None

    @property
    def id(self) -> str:
        return self.headers.get("ce_id", "")

    @property
    def type(self) -> str:
        return self.headers.get("ce_type", "")

    @property
    def fact(self) -> str:
        """The short name of its type."""
        return self.type.split(".")[2] if self.type.count(".") == 3 else ""

    @property
    def version(self) -> int:
        return int(self.headers.get("ce_sequence", "0"))

    @property
    def factno(self) -> int:
        return int(self.headers.get("ce_factno", "0"))

    @property
    def place(self) -> tuple[int, int]:
        return self.version, self.factno


@dataclass(frozen=True)
class Kept:
    """A view or a local copy; `members` are those it keeps of the public state, None for all."""

    where: str
    aggregate: str
    rows: Mapping[str, Json]
    members: frozenset[str] | None = None


@dataclass
class Recording:
    """`owners` is by aggregate, `promised` and `waiting` by service, `records` and `last` by topic."""

    answers: list[Answer] = field(default_factory=list)
    owners: dict[str, dict[str, Json]] = field(default_factory=dict)
    promised: dict[str, set[str]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    records: dict[str, list[Told]] = field(default_factory=dict)
    last: dict[str, dict[str, Told]] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    journals: dict[str, set[str]] = field(default_factory=dict)
    inbox: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    parked: list[str] = field(default_factory=list)
    register: dict[str, str] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Fault:
    """One broken promise: `where` is a topic, a collection or a service."""

    promise: str
    where: str
    key: str
    what: str
