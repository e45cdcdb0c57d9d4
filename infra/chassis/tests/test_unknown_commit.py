"""A commit whose answer was lost is unknown, and stays unknown when the store that came back has forgotten it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from unittest.mock import patch

import pytest
from pymongo.errors import AutoReconnect, ClientBulkWriteException, OperationFailure, PyMongoError

from chassis.mongo import NO_SUCH_TRANSACTION, Session, Store, StoreAway


class ForgottenSession:
    """A session whose commits fail as told, one after the other."""

    def __init__(self, *faults: PyMongoError | None) -> None:
        self.faults = list(faults)
        self.in_transaction = False

    def start_transaction(self, **_: object) -> None:
        return None

    def __enter__(self) -> ForgottenSession:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def commit_transaction(self) -> None:
        fault = self.faults.pop(0)
        if fault:
            raise fault


def answer_lost() -> PyMongoError:
    fault = AutoReconnect("connection closed")
    fault._add_error_label("UnknownTransactionCommitResult")
    return fault


def forgotten() -> PyMongoError:
    return OperationFailure("no such transaction", NO_SUCH_TRANSACTION)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    made = Store("mongodb://127.0.0.1:1", "nowhere")
    yield made
    made.close()


async def times_run(store: Store, session: ForgottenSession, runs: list[int]) -> None:
    async def work(_: object) -> None:
        runs.append(1)

    with patch.object(store._direct, "start_session", lambda: session):
        await store.transaction(work)


async def test_a_transaction_that_may_have_been_kept_is_not_run_again(store: Store) -> None:
    runs: list[int] = []

    with pytest.raises(StoreAway):
        await times_run(store, ForgottenSession(answer_lost(), forgotten()), runs)

    assert runs == [1]


async def test_a_commit_that_is_confirmed_when_asked_again_was_kept(store: Store) -> None:
    runs: list[int] = []

    await times_run(store, ForgottenSession(answer_lost(), None), runs)

    assert runs == [1]


async def test_a_transaction_that_the_store_never_took_is_run_again(store: Store) -> None:
    runs: list[int] = []

    await times_run(store, ForgottenSession(forgotten(), None), runs)

    assert runs == [1, 1]


async def test_writes_that_meet_a_conflict_as_a_whole_are_sent_again_and_a_store_that_is_away_is_away(
    store: Store,
) -> None:
    """The driver wraps both into a failure of single writes."""
    conflict = OperationFailure("write conflict", 112)
    conflict._add_error_label("TransientTransactionError")
    faults: list[PyMongoError] = [conflict, AutoReconnect("connection closed")]
    runs: list[int] = []

    def refused(*_: object, **__: object) -> None:
        raise ClientBulkWriteException(
            {"error": faults.pop(0), "writeErrors": [], "anySuccessful": False}, verbose=False
        )

    async def work(session: Session) -> None:
        runs.append(1)
        writes = store.writes()
        writes.insert("rows", {"_id": 1})
        await writes.send(session)

    with (
        patch.object(store._direct, "start_session", ForgottenSession),
        patch.object(store._direct, "bulk_write", refused),
        pytest.raises(StoreAway),
    ):
        await store.transaction(work)

    assert runs == [1, 1]
