"""The office at work: its people, its committees, and the steps that bring an agreement from draft to register."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import httpx
from tests.support.campus import Campus
from tests.support.people import PATIENCE_SECONDS, File, Json, Person, Refused
from tests.support.watching import eventually

from contracts.roles import ADV, AFR, COO, DIR, MEM, OFF, PRO, REA, SEC, VR, Role

RULES: Final = {"quorum": {"kind": "number", "value": 2}, "meetings_per_year": 3, "agenda_days": 7}
MEMBERS: Final = ("committee-member-01", "committee-member-02", "committee-member-03")
GROUPS: Final = {"developing": "CM SN BF CD", "emerging": "BR VN", "industrialised": "FR JP"}
NAMES: Final = {
    "developing": {"fr": "Groupe régional « pays en développement »", "en": "Regional group for developing countries"},
    "emerging": {"fr": "Groupe régional « pays émergents »", "en": "Regional group for emerging countries"},
    "industrialised": {
        "fr": "Groupe régional « pays industrialisés »",
        "en": "Regional group for industrialised countries",
    },
}
COUNCIL_NAME: Final = {"fr": "Conseil des relations internationales", "en": "Committee of International Relations"}


def pdf(words: str) -> bytes:
    """The smallest PDF that says something of its own."""
    return f"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n% {words}\ntrailer\n<</Root 1 0 R>>\n%%EOF\n".encode()


def decision(kind: str, on: date, reference: str, committee_id: str | None = None) -> Json:
    body = {"kind": kind} | ({"committee_id": committee_id} if committee_id else {})
    return {"body": body, "decided_on": on.isoformat(), "reference": reference}


@dataclass
class Office:
    """Everybody who acts, and what was set up before the first agreement."""

    campus: Campus
    own_id: str = ""
    council: File = field(default_factory=lambda: File("committees", "", 0))
    groups: dict[str, File] = field(default_factory=dict)

    def __post_init__(self) -> None:
        person = self.campus.person
        self.officer: Person = person("officer-01", OFF)
        self.colleague: Person = person("officer-02", OFF)
        self.director: Person = person("director-01", DIR)
        self.vice_rector: Person = person("vice-rector-01", VR)
        self.cooperation: Person = person("cooperation-officer-01", COO)
        self.africa: Person = person("africa-officer-01", AFR)
        self.adviser: Person = person("mobility-adviser-01", ADV)
        self.promoter: Person = person("promoter-01", PRO)
        self.reader: Person = person("reader-01", REA)
        self.operator: Person = person("ops-01", Role.OPS)

    @property
    def today(self) -> date:
        return self.campus.today

    def secretary(self, committee: File) -> Person:
        return self.campus.person("committee-secretary-01", SEC, committee_ids=[committee.id])

    def member(self, committee: File) -> Person:
        return self.campus.person(MEMBERS[0], MEM, committee_ids=[committee.id])

    # --- before the first agreement ---

    async def begins(self) -> None:
        """Own institution and countries, a council and three regional groups with members, and countries in them."""
        done = await self.director.asks("POST", "/api/v1/partners/initialise")
        assert done.status_code == 200, done.text
        self.own_id = done.json()["own_institution"]["id"]
        self.council = await self._committee({"kind": "council", "name": COUNCIL_NAME, "acronym": "CDRI"})
        for code, name in NAMES.items():
            body = {"kind": "regional_group", "name": name, "group_code": code, "parent_id": self.council.id}
            self.groups[code] = await self._committee(body)
        assigned: dict[str, File] = {}
        for code, countries in GROUPS.items():
            for country in countries.split():
                assigned[country] = await self.assigns(country, code)
        for country in ("CM", "CD", "SN"):
            by_council = decision("committee", self.today, "CDRI 2026/1", self.council.id)
            body = {"from": "2026-01-15", "list_label": "2026", "decision_ref": by_council}
            await self.director.does(assigned[country], "list-as-cooperation-country", body)

    async def _committee(self, body: Json) -> File:
        founding = decision("rector", date(2019, 1, 1), "R 2019/1")
        given = {"in_office": {"from": "2019-01-01"}, "rules": RULES, "decision_ref": founding}
        committee = await self.director.creates("committees", {**body, **given})
        for number, subject in enumerate(MEMBERS):
            seat = {"subject": subject, "role": "expert" if number else "chair", "term": {"from": "2026-01-01"}}
            await self.director.does(committee, "appoint-member", seat)
        return committee

    async def country(self, code: str) -> File:
        found = File("countries", code, 1)
        await self.director.reads(found)
        return found

    async def assigns(self, country: str, group_code: str) -> File:
        """A country to a group, once partners knows that the group is in office."""
        file = await self.country(country)
        body = {
            "group_code": group_code,
            "from": "2026-01-15",
            "decision_ref": decision("committee", self.today, "CDRI 2026/1", self.council.id),
        }

        async def assigned() -> httpx.Response:
            answer = await self.director.asks_for(file, "assign-group", body)
            assert answer.status_code == 200 or Refused.of(answer).slug == "group-unknown", answer.text
            return answer

        answer = await eventually(assigned, lambda seen: seen.status_code == 200, within_seconds=PATIENCE_SECONDS)
        file.version = answer.json()["version"]
        return file

    # --- partners ---

    async def registers(self, name: str, country: str, *, kind: str = "university", **more: Any) -> File:
        """A partner; whatever resembles it is confirmed to be another one."""
        body = {"kind": kind, "name": {"display": name}, "country": country, **more}
        answer = await self.officer.asks(
            "POST", "/api/v1/partners", json=body, headers={"Idempotency-Key": str(uuid4())}
        )
        if answer.status_code == 409:
            assert answer.json()["type"].endswith("similar-partner-exists"), answer.text
            distinct = [each["id"] for each in answer.json()["candidates"]]
            return await self.officer.creates("partners", {**body, "confirmed_distinct_from": distinct})
        assert answer.status_code == 201, answer.text
        return File("partners", answer.json()["id"], answer.json()["version"], answer.json())

    async def blocks(self, partner: File, scope: str = "institutional", until: date | None = None) -> None:
        """Proposed by the director, decided by the vice-rector."""
        await self.proposes_block(partner, scope)
        await self.vice_rector.does(partner, "decide-block", self.block(scope, until))

    async def proposes_block(self, partner: File, scope: str = "institutional") -> None:
        reason = {"fr": "Libertés académiques suspendues.", "en": "Academic freedom is suspended."}
        await self.director.does(partner, "propose-block", {"scope": scope, "reason": reason})

    def block(self, scope: str = "institutional", until: date | None = None) -> Json:
        transition = {"rule": "end_by", "until": until.isoformat()} if until else {"rule": "run_to_term"}
        by_council = decision("academic_council", self.today, "CoA 2026/12")
        return {"decision_ref": by_council, "scope": scope, "transition": transition}

    async def lifts_block(self, partner: File) -> None:
        """After a fresh test of the partner itself."""
        await self.officer.does(partner, "record-rights-assessment", rights_test(partner.id, "partner", "review"))
        by_council = decision("academic_council", self.today, "CoA 2026/19")
        await self.vice_rector.does(partner, "lift-block", {"decision_ref": by_council, "reason": "Le test est clair."})

    # --- agreements ---

    async def drafts(self, *partners: File, kind: str = "framework", **terms: Any) -> File:
        return await self.officer.creates("agreements", self.draft(*partners, kind=kind, **terms))

    def draft(self, *partners: File, kind: str = "framework", **terms: Any) -> Json:
        """What drafting is asked with: five years from today, unless told otherwise."""
        own = {"partner_id": self.own_id, "role": "own"}
        return {
            "kind": kind,
            "title": {"fr": f"Convention {kind}", "en": f"Agreement ({kind})"},
            "parties": [own, *({"partner_id": partner.id, "role": "partner"} for partner in partners)],
            "purpose": {"fr": "Enseignement et recherche.", "en": "Teaching and research."},
            "responsible_officer": self.officer.subject,
            "promoter": self.promoter.subject,
            "resources": {"level": "none"},
            "start_on": self.today.isoformat(),
            "end_on": (self.today + timedelta(days=4 * 365)).isoformat(),
            "renewal_mode": "express",
            "notice_months": 6,
            **terms,
        }

    async def assesses(self, agreement: File, *partners: File) -> None:
        """The rights test of each partner for this file, heard by agreements."""
        for partner in partners:
            await self.officer.reads(partner)
            await self.officer.does(partner, "record-rights-assessment", rights_test(agreement.id))

    async def negotiates(self, agreement: File, *partners: File) -> None:
        """Submitted, tested and reviewed, in negotiation."""
        await self.officer.does(agreement, "submit-for-review")
        await self.assesses(agreement, *partners)
        await self.officer.sees(agreement, lambda shown: outcome(shown, "rights") == "positive")
        for review in [each["kind"] for each in agreement["reviews"] if each["outcome"] == "pending"]:
            await self.officer.does(agreement, "record-review", {"kind": review, "outcome": "positive"})
        await self.officer.does(agreement, "open-negotiation")

    async def asks_advice(self, agreement: File) -> None:
        question = {"fr": "Le comité est-il favorable ?", "en": "Is the committee in favour?"}
        await self.officer.does(agreement, "request-advice", {"question": question})

    async def schedules(self, committee: File, on: date) -> File:
        times = {"starts_at": f"{on.isoformat()}T13:00:00Z", "ends_at": f"{on.isoformat()}T15:00:00Z"}
        body = {"committee_id": committee.id, "mode": "hybrid", "place": "Salle du Conseil", **times}
        return await self.secretary(committee).creates("meetings", body)

    async def convenes(self, meeting: File, committee: File) -> None:
        """With what is on its agenda then: an item that was brought meanwhile has the secretary look again."""
        secretary = self.secretary(committee)
        agenda = await secretary.hands_in(meeting, pdf(f"ordre du jour {meeting.id}"), "ordre-du-jour.pdf")
        body = {"document_id": agenda["document_id"]}
        while (answer := await secretary.asks_for(meeting, "convene-meeting", body)).status_code == 412:
            meeting.version = answer.json()["version"]
            await secretary.reads(meeting)
        assert answer.status_code == 200, answer.text
        meeting.version, meeting.state = answer.json()["version"], answer.json()

    async def holds(self, meeting: File, committee: File) -> None:
        there = [{"member_id": each["member_id"], "present": "in_person"} for each in committee["members"]]
        await self.secretary(committee).does(meeting, "record-attendance", {"attendance": there})

    async def advises(self, meeting: File, committee: File, item_id: str, *conditions: Mapping[str, str]) -> None:
        outcome = "favourable_with_conditions" if conditions else "favourable"
        body = {
            "item_id": item_id,
            "outcome": outcome,
            "conditions": [{"no": no, "text": dict(text)} for no, text in enumerate(conditions, start=1)],
            "reasoning": {"fr": "Le dossier est solide.", "en": "The file is sound."},
        }
        await self.secretary(committee).does(meeting, "give-advice", body)

    async def hears_advice(
        self, *agreements: File, committee: File, conditions: Sequence[Mapping[str, str]] = ()
    ) -> None:
        """Every agreement gets a favourable advice at one sitting, two weeks on."""
        for agreement in agreements:
            await self.asks_advice(agreement)
        meeting = await self.schedules(committee, self.today + timedelta(days=14))
        secretary = self.secretary(committee)
        asked = {agreement.id for agreement in agreements}
        await secretary.sees(meeting, lambda shown: asked <= {item["ref"]["id"] for item in shown["items"]})
        await self.convenes(meeting, committee)
        await self.campus.step(days=14)
        await secretary.reads(committee)
        await self.holds(meeting, committee)
        for item in [each for each in meeting["items"] if each["ref"]["id"] in asked]:
            await self.advises(meeting, committee, item["item_id"], *conditions)
        for agreement in agreements:
            await self.officer.sees(agreement, lambda shown: shown["state"] == "negotiating" and shown["advice"])

    async def approves(self, agreement: File) -> None:
        if agreement["plurality"] == "multilateral":
            body = {"decision_ref": decision("vice_rector", self.today, "VR 2026/8")}
            await self.vice_rector.does(agreement, "approve-agreement", body)
        else:
            await self.director.does(agreement, "approve-agreement")

    async def opens_signing(self, agreement: File, content: bytes | None = None) -> str:
        """On a frozen text, one signature for each party; gives the text's hash."""
        text = content or pdf(f"texte de {agreement.id}")
        card = await self.officer.hands_in(agreement, text)
        assert card["sha256"] == hashlib.sha256(text).hexdigest()
        signatures = [
            {"party_no": party["no"], "signatory_name": f"Signataire {party['no']}", "signatory_function": "Rectorat"}
            for party in agreement["parties"]
        ]
        body = {"document_id": card["document_id"], "languages": ["fr"], "signatures": signatures}
        await self.officer.does(agreement, "open-signing", body)
        return str(card["sha256"])

    async def signs(self, agreement: File, sha256: str) -> None:
        """Every signature today, on the frozen text, with a copy."""
        copy = await self.officer.hands_in(agreement, pdf(f"exemplaire signé de {agreement.id}"))
        today = {"signed_on": self.today.isoformat(), "method": "qes", "document_id": copy["document_id"]}
        for number in [each["signature_no"] for each in agreement["signatures"]]:
            await self.officer.does(agreement, "record-signature", {"signature_no": number, "sha256": sha256, **today})

    async def brings_to_signed(self, agreement: File) -> None:
        """From a negotiation that nothing holds back to the last signature."""
        await self.approves(agreement)
        await self.signs(agreement, await self.opens_signing(agreement))

    async def first_agreement(self, *partners: File, kind: str = "framework", **terms: Any) -> File:
        """With partners never met before: advised by the competent committee and signed."""
        agreement = await self.drafts(*partners, kind=kind, **terms)
        await self.negotiates(agreement, *partners)
        await self.hears_advice(agreement, committee=await self.competent(*partners))
        await self.brings_to_signed(agreement)
        return agreement

    async def competent(self, *partners: File) -> File:
        """The group of the partners' countries, the council where there is not exactly one."""
        countries = {partner["country"] for partner in partners}
        codes = {code for code, named in GROUPS.items() if countries & set(named.split())}
        return self.groups[codes.pop()] if len(codes) == 1 else self.council

    async def registered(self, agreement: File) -> Json:
        return await self.officer.does(agreement, "register-agreement")

    async def audit(self) -> Json:
        return await self.officer.gets("/api/v1/agreements/audit/register", year=str(self.today.year))


def rights_test(subject_id: str, kind: str = "agreement", purpose: str = "conclusion") -> Json:
    return {
        "subject_ref": {"type": kind, "id": subject_id},
        "purpose": purpose,
        "q1_institution": "no",
        "q2_activities": "no",
    }


def outcome(agreement: Json, review: str) -> str | None:
    found: Sequence[Json] = agreement["reviews"]
    return next((each["outcome"] for each in found if each["kind"] == review), None)
