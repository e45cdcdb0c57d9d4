"""Every command of every table once, with a mark in each field that is personal or stays with the office."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from tests.support.office import RULES, Office, decision, pdf, rights_test
from tests.support.people import File, Json, Person

MARK: Final = "Zyxomark"
EMAIL: Final = "zyxomark@example.org"
PHONE: Final = "+32 499 718 281"
ORCID: Final = "0000-0002-1694-233X"
BORN: Final = "1903-07-09"
PASSPORT: Final = "ZYXOMARK77"
MARKS: Final = tuple(mark.lower() for mark in (MARK, EMAIL, "499 718 281", ORCID, BORN, PASSPORT))
TEXT: Final = {"fr": f"{MARK} a dit ceci.", "en": f"{MARK} said this."}
PUBLIC: Final = {"fr": "Lisible sur le campus.", "en": "Readable on campus."}
PURPOSE: Final = {"Access-Purpose": "check of the canary"}


@dataclass
class Canary:
    """What was touched, so that it can be read again."""

    office: Office
    done: set[tuple[str, str]] = field(default_factory=set)
    read: dict[str, str] = field(default_factory=dict)

    async def reads(self, who: Person, path: str) -> Json:
        """Personal data as their owner gives them, for a purpose."""
        answer = await who.asks("GET", path, headers=PURPOSE)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        self.read[path] = answer.text
        found: Json = answer.json()
        return found

    async def partners(self) -> None:
        office, officer = self.office, self.office.officer
        partner = await office.registers("Sorbonne Nouvelle", "FR", address=f"1 rue {MARK}")
        suggestions = [await self._suggested(f"{name} de Lyon", name[0] * 9) for name in ("Institut", "École")]
        await officer.does(suggestions[0], "accept-suggestion", {"kind": "research_institute"})
        await officer.does(suggestions[1], "dismiss-suggestion", {"reason": "Existe déjà."})
        await officer.does(partner, "edit-partner", {"city": "Paris", "address": f"2 rue {MARK}"})
        await officer.does(partner, "set-identifier", {"scheme": "schac", "value": "sorbonne-nouvelle.fr"})
        await officer.does(partner, "remove-identifier", {"scheme": "schac", "reason": "Code erroné."})
        unit = await officer.does(partner, "add-unit", {"name": PUBLIC, "kind": "laboratory"})
        closing = {"unit_id": unit["units"][-1]["unit_id"], "closed_on": office.today.isoformat()}
        await officer.does(partner, "close-unit", closing)
        await self._contacts(partner)
        await officer.does(partner, "add-note", {"text": f"{MARK} est difficile à joindre."})
        await officer.does(partner, "confirm-data", {"pointers": ["/city"]})
        await officer.does(partner, "activate-partner", {"relation_owner": officer.subject})
        await self._attaches(officer, partner)
        await self._assessed(partner)
        await self._blocked(partner)
        for part in ("contacts", "notes", "assessments", "details"):
            await self.reads(officer, f"{partner.path}/{part}")

    async def _suggested(self, name: str, letters: str) -> File:
        body = {"name": {"display": f"{letters} {name}"}, "country": "FR", "reason": f"{MARK} y travaille."}
        return await self.office.promoter.creates("partners", body, "suggest-partner")

    async def _contacts(self, partner: File) -> None:
        officer = self.office.officer
        person = {"given_name": MARK, "family_name": f"de {MARK}", "email": EMAIL, "phone": PHONE, "function": PUBLIC}
        added = await officer.does(partner, "add-contact", person)
        contact_id = added["contact_id"]
        changed = {"contact_id": contact_id, "given_name": f"{MARK}-Marie", "phone": f"{PHONE} 2"}
        await officer.does(partner, "edit-contact", changed)
        duplicate = await officer.tries_to(partner, "add-contact", person)
        assert duplicate.slug == "contact-email-duplicate"
        other = await officer.does(partner, "add-contact", {"given_name": MARK, "family_name": MARK})
        gone = {"contact_id": other["contact_id"], "reason": "Départ."}
        await officer.does(partner, "remove-contact", gone)

    async def _attaches(self, who: Person, file: File, **more: Any) -> str:
        card = await who.hands_in(file, pdf(f"{MARK} et son dossier"), f"{MARK}.pdf")
        body = {"document_id": card["document_id"], "kind": "letter", "title": f"Lettre de {MARK}", **more}
        await who.does(file, "attach-document", body)
        return str(card["document_id"])

    async def _assessed(self, partner: File) -> None:
        test = {**rights_test(partner.id, "partner", "review"), "q1_institution": "doubt", "note": TEXT}
        made = await self.office.officer.does(partner, "record-rights-assessment", test)
        opinion = {"assessment_id": made["assessment_id"], "opinion": TEXT, "outcome": "cleared"}
        await self.office.director.does(partner, "record-referral-opinion", opinion)

    async def _blocked(self, partner: File) -> None:
        office = self.office
        await office.blocks(partner)
        amended = {"scope": "institutional_and_individual", "decision_ref": office.block()["decision_ref"]}
        await office.vice_rector.does(partner, "amend-block", amended)
        await office.lifts_block(partner)

    async def countries(self) -> None:
        office, director = self.office, self.office.director
        country = await director.creates(
            "countries", {"iso2": "ZZ", "iso3": "ZZZ", "name": {"fr": "Zédie", "en": "Zedland"}}
        )
        today = office.today.isoformat()
        by_council = decision("committee", office.today, "CDRI 2026/3", office.council.id)
        await director.does(country, "edit-country", {"dial_notes": PUBLIC})
        await director.does(
            country, "assign-group", {"group_code": "emerging", "from": today, "decision_ref": by_council}
        )
        later = (office.today + timedelta(days=1)).isoformat()
        corrected = {"old": {"from": today}, "new": {"from": later}, "reason": "Erreur de saisie."}
        await director.does(country, "correct-period", {"pointer": "/group_assignments/0", **corrected})
        await director.does(country, "end-group-assignment", {"to": later, "decision_ref": by_council})
        listed = {"from": today, "list_label": "2026", "decision_ref": by_council}
        await director.does(country, "list-as-cooperation-country", listed)
        await director.does(country, "delist-cooperation-country", {"to": later, "decision_ref": by_council})
        dac = {"scheme": "dac", "class": "lmic", "from": today, "edition": "2026"}
        await office.officer.does(country, "set-classification", dac)

    async def committees(self) -> None:
        office, director = self.office, self.office.director
        founding = decision("rector", office.today, "R 2026/4")
        body = {"name": {"fr": "Cellule d'avis", "en": "Advisory cell"}, "kind": "advisory", "rules": RULES}
        given = {"in_office": {"from": "2026-01-01"}, "decision_ref": founding}
        committee = await director.creates("committees", {**body, **given})
        await director.does(committee, "edit-committee", {"acronym": "CA"})
        await director.does(committee, "change-rules", {"rules": RULES, "from": office.today.isoformat()})
        external = {"external_name": f"Dr {MARK}", "organisation": f"Bureau {MARK}", "email": EMAIL}
        term = {"term": {"from": "2026-01-01"}}
        seats: list[Json] = [{"external": external, "role": "expert", **term}]
        seats += [{"subject": f"committee-member-0{n}", "role": "expert", **term} for n in (4, 5, 6)]
        for seat in seats:
            await director.does(committee, "appoint-member", seat)
        last = committee["members"][-1]["member_id"]
        ended = {"member_id": last, "on": office.today.isoformat(), "reason": "Autre mandat."}
        await director.does(committee, "end-membership", ended)
        await self.reads(office.officer, f"{committee.path}/external-members")
        await self._sits(committee)

    async def _sits(self, committee: File) -> None:
        office, secretary = self.office, self.office.secretary(committee)
        items = [await self._item(committee, number) for number in range(5)]
        await secretary.does(committee, "withdraw-item", {"item_id": items[4], "reason": "Sans objet."})
        called_off = await office.schedules(committee, office.today + timedelta(days=20))
        await secretary.does(called_off, "cancel-meeting", {"reason": "Reportée."})
        meeting = await office.schedules(committee, office.today + timedelta(days=9))
        day = (office.today + timedelta(days=10)).isoformat()
        times = {"starts_at": f"{day}T13:00:00Z", "ends_at": f"{day}T15:00:00Z"}
        await secretary.does(meeting, "reschedule-meeting", times)
        await secretary.does(meeting, "remove-item", {"item_id": items[3], "reason": "Trop tôt."})
        await secretary.does(meeting, "place-item", {"item_id": items[3]})
        await secretary.does(meeting, "order-items", {"order": list(reversed(items[:4]))})
        await self._attaches(secretary, meeting, audience="office")
        await office.convenes(meeting, committee)
        await secretary.reads(committee)
        seats = [member["member_id"] for member in committee["members"] if "ended_on" not in member]
        conflict = {"item_id": items[1], "member_id": seats[0], "reason": f"{MARK} est de la famille."}
        await secretary.does(meeting, "declare-conflict", conflict)
        await office.campus.step(days=10)
        there = [{"member_id": member_id, "present": "online"} for member_id in seats]
        await secretary.does(meeting, "record-attendance", {"attendance": there})
        ballots = {"by_name": [{"member_id": seats[1], "vote": "for"}], "for": 1, "against": 0, "abstain": 1}
        advice = {"item_id": items[0], "outcome": "favourable", "reasoning": TEXT, "votes": ballots}
        await secretary.does(meeting, "give-advice", advice)
        await secretary.does(meeting, "defer-item", {"item_id": items[1], "reason": "À revoir."})
        await self.reads(office.officer, f"{meeting.path}/deliberation")

    async def _item(self, committee: File, number: int) -> str:
        body = {"kind": "strategic_advice", "title": {"fr": f"Point {number}"}, "question": PUBLIC}
        submitted = await self.office.secretary(committee).does(committee, "submit-item", body)
        return str(submitted["item_id"])

    async def stays(self) -> None:
        adviser, today = self.office.adviser, self.office.today
        stays = [await self._announced(number) for number in range(2)]
        person = {"email": EMAIL, "phone": PHONE, "orcid": ORCID, "birth_date": BORN, "gender": MARK}
        passport = {"passport": {"number": PASSPORT, "expires_on": "2031-01-01"}}
        known = {"residence_country": "JP", "consent_notice_sent_on": today.isoformat()}
        await adviser.does(stays[0], "register-stay", {**person, **passport, **known})
        permit = {"other_eu_permit": {"country": "FR", "expires_on": "2030-01-01"}}
        await adviser.does(stays[0], "assess-stay", {"basis": "visiting", **permit})
        await self.reads(adviser, f"{stays[0].path}/file")
        await self.reads(self.office.promoter, f"{stays[0].path}/file")
        await adviser.does(stays[0], "cancel-stay", {"reason": f"{MARK} est malade."})
        await adviser.does(stays[1], "refuse-stay", {"reason": f"{MARK} ne convient pas."})
        await self.reads(adviser, f"{stays[0].path}/file")
        await self.reads(self.office.director, f"{stays[0].path}/access-log")

    async def _announced(self, number: int) -> File:
        begins = self.office.today + timedelta(days=30)
        body = {
            "person": {"given_name": MARK, "family_name": f"{MARK} {number}"},
            "nationalities": ["JP"],
            "category": "visiting_researcher",
            "host": {"unit_id": self.office.own_id, "supervisor": self.office.promoter.subject},
            "period": {"from": begins.isoformat(), "to": (begins + timedelta(days=60)).isoformat()},
        }
        return await self.office.adviser.creates("stays", body)

    async def mistakes(self, partner: File) -> None:
        """A mark in what is refused: it must not be told by who refuses it."""
        officer = self.office.officer
        wrong: tuple[tuple[str, Any], ...] = (
            ("json", {"given_name": MARK, "family_name": 7, "email": MARK}),
            ("json", {MARK: MARK}),
            ("content", f'{{"given_name": "{MARK}", '.encode()),
        )
        for how, what in wrong:
            headers = {"If-Match": f'"{partner.version}"', "Content-Type": "application/json"}
            refused = await officer.tries("POST", f"{partner.path}/add-contact", headers=headers, **{how: what})
            assert refused.status == 422
        await officer.gets("/api/v1/partners", q=MARK)
