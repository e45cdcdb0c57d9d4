"""An office in memory for the tests of events: commands as in the service, on documents as they lie in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from tests.support.tables import as_listed

from chassis.decide import Aggregate, Caller, Context, Decision, Doc, Find, Found, Gone, Loaded, Other, Refusal, Rows
from chassis.taking import Taken, after, public_json, take
from contracts.committee import Committee
from contracts.meeting import Meeting
from contracts.record import Fact
from contracts.roles import AFR, COO, DIR, MEM, OFF, PRO, SEC, SERVICE, VR
from events import committee, meeting

TODAY = date(2026, 9, 1)
OFFICER = Caller("officer-01", {OFF: {}})
DIRECTOR = Caller("director-01", {DIR: {}})
VICE_RECTOR = Caller("vice-rector-01", {VR: {}})
SECRETARY = Caller("secretary-01", {SEC: {}})
COOPERATION = Caller("cooperation-01", {COO: {}})
AFRICA_OFFICER = Caller("africa-01", {AFR: {"regions": frozenset({"Africa"})}})
PLATFORM = Caller("service:events", {SERVICE: {}})
AGGREGATES = {each.name: each for each in (committee.AGGREGATE, meeting.AGGREGATE)}

DECISION = {"body": {"kind": "board"}, "decided_on": "2026-06-01", "reference": "CA 2026/12"}
RULES = {"quorum": {"kind": "fraction", "value": 0.5}, "meetings_per_year": 3}


def promoter(subject: str = "promoter-07") -> Caller:
    return Caller(subject, {PRO: {"subjects": frozenset({subject})}})


def member(subject: str, committee_id: str) -> Caller:
    return Caller(subject, {MEM: {"committee_ids": frozenset({committee_id})}})


def secretary_of(committee_id: str) -> Caller:
    return Caller("secretary-02", {SEC: {"committee_ids": frozenset({committee_id})}})


def number(n: int) -> str:
    return f"01900000-0000-7000-8000-{n:012d}"


def at(day: date, hour: int = 14) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def item(**changes: Any) -> dict[str, Any]:
    """A question that waits: what `submit_item` is asked with."""
    return {
        "kind": "strategic_advice",
        "title": {"fr": "Liberté académique", "en": "Academic freedom"},
        "question": {"fr": "Que recommander ?"},
        **changes,
    }


def request(n: int = 1, **changes: Any) -> dict[str, Any]:
    """The advice that an agreement asks for."""
    asked = item(
        kind="advice_on_agreement",
        ref={"type": "agreement", "id": number(700 + n)},
        request_id=number(800 + n),
        requested_on=TODAY,
        countries=[],
        competence_reason={"en": "first agreement with this partner"},
    )
    return asked | changes


@dataclass
class Office:
    today: date = TODAY
    shelf: dict[str, dict[str, Loaded]] = field(default_factory=lambda: {name: {} for name in AGGREGATES})
    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    told: dict[str, list[Fact]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self) -> str:
        return number(next(self.ids))

    def take(
        self, aggregate: str, command: str, id_: str | None, body: Mapping[str, Any], caller: Caller
    ) -> Taken | Refusal:
        """The command as the service takes it; what it changes is kept."""
        kind = AGGREGATES[aggregate]
        row = kind.command(command)
        loaded = self.shelf[aggregate].get(id_) if id_ else None
        parsed = row.model.model_validate(body, extra="forbid")
        context = self.context(row.needs, loaded, parsed, caller, id_ or self.new_id())
        taken = as_listed(row, take(kind, row, loaded, parsed, context))
        if isinstance(taken, Taken):
            self._keep(kind, taken, context)
        return taken

    def done(self, aggregate: str, command: str, id_: str | None, body: Mapping[str, Any], caller: Caller) -> Taken:
        taken = self.take(aggregate, command, id_, body, caller)
        assert isinstance(taken, Taken), taken
        return taken

    def context(self, needs: Any, loaded: Loaded | None, body: Any, caller: Caller, id_: str) -> Context:
        state, private = (loaded.state, loaded.private) if loaded else (None, None)
        finds: Iterable[Find] = needs(state, private, body, Found())
        found = Found({find.key: self._find(find) for find in finds}, self.today)
        return Context(caller, self.today, at(self.today, 9), id_, found, self.new_id)

    def _find(self, find: Find) -> Any:
        match find:
            case Doc():
                return self.documents.get((find.collection, find.id))
            case Rows():
                return self.found(find.collection, find.filter)
            case Other():
                return self.shelf[find.aggregate].get(find.id)
        raise AssertionError(find)

    def found(self, aggregate: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [row for row in self.rows(aggregate) if _matches(row, asked)]

    def rows(self, aggregate: str) -> list[dict[str, Any]]:
        return [
            {"_id": id_, "state": AGGREGATES[aggregate].state_of(loaded), "public": public_json(loaded.state)}
            for id_, loaded in self.shelf[aggregate].items()
        ]

    def _keep(self, kind: Aggregate, taken: Taken, context: Context) -> None:
        self._put(kind, context.id, taken)
        for also in taken.decision.also:
            other = AGGREGATES[also.aggregate]
            before = self.shelf[also.aggregate][also.id]
            changed = after(other, before, Decision(also.facts, also.private), replace(context, id=also.id))
            self._put(other, also.id, changed)
        for row in taken.decision.rows:
            if not isinstance(row, Gone):
                self.documents[row.collection, row.document["_id"]] = dict(row.document)
        for document_id in taken.decision.attaches:
            self.documents["documents", document_id]["state"] = "attached"

    def _put(self, kind: Aggregate, id_: str, taken: Taken) -> None:
        state = kind.contract.state.model_validate(public_json(taken.state))
        stored = taken.private.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.shelf[kind.name][id_] = Loaded(state, kind.private.model_validate(stored))
        self.told.setdefault(id_, []).extend(taken.facts)

    def tell(self, aggregate: str, id_: str, fact: Fact) -> None:
        """A fact whose command comes from elsewhere."""
        kind, before = AGGREGATES[aggregate], self.shelf[aggregate][id_]
        context = Context(PLATFORM, self.today, at(self.today, 9), id_, Found(), self.new_id)
        self._put(kind, id_, after(kind, before, Decision((fact,)), context))

    def committee(self, id_: str) -> Committee:
        found: Committee = self.shelf["committee"][id_].state
        return found

    def meeting(self, id_: str) -> Meeting:
        found: Meeting = self.shelf["meeting"][id_].state
        return found

    def set_up(self, kind: str = "council", **changes: Any) -> str:
        body = {
            "kind": kind,
            "name": {"fr": "Conseil des relations internationales", "en": "Committee of International Relations"},
            "in_office": {"from": "2019-01-01"},
            "rules": RULES,
            "decision_ref": DECISION,
            **changes,
        }
        return str(self.done("committee", "set_up_committee", None, body, DIRECTOR).state.id)

    def appoint(self, committee_id: str, subject: str, role: str = "expert", **changes: Any) -> str:
        body = {"subject": subject, "role": role, "term": {"from": "2026-01-01"}, **changes}
        taken = self.done("committee", "appoint_member", committee_id, body, DIRECTOR)
        return str(taken.decision.answer["member_id"])

    def seated(self, experts: int = 3) -> tuple[str, list[str]]:
        """A council with a chair and experts."""
        council = self.set_up()
        members = [self.appoint(council, "rector-01", "chair")]
        return council, members + [self.appoint(council, f"expert-{n:02d}") for n in range(experts)]

    def submit(self, committee_id: str, body: Mapping[str, Any] | None = None, caller: Caller = SECRETARY) -> str:
        taken = self.done("committee", "submit_item", committee_id, body or item(), caller)
        return str(taken.decision.answer["item_id"])

    def schedule(self, committee_id: str, days: int = 20) -> str:
        starts = at(self.today + timedelta(days=days))
        body = {"committee_id": committee_id, "mode": "hybrid", **times(starts)}
        return str(self.done("meeting", "schedule_meeting", None, body, SECRETARY).state.id)

    def uploaded(self, meeting_id: str) -> str:
        document_id = self.new_id()
        self.documents["documents", document_id] = {
            "_id": document_id,
            "aggregate": "meeting",
            "aggregate_id": meeting_id,
            "state": "pending",
            "sha256": "0" * 64,
            "audience": "office",
        }
        return document_id

    def convene(self, meeting_id: str, **changes: Any) -> Taken | Refusal:
        body = {"document_id": self.uploaded(meeting_id), **changes}
        return self.take("meeting", "convene_meeting", meeting_id, body, SECRETARY)

    def hold(self, meeting_id: str, present: Iterable[str], **changes: Any) -> Taken | Refusal:
        there = [{"member_id": each, "present": "in_person"} for each in present]
        return self.take("meeting", "record_attendance", meeting_id, {"attendance": there, **changes}, SECRETARY)

    def held(self, committee_id: str, members: Iterable[str]) -> str:
        """A sitting that began, with what waited on its agenda."""
        sitting = self.schedule(committee_id)
        assert isinstance(self.convene(sitting), Taken)
        assert isinstance(self.hold(sitting, members), Taken)
        return sitting


def times(starts: datetime) -> dict[str, Any]:
    return {"starts_at": starts, "ends_at": starts + timedelta(hours=2)}


def advice(item_id: str, outcome: str = "favourable", **changes: Any) -> dict[str, Any]:
    return {"item_id": item_id, "outcome": outcome, "reasoning": {"fr": "Partenaire solide."}, **changes}


def slug(outcome: Taken | Refusal) -> str:
    return outcome.slug if isinstance(outcome, Refusal) else "done"


def _matches(row: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    return all(_holds(list(_values(row, path.split("."))), wanted) for path, wanted in asked.items())


def _holds(values: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if "$in" in wanted:
            return any(value in wanted["$in"] for value in values)
        return wanted["$ne"] not in values
    return wanted in values


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])
