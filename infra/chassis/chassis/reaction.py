"""Reactions: what a service does when it hears a fact of another, once per record however often the record comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from aiokafka import TopicPartition
from pymongo.errors import PyMongoError

from chassis.answers import Asked
from chassis.command import Desk
from chassis.decide import Caller, Loaded, Refusal
from chassis.mongo import AWAY, Row, Session
from chassis.parking import Parking
from chassis.reading import Record, Waiting, by_partition
from chassis.shelf import all_matching, guard, touch
from chassis.taking import Taken
from chassis.telemetry import UNREAD, Measures, heard_span, log
from contracts.envelope import Envelope, EnvelopeError, read_envelope
from contracts.record import Contract, Fact

INBOX: Final = "inbox"
ATTEMPTS: Final = 3
SOON_SECONDS: Final = (0.02, 0.05, 0.1, 0.2)
"""A fact and what it names often arrive at once, on two topics: a little patience spares its partition a long pause."""


class NotKnownYet(Exception):
    """Something the record names has not arrived here yet; its partition waits for it.
    Proved by `test_a_fact_and_the_state_it_rests_on_are_met_soon_whichever_comes_first`."""


class DoneBefore(Exception):
    """The record has taken its effect already."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact with its envelope."""

    envelope: Envelope
    fact: Any


@dataclass(frozen=True)
class Reaction:
    """A row of a service's subscription table: its name (CH-…), whose facts, which, and what it does."""

    name: str
    contract: Contract[Any]
    facts: tuple[type[Fact], ...]
    react: Callable[[Heard, Work], Awaitable[None]]


class Work:
    """What a reaction may do, all in one transaction with its inbox row."""

    def __init__(self, desk: Desk, session: Session, cause: str) -> None:
        self._desk, self._session, self._cause = desk, session, cause
        self.writes = desk.store.writes()
        self._caller = Caller(f"service:{desk.service}", {"service": {}})
        self.not_possible: list[str] = []

    @property
    def today(self) -> date:
        return self._desk.clock.today()

    async def document(self, collection: str, id_: str) -> Row | None:
        """A document of the service, as of this transaction."""
        found: Row | None = await self._desk.store[collection].find_one({"_id": id_}, session=self._session)
        return found

    async def rows(
        self,
        collection: str,
        asked: Mapping[str, Any],
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 1_000,
    ) -> list[Row]:
        """Documents of the service, as of this transaction: all that match. Raises `TooMany` for more than `limit`.
        Proved by `test_a_reaction_is_given_all_that_matches_or_fails`."""
        cursor = self._desk.store[collection].find(dict(asked), session=self._session)
        return await all_matching(cursor.sort(list(sort)) if sort else cursor, collection, limit)

    async def load(self, aggregate: str, id_: str) -> Loaded | None:
        """An aggregate of the service, as of this transaction."""
        return await self._desk.shelf.load(aggregate, id_, self._session)

    async def copy(self, collection: str, id_: str, *, at_least: int = 1) -> Row:
        """A local copy at least as new as the fact heard; raises `NotKnownYet` until it is. Decisions resting on an older
        one conflict with this reaction."""
        found = await self.document(collection, id_)
        if found is None or found["version"] < at_least:
            raise NotKnownYet(f"{collection}/{id_}")
        touch(self.writes, collection, id_)
        return found

    async def put(self, collection: str, document: Row) -> None:
        """Keeps a document of the service's own, in place of the one with its `_id`: what follows reads it."""
        await self._desk.store[collection].replace_one(
            {"_id": document["_id"]}, document, upsert=True, session=self._session
        )

    async def guard(self, key: str) -> None:
        """As a decision's guard: two transactions that touch the same key cannot both commit on what they read."""
        guard(self.writes, key)

    async def run(self, aggregate: str, command: str, id_: str, body: Mapping[str, Any]) -> Taken | Refusal:
        """Issues a command as `service:<name>`, under the same rules as everyone's; a creation names its new id."""
        kind = self._desk.aggregates[aggregate]
        row = kind.command(command)
        loaded = None if row.creates else await self.load(aggregate, id_)
        if loaded is None and not row.creates:
            return Refusal("unknown-id")
        asked = Asked(kind, row, id_, row.model.model_validate(body), self._caller, cause=self._cause)
        outcome = await self._desk.perform(asked, loaded, self._session, self.writes)
        if isinstance(outcome, Refusal):
            if outcome.slug == "reference-not-known-yet":
                raise NotKnownYet(f"{aggregate}/{id_}")
            self.count_not_possible(outcome.slug)
        return outcome

    def count_not_possible(self, slug: str) -> None:
        """The command is not possible any more: nothing is published, the case is counted."""
        self.not_possible.append(slug)


@dataclass
class Reactor:
    """Hears one facts topic for all reactions of a service to it.

    Guarantees: the effect of a record commits with its inbox row, so it takes effect once; records of a key take effect in
    order; a record that cannot be dealt with is parked and those of its key behind it.

    Proved by `test_a_worker_killed_in_the_middle_leaves_everything_to_the_next`.
    """

    desk: Desk
    contract: Contract[Any]
    reactions: Sequence[Reaction]
    parking: Parking
    measures: Measures = UNREAD

    async def hear(self, records: Sequence[Record]) -> Waiting:
        """Each record in its order; gives the partitions that must wait for what is not known yet."""
        names = [reaction.name for reaction in self.reactions]
        behind = await self.parking.keys_waiting(names, records)
        parts: dict[TopicPartition, Sequence[Record]] = {**by_partition(records)}
        for pause in (0.0, *SOON_SECONDS):
            await asyncio.sleep(pause)
            for partition, part in list(parts.items()):
                parts[partition] = await self._hear_part(part, behind)
            parts = {partition: left for partition, left in parts.items() if left}
            if not parts:
                break
        return {partition: left[0].offset for partition, left in parts.items()}

    async def _hear_part(self, part: Sequence[Record], behind: set[tuple[str, str]]) -> Sequence[Record]:
        """What is left from the first record that names something not known yet."""
        for at, record in enumerate(part):
            try:
                await self._hear_one(record, behind)
            except NotKnownYet as missing:
                log.info("waits for a reference", topic=record.topic, missing=str(missing))
                return part[at:]
        return ()

    async def _hear_one(self, record: Record, behind: set[tuple[str, str]]) -> None:
        key = record.key.decode(errors="replace") if record.key else ""
        try:
            heard = self._read(record)
        except (ValueError, TypeError, AttributeError) as fault:
            for reaction in self.reactions:
                await self.parking.park(record, reaction.name, f"{type(fault).__name__}: {fault}")
                behind.add((reaction.name, key))
            return
        if heard is None:
            return
        for reaction in self.reactions:
            if not isinstance(heard.fact, reaction.facts):
                continue
            if (reaction.name, key) in behind and await self.parking.waiting(reaction.name, key):
                await self.parking.park(record, reaction.name, "an earlier record of its key waits", behind=True)
            elif await self._react(reaction, heard, record):
                self.parking.went_well(record.topic, reaction.name)
            else:
                behind.add((reaction.name, key))

    def _read(self, record: Record) -> Heard | None:
        """The fact of a record; None for a type nobody here reacts to. Raises what makes it unreadable."""
        if record.value is None:
            raise ValueError("a facts topic has no empty records")
        envelope = read_envelope(record.headers)
        model = self.contract.fact_types.get(envelope.type)
        if model is None:
            self.measures.heard.labels(record.topic, "unknown type").inc()
            return None
        if not any(issubclass(model, reaction.facts) for reaction in self.reactions):
            self.measures.heard.labels(record.topic, "not for us").inc()
            return None
        if not record.key or record.key.decode() != envelope.key:
            raise EnvelopeError("the key is not the aggregate's")
        fact = model.model_validate_json(record.value)
        if fact.version != envelope.sequence or fact.occurred_on is None:
            raise EnvelopeError("the record's version is not its envelope's")
        return Heard(envelope, fact)

    async def _react(self, reaction: Reaction, heard: Heard, record: Record) -> bool:
        """True once the effect is kept; False when the record had to be parked."""
        attributes = {"passerelle.reaction": reaction.name, "passerelle.type": heard.envelope.type}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with heard_span(f"react {reaction.name}", heard.envelope.traceparent, attributes):
                    await self.once(reaction, heard)
                self.measures.heard.labels(record.topic, "reacted").inc()
                return True
            except (NotKnownYet, *AWAY):
                raise
            except Exception as fault:
                said = {"reaction": reaction.name, "attempt": attempt, "fault": repr(fault)}
                log.warning("reaction failed", **said, exc_info=True)
                if attempt == ATTEMPTS:
                    await self.parking.park(record, reaction.name, f"{type(fault).__name__}: {fault}", attempts=attempt)
                    return False
                await asyncio.sleep(0.1 * 2**attempt)
        return False

    async def once(self, reaction: Reaction, heard: Heard) -> None:
        """The reaction and its inbox row in one transaction; nothing when the row stands already.
        Proved by `test_duplicates_and_replays_change_nothing`."""
        inbox, row = self.desk.store[INBOX], {"_id": f"{reaction.name}:{heard.envelope.id}"}
        tried = False

        async def work(session: Session) -> Work:
            """The first attempt takes the record for new: were it not, its row would conflict. The row comes last: what a
            killed process has written keeps others from it for as long as the store waits for that process."""
            nonlocal tried
            if tried and await inbox.find_one(row, session=session):
                raise DoneBefore
            tried = True
            doing = Work(self.desk, session, heard.envelope.id)
            try:
                await reaction.react(heard, doing)
            except PyMongoError:
                raise
            except Exception as fault:
                if await inbox.find_one(row, session=session):
                    raise DoneBefore from fault
                raise
            done = {"at": datetime.now(UTC), "not_possible": doing.not_possible}
            doing.writes.insert(INBOX, {**row, **done})
            await doing.writes.send(session)
            return doing

        try:
            done = await self.desk.store.transaction(work)
        except DoneBefore:
            return
        self.desk.committed.set()
        for slug in done.not_possible:
            log.info("reaction not possible any more", reaction=reaction.name, slug=slug)
            self.measures.heard.labels(self.contract.events_topic, "not possible").inc()

    async def again(self, reaction: Reaction, record: Record) -> None:
        """A parked record once more; raises when it is still unreadable or its reaction fails again."""
        heard = self._read(record)
        if heard is not None and isinstance(heard.fact, reaction.facts):
            await self.once(reaction, heard)
