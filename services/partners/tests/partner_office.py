"""An office in memory for the tests of partners: its partners, countries and claims, and what others say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from tests.support.tables import as_listed

from chassis.decide import Aggregate, Caller, Command, Context, Doc, Find, Found, Gone, Loaded, Other, Refusal, Rows
from chassis.taking import Taken, take
from contracts.record import Fact
from contracts.roles import ADV, AFR, COO, DIR, OFF, PRO, SEC, SERVICE, VR
from partners.country import AGGREGATE as COUNTRY
from partners.partner import AGGREGATE as PARTNER
from partners.settings import PartnersSettings

TODAY = date(2026, 11, 2)
SETTINGS = PartnersSettings()
AGGREGATES: Mapping[str, Aggregate] = {"partner": PARTNER, "country": COUNTRY}

OFFICER = Caller("officer-01", {OFF: {}})
OTHER_OFFICER = Caller("officer-02", {OFF: {}})
COOPERATION = Caller("cooperation-01", {COO: {}})
AFRICA = Caller("africa-01", {AFR: {"regions": frozenset({"Africa"})}})
DIRECTOR = Caller("director-01", {DIR: {}})
OTHER_DIRECTOR = Caller("director-02", {DIR: {}, OFF: {}})
VICE_RECTOR = Caller("vice-rector-01", {VR: {}, OFF: {}})
ADVISER = Caller("adviser-01", {ADV: {}})
PROMOTER = Caller("promoter-07", {PRO: {"subjects": frozenset({"promoter-07"})}})
PLATFORM = Caller("service:partners", {SERVICE: {}})

COUNCIL = "01900000-0000-7000-8000-00000000c001"
GROUP = "01900000-0000-7000-8000-00000000c002"
SECRETARY = Caller("secretary-01", {SEC: {"committee_ids": frozenset({GROUP})}})
DECISION = {
    "body": {"kind": "academic_council"},
    "decided_on": "2026-10-26",
    "reference": "CA 2026-10/4",
}
BY_COUNCIL = {
    "body": {"kind": "committee", "committee_id": COUNCIL},
    "decided_on": "2026-10-26",
    "reference": "CDRI 2026/3",
}


def named(display: str, **more: object) -> dict[str, object]:
    return {"display": display, **more}


def university(display: str = "Université de Lubumbashi", **changes: Any) -> dict[str, object]:
    return {"kind": "university", "name": named(display), "country": "CD", "city": "Lubumbashi", **changes}


def agreement(partner_id: str, kind: str = "framework", role: str = "partner", **changes: object) -> dict[str, Any]:
    return {
        "_id": "01900000-0000-7000-8000-0000000000a1",
        "version": 9,
        "state": "active",
        "kind": kind,
        "parties": [{"no": 2, "partner_id": partner_id, "role": role}],
        "responsible_officer": "officer-01",
        **changes,
    }


def committee(id_: str = GROUP, kind: str = "regional_group", code: str | None = "developing") -> dict[str, Any]:
    period = {"from": "2019-01-01"}
    return {"_id": id_, "version": 1, "kind": kind, "group_code": code, "in_office": period}


@dataclass
class Office:
    """Takes commands as the service does, without a store: one aggregate at a time, claims kept unique."""

    today: date = TODAY
    held: dict[tuple[str, str], Loaded] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    _ids: Iterable[int] = field(default_factory=lambda: count(1))

    @classmethod
    def open(cls, *countries: tuple[str, str]) -> Office:
        """With the countries named (code and M49 region), by default those of the tests."""
        office = cls()
        for code, region in countries or (("CD", "Africa"), ("CM", "Africa"), ("BE", "Europe"), ("FR", "Europe")):
            body = {"iso2": code, "iso3": f"{code}X", "name": {"fr": code, "en": code}, "region": region}
            office.done("add_country", body, id_=code, caller=PLATFORM, of="country")
        return office

    def new_id(self) -> str:
        return f"01900000-0000-7000-8000-{next(iter(self._ids)):012d}"

    def keep(self, collection: str, *documents: Mapping[str, Any]) -> None:
        for document in documents:
            self.rows.setdefault(collection, {})[document["_id"]] = dict(document)

    def context(self, row: Command, body: Any, id_: str, caller: Caller, of: str) -> Context:
        aggregate = AGGREGATES[of]
        loaded = None if row.creates else self.held[of, id_]
        state, private = (loaded.state, loaded.private) if loaded else (None, None)
        found = Found()
        for _ in range(6):
            wanted = [*aggregate.needs(state, private, body, found), *row.needs(state, private, body, found)]
            if caller.is_scoped:
                wanted += aggregate.scope_needs(state, private, body, found)
            found = Found({find.key: self._answer(find) for find in wanted})
        now = datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC)
        return Context(caller, self.today, now, id_, found, self.new_id, SETTINGS)

    def _answer(self, find: Find) -> Any:
        match find:
            case Doc():
                return self.rows.get(find.collection, {}).get(find.id)
            case Other():
                return self.held.get((find.aggregate, find.id))
            case Rows(collection="partner"):
                return [row for row in self._partners() if _fits(row, find.filter)]
            case Rows():
                return [row for row in self.rows.get(find.collection, {}).values() if _fits(row, find.filter)]
        raise AssertionError(find)

    def _partners(self) -> Iterable[dict[str, Any]]:
        for (aggregate, id_), loaded in self.held.items():
            if aggregate == "partner":
                public = loaded.state.model_dump(mode="json", by_alias=True, exclude_none=True)
                yield {"_id": id_, "state": loaded.state.standing.value, "public": public}

    def take(
        self,
        command: str,
        body: Mapping[str, object] | None = None,
        *,
        id_: str = "",
        caller: Caller = OFFICER,
        of: str = "partner",
    ) -> Taken | Refusal:
        row = AGGREGATES[of].command(command)
        parsed = row.model.model_validate(body or {}, extra="forbid")
        return self.take_parsed(row, parsed, id_ or self.new_id(), caller, of)

    def take_parsed(self, row: Command, body: Any, id_: str, caller: Caller, of: str = "partner") -> Taken | Refusal:
        loaded = None if row.creates else self.held[of, id_]
        context = self.context(row, body, id_, caller, of)
        outcome = as_listed(row, take(AGGREGATES[of], row, loaded, body, context))
        if isinstance(outcome, Taken) and not outcome.decision.is_empty:
            self._write(outcome, of, id_)
        return outcome

    def _write(self, taken: Taken, of: str, id_: str) -> None:
        for row in taken.decision.rows:
            kept = self.rows.setdefault(row.collection, {})
            if isinstance(row, Gone):
                del kept[row.id]
            else:
                assert row.document["_id"] not in kept, "a claim is taken once"
                kept[row.document["_id"]] = dict(row.document)
        self.held[of, id_] = Loaded(taken.state, taken.private)
        self.facts.setdefault(id_, []).extend(taken.facts)

    def done(self, command: str, body: Mapping[str, object] | None = None, **how: Any) -> Taken:
        outcome = self.take(command, body, **how)
        assert isinstance(outcome, Taken), outcome
        return outcome

    def refused(self, command: str, body: Mapping[str, object] | None = None, **how: Any) -> Refusal:
        outcome = self.take(command, body, **how)
        assert isinstance(outcome, Refusal), outcome
        return outcome

    def partner(self, standing: str = "prospect", **changes: Any) -> str:
        """A partner brought to that standing by its own commands; its id."""
        if standing == "suggested":
            body = {"name": named("Université de Kinshasa"), "country": "CD", "reason": "Un séminaire commun."}
            return str(self.done("suggest_partner", body, caller=PROMOTER).state.id)
        id_ = str(self.done("register_partner", university(**changes)).state.id)
        if standing in ("active", "blocked"):
            self.done("activate_partner", {"relation_owner": "officer-01"}, id_=id_)
        if standing == "blocked":
            self.block(id_)
        if standing == "archived":
            id_ = self.partner("suggested")
            self.done("dismiss_suggestion", {"reason": "Déjà connu."}, id_=id_)
        return id_

    def block(self, id_: str, **changes: object) -> None:
        proposal = {"scope": "institutional", "reason": {"fr": "Atteintes à la liberté académique."}}
        self.done("propose_block", proposal, id_=id_, caller=DIRECTOR)
        decision = {"decision_ref": DECISION, "scope": "institutional", "transition": {"rule": "run_to_term"}}
        self.done("decide_block", {**decision, **changes}, id_=id_, caller=VICE_RECTOR)

    def state(self, id_: str, of: str = "partner") -> Any:
        return self.held[of, id_].state

    def private(self, id_: str) -> Any:
        return self.held["partner", id_].private


def _fits(row: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(_meets(_at(row, path.split(".")), wanted) for path, wanted in asked.items())


def _at(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [found for each in value for found in _at(each, path)]
    if not path:
        return [value]
    return _at(value[path[0]], path[1:]) if isinstance(value, Mapping) and path[0] in value else []


def _meets(values: list[Any], wanted: Any) -> bool:
    match wanted:
        case {"$ne": unwanted}:
            return unwanted not in values
        case {"$in": listed}:
            return any(value in listed for value in values)
        case {"$nin": listed}:
            return not any(value in listed for value in values)
    return wanted in values
