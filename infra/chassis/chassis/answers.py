"""A command as it was asked for, what was answered to it, and that its idempotency key is answered so again.

An answer stands in the outbox row of what was told; where nothing was told, or what was told is of a person, in a row of its
own, which is kept for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from pydantic import BaseModel

from chassis.decide import Aggregate, Caller, Command, Reason, Refusal, Text
from chassis.mongo import Row, Session, Store, ascending
from chassis.outbox import OUTBOX, new_id
from chassis.problems import Problem, reason_json

IDEMPOTENCY: Final = "idempotency"
IDEMPOTENCY_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was asked for: `id` is the aggregate's, also the new one's at creation.

    A person's change names the version read (`if_match`); a repeated `key` gets its first answer again. Without a `body` it is
    only asked what holds the command back.
    """

    aggregate: Aggregate
    row: Command
    id: str
    body: BaseModel | None
    caller: Caller
    if_match: int | None = None
    key: str | None = None
    fingerprint: str = ""
    cause: str = field(default_factory=new_id)

    @property
    def status(self) -> int:
        """What it is answered with when it is taken."""
        return 201 if self.row.creates else 200

    @property
    def kept_id(self) -> str:
        """A key is its caller's."""
        return f"{self.caller.subject}|{self.key}"


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of a command; `public` is None when a repeated key is answered from what was kept."""

    status: int
    id: str
    version: int
    public: Row | None = None
    stage: str = ""
    answer: Mapping[str, object] = field(default_factory=dict)


class Answers:
    """The answers that keys of one service were given.

    Guarantees: of what is asked with a key once and again, one is taken or refused for good, and the others get that answer.

    Proved by `test_the_same_key_raced_has_one_effect_and_one_answer` and
    `test_a_key_that_was_refused_by_a_policy_has_no_effect_later`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self) -> None:
        await self._store.index(IDEMPOTENCY, ascending("expires_at", expireAfterSeconds=0))

    async def of(self, asked: Asked, session: Session | None) -> Answered | None:
        """What was answered to its key; raises Problem where that was a refusal, or an answer to something else."""
        if asked.key is None:
            return None
        told = {"answer.key": asked.kept_id}
        row = await self._store[OUTBOX].find_one(told, {"records": 0}, session=session)
        kept: Row | None = row and {**row["answer"], "id": row["key"], "version": row["version"]}
        kept = kept or await self._store[IDEMPOTENCY].find_one({"_id": asked.kept_id}, session=session)
        if kept is None:
            return None
        if kept["fingerprint"] != asked.fingerprint:
            raise Problem("idempotency-key-reused")
        if kept.get("slug"):
            raise Problem.of(_refused(kept))
        return Answered(kept["status"], kept["id"], kept["version"])

    async def keep(self, asked: Asked, version: int, session: Session, refusal: Refusal | None = None) -> None:
        """In a row of its own; a rival's conflicts with it."""
        if asked.key is None:
            return
        until = datetime.now(UTC) + timedelta(hours=IDEMPOTENCY_HOURS)
        own = {"_id": asked.kept_id, "id": asked.id, "version": version, "expires_at": until}
        await self._store[IDEMPOTENCY].insert_one(own | _answer(asked, refusal), session=session)


def answer_told(asked: Asked, refusal: Refusal | None = None) -> Row | None:
    """What stands in the outbox row of what is told, so that its key needs no row of its own. Of people's files nothing: the
    fingerprint is of what was said of them."""
    if asked.key is None or asked.aggregate.contract.personal:
        return None
    return {"key": asked.kept_id, **_answer(asked, refusal)}


def _answer(asked: Asked, refusal: Refusal | None) -> Row:
    if refusal is None:
        return {"fingerprint": asked.fingerprint, "status": asked.status}
    said = {"reasons": [reason_json(reason) for reason in refusal.reasons], "members": refusal.members}
    return {"fingerprint": asked.fingerprint, "slug": refusal.slug, "said": orjson.dumps(said, default=str).decode()}


def _refused(kept: Mapping[str, Any]) -> Refusal:
    said = orjson.loads(kept["said"])
    reasons = (Reason(each["code"], Text(each["fr"], each["en"]), each.get("pointer")) for each in said["reasons"])
    return Refusal(kept["slug"], tuple(reasons), members=said["members"])
