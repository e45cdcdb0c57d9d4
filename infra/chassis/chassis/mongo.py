"""The store, and the only file that knows its driver: transactions with bounded retry, change streams and files.

`store[collection]` gives the driver's collection; its plain methods (`find_one`, `insert_many`, `update_one`, `bulk_write`,
`find(...).to_list`) are the same on Motor and on PyMongo's own asynchronous client. What differs between them is wrapped here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any, Final, TypeVar

from bson import ObjectId
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorGridFSBucket
from pymongo import ASCENDING, IndexModel
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

T = TypeVar("T")
Session = Any
Collection = Any
Row = dict[str, Any]

NO_SUCH_TRANSACTION: Final = 251
SAME_KEY: Final = 11000
RETRY_FOR_SECONDS: Final = 15.0
SAME_KEY_ATTEMPTS: Final = 10


class StoreAway(Exception):
    """The store does not answer, or its answer to a commit was lost: the outcome is unknown until asked again.
    Proved by `test_a_transaction_that_may_have_been_kept_is_not_run_again`."""


class Busy(Exception):
    """A transaction met conflicts for longer than `RETRY_FOR_SECONDS`; nothing of it was kept.
    Proved by `test_a_transaction_that_always_conflicts_gives_up`."""


AWAY: Final = (StoreAway, Busy, ConnectionFailure, ExecutionTimeout)
"""What passes by itself: whoever meets one of these waits and tries again."""


async def settled(answer: Any) -> Any:
    """What Motor gives at once and PyMongo's own client wants to be awaited, from either."""
    return await answer if isawaitable(answer) else answer


def _is_same_key(error: PyMongoError) -> bool:
    if isinstance(error, BulkWriteError):
        return any(each["code"] == SAME_KEY for each in (error.details or {}).get("writeErrors", ()))
    return isinstance(error, DuplicateKeyError)


def _is_conflict(error: PyMongoError) -> bool:
    return (
        error.has_error_label("TransientTransactionError")
        or _is_same_key(error)
        or (isinstance(error, OperationFailure) and error.code == NO_SUCH_TRANSACTION)
    )


def _raise_unless_worth_another_try(error: PyMongoError, attempt: int, until: float) -> None:
    if _is_same_key(error) and attempt >= SAME_KEY_ATTEMPTS:
        raise error
    if _is_conflict(error) and not isinstance(error, ServerSelectionTimeoutError) and time.monotonic() < until:
        return
    if isinstance(error, AWAY):
        raise StoreAway(str(error)) from error
    if _is_conflict(error):
        raise Busy(str(error)) from error
    raise error


class Store:
    """One service's database."""

    def __init__(self, url: str, database: str, *, transactions: int = 8) -> None:
        self._client: Any = AsyncIOMotorClient(
            url,
            tz_aware=True,
            uuidRepresentation="standard",
            serverSelectionTimeoutMS=2_000,
            connectTimeoutMS=3_000,
            socketTimeoutMS=30_000,
            maxPoolSize=64,
        )
        self._database: Any = self._client.get_database(
            database,
            write_concern=WriteConcern(w="majority", j=True),
            codec_options=CodecOptions(tz_aware=True),
        )
        self._slots = asyncio.Semaphore(transactions)
        self._collections: dict[str, Collection] = {}
        self.name = database

    def __getitem__(self, collection: str) -> Collection:
        found = self._collections.get(collection)
        if found is None:
            found = self._collections[collection] = self._database[collection]
        return found

    async def transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Runs `work` in one multi-document transaction (majority, journaled) and starts it again after a conflict.

        `work` may run several times and must have no effect outside its session. Raises what `work` raises (nothing is
        kept), `Busy` after conflicts for 15 s, `StoreAway` when the store is gone; a key that stays taken by a rival is
        raised as the driver's `DuplicateKeyError`.

        Proved by `test_what_a_transaction_raises_leaves_nothing`.
        """
        until = time.monotonic() + RETRY_FOR_SECONDS
        attempt = 0
        async with self._slots:
            while True:
                attempt += 1
                try:
                    return await self._once(work)
                except PyMongoError as error:
                    _raise_unless_worth_another_try(error, attempt, until)
                await asyncio.sleep(random.uniform(0.001, min(0.004 * 2**attempt, 0.25)))

    async def _once(self, work: Callable[[Session], Awaitable[T]]) -> T:
        async with _session(self._client) as session:
            await settled(
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"),
                    write_concern=WriteConcern(w="majority", j=True),
                    max_commit_time_ms=10_000,
                )
            )
            try:
                result = await work(session)
            except BaseException:
                if session.in_transaction:
                    await session.abort_transaction()
                raise
            await self._commit(session)
            return result

    async def _commit(self, session: Session) -> None:
        """Raises `StoreAway` when an unknown outcome stays unknown: a store that came back may have forgotten the
        transaction and kept its writes, so that nobody may simply start again."""
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult"):
                raise
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            raise StoreAway(str(error)) from error

    async def aggregate(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Row]:
        cursor = await settled(self[collection].aggregate(list(pipeline)))
        rows: list[Row] = await cursor.to_list(None)
        return rows

    async def index(self, collection: str, *indexes: IndexModel) -> None:
        """Makes the indexes; those that stand already stay."""
        if indexes:
            await self[collection].create_indexes(list(indexes))

    async def names(self) -> list[str]:
        names: list[str] = await self._database.list_collection_names()
        return names

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    @asynccontextmanager
    async def watch(
        self, pipeline: Sequence[Mapping[str, Any]], *, collection: str | None = None, full: bool = False
    ) -> AsyncIterator[AsyncIterator[Row]]:
        """A change stream over one collection or the whole database, from now on.
        Proved by `test_changes_of_a_collection_are_heard_from_then_on`."""
        watched = self[collection] if collection else self._database
        options = {"full_document": "updateLookup"} if full else {}
        async with await settled(watched.watch(list(pipeline), max_await_time_ms=5_000, **options)) as changes:
            yield changes

    async def drop_database(self) -> None:
        await self._client.drop_database(self.name)

    def sibling(self, database: str) -> Store:
        """Another database of the same server, for tools that compare services."""
        other = object.__new__(Store)
        other._client, other._slots, other._collections, other.name = self._client, self._slots, {}, database
        other._database = self._client.get_database(database, codec_options=CodecOptions(tz_aware=True))
        return other

    @property
    def files(self) -> Files:
        return Files(self._database)

    def close(self) -> None:
        self._client.close()


@asynccontextmanager
async def _session(client: Any) -> AsyncIterator[Session]:
    """Begun and ended without the threads that Motor takes for it: nothing is sent."""
    session: Session = AsyncIOMotorClientSession(client.delegate.start_session(), client)
    try:
        yield session
    finally:
        if session.in_transaction:
            await session.end_session()
        else:
            session.delegate.end_session()


class Files:
    """Bytes of documents, in chunks (GridFS); they take no part in transactions."""

    def __init__(self, database: Any) -> None:
        self._bucket: Any = AsyncIOMotorGridFSBucket(database)

    async def write(self, id_: str, chunks: AsyncIterator[bytes]) -> None:
        """Stores the chunks under `id_`; when the source raises, nothing stays behind.
        Proved by `test_a_file_whose_source_fails_leaves_nothing`."""
        stream = self._bucket.open_upload_stream_with_id(id_, id_)
        try:
            async for chunk in chunks:
                await stream.write(chunk)
        except BaseException:
            await stream.abort()
            raise
        await stream.close()

    async def read(self, id_: str) -> AsyncIterator[bytes]:
        stream = await self._bucket.open_download_stream(id_)
        while chunk := await stream.readchunk():
            yield chunk

    async def delete(self, id_: str) -> None:
        await self._bucket.delete(id_)


def ascending(
    *fields: str, unique: bool = False, sparse: bool = False, expire_after_seconds: int | None = None
) -> IndexModel:
    """An index on these fields."""
    options: dict[str, Any] = {}
    if unique:
        options["unique"] = True
    if sparse:
        options["sparse"] = True
    if expire_after_seconds is not None:
        options["expireAfterSeconds"] = expire_after_seconds
    return IndexModel([(field, ASCENDING) for field in fields], **options)


__all__ = ["AWAY", "Busy", "Files", "ObjectId", "Session", "Store", "StoreAway", "ascending"]
