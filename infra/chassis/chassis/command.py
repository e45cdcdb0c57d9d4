"""Load, decide, save: how a command becomes a version, its records and its answer in one transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Final

from pydantic import BaseModel

from chassis.answers import Answered, Answers, Asked, answer_told
from chassis.clock import Clock
from chassis.decide import Aggregate, Caller, Context, Doc, Find, Found, Loaded, Next, Refusal
from chassis.mongo import Session, Store, Writes, ascending
from chassis.outbox import INDEXES as OUTBOX_INDEXES
from chassis.outbox import OUTBOX, RecordTooLarge, new_id, outbox_row, told_by
from chassis.problems import Problem
from chassis.shelf import Shelf
from chassis.taking import Taken, hidden, reach_of, take
from chassis.telemetry import span
from contracts.record import Contract
from contracts.refusal import Recorded, refusal_contract

ROUNDS_OF_NEEDS: Final = 6


class Repeated(Exception):
    """The key was answered before: what this attempt wrote is not kept."""


class Desk:
    """Where one service's commands are taken.

    Guarantees: aggregate, outbox rows, idempotency row, counters, claims and guards of a command commit together or not at
    all; versions of an aggregate have no gap; a rule that rests on a copy or a guard never decides on a stale one.

    Proved by `test_a_store_killed_under_load_loses_nothing_that_was_acknowledged`.
    """

    def __init__(
        self,
        service: str,
        store: Store,
        clock: Clock,
        aggregates: Iterable[Aggregate],
        settings: Any = None,
        refusals: Contract[Any] | None = None,
    ) -> None:
        self.service, self.store, self.clock, self.settings = service, store, clock, settings
        self.aggregates = {aggregate.name: aggregate for aggregate in aggregates}
        self._refusals = refusals or refusal_contract(service)
        self.shelf = Shelf(store, self.aggregates)
        self.answers = Answers(store)
        self.committed = asyncio.Event()

    async def prepare(self) -> None:
        """Makes the indexes that the guarantees rest on."""
        await self.store.index(OUTBOX, *OUTBOX_INDEXES)
        await self.answers.prepare()
        for aggregate in self.aggregates.values():
            indexes = [ascending(*fields) for fields in aggregate.indexes]
            await self.store.index(aggregate.name, ascending("next_due", sparse=True), *indexes)

    async def load(self, aggregate: str, id_: str, session: Session | None = None) -> Loaded:
        """The aggregate as stored; raises Problem `unknown-id`."""
        loaded = await self.shelf.load(aggregate, id_, session)
        if loaded is None:
            raise Problem("unknown-id", id=id_)
        return loaded

    async def execute(self, asked: Asked) -> Answered:
        """Takes a command for a caller outside; raises Problem for every refusal.
        Proved by `test_the_same_key_raced_has_one_effect_and_one_answer`."""
        attributes = {"passerelle.command": asked.row.name, "passerelle.aggregate": asked.aggregate.name}
        with span(f"{self.service} {asked.row.name}", attributes=attributes):
            attempts = count()
            try:
                answered = await self.store.transaction(lambda session: self._once(asked, session, next(attempts)))
            except (Repeated, RecordTooLarge, Problem) as stopped:
                answered = await self._refuse(asked, stopped)
            self.committed.set()
            return answered

    async def _once(self, asked: Asked, session: Session, attempt: int) -> Answered:
        """The first attempt takes the key for new: were it not, keeping its answer would conflict."""
        kept = await self.answers.of(asked, session) if attempt else None
        if kept:
            return kept
        loaded, found = None, None
        if not asked.row.creates:
            loaded = await self.load(asked.aggregate.name, asked.id, session)
            found = await self._seen(asked, loaded, session)
            _check_version(asked, loaded.state.version)
        taken = await self.perform(asked, loaded, session, found=found)
        if isinstance(taken, Refusal):
            raise Problem.of(taken)
        if not taken.facts and await self.answers.of(asked, session):
            raise Repeated  # nothing that it tells would conflict with the first time
        if not taken.facts or asked.aggregate.contract.personal:
            await self.answers.keep(asked, taken.state.version, session)
        stage = asked.aggregate.state_of(Loaded(taken.state, taken.private))
        return Answered(asked.status, asked.id, taken.state.version, taken.public, stage, taken.decision.answer)

    async def _seen(self, asked: Asked, loaded: Loaded, session: Session) -> Found | None:
        """What was looked up to know whether the caller may know of it; a stranger to an aggregate with `readers` does not
        learn its version either."""
        if asked.aggregate.readers is None:
            return None
        found = (await self.context(asked, loaded, session)).found
        reach = reach_of(asked.aggregate, loaded, asked.body, found)
        if hidden(asked.aggregate, asked.row.roles, loaded, reach, asked.caller):
            raise Problem("unknown-id", id=asked.id)
        return found

    async def perform(
        self,
        asked: Asked,
        loaded: Loaded | None,
        session: Session,
        writes: Writes | None = None,
        found: Found | None = None,
    ) -> Taken | Refusal:
        """Decides and writes in a transaction that somebody else commits, with what was gathered in `writes` and `found` in it
        before. A refusal leaves nothing written.
        Proved by `test_what_was_read_before_another_changed_it_is_version_stale_when_it_is_saved`."""
        writes = writes or self.store.writes()
        context = await self.context(asked, loaded, session, found=found)
        taken = await self._decide(asked, loaded, context, session, writes)
        await writes.send(session)
        return taken

    async def _decide(
        self, asked: Asked, loaded: Loaded | None, context: Context, session: Session, writes: Writes
    ) -> Taken | Refusal:
        taken = take(asked.aggregate, asked.row, loaded, asked.body, context)
        if isinstance(taken, Refusal):
            await self.shelf.put_back(context.found, session)
        elif not taken.decision.is_empty:
            kind, subject = asked.aggregate.contract, asked.caller.subject
            told = told_by(self.service, subject, asked.cause, context.now, kind, answer_told(asked))
            await self.shelf.write(asked.aggregate, loaded, taken, context, told, session, writes)
        return taken

    async def context(
        self, asked: Asked, loaded: Loaded | None, session: Session | None, found: Found | None = None
    ) -> Context:
        """What the decision may know: the row's and the aggregate's needs, asked for until they want nothing new. Without a
        body no number is drawn."""
        found = found or Found(today=self.clock.today())
        for _ in range(ROUNDS_OF_NEEDS):
            missing = _missing(asked, loaded, found, numbers=asked.body is not None)
            if not missing:
                break
            found = Found({**found.results, **await self.shelf.find(missing, session)}, found.today)
        return Context(asked.caller, self.clock.today(), self.clock.now(), asked.id, found, new_id, self.settings)

    async def _found_together(self, many: Sequence[Asked], session: Session) -> list[Found]:
        """What creations need, read in one go: documents of a collection together, equal questions once. Numbers are left
        to each in its turn."""
        founds = [Found(today=self.clock.today()) for _ in many]
        known: dict[str, Any] = {}
        for _ in range(ROUNDS_OF_NEEDS):
            wanted = [_missing(asked, None, found, numbers=False) for asked, found in zip(many, founds, strict=True)]
            if not any(wanted):
                break
            new = {repr(find): find for finds in wanted for find in finds if repr(find) not in known}
            docs = await self.shelf.find([find for find in new.values() if isinstance(find, Doc)], session)
            for name, find in new.items():
                known[name] = (docs if isinstance(find, Doc) else await self.shelf.find([find], session))[find.key]
            founds = [
                Found({**found.results, **{find.key: known[repr(find)] for find in finds}}, found.today)
                for found, finds in zip(founds, wanted, strict=True)
            ]
        return founds

    async def run_many(
        self, aggregate: str, command: str, items: Sequence[tuple[str, BaseModel]], caller: Caller
    ) -> list[Taken | Refusal]:
        """Takes many creations in one transaction; a refused one leaves no trace and the others go on. They do not see
        each other.
        Proved by `test_many_creations_in_one_transaction_count_on_and_leave_out_the_refused`."""
        kind = self.aggregates[aggregate]
        many = [Asked(kind, kind.command(command), id_, body, caller) for id_, body in items]

        async def work(session: Session) -> list[Taken | Refusal]:
            taken, writes = [], self.store.writes()
            for asked, found in zip(many, await self._found_together(many, session), strict=True):
                context = await self.context(asked, None, session, found=found)
                taken.append(await self._decide(asked, None, context, session, writes))
            await writes.send(session)
            return taken

        outcome = await self.store.transaction(work)
        self.committed.set()
        return outcome

    async def _refuse(self, asked: Asked, stopped: Exception) -> Answered:
        """Raises what stopped the command, told first where it is a policy's refusal. A key that was answered before, or whose
        rival has been meanwhile, is answered as the first time, whatever would be said of it now."""
        kept = await self.answers.of(asked, None)
        if kept is None and isinstance(stopped, Problem) and stopped.refusal.rule:
            refusal = stopped.refusal

            async def work(session: Session) -> Answered | None:
                kept = await self.answers.of(asked, session)
                if kept is None:
                    await self._tell(asked, refusal, session)
                return kept

            kept = await self.store.transaction(work)
            self.committed.set()
        if kept:
            return kept
        if isinstance(stopped, RecordTooLarge):
            raise Problem("too-large") from stopped
        raise stopped

    async def _tell(self, asked: Asked, refusal: Refusal, session: Session) -> None:
        """A policy refusal is a fact of the service's own stream; the refused aggregate keeps its version."""
        contract, id_ = self._refusals, new_id()
        fact = contract.stamp(_recorded(asked, refusal), id_, 1, self.clock.today())
        answer, kind = answer_told(asked, refusal), asked.aggregate.contract
        told = told_by(self.service, asked.caller.subject, asked.cause, self.clock.now(), kind, answer)
        if answer is None:
            await self.answers.keep(asked, 0, session, refusal)
        await self.store[OUTBOX].insert_one(
            outbox_row(contract, id_, 1, [fact], None, told, time.time_ns() // 1_000), session=session
        )


def _recorded(asked: Asked, refusal: Refusal) -> Recorded:
    """Without the id of what does not exist, or of what is personal."""
    return Recorded.model_validate(
        {
            "aggregate": asked.aggregate.name,
            "id": None if asked.row.creates or asked.aggregate.contract.personal else asked.id,
            "command": asked.row.name,
            "rule": refusal.rule,
            "slug": refusal.slug,
            "reason_fr": " ".join(reason.text.fr for reason in refusal.reasons),
            "reason_en": " ".join(reason.text.en for reason in refusal.reasons),
            "refs": refusal.refs,
        }
    )


def _missing(asked: Asked, loaded: Loaded | None, found: Found, *, numbers: bool) -> list[Find]:
    state, private = (loaded.state, loaded.private) if loaded else (None, None)
    known = (state, private, asked.body, found)
    wanted = [*asked.aggregate.needs(*known), *asked.row.needs(*known)]
    if asked.caller.is_scoped:
        wanted += asked.aggregate.scope_needs(*known)
    missing = {find.key: find for find in wanted if find.key not in found.results}
    return [find for find in missing.values() if numbers or not isinstance(find, Next)]


def _check_version(asked: Asked, version: int) -> None:
    if not asked.caller.is_person:
        return
    if asked.if_match is None:
        raise Problem("version-required", version=version)
    if asked.if_match != version:
        raise Problem("version-stale", version=version)
