"""PyMongo's own asynchronous client in the place of Motor: what the chassis promises, it promises on both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient, MongoClient


class Client(AsyncMongoClient[dict[str, Any]]):
    """Closes like Motor's, without being waited for; transactions have their threads, as on Motor."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options)
        self.delegate: MongoClient[dict[str, Any]] = MongoClient(url, **options)

    def close(self) -> None:  # type: ignore[override]
        self.delegate.close()
        self._closing = asyncio.get_running_loop().create_task(super().close())


@contextmanager
def on_pymongo() -> Iterator[None]:
    """Stores made within use PyMongo's client and its files."""
    with (
        patch("chassis.mongo.AsyncIOMotorClient", Client),
        patch("chassis.mongo.AsyncIOMotorGridFSBucket", AsyncGridFSBucket),
    ):
        yield
