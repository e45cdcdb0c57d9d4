"""What a transaction changes, in however many collections, gathered to reach the store in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import DeleteOne, InsertOne, MongoClient, ReplaceOne, UpdateMany, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import ClientBulkWriteException, PyMongoError
from pymongo.results import ClientBulkWriteResult

Row = dict[str, Any]
TRANSIENT: Final = "TransientTransactionError"


class WriteRefused(PyMongoError):
    """The store refused some of the writes. The driver's own error repeats them, which may be of people, in its text.
    Proved by `test_what_the_store_refuses_is_not_repeated_in_the_error`."""

    def __init__(self, fault: ClientBulkWriteException) -> None:
        self.codes = {each["code"] for each in fault.details["writeErrors"]}
        super().__init__(f"codes {sorted(self.codes)}", [TRANSIENT] if fault.has_error_label(TRANSIENT) else None)


class Writes:
    """Gathered one by one, sent together."""

    def __init__(self, client: MongoClient[Row], database: str) -> None:
        self._client, self._database = client, database
        self._gathered: list[Any] = []
        self._matches: dict[int, tuple[int, Exception]] = {}

    def insert(self, collection: str, document: Mapping[str, Any]) -> None:
        self._add(InsertOne(document, namespace=self._named(collection)))

    def delete(self, collection: str, id_: Any) -> None:
        self._add(DeleteOne({"_id": id_}, namespace=self._named(collection)))

    def replace(
        self,
        collection: str,
        asked: Mapping[str, Any],
        document: Mapping[str, Any],
        *,
        otherwise: Exception | None = None,
    ) -> None:
        """`otherwise` is raised when there is none to replace."""
        self._add(ReplaceOne(asked, document, namespace=self._named(collection)), 1, otherwise)

    def update(
        self,
        collection: str,
        asked: Mapping[str, Any],
        change: Mapping[str, Any],
        *,
        otherwise: Exception | None = None,
        upsert: bool = False,
    ) -> None:
        """`otherwise` is raised when there is none to change."""
        self._add(UpdateOne(asked, change, upsert=upsert, namespace=self._named(collection)), 1, otherwise)

    def update_all(
        self, collection: str, ids: Sequence[Any], change: Mapping[str, Any], *, otherwise: Exception | None = None
    ) -> None:
        """`otherwise` is raised when one of the ids is not there."""
        all_of_them = UpdateMany({"_id": {"$in": list(ids)}}, change, namespace=self._named(collection))
        self._add(all_of_them, len(ids), otherwise)

    def _named(self, collection: str) -> str:
        return f"{self._database}.{collection}"

    def _add(self, write: Any, matching: int = 0, otherwise: Exception | None = None) -> None:
        if otherwise:
            self._matches[len(self._gathered)] = matching, otherwise
        self._gathered.append(write)

    async def send(self, session: ClientSession) -> None:
        """Within a transaction, in the order in which they were gathered; raises what `otherwise` said.
        Proved by `test_writes_of_several_collections_reach_the_store_together_or_not_at_all`."""
        if not self._gathered:
            return
        gathered, matches = self._gathered, self._matches
        self._gathered, self._matches = [], {}
        try:
            done = self._client.bulk_write(gathered, session=session, verbose_results=bool(matches))
        except ClientBulkWriteException as fault:
            _check(fault.partial_result, matches)  # what was not there to be changed comes before what it led to
            if isinstance(fault.error, PyMongoError):  # a conflict as a whole, or a store that is away
                raise fault.error from None
            raise WriteRefused(fault) from None
        _check(done, matches)


def _check(done: ClientBulkWriteResult | None, matches: Mapping[int, tuple[int, Exception]]) -> None:
    for place, (wanted, otherwise) in matches.items():
        result = done.update_results.get(place) if done else None
        if result and result.matched_count < wanted:
            raise otherwise
