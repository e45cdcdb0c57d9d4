"""What a path costs: everything that is asked of the store, and what Kafka is told; and records as Kafka gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from aiokafka import ConsumerRecord
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from chassis.mongo import Row
from chassis.outlet import outgoing

WRITES = ("insert", "update", "delete")


@dataclass(frozen=True)
class Cost:
    """Round trips, documents written, records and bytes (key, value and headers) published."""

    trips: int = 0
    documents: int = 0
    records: int = 0
    bytes: int = 0


@dataclass
class Wire(CommandListener):
    """Everything that a client asks the store for, and how many documents that changed."""

    trips: int = 0
    documents: int = 0

    def started(self, event: Any) -> None:  # noqa: ARG002
        self.trips += 1

    def succeeded(self, event: Any) -> None:
        if event.command_name == "findAndModify":
            self.documents += event.reply["lastErrorObject"]["n"]
        elif event.command_name == "bulkWrite":
            self.documents += event.reply["nInserted"] + event.reply["nMatched"] + event.reply["nUpserted"]
        elif event.command_name in WRITES:
            self.documents += event.reply["n"]

    def failed(self, event: Any) -> None: ...

    def cost(self) -> Cost:
        """Since the last time."""
        spent, self.trips, self.documents = Cost(self.trips, self.documents), 0, 0
        return spent


@asynccontextmanager
async def listened(wire: Wire) -> AsyncIterator[None]:
    """Stores made within are listened to."""
    with patch("chassis.mongo.AsyncIOMotorClient", partial(AsyncIOMotorClient, event_listeners=[wire])):
        yield


def record(row: Row, *, at: int) -> Any:
    """As Kafka gives it."""
    topic, key, value, headers, _ = outgoing(row)[at]
    assert key
    assert value
    return ConsumerRecord(topic, 0, 0, 0, 0, key, value, None, len(key), len(value), tuple(headers))
