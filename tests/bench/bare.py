"""The raw parts that floors are made of: the driver's own transaction, and records as large as the product's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar

from bson import ObjectId
from pymongo.errors import PyMongoError
from tests.bench.bench_ground import snapshot

T = TypeVar("T")
FACT_BYTES = 300


async def settled(answer: Any) -> Any:
    """Motor gives at once some of what PyMongo's own client wants to be awaited, and the other way round."""
    return await answer if isawaitable(answer) else answer


async def transaction(client: Any, work: Callable[[Any], Awaitable[T]]) -> T:
    """Once more after a conflict, as every form must."""
    while True:
        try:
            async with await settled(client.start_session()) as session, await settled(session.start_transaction()):
                return await work(session)
        except PyMongoError as fault:
            if not fault.has_error_label("TransientTransactionError"):
                raise


def told(number: int, version: int) -> dict[str, Any]:
    """An outbox row with a fact and a snapshot, ready to send."""
    key, value, headers = snapshot(number, version)
    shared = {"key": key, "headers": dict(headers)}
    return {"_id": ObjectId(), "at": number, "done": False, **shared, "fact": value[:FACT_BYTES], "state": value}
