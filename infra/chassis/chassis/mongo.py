"""The store, and the only file that imports Motor: transactions with bounded retry, change streams and files. Operations and
errors are PyMongo's everywhere.

`store[collection]` gives a collection with the driver's methods (`find_one`, `insert_many`, `update_one`, `bulk_write`,
`find(...).to_list`), the same on Motor and on PyMongo's own asynchronous client. What differs between them is wrapped here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from contextvars import copy_context
from inspect import isawaitable
from typing import Any, Final, TypeVar

from gridfs.errors import NoFile
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorGridFSBucket
from pymongo import ASCENDING, IndexModel, MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chassis.writes import Row, WriteRefused, Writes

T = TypeVar("T")
Session = ClientSession
InTransaction = Callable[[Session], Coroutine[Any, Any, T]]

NO_SUCH_TRANSACTION: Final = 251
WRITE_CONFLICT: Final = 112
SAME_KEY: Final = 11000
RETRY_FOR_SECONDS: Final = 15.0
SAME_KEY_ATTEMPTS: Final = 10


class StoreAway(Exception):
    """The store does not answer, or its answer to a commit was lost: the outcome is unknown until asked again.
    Proved by `test_a_transaction_that_may_have_been_kept_is_not_run_again`."""


class Busy(Exception):
    """A transaction met conflicts for longer than `RETRY_FOR_SECONDS`; nothing of it was kept.
    Proved by `test_a_transaction_that_always_conflicts_gives_up`."""


AWAY_SECONDS: Final = 0.5
"""Whoever waits for a thread while the store is away is told so at once, and does not look for it for two seconds more."""

AWAY: Final = (StoreAway, Busy, ConnectionFailure, ExecutionTimeout)
"""What passes by itself: whoever meets one of these waits and tries again."""


async def settled(answer: Any) -> Any:
    """What Motor gives at once and PyMongo's own client wants to be awaited, from either."""
    return await answer if isawaitable(answer) else answer


def _codes(error: PyMongoError) -> set[int]:
    """Of what went wrong with single writes."""
    if isinstance(error, WriteRefused):
        return error.codes
    if isinstance(error, BulkWriteError):
        return {each["code"] for each in (error.details or {}).get("writeErrors", ())}
    return {error.code} if isinstance(error, OperationFailure) and error.code else set()


def _is_conflict(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError") or bool(
        _codes(error) & {SAME_KEY, NO_SUCH_TRANSACTION, WRITE_CONFLICT}
    )


def _raise_unless_worth_another_try(error: PyMongoError, attempt: int, until: float) -> None:
    if SAME_KEY in _codes(error) and attempt >= SAME_KEY_ATTEMPTS:
        raise error
    if _is_conflict(error) and not isinstance(error, ServerSelectionTimeoutError) and time.monotonic() < until:
        return
    if isinstance(error, AWAY):
        raise StoreAway(str(error)) from error
    if _is_conflict(error):
        raise Busy(str(error)) from error
    raise error


class Collection:
    """The driver's methods on one collection. Within a transaction, whose thread has no event loop, a call is made at once."""

    def __init__(self, from_loop: Any, at_once: Any) -> None:
        self._from_loop, self._at_once = from_loop, at_once

    def __getattr__(self, method: str) -> Any:
        from_loop, at_once = getattr(self._from_loop, method), getattr(self._at_once, method)

        def called(*arguments: Any, **options: Any) -> Any:
            if asyncio._get_running_loop() is None:
                return _done(at_once(*arguments, **options))
            return from_loop(*arguments, **options)

        setattr(self, method, called)
        return called

    def find(self, *arguments: Any, **options: Any) -> Any:
        if asyncio._get_running_loop() is None:
            return Cursor(self._at_once.find(*arguments, **options))
        return self._from_loop.find(*arguments, **options)


class Cursor:
    """What a `find` within a transaction brings, in the words of the one outside."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def sort(self, by: Sequence[tuple[str, int]]) -> Cursor:
        self._cursor.sort(by)
        return self

    def limit(self, most: int) -> Cursor:
        self._cursor.limit(most)
        return self

    def batch_size(self, at_once: int) -> Cursor:
        self._cursor.batch_size(at_once)
        return self

    async def to_list(self, most: int | None) -> list[Row]:
        rows: list[Row] = self._cursor.to_list(most)
        return rows


async def _done(value: T) -> T:
    return value


def _outcome(work: Coroutine[Any, Any, T]) -> T:
    """Of a coroutine that awaits the store alone, which in a transaction's thread never keeps it waiting."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]
    work.close()
    raise RuntimeError("a transaction awaits nothing but the store")


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
            w="majority",
            journal=True,
        )
        self._direct: MongoClient[Row] = self._client.delegate
        self._threads = ThreadPoolExecutor(transactions, thread_name_prefix=f"{database} transaction")
        self._away_until = 0.0
        self._collections: dict[str, Collection] = {}
        self.name = database

    def __getitem__(self, collection: str) -> Collection:
        found = self._collections.get(collection)
        if found is None:
            found = Collection(self._client[self.name][collection], self._direct[self.name][collection])
            self._collections[collection] = found
        return found

    async def transaction(self, work: InTransaction[T]) -> T:
        """Runs `work` in one multi-document transaction (majority, journaled) and starts it again after a conflict.

        From begin to commit it has a thread of its own, one of `transactions`: the driver's thread for every single call
        costs more than the calls. So `work` awaits nothing but the store. It may run several times and must have no effect
        outside its session. Raises what `work` raises (nothing is kept), `Busy` after conflicts for 15 s, `StoreAway` when
        the store is gone; a key that stays taken by a rival is raised as the driver's error.

        Proved by `test_what_a_transaction_raises_leaves_nothing`.
        """
        running = asyncio.get_running_loop()
        return await running.run_in_executor(self._threads, copy_context().run, self._kept, work)

    def _kept(self, work: InTransaction[T]) -> T:
        if time.monotonic() < self._away_until:
            raise StoreAway("the store was away a moment ago")
        until = time.monotonic() + RETRY_FOR_SECONDS
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(work)
            except PyMongoError as error:
                if isinstance(error, ServerSelectionTimeoutError):
                    self._away_until = time.monotonic() + AWAY_SECONDS
                _raise_unless_worth_another_try(error, attempt, until)
            time.sleep(random.uniform(0.001, min(0.004 * 2**attempt, 0.25)))

    def _once(self, work: InTransaction[T]) -> T:
        with self._direct.start_session() as session:
            # In a replica set it reads as of one moment whatever is asked for, and what it read is kept by the majority when
            # its own commit is, which comes after it in the log.
            session.start_transaction(write_concern=WriteConcern(w="majority", j=True), max_commit_time_ms=10_000)
            try:
                result = _outcome(work(session))
            except BaseException:
                if session.in_transaction:
                    session.abort_transaction()
                raise
            _commit(session)
            return result

    def writes(self) -> Writes:
        """For one transaction, or one part of it."""
        return Writes(self._direct, self.name)

    async def as_of_one_moment(
        self, collection: str, asked: Mapping[str, Any], sort: Sequence[tuple[str, int]], most: int
    ) -> list[Row]:
        """What matches, however long the reading takes: nothing that was committed later, all that was before.
        Proved by `test_what_is_read_as_of_one_moment_has_no_gap`."""
        moment = self._client[self.name][collection].with_options(read_concern=ReadConcern("snapshot"))
        rows: list[Row] = await moment.find(asked).sort(sort).limit(most).batch_size(most).to_list(most)
        return rows

    async def aggregate(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Row]:
        cursor = await settled(self._client[self.name][collection].aggregate(list(pipeline)))
        rows: list[Row] = await cursor.to_list(None)
        return rows

    async def insert_new(self, collection: str, documents: Sequence[Mapping[str, Any]]) -> int:
        """Inserts those whose id is not there yet; how many these were.
        Proved by `test_two_workers_that_hear_the_same_states_agree_on_the_newest`."""
        try:
            await self[collection].insert_many(documents, ordered=False)
        except BulkWriteError as raced:
            if _codes(raced) != {SAME_KEY}:
                raise
            return len(documents) - len(raced.details["writeErrors"])
        return len(documents)

    async def index(self, collection: str, *indexes: IndexModel) -> None:
        """Makes the indexes; those that stand already stay."""
        if indexes:
            await self[collection].create_indexes(list(indexes))

    async def names(self) -> list[str]:
        names: list[str] = await self._client[self.name].list_collection_names()
        return names

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    @asynccontextmanager
    async def watch(
        self, pipeline: Sequence[Mapping[str, Any]], *, collection: str | None = None, full: bool = False
    ) -> AsyncIterator[AsyncIterator[Row]]:
        """A change stream over one collection or the whole database, from now on.
        Proved by `test_changes_of_a_collection_are_heard_from_then_on`."""
        here = self._client[self.name]
        watched = here[collection] if collection else here
        options = {"full_document": "updateLookup"} if full else {}
        async with await settled(watched.watch(list(pipeline), max_await_time_ms=5_000, **options)) as changes:
            yield changes

    async def drop_database(self) -> None:
        await self._client.drop_database(self.name)

    def sibling(self, database: str) -> Store:
        """Another database of the same server, for tools that compare services."""
        other = object.__new__(Store)
        other._client, other._direct, other._threads = self._client, self._direct, self._threads
        other._collections, other._away_until, other.name = {}, 0.0, database
        return other

    @property
    def files(self) -> Files:
        return Files(self._client[self.name])

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()


def _commit(session: Session) -> None:
    """Raises `StoreAway` when an unknown outcome stays unknown: a store that came back may have forgotten the transaction
    and kept its writes, so that nobody may simply start again."""
    try:
        session.commit_transaction()
        return
    except PyMongoError as error:
        if not error.has_error_label("UnknownTransactionCommitResult"):
            raise
    try:
        session.commit_transaction()
    except PyMongoError as error:
        raise StoreAway(str(error)) from error


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
        """Nothing of it stays, also when only a part was there.
        Proved by `test_of_a_file_that_is_gone_or_was_never_whole_nothing_is_left_to_delete`."""
        with suppress(NoFile):
            await self._bucket.delete(id_)


def ascending(*fields: str, **options: Any) -> IndexModel:
    """An index on these fields; the options are the driver's (`unique`, `sparse`, `expireAfterSeconds`)."""
    return IndexModel([(field, ASCENDING) for field in fields], **options)


__all__ = ["AWAY", "Busy", "Files", "Row", "Session", "Store", "StoreAway", "Writes", "ascending"]
