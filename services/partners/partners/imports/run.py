"""One import run: its plan is written down before the first creation, so that after an interruption it goes on.

Partners come in by their own command, a hundred in a transaction; the run's rows say by number what became of each.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ReplaceOne

from chassis.answers import Asked
from chassis.command import Desk
from chassis.decide import Caller, Refusal
from chassis.lease import Lease, LeaseLost
from chassis.mongo import Row, Session, ascending
from chassis.outbox import new_id
from chassis.problems import Problem
from chassis.taking import Taken
from chassis.telemetry import log
from contracts.partner import ReceivedIdentifier
from contracts.roles import SERVICE
from partners.imports.eche import SCHEMES, SOURCE, ListedInstitution
from partners.imports.matching import FIELDS, Register
from partners.imports.plan import Add, Outcome, Planned, batches, planned, registration, resume
from partners.imports.report import Remark
from partners.partner.bodies import Difference, StageChange

RUNS: Final = "import_runs"
ROWS: Final = "import_rows"
IMPORT: Final = Caller("service:import", {SERVICE: {}})
AT_ONCE: Final = 100
GONE_FROM_LIST: Final = "absent_from_edition"


async def prepare(desk: Desk) -> None:
    await desk.store.index(RUNS, ascending("file_sha256"), ascending("started_at"))
    await desk.store.index(ROWS, ascending("run_id", "number"))


async def begin(desk: Desk, content: bytes, rows: int, add: Add, by: str) -> tuple[Row, Run | None]:
    """The run for this file, and whoever carries it out; None when it is being carried out already.

    An interrupted run of the same file is taken up again. Raises Problem `import-running` while another file is read.
    """
    runs, lease = desk.store[RUNS], Lease(desk.store, "import")
    same = {"source": SOURCE, "file_sha256": hashlib.sha256(content).hexdigest(), "add": add, "state": "running"}
    ours = await lease.take()
    unfinished: Row | None = await runs.find_one(same)
    if not ours:
        if unfinished is None:
            raise Problem("import-running")
        return unfinished, None
    run: Row = unfinished or {
        "_id": new_id(),
        **same,
        "rows": rows,
        "started_by": by,
        "started_at": desk.clock.now(),
        "counters": dict.fromkeys((*Outcome, "staged", "absent", "done"), 0),
    }
    await runs.update_many({"state": "running", "_id": {"$ne": run["_id"]}}, {"$set": {"state": "interrupted"}})
    await runs.replace_one({"_id": run["_id"]}, run, upsert=True)
    return run, Run(desk, run, lease)


class Run:
    """Carries out one run; may be begun again after any interruption."""

    def __init__(self, desk: Desk, run: Row, lease: Lease) -> None:
        self._desk, self._run, self._lease = desk, run, lease
        self.id = str(run["_id"])
        self._counters: dict[str, int] = dict(run["counters"])

    async def carry_out(self, rows: Sequence[ListedInstitution]) -> None:
        """To the end; a fault ends the run as `failed`, and what was created stays."""
        try:
            await self._carry_out(rows)
        except LeaseLost:
            log.warning("import goes on in another process", run=self.id)
        except Exception as fault:
            log.error("import failed", run=self.id, fault=repr(fault), exc_info=True)
            await self._note(state="failed", ended_at=self._desk.clock.now())
        finally:
            await self._lease.give_up()

    async def _carry_out(self, rows: Sequence[ListedInstitution]) -> None:
        known = {document["_id"]: document for document in await self._partners()}
        documents = {id_: document for id_, document in known.items() if document["state"] != "merged"}
        own_id = self._desk.settings.own_institution_id
        seen = await self._seen_before()
        plan = await self._plan(rows, documents, own_id)
        creations = [one for one in plan if one.outcome is Outcome.CREATED]
        await self._settle_created([one for one in creations if one.partner_id in known], known)
        await self._create([one for one in creations if one.partner_id not in known])
        if not seen:
            differing = [one for one in plan if one.outcome is Outcome.MATCHED and one.partner_id != own_id]
            await self._stage([one for one in differing if one.diff])
            await self._stage_absent({one.partner_id for one in plan} | {own_id}, documents)
        errors = self._counters[Outcome.UNREADABLE] > 0
        await self._note(state="completed_with_errors" if errors else "completed", ended_at=self._desk.clock.now())

    async def _seen_before(self) -> bool:
        earlier = {"file_sha256": self._run["file_sha256"], "state": {"$in": ["completed", "completed_with_errors"]}}
        return await self._desk.store[RUNS].find_one(earlier) is not None

    async def _read_before(self) -> dict[int, str]:
        """Which partner each row of this very file was or became in earlier runs."""
        same = {"file_sha256": self._run["file_sha256"], "_id": {"$ne": self.id}}
        runs = [run["_id"] for run in await self._desk.store[RUNS].find(same, {"_id": 1}).to_list(None)]
        asked = {"run_id": {"$in": runs}, "partner_id": {"$ne": None}}
        found = await self._desk.store[ROWS].find(asked, {"number": 1, "partner_id": 1}).to_list(None)
        return {row["number"]: row["partner_id"] for row in found}

    async def _partners(self) -> list[Row]:
        rows: list[Row] = await self._desk.store["partner"].find({}, dict.fromkeys(("state", *FIELDS), 1)).to_list(None)
        return rows

    async def _plan(self, rows: Sequence[ListedInstitution], documents: Mapping[str, Row], own: str) -> list[Planned]:
        """As written down when the run began; a new one is written down now."""
        desk, before = self._desk, await self._read_before()

        def work() -> list[Planned]:
            register = Register.of(documents.values(), desk.settings.generic_words, before)
            return planned(rows, register, self._run["add"], own, desk.clock.today(), new_id)

        plan = await asyncio.to_thread(work)
        kept = {row["number"]: row for row in await desk.store[ROWS].find({"run_id": self.id}).to_list(None)}
        if len(kept) == len(plan):
            resume(plan, kept)
        else:  # nothing has been created before all of it is written down
            await desk.store[ROWS].delete_many({"run_id": self.id})
            new = [self._row(one) for one in plan]
            for start in range(0, len(new), 1_000):
                await desk.store[ROWS].insert_many(new[start : start + 1_000])
        outcomes = [one.outcome for one in plan]
        self._counters |= {outcome: outcomes.count(outcome) for outcome in Outcome}
        self._counters[Outcome.CREATED] = 0
        await self._note()
        return plan

    def _row(self, one: Planned) -> Row:
        return {
            "_id": f"{self.id}:{one.row.number}",
            "run_id": self.id,
            "number": one.row.number,
            "outcome": one.outcome.value,
            "partner_id": one.partner_id,
            "matched_by": one.matched_by,
            "remarks": [remark.json() for remark in one.remarks],
        }

    async def _create(self, plan: Sequence[Planned]) -> None:
        for batch in batches(plan, AT_ONCE):
            items = [(str(one.partner_id), registration(one, self.id)) for one in batch]
            outcomes = await self._desk.run_many("partner", "register_partner", items, IMPORT)
            changed = []
            for one, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, Refusal):
                    one.outcome, one.partner_id = Outcome.UNREADABLE, None
                    one.remarks.append(Remark("not-created", value=outcome.slug))
                    changed.append(one)
                elif one.learn(_taken_elsewhere(outcome.state.identifiers_received)):
                    changed.append(one)
            await self._settle(batch, changed)

    async def _settle_created(self, plan: Sequence[Planned], documents: Mapping[str, Row]) -> None:
        """Rows whose partner came in before the interruption."""
        changed = []
        for one in plan:
            received = documents[str(one.partner_id)]["public"].get("identifiers_received", ())
            if one.learn(_taken_elsewhere([ReceivedIdentifier.model_validate(each) for each in received])):
                changed.append(one)
        await self._settle(plan, changed)

    async def _settle(self, batch: Sequence[Planned], changed: Sequence[Planned]) -> None:
        """Those of which something else is to be said than was planned are written in one transaction: outside, each row would
        wait for the disk by itself."""
        rows = [self._row(one) for one in changed]
        replacing = [ReplaceOne({"_id": row["_id"]}, row) for row in rows]

        async def work(session: Session) -> None:
            await self._desk.store[ROWS].bulk_write(replacing, ordered=False, session=session)

        if rows:
            await self._desk.store.transaction(work)
        for one in batch:
            self._counters[one.outcome] += 1
        await self._note()

    async def _stage(self, plan: Sequence[Planned]) -> None:
        for one in plan:
            await self._stage_one(str(one.partner_id), one.candidates, one.diff, f"row {one.row.number}")

    async def _stage_absent(self, listed: set[str | None], documents: Mapping[str, Row]) -> None:
        """A partner with a charter that stands in the list no more: a person decides what that means."""
        today = self._desk.clock.today().isoformat()
        for partner_id, document in documents.items():
            to = (document["public"].get("eche") or {}).get("to", "")
            if to >= today and partner_id not in listed:
                gone = Difference(pointer="/eche/to", ours=to, theirs=None, note=GONE_FROM_LIST)
                self._counters["absent"] += await self._stage_one(partner_id, (), (gone,), "absent")

    async def _stage_one(
        self, partner_id: str, candidates: tuple[str, ...], diff: tuple[Difference, ...], raw_ref: str
    ) -> bool:
        aggregate = self._desk.aggregates["partner"]
        body = StageChange(run_id=self.id, source=SOURCE, candidates=candidates, diff=diff, raw_ref=raw_ref)
        asked = Asked(aggregate, aggregate.command("stage_change"), partner_id, body, IMPORT)

        async def work(session: Session) -> bool:
            loaded = await self._desk.load("partner", partner_id, session)
            outcome = await self._desk.perform(asked, loaded, session)
            return isinstance(outcome, Taken) and not outcome.decision.is_empty

        staged = await self._desk.store.transaction(work)
        self._desk.committed.set()
        self._counters["staged"] += staged
        await self._note()
        return staged

    async def _note(self, **more: Any) -> None:
        """Tells how far the run is, while the lease is kept; raises `LeaseLost`."""
        if not await self._lease.take():
            raise LeaseLost
        self._counters["done"] = sum(self._counters[outcome] for outcome in Outcome)
        await self._desk.store[RUNS].update_one({"_id": self.id}, {"$set": {"counters": self._counters, **more}})


def _taken_elsewhere(received: Sequence[ReceivedIdentifier]) -> list[Remark]:
    return [
        Remark("identifier-taken", SCHEMES[each.scheme], each.text, (each.partner_id,))
        for each in received
        if each.partner_id
    ]
