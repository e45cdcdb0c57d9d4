"""Stays, copies and callers for the tests of mobility; every builder gives something that is right by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from tests.support.tables import as_listed

from chassis.decide import Caller, Command, Context, Doc, Find, Found, Loaded, Other, Refusal, Rows
from chassis.taking import Taken, take
from contracts.roles import ADV, SERVICE, Role
from contracts.stay import STAY, Stay
from mobility.settings import MobilitySettings
from mobility.stay import AGGREGATE
from mobility.stay.private import StayFile

TODAY = date(2026, 11, 2)
UNIT = "01900000-0000-7000-8000-0000000000a1"
PARTNER = "01900000-0000-7000-8000-0000000000b1"
AGREEMENT = "01900000-0000-7000-8000-0000000000c1"
SUCCESSOR = "01900000-0000-7000-8000-0000000000c2"
STAY_ID = "3f1c9a52-5f5a-4b37-9d5a-0d8a3a7f0e11"
OTHER_STAY = "3f1c9a52-5f5a-4b37-9d5a-0d8a3a7f0e12"
SUPERVISOR = "promoter-07"

ADVISER = Caller("adviser-01", {ADV: {}})
PLATFORM = Caller("service:mobility", {SERVICE: {}})


def promoter(subject: str = SUPERVISOR) -> Caller:
    return Caller(subject, {Role.PROMOTER: {"subjects": frozenset({subject})}})


def partner(**changes: object) -> dict[str, Any]:
    name = {"display": "Université Joseph Ki-Zerbo"}
    return {
        "_id": PARTNER,
        "version": 3,
        "name": name,
        "country": "BF",
        "standing": "active",
        **changes,
    }


def blocked_partner(scope: str) -> dict[str, Any]:
    decided = {"body": {"kind": "academic_council"}, "decided_on": "2026-03-01", "reference": "CA-2026-03"}
    transition = {"rule": "run_to_term"}
    block = {"scope": scope, "from": "2026-03-02", "transition": transition, "decision_ref": decided}
    return partner(standing="blocked", block=block)


def agreement(**changes: object) -> dict[str, Any]:
    parties = [
        {"no": 1, "partner_id": MobilitySettings().own_institution_id, "role": "own"},
        {"no": 2, "partner_id": PARTNER, "role": "partner"},
    ]
    return {
        "_id": AGREEMENT,
        "version": 12,
        "state": "active",
        "parties": parties,
        "lineage_id": AGREEMENT,
        "start_on": "2024-01-01",
        "end_on": "2027-12-31",
        **changes,
    }


def country(code: str, **changes: object) -> dict[str, Any]:
    return {"_id": code, "version": 1, "region": "Africa", **changes}


def announcement(**changes: object) -> dict[str, object]:
    return {
        "person": {"given_name": "Bourse", "family_name": "Vingt-trois"},
        "nationalities": ["BF"],
        "category": "postdoc",
        "host": {"unit_id": UNIT, "supervisor": SUPERVISOR},
        "period": {"from": "2027-02-01", "to": "2028-03-31"},
        "home_partner_id": PARTNER,
        "agreement_id": AGREEMENT,
        **changes,
    }


REGISTRATION: Mapping[str, object] = {
    "residence_country": "BF",
    "email": "role-23@example.org",
    "consent_notice_sent_on": "2026-11-02",
}


@dataclass
class Office:
    """A mobility centre in memory: copies, stays, and a desk that answers what a command needs to know."""

    copies: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    stays: dict[str, Loaded] = field(default_factory=dict)
    journal: list[Mapping[str, Any]] = field(default_factory=list)
    today: date = TODAY
    _ids: Iterable[int] = field(default_factory=lambda: count(1))

    @classmethod
    def open(cls, *copies: tuple[str, dict[str, Any]]) -> Office:
        office = cls()
        for collection, document in (
            ("partner_copies", partner()),
            ("agreement_copies", agreement()),
            ("country_copies", country("BF")),
            ("country_copies", country("FR", region="Europe")),
            *copies,
        ):
            office.copies.setdefault(collection, {})[document["_id"]] = document
        return office

    def new_id(self) -> str:
        return f"01900000-0000-7000-8000-{next(iter(self._ids)):012d}"

    def context(self, row: Command, body: Any, id_: str, caller: Caller) -> Context:
        loaded = self.stays.get(id_) if not row.creates else None
        state, private = (loaded.state, loaded.private) if loaded else (None, None)
        found = Found()
        for _ in range(6):
            wanted: list[Find] = [
                *AGGREGATE.needs(state, private, body, found),
                *row.needs(state, private, body, found),
            ]
            found = Found({find.key: self._answer(find) for find in wanted})
        now = datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC)
        return Context(caller, self.today, now, id_, found, self.new_id, MobilitySettings())

    def _answer(self, find: Find) -> Any:
        match find:
            case Doc():
                return self.copies.get(find.collection, {}).get(find.id)
            case Rows(name="lineage"):
                copies = self.copies["agreement_copies"].values()
                return [copy for copy in copies if copy["lineage_id"] == find.filter["lineage_id"]]
            case Rows():
                holder = find.filter["private.holder_id"]
                return [{"_id": id_} for id_, stay in self.stays.items() if stay.private.holder_id == holder]
            case Other():
                return self.stays.get(find.id)
        raise AssertionError(find)

    def take(
        self,
        command: str,
        body: Mapping[str, object] | None = None,
        *,
        id_: str = STAY_ID,
        caller: Caller = ADVISER,
    ) -> Taken | Refusal:
        row = AGGREGATE.command(command)
        parsed = row.model.model_validate(body or {}, extra="forbid")
        loaded = self.stays.get(id_) if not row.creates else None
        context = self.context(row, parsed, id_, caller)
        outcome = as_listed(row, take(AGGREGATE, row, loaded, parsed, context))
        if isinstance(outcome, Taken) and not outcome.decision.is_empty:
            self.stays[id_] = Loaded(outcome.state, outcome.private)
            self.journal += [row.document for row in outcome.decision.rows]  # type: ignore[union-attr]
        return outcome

    def done(self, command: str, body: Mapping[str, object] | None = None, **how: Any) -> Taken:
        outcome = self.take(command, body, **how)
        assert isinstance(outcome, Taken), outcome
        return outcome

    def refused(self, command: str, body: Mapping[str, object] | None = None, **how: Any) -> Refusal:
        outcome = self.take(command, body, **how)
        assert isinstance(outcome, Refusal), outcome
        return outcome

    def stay(self, stage: str = "announced", **changes: object) -> Loaded:
        """A stay brought to that stage by its own commands."""
        self.done("announce_stay", announcement(**changes))
        if stage in ("registered", "assessed"):
            self.done("register_stay", REGISTRATION)
        if stage == "assessed":
            self.done("assess_stay", {"basis": "employment"})
        if stage in ("cancelled", "refused"):
            self.done(f"{'cancel' if stage == 'cancelled' else 'refuse'}_stay", {"reason": "Projet abandonné."})
        return self.stays[STAY_ID]

    def file(self, id_: str = STAY_ID) -> StayFile:
        file: StayFile = self.stays[id_].private
        return file


def folded(facts: Iterable[Any]) -> Stay:
    return STAY.fold(None, facts)


class MemoryDrawer:
    """Documents of a transaction, in memory."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Mapping[str, Any]] = {}

    async def document(self, collection: str, id_: str) -> Mapping[str, Any] | None:
        await asyncio.sleep(0)
        return self.documents.get((collection, id_))

    async def insert(self, collection: str, document: Mapping[str, Any]) -> None:
        await asyncio.sleep(0)
        self.documents[collection, document["_id"]] = document
