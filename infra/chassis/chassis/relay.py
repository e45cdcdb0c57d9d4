"""The relay: takes committed outbox rows to Kafka, once each by id, in order for every key.

One relay per service is active, by a lease. It is woken by a commit in its own process and looks by itself every two seconds.
Where it finds what another process committed, a change stream wakes it from then on. A crash between acknowledgement and mark
sends the same ids again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerClosed

from chassis.lease import Lease, LeaseLost
from chassis.mongo import AWAY, Row, Session, Store
from chassis.outbox import OUTBOX
from chassis.outlet import Outlet, outgoing
from chassis.telemetry import UNREAD, Measures, log

LOT: Final = 2_000
"""Rows read as of one moment; more than these are a backlog, of which the next are read while these are on their way."""
BATCH: Final = 1_000
"""Rows on their way to Kafka at once."""
MARKED: Final = 500
"""Rows marked at once; more take longer each."""
BREATH_SECONDS: Final = 0.05
"""Marks wait so long for those of the commands that follow."""
NET_SECONDS: Final = 2.0
UNTOLD_SECONDS: Final = 0.5
"""A row that waited for so long in a rest was committed by another process: a commit in this one wakes the relay at once."""
WATCH_AGAIN_SECONDS: Final = 2.0
ERROR_SECONDS: Final = (0.2, 5.0)
FORGET_SECONDS: Final = 60.0
REMEMBERED: Final = 1_000
FINISH_SECONDS: Final = 5.0
SILENT_SECONDS: Final = 60.0
COLLATERAL: Final = (OutOfOrderSequenceNumber, ProducerClosed)
"""Faults that another record's fault brings about."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Rows to be published; there are more of them when it is full."""

    rows: Sequence[Row]
    is_full: bool


NOTHING_MORE: Final = Lot((), is_full=False)


class Marks:
    """Marks what Kafka acknowledged, many in one transaction, while more is being published."""

    def __init__(self, mark: Callable[[list[str]], Awaitable[None]], hurry: asyncio.Event) -> None:
        self._mark, self._hurry = mark, hurry
        self._next: list[str] = []
        self._making: asyncio.Task[None] | None = None
        self.open: set[str] = set()

    def make(self, ids: set[str]) -> None:
        """Raises what went wrong with those before."""
        self._next += sorted(ids)
        self.open |= ids
        if self._making and self._making.done():
            self._making.result()
            self._making = None
        if self._next and self._making is None:
            self._making = asyncio.create_task(self._make())

    async def _make(self) -> None:
        while self._next:
            if len(self._next) < MARKED and not self._hurry.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), BREATH_SECONDS)
            ids, self._next = self._next[:MARKED], self._next[MARKED:]
            await self._mark(ids)
            self.open.difference_update(ids)

    async def made(self, or_woken: asyncio.Event | None = None) -> None:
        """Returns when all are made, or there is more to publish."""
        if self._making is None:
            return
        if or_woken is None:
            await self._making
            return
        woken = asyncio.create_task(or_woken.wait())
        await asyncio.wait((self._making, woken), return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        if self._making.done():
            self._making.result()


class Relay:
    """Publishes the outbox of one service.

    Guarantees: a committed row is published at least once, always with the same ids and bytes; rows of a key in order of
    version; a row is marked only after Kafka acknowledged all its records, and only by the holder of the lease. A key whose
    row is refused is left out until its retry time, and the others go on.

    `others` is set once another process commits too.

    Proved by `test_a_relay_killed_between_acknowledgement_and_mark_sends_the_same_ids_again`.
    """

    def __init__(self, store: Store, outlet: Outlet, wake: asyncio.Event, measures: Measures = UNREAD) -> None:
        self._store, self._outlet, self._wake, self._measures = store, outlet, wake, measures
        self.lease = Lease(store, "relay")
        self.last_turn = time.monotonic()
        self.running: asyncio.Task[None] | None = None
        self._held_back: dict[str, tuple[float, float]] = {}
        self._lately: dict[str, None] = {}
        self._ended = asyncio.Event()
        self.others = asyncio.Event()

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        """Publishes meanwhile; at the end the batch in hand is published and marked, and no further one begun.
        Proved by `test_a_service_that_is_asked_to_end_marks_what_it_published`."""
        self.running = asyncio.create_task(self.run())
        try:
            yield
        finally:
            self._ended.set()
            self._wake.set()
            await asyncio.wait([self.running], timeout=FINISH_SECONDS)
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
            with contextlib.suppress(*AWAY):
                await self.lease.give_up()
            await self._outlet.stop()

    async def run(self) -> None:
        """Until told to end. A fault is waited out and never ends it.
        Proved by `test_commands_go_on_while_the_broker_is_away_and_all_is_told_afterwards`."""
        pause, rested = ERROR_SECONDS[0], False
        while not self._ended.is_set():
            self.last_turn = time.monotonic()
            try:
                if await self.lease.keep():
                    await self._drain(rested=rested)
                    await self._rest()
                    rested = True
                elif not self.lease.ours:
                    await self._stand_by()
                pause = ERROR_SECONDS[0]
                continue
            except LeaseLost:
                log.warning("relay lost its lease")
            except (KafkaError, *AWAY) as fault:
                log.warning("relay waits", fault=f"{type(fault).__name__}: {fault}"[:200])
            except Exception as fault:
                log.error("relay failed", fault=repr(fault), exc_info=True)
            await asyncio.sleep(pause)
            pause, rested = min(pause * 2, ERROR_SECONDS[1]), False

    async def _rest(self) -> None:
        now = time.monotonic()
        retries = [until - now for until, _ in self._held_back.values() if until > now]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), min([NET_SECONDS, *retries]))

    async def _stand_by(self) -> None:
        """Another process publishes: what is committed is no reason to look whether it still does."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), NET_SECONDS)

    async def _drain(self, *, rested: bool = False) -> None:
        """Publishes until nothing waits; what was published is marked meanwhile. After a rest nothing of its own process has
        waited for long."""
        marks = Marks(self._mark, self._ended)
        try:
            lot = await self._lot(marks.open)
            if rested:
                self._learn_of_others(lot.rows)
            while not self._ended.is_set():
                if lot.rows:
                    lot = await self._tell(lot, marks)
                elif marks.open:
                    await marks.made(or_woken=self._wake)
                    lot = await self._if_woken(marks.open)
                else:
                    return
        finally:
            await marks.made()

    async def _tell(self, lot: Lot, marks: Marks) -> Lot:
        """Batch by batch; a key that failed waits with all its rows. Gives the lot after this one."""
        failed: set[str] = set()
        following = asyncio.create_task(self._following(lot, marks.open)) if lot.is_full else None
        try:
            for start in range(0, len(lot.rows), BATCH):
                batch = [row for row in lot.rows[start : start + BATCH] if row["key"] not in failed]
                if self._ended.is_set() or not batch:
                    continue
                if not await self.lease.keep():
                    raise LeaseLost
                sent = {row["_id"] for row in await self._publish(batch)}
                failed |= {row["key"] for row in batch if row["_id"] not in sent}
                marks.make(sent)
                self.last_turn = time.monotonic()
            if following is None:
                return await self._if_woken(marks.open)
            found = await following
            return found if found and not failed else await self._lot(marks.open)
        finally:
            if following:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _following(self, lot: Lot, in_hand: Collection[str]) -> Lot | None:
        """The lot after this one; None when something was committed meanwhile that was written before, as a version of what
        follows may be behind it."""
        last = lot.rows[-1]["pending"]
        left_out = self._left_out()
        rows = await self._waiting(LOT, left_out, after=last)
        known = {*in_hand, *(row["_id"] for row in lot.rows)}
        written_before = {"pending": {"$gt": 0, "$lte": last}, **left_out}
        before = await self._store[OUTBOX].find(written_before, {"_id": 1}).to_list(None)
        late = any(row["_id"] not in known for row in before)
        return None if late else Lot(rows, is_full=len(rows) == LOT)

    async def _if_woken(self, in_hand: Collection[str]) -> Lot:
        """What was committed since the last look, if somebody says so."""
        return await self._lot(in_hand) if self._wake.is_set() else NOTHING_MORE

    async def _lot(self, in_hand: Collection[str]) -> Lot:
        """What waits and is not in hand."""
        self._wake.clear()
        known, most = frozenset(in_hand), LOT + len(in_hand)
        waiting = await self._waiting(most, self._left_out())
        return Lot([row for row in waiting if row["_id"] not in known], is_full=len(waiting) == most)

    async def _waiting(self, most: int, left_out: Row, after: int = 0) -> list[Row]:
        """The oldest rows that wait, as of one moment: where a version is among them, so are all before it."""
        asked = {"pending": {"$gt": after}, **left_out}
        return await self._store.as_of_one_moment(OUTBOX, asked, [("pending", 1)], most)

    def _left_out(self) -> Row:
        """Keys that are held back, as a part of a question."""
        now = time.monotonic()
        recently = {key: held for key, held in self._held_back.items() if held[0] > now - FORGET_SECONDS}
        self._held_back = recently
        held_back = [key for key, (until, _) in recently.items() if until > now]
        return {"key": {"$nin": held_back}} if held_back else {}

    async def _publish(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that were acknowledged whole, and only such that follow no other row of their key."""
        records = [record for row in rows for record in outgoing(row)]
        faults = iter(await self._outlet.send(records))
        failed: dict[str, BaseException] = {}
        sent = []
        for row in rows:
            of_row = [fault for fault in [next(faults) for _ in row["records"]] if fault]
            if row["key"] in failed or of_row:
                failed.setdefault(row["key"], of_row[0] if of_row else KafkaError())
            else:
                sent.append(row)
                self._held_back.pop(row["key"], None)
        blamed = {key: fault for key, fault in failed.items() if not isinstance(fault, COLLATERAL)}
        for key, fault in blamed.items():
            self._hold_back(key, fault)
        if failed and not sent and not blamed:
            raise next(iter(failed.values()))  # Kafka took nothing: it is waited for
        self._measure(sent)
        self._lately |= dict.fromkeys(row["_id"] for row in sent)
        for id_ in list(self._lately)[:-REMEMBERED]:
            del self._lately[id_]
        return sent

    async def watch(self) -> None:
        """Wakes it for what another process commits, once one does: a stream of changes costs the store as much as the writes
        of everybody. Until cancelled.
        Proved by `test_what_another_process_commits_is_told_at_once_when_that_is_known`."""
        inserted: list[Row] = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]
        await self.others.wait()
        while True:
            try:
                async with self._store.watch(inserted, collection=OUTBOX) as changes:
                    async for change in changes:
                        if change["documentKey"]["_id"] not in self._lately:
                            self._wake.set()
            except Exception as fault:
                log.info("outbox is not watched for the moment", fault=type(fault).__name__)
            await asyncio.sleep(WATCH_AGAIN_SECONDS)

    def _learn_of_others(self, rows: Sequence[Row]) -> None:
        """From a row that has waited for long; what is held back waits for another reason."""
        before = (time.time() - UNTOLD_SECONDS) * 1e6
        if any(row["at"] < before and row["key"] not in self._held_back for row in rows):
            self.others.set()

    def _hold_back(self, key: str, fault: BaseException) -> None:
        _, pause = self._held_back.get(key, (0.0, ERROR_SECONDS[0]))
        self._held_back[key] = (time.monotonic() + pause, min(pause * 2, ERROR_SECONDS[1]))
        log.error("row not taken by Kafka, its key waits", key=key, fault=repr(fault))

    async def _mark(self, ids: list[str]) -> None:
        async def work(session: Session) -> None:
            writes = self._store.writes()
            self.lease.hold(writes)
            writes.update_all(OUTBOX, ids, {"$unset": {"pending": ""}})
            await writes.send(session)

        try:
            await self._store.transaction(work)
        except LeaseLost:
            self.lease.lost()
            raise

    def _measure(self, sent: Sequence[Row]) -> None:
        self._measures.published.inc(sum(len(row["records"]) for row in sent))
        now = time.time()
        for row in sent:
            self._measures.publish_seconds.observe(max(0.0, now - row["at"] / 1e6))

    @property
    def fault(self) -> str | None:
        """Why it does not publish in this process; None when it does, or when that is another's work."""
        if self.running is None:
            return None
        if self.running.done():
            return "the relay ended"
        silent = time.monotonic() - self.last_turn
        return f"the relay has not turned for {int(silent)} s" if silent > SILENT_SECONDS else None

    async def measure(self) -> None:
        """Brings the gauges of the outbox up to date."""
        oldest = await self._store[OUTBOX].find({"pending": {"$gt": 0}}).sort([("pending", 1)]).limit(1).to_list(1)
        waiting = await self._store[OUTBOX].count_documents({"pending": {"$gt": 0}}) if oldest else 0
        self._measures.outbox_pending.set(waiting)
        self._measures.outbox_age_seconds.set(time.time() - oldest[0]["pending"] / 1e6 if oldest else 0)


async def send_again(outlet: Outlet, row: Row, topics: Iterable[str]) -> int:
    """Sends a row's records of these topics once more, with the same ids and bytes; how many. Raises what went wrong.
    Proved by `test_an_old_snapshot_after_a_newer_one_is_answered_at_once`."""
    wanted = set(topics)
    records = [record for record in outgoing(row) if record.topic in wanted]
    for fault in await outlet.send(records):
        if fault:
            raise fault
    return len(records)
