"""PyMongo's own asynchronous client in the place of Motor: what the chassis promises, it promises on both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession


class Client(AsyncMongoClient[dict[str, Any]]):
    """Closes like Motor's, without being waited for."""

    def close(self) -> None:  # type: ignore[override]
        self._closing = asyncio.get_running_loop().create_task(super().close())


def session(client: Client) -> AsyncClientSession:
    return client.start_session()


@contextmanager
def on_pymongo() -> Iterator[None]:
    """Stores made within use PyMongo's client, its sessions and its files."""
    with (
        patch("chassis.mongo.AsyncIOMotorClient", Client),
        patch("chassis.mongo.AsyncIOMotorGridFSBucket", AsyncGridFSBucket),
        patch("chassis.mongo._session", session),
    ):
        yield
