"""An office in memory for the tests of agreements: commands as in the service, on documents as in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from tests.support.tables import as_listed

from agreements.agreement import AGGREGATE
from agreements.agreement.private import AgreementPrivate
from agreements.settings import AgreementsSettings
from chassis.decide import Caller, Context, Doc, Find, Found, Loaded, New, Next, Other, Refusal, Rows
from chassis.taking import Taken, public_json, take
from contracts.agreement import Agreement, AgreementFact, AgreementState
from contracts.roles import AFR, CLOCK, COO, DIR, OFF, PRO, REA, SERVICE, VR

TODAY = date(2026, 11, 2)
OFFICER = Caller("officer-01", {OFF: {}})
OTHER_OFFICER = Caller("officer-02", {OFF: {}})
DIRECTOR = Caller("director-01", {DIR: {}})
VICE_RECTOR = Caller("vice-rector-01", {VR: {}})
COOPERATION = Caller("cooperation-01", {COO: {}})
AFRICA_OFFICER = Caller("africa-01", {AFR: {"regions": frozenset({"Africa"})}})
READER = Caller("reader-01", {REA: {}})
PLATFORM = Caller("service:agreements", {SERVICE: {}})
TIME = Caller("clock", {CLOCK: {}})

SHA = "a" * 64
OTHER_SHA = "b" * 64
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DECISION = {"body": {"kind": "vice_rector"}, "decided_on": "2026-10-20", "reference": "VR 2026/31"}
REASON = {"reason": "Le partenaire ne répond plus."}


def promoter(subject: str = "promoter-07") -> Caller:
    return Caller(subject, {PRO: {"subjects": frozenset({subject})}})


def number(n: int) -> str:
    return f"01900000-0000-7000-8000-{n:012d}"


OWN, YAOUNDE, KINSHASA, TOKYO, NGO, EMBASSY, MINISTRY = (number(n) for n in range(901, 908))
DEVELOPING, COUNCIL, OLD_GROUP = number(951), number(952), number(953)
MEETING, ITEM = number(961), number(962)


def partner(partner_id: str, name: str, country: str, **changes: Any) -> dict[str, Any]:
    said = {"standing": "active", "kind": "university", "name": {"display": name}}
    return {"_id": partner_id, "version": 1, **said, "country": country, **changes}


def country(code: str, fr: str, en: str, region: str, **changes: Any) -> dict[str, Any]:
    name = {"fr": fr, "en": en}
    return {"_id": code, "version": 1, "iso3": f"{code}X", "name": name, "region": region, **changes}


def assigned(group: str) -> list[dict[str, Any]]:
    entered = {"entered_on": "2019-01-01", "decision_ref": DECISION}
    return [{"group_code": group, "period": {"from": "2019-01-01"}, **entered}]


def listed() -> list[dict[str, Any]]:
    entered = {"entered_on": "2024-01-01", "decision_ref": DECISION}
    return [{"list_label": "2024", "period": {"from": "2024-01-01"}, **entered}]


def committee(committee_id: str, kind: str, fr: str, en: str, **changes: Any) -> dict[str, Any]:
    said = {"kind": kind, "name": {"fr": fr, "en": en}, "in_office": {"from": "2019-01-01"}}
    return {"_id": committee_id, "version": 1, **said, **changes}


def known_world() -> dict[str, dict[str, dict[str, Any]]]:
    """Copies of other services' states: seven partners, four countries, three committees."""
    partners = (
        partner(OWN, "Université libre de Bruxelles", "BE", kind="own_institution"),
        partner(YAOUNDE, "Université de Yaoundé I", "CM", standing="prospect"),
        partner(KINSHASA, "Université de Kinshasa", "CD"),
        partner(TOKYO, "University of Tokyo", "JP"),
        partner(NGO, "Médecins sans vacances", "BE", kind="ngo"),
        partner(EMBASSY, "Embassy of Japan", "JP", kind="diplomatic_mission"),
        partner(MINISTRY, "Ministère du Plan", "CD", kind="public_authority"),
    )
    countries = (
        country("BE", "Belgique", "Belgium", "Europe"),
        country("CM", "Cameroun", "Cameroon", "Africa", group_assignments=assigned("developing")),
        country(
            "CD",
            "Congo (RDC)",
            "Congo (DRC)",
            "Africa",
            group_assignments=assigned("developing"),
            cooperation_periods=listed(),
        ),
        country("JP", "Japon", "Japan", "Asia", group_assignments=assigned("industrialised")),
    )
    committees = (
        committee(
            DEVELOPING,
            "regional_group",
            "Groupe des pays en développement",
            "Developing countries group",
            group_code="developing",
        ),
        committee(COUNCIL, "council", "Conseil des relations internationales", "Council of international relations"),
        committee(
            OLD_GROUP,
            "regional_group",
            "Groupe Asie",
            "Asia group",
            group_code="asia",
            in_office={"from": "2012-01-01", "to": "2018-12-31"},
        ),
    )
    return {
        "partner_copies": {each["_id"]: each for each in partners},
        "country_copies": {each["_id"]: each for each in countries},
        "committee_copies": {each["_id"]: each for each in committees},
    }


def parties(*partners: str, role: str = "partner") -> list[dict[str, Any]]:
    named = partners or (YAOUNDE,)
    return [{"partner_id": OWN, "role": "own"}, *({"partner_id": each, "role": role} for each in named)]


def draft(**changes: Any) -> dict[str, Any]:
    """A memorandum with Yaoundé, complete from the first day: what needs the least before approval."""
    return {
        "kind": "mou",
        "title": {"fr": "Protocole avec Yaoundé I", "en": "Memorandum with Yaoundé I"},
        "parties": parties(),
        "purpose": {"fr": "Rapprocher les deux universités."},
        "responsible_officer": OFFICER.subject,
        "promoter": "promoter-07",
        "start_on": "2026-11-01",
        "end_on": "2031-10-31",
        "renewal_mode": "express",
        "resources": {"level": "none"},
    } | changes


def condition(**changes: Any) -> dict[str, Any]:
    return {
        "mobility_kind": "student_studies",
        "sending_party": 1,
        "receiving_party": 2,
        "first_academic_year": "2026/2027",
        "last_academic_year": "2030/2031",
        "mobilities_per_year": 2,
        "blended": False,
    } | changes


def signature(no: int = 1, **changes: Any) -> dict[str, Any]:
    return {"signature_no": no, "signed_on": TODAY.isoformat(), "method": "handwritten", "sha256": SHA} | changes


@dataclass
class Office:
    today: date = TODAY
    agreements: dict[str, Loaded] = field(default_factory=dict)
    documents: dict[str, dict[str, dict[str, Any]]] = field(default_factory=known_world)
    counters: dict[str, int] = field(default_factory=dict)
    told: dict[str, list[AgreementFact]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self) -> str:
        return number(next(self.ids))

    # --- commands ---

    def take(
        self, command: str, id_: str | None, body: Mapping[str, Any] | None = None, caller: Caller = OFFICER
    ) -> Taken | Refusal:
        """The command as the service takes it; what it changes is kept."""
        row = AGGREGATE.on_clock if command == "advance_clock" else AGGREGATE.command(command)
        assert row is not None
        parsed = row.model.model_validate(body or {}, extra="forbid")
        loaded = self.agreements[id_] if id_ else None
        numbers = dict(self.counters)
        context = self.context(row.needs, loaded, parsed, caller, id_ or self.new_id())
        taken = as_listed(row, take(AGGREGATE, row, loaded, parsed, context))
        if isinstance(taken, Refusal):
            self.counters = numbers
        else:
            self._keep(context.id, taken)
        return taken

    def done(
        self, command: str, id_: str | None, body: Mapping[str, Any] | None = None, caller: Caller = OFFICER
    ) -> Taken:
        taken = self.take(command, id_, body, caller)
        assert isinstance(taken, Taken), taken
        return taken

    def refused(
        self, command: str, id_: str | None, body: Mapping[str, Any] | None = None, caller: Caller = OFFICER
    ) -> Refusal:
        refusal = self.take(command, id_, body, caller)
        assert isinstance(refusal, Refusal), refusal
        return refusal

    def held(self, command: str, id_: str, caller: Caller = OFFICER) -> list[Refusal]:
        """What holds a command back before its body is known."""
        row, loaded = AGGREGATE.command(command), self.agreements[id_]
        assert row.held is not None
        context = self.context(row.needs, loaded, None, caller, id_)
        return list(row.held(loaded.state, loaded.private, context))

    def pass_days(self, days: int) -> None:
        """Steps the clock a day at a time; each day does what is due."""
        for _ in range(days):
            self.today += timedelta(days=1)
            self.run_clock()

    def run_clock(self) -> None:
        for id_ in list(self.agreements):
            while self._is_due(id_):
                self.done("advance_clock", id_, caller=TIME)

    def _is_due(self, id_: str) -> bool:
        loaded = self.agreements[id_]
        due = AGGREGATE.next_due(loaded.state, loaded.private)
        return due is not None and due <= self.today

    # --- what is kept ---

    def state(self, id_: str) -> Agreement:
        state: Agreement = self.agreements[id_].state
        return state

    def private(self, id_: str) -> AgreementPrivate:
        private: AgreementPrivate = self.agreements[id_].private
        return private

    def document(self, id_: str, sha256: str = SHA, media_type: str = PDF, audience: str = "office") -> str:
        """A file handed in for an agreement."""
        document_id = self.new_id()
        card: dict[str, Any] = {"_id": document_id, "aggregate_id": id_, "state": "pending", "sha256": sha256}
        card |= {"media_type": media_type, "size_bytes": 12, "audience": audience, "title": "text.pdf"}
        self.documents.setdefault("documents", {})[document_id] = card
        return document_id

    def assess(self, id_: str, partner_id: str = YAOUNDE, outcome: str = "clear", **changes: Any) -> None:
        """A rights test heard from partners."""
        test: dict[str, Any] = {
            "_id": self.new_id(),
            "partner_id": partner_id,
            "subject_id": id_,
            "purpose": "conclusion",
        }
        test |= {"outcome": outcome, "assessed_on": self.today.isoformat(), "activities_doubtful": False}
        self.documents.setdefault("rights_assessments", {})[test["_id"]] = test | changes

    def block(self, partner_id: str = YAOUNDE, scope: str = "institutional", **transition: Any) -> None:
        said = {"scope": scope, "from": self.today.isoformat(), "decision_ref": DECISION}
        block = said | {"transition": transition or {"rule": "run_to_term"}}
        self.documents["partner_copies"][partner_id] |= {"standing": "blocked", "block": block}

    def lift(self, partner_id: str = YAOUNDE) -> None:
        self.documents["partner_copies"][partner_id]["standing"] = "active"
        del self.documents["partner_copies"][partner_id]["block"]

    def _keep(self, id_: str, taken: Taken) -> None:
        if taken.decision.is_empty:
            return
        self.agreements[id_] = Loaded(taken.state, taken.private)
        self.told.setdefault(id_, []).extend(taken.facts)  # type: ignore[arg-type]
        for row in taken.decision.rows:
            assert isinstance(row, New)
            kept = self.documents.setdefault(row.collection, {})
            assert row.document["_id"] not in kept
            kept[row.document["_id"]] = dict(row.document)
        for document_id in taken.decision.attaches:
            self.documents["documents"][document_id]["state"] = "attached"

    # --- what a decision finds ---

    def context(self, needs: Any, loaded: Loaded | None, body: Any, caller: Caller, id_: str) -> Context:
        state, private = (loaded.state, loaded.private) if loaded else (None, None)
        found = Found(today=self.today)
        for _ in range(6):
            wanted = [*AGGREGATE.needs(state, private, body, found), *needs(state, private, body, found)]
            missing = {find.key: self.find(find) for find in wanted if find.key not in found.results}
            if not missing:
                break
            found = Found({**found.results, **missing}, self.today)
        now = datetime.combine(self.today, time(9), UTC)
        return Context(caller, self.today, now, id_, found, self.new_id, AgreementsSettings())

    def find(self, find: Find) -> Any:
        match find:
            case Doc():
                return self.documents.get(find.collection, {}).get(find.id)
            case Other():
                return self.agreements.get(find.id)
            case Next():
                self.counters[find.counter] = self.counters.get(find.counter, 0) + 1
                return self.counters[find.counter]
            case Rows():
                return [row for row in self._rows(find.collection) if _matches(row, find.filter)]

    def _rows(self, collection: str) -> list[dict[str, Any]]:
        if collection != "agreement":
            return list(self.documents.get(collection, {}).values())
        return [
            {"_id": id_, "state": str(loaded.state.state), "public": public_json(loaded.state)}
            for id_, loaded in self.agreements.items()
        ]

    # --- agreements brought to a state ---

    def drafted(self, **changes: Any) -> str:
        taken = self.done("draft_agreement", None, draft(**changes))
        return str(taken.state.id)

    def under_review(self, **changes: Any) -> str:
        id_ = self.drafted(**changes)
        self.done("submit_for_review", id_)
        return id_

    def negotiating(self, conditions: list[dict[str, Any]] | None = None, **changes: Any) -> str:
        id_ = self.under_review(**changes)
        for review in self.state(id_).reviews:
            if review.kind != "rights":
                self.done("record_review", id_, {"kind": review.kind, "outcome": "positive"})
        self.done("open_negotiation", id_)
        if conditions:
            self.done("set_conditions", id_, {"conditions": conditions})
        return id_

    def awaiting_advice(self, **changes: Any) -> str:
        id_ = self.negotiating(**changes)
        self.done("request_advice", id_, {"question": {"fr": "Que recommander ?"}})
        return id_

    def advised(self, outcome: str = "favourable", asking: int = 0, **changes: Any) -> str:
        id_ = self.awaiting_advice(**changes)
        self.done("record_advice", id_, self.advice(id_, outcome, asking), PLATFORM)
        return id_

    def advice(self, id_: str, outcome: str = "favourable", asking: int = 0) -> dict[str, Any]:
        pending = self.state(id_).pending_advice
        assert pending is not None
        asked = {"request_id": pending.request_id, "committee_id": pending.committee_id}
        asked |= {"meeting_id": MEETING, "item_id": ITEM, "outcome": outcome, "given_on": self.today.isoformat()}
        numbered = [{"no": no, "text": {"fr": f"Condition {no}"}} for no in range(1, asking + 1)]
        return asked | {"conditions": numbered}

    def approvable(self, **changes: Any) -> str:
        id_ = self.advised(**changes)
        for party in self.state(id_).counterparts:
            self.assess(id_, party.partner_id)
        return id_

    def approved(self, **changes: Any) -> str:
        id_ = self.approvable(**changes)
        caller, body = DIRECTOR, {}
        if self.state(id_).plurality == "multilateral" or self.state(id_).kind == "joint_degree":
            caller, body = VICE_RECTOR, {"decision_ref": DECISION}
        self.done("approve_agreement", id_, body, caller)
        return id_

    def opening(self, id_: str) -> dict[str, Any]:
        signing = [
            {"party_no": each.no, "signatory_name": f"Signataire {each.no}", "signatory_function": "Recteur"}
            for each in self.state(id_).parties
        ]
        return {"document_id": self.document(id_), "languages": ["fr", "en"], "signatures": signing}

    def signing(self, **changes: Any) -> str:
        id_ = self.approved(**changes)
        self.done("open_signing", id_, self.opening(id_))
        return id_

    def signed(self, **changes: Any) -> str:
        id_ = self.signing(**changes)
        for each in self.state(id_).signatures:
            on, copy = self.today.isoformat(), self.document(id_)
            self.done("record_signature", id_, signature(each.signature_no, signed_on=on, document_id=copy))
        return id_

    def registered(self, **changes: Any) -> str:
        """Registered, and active at once when its first day has come."""
        id_ = self.signed(**changes)
        self.done("register_agreement", id_)
        return id_

    def at(self, state: str, **changes: Any) -> str:
        """An agreement in the state named."""
        id_ = getattr(self, BUILT[state])(**BUILT_FROM.get(state, {}), **changes)
        match state:
            case "in_transition":
                self.block()
                self.done("follow_partner_block", id_, {"partner_id": YAOUNDE}, PLATFORM)
            case "rejected":
                self.done("reject_agreement", id_, {"reason": {"fr": "Non."}}, DIRECTOR)
            case "withdrawn":
                self.done("withdraw_agreement", id_, REASON)
            case "expired":
                self.today = date(2031, 11, 1)
                self.run_clock()
        assert self.state(id_).state == state
        return str(id_)


BUILT = {
    "draft": "drafted",
    "under_review": "under_review",
    "negotiating": "negotiating",
    "awaiting_advice": "awaiting_advice",
    "approved": "approved",
    "signing": "signing",
    "signed": "signed",
    "registered": "registered",
    "active": "registered",
    "in_transition": "registered",
    "expired": "registered",
    "rejected": "under_review",
    "withdrawn": "drafted",
}
"""Every state that the commands so far can lead to, but `terminated`, which time brings about."""
BUILT_FROM: dict[str, dict[str, Any]] = {"registered": {"start_on": "2026-12-01"}}
REACHED = tuple(AgreementState(name) for name in BUILT)


def _matches(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(_fits(_values(row, path.split(".")), value) for path, value in wanted.items())


def _values(row: Any, path: list[str]) -> list[Any]:
    if isinstance(row, list):
        return [value for each in row for value in _values(each, path)]
    if not path:
        return [row]
    return _values(row[path[0]], path[1:]) if path[0] in row else []


def _fits(values: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return any(value in wanted["$in"] for value in values)
    return wanted in values
