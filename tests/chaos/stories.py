"""The mixed load: small stories of an office, each told again and again by several people at once until the run is over."""

from __future__ import annotations

import asyncio
import random
import string
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import httpx
from tests.chaos.hands import Hands, Over, Refused
from tests.chaos.recording import Json
from tests.support.office import Office, outcome, pdf, rights_test
from tests.support.people import File

COUNTRIES: Final = "FR DE IT ES PT NL CM SN BF CD BR VN JP MA TN CA US GB IE PL RO GR FI SE NO DK"
MET_PARTNERS: Final = 10
BLOCKED_PARTNERS: Final = 6
ADVISED_AT_ONCE: Final = 8
THINKING_SECONDS: Final = (1.0, 4.0)
"""Between two rounds of what costs much for every command: long files, told and shown again in full at each change."""
LAST_YEAR: Final = 2090
CLOCK_DAYS: Final = 15
Story = Callable[[], Awaitable[None]]
MANY: Final[Mapping[str, int]] = {
    "partner": 32,
    "stay": 8,
    "blocking": 5,
    "agreement": 5,
    "asking_back": 1,
    "testing": 1,
    "sitting": 1,
    "clock": 1,
}
"""How many people tell each story at once."""
FEW: Final = {**MANY, "partner": 4, "stay": 1, "blocking": 1, "agreement": 1}
"""What a slow machine with a slow store gets through."""


@dataclass
class Town:
    """Who is known before anything breaks: partners met already, and some that will be blocked and unblocked."""

    office: Office
    hands: Hands
    chance: random.Random
    met: list[File] = field(default_factory=list)
    blockable: list[File] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    asking: list[File] = field(default_factory=list)
    years: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    calendar: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def over(self) -> asyncio.Event:
        return self.hands.over

    def word(self, letters: int = 9) -> str:
        return "".join(self.chance.choices(string.ascii_lowercase, k=letters)).capitalize()

    async def founded(self) -> None:
        """One framework with all partners that were met, and a memorandum with each that will be blocked."""
        office = self.office
        await office.begins()
        self.met = [await self._registered() for _ in range(MET_PARTNERS + BLOCKED_PARTNERS)]
        framework = await office.first_agreement(*self.met)
        await office.registered(framework)
        self.blockable = [self.met.pop() for _ in range(BLOCKED_PARTNERS)]
        for partner in self.blockable:
            await self._agreed(partner)
        self.asking = [await self._negotiated(self.chance.choice(self.met)) for _ in range(3)]

    async def _registered(self) -> File:
        return await self.office.registers(f"{self.word()} {self.word()}", "CD")

    # --- the stories ---

    async def partner(self) -> None:
        """Registered, edited, given codes; some of them are somebody else's."""
        hands, officer = self.hands, self.office.officer
        body: Json = {
            "kind": "university",
            "name": {"display": f"{self.word()} {self.word()} {self.word()}"},
            "country": self.chance.choice(COUNTRIES.split()),
            "identifiers": [{"scheme": "schac", "value": self._code()}],
        }
        partner = await hands.creates(officer, "partners", body)
        self.codes.append(body["identifiers"][0]["value"])
        for _ in range(self.chance.randint(3, 9)):
            await hands.does(officer, partner, *self._change())

    async def _thinks(self) -> None:
        await asyncio.sleep(self.chance.uniform(*THINKING_SECONDS))

    def _code(self) -> str:
        """Mostly a new one."""
        if self.codes and self.chance.random() < 0.03:
            return self.chance.choice(self.codes)
        return f"{self.word(12).lower()}.edu"

    def _change(self) -> tuple[str, Json]:
        changes: list[tuple[str, Json]] = [
            ("edit-partner", {"city": self.word()}),
            ("edit-partner", {"website": f"https://{self.word().lower()}.example/"}),
            ("set-identifier", {"scheme": "pic", "value": f"{self.chance.randrange(10**9):09d}"}),
            ("set-identifier", {"scheme": "oid", "value": f"E{self.chance.randrange(10**8):08d}"}),
            ("set-identifier", {"scheme": "schac", "value": self._code()}),
            ("add-unit", {"name": {"fr": self.word(), "en": self.word()}, "kind": "department"}),
            ("add-note", {"text": self.word()}),
        ]
        return self.chance.choice(changes)

    async def agreement(self) -> None:
        await self._agreed(self.chance.choice(self.met))

    async def _negotiated(self, partner: File) -> File:
        """A memorandum of a year that nobody else has with this partner, in negotiation."""
        hands, officer = self.hands, self.office.officer
        self.years[partner.id] += 1
        year = self.office.today.year + 1 + self.years[partner.id]
        if year > LAST_YEAR:
            raise Over
        days = {"start_on": date(year, 1, 1).isoformat(), "end_on": date(year, 12, 31).isoformat(), "notice_months": 0}
        agreement = await hands.creates(officer, "agreements", self.office.draft(partner, kind="mou", **days))
        await hands.does(officer, agreement, "submit-for-review")
        known = File("partners", partner.id, partner.version)
        await hands.does(officer, known, "record-rights-assessment", rights_test(agreement.id))
        await hands.sees(officer, agreement, lambda shown: outcome(shown, "rights") == "positive")
        for review in [each["kind"] for each in agreement["reviews"] if each["outcome"] == "pending"]:
            await hands.does(officer, agreement, "record-review", {"kind": review, "outcome": "positive"})
        await hands.does(officer, agreement, "open-negotiation")
        return agreement

    async def _agreed(self, partner: File) -> File:
        """From draft to register."""
        hands, officer = self.hands, self.office.officer
        agreement = await self._negotiated(partner)
        await hands.does(self.office.director, agreement, "approve-agreement")
        shown = await hands.sees(officer, agreement, lambda seen: seen["state"] == "approved")
        text = await hands.hands_in(officer, agreement, pdf(f"texte {agreement.id}"))
        signatures = [
            {"party_no": party["no"], "signatory_name": "Signataire", "signatory_function": "Rectorat"}
            for party in shown["parties"]
        ]
        body: Json = {"document_id": text["document_id"], "languages": ["fr"], "signatures": signatures}
        await hands.does(officer, agreement, "open-signing", body)
        shown = await hands.sees(officer, agreement, lambda seen: seen["state"] == "signing")
        copy = await hands.hands_in(officer, agreement, pdf(f"exemplaire {agreement.id}"))
        signed: Json = {"signed_on": self.office.today.isoformat(), "method": "qes", "document_id": copy["document_id"]}
        for number in [each["signature_no"] for each in shown["signatures"]]:
            one = {"signature_no": number, "sha256": text["sha256"], **signed}
            await hands.does(officer, agreement, "record-signature", one)
        await hands.does(officer, agreement, "register-agreement")
        return agreement

    async def blocking(self) -> None:
        """Blocked, narrowed, tested anew and unblocked; its agreements follow."""
        hands, office = self.hands, self.office
        partner = self.blockable.pop() if self.blockable else None
        if partner is None:
            await self._thinks()
            return
        try:
            if partner["standing"] != "blocked":
                reason = {"fr": "Libertés académiques suspendues.", "en": "Academic freedom is suspended."}
                await hands.does(
                    office.director, partner, "propose-block", {"scope": "institutional", "reason": reason}
                )
                await hands.does(office.vice_rector, partner, "decide-block", office.block())
            block = office.block("institutional_and_individual")
            amended = {"scope": block["scope"], "decision_ref": block["decision_ref"]}
            await hands.does(office.vice_rector, partner, "amend-block", amended)
            test = rights_test(partner.id, "partner", "review")
            await hands.does(office.officer, partner, "record-rights-assessment", test)
            by_council = {**block["decision_ref"], "reference": f"CoA {self.word()}"}
            await hands.does(
                office.vice_rector, partner, "lift-block", {"decision_ref": by_council, "reason": "Le test est clair."}
            )
            await hands.sees(office.officer, partner, lambda seen: seen["standing"] != "blocked")
        except Refused:
            await hands.sees(office.officer, partner)
            raise
        finally:
            self.blockable.insert(0, partner)

    async def testing(self) -> None:
        """Rights tests for a file in negotiation."""
        await self._thinks()
        agreement = self.chance.choice(self.asking)
        partner = self.chance.choice(self.met)
        known = File("partners", partner.id, partner.version)
        await self.hands.does(self.office.officer, known, "record-rights-assessment", rights_test(agreement.id))
        partner.version = known.version

    async def asking_back(self) -> None:
        """A question is asked and taken back."""
        await self._thinks()
        hands, officer = self.hands, self.office.officer
        agreement = self.asking.pop() if self.asking else await self._negotiated(self.chance.choice(self.met))
        try:
            if agreement.state.get("state") != "awaiting_advice":
                question = {"fr": "Le comité est-il favorable ?", "en": "Is the committee in favour?"}
                await hands.does(officer, agreement, "request-advice", {"question": question})
            await hands.does(officer, agreement, "withdraw-advice-request", {"reason": "Le dossier change."})
        except Refused:
            await hands.sees(officer, agreement)
            raise
        finally:
            self.asking.insert(0, agreement)

    async def sitting(self) -> None:
        """Many questions, one meeting, advice on each when its day has come."""
        hands, office, group = self.hands, self.office, self.office.groups["developing"]
        secretary = office.secretary(group)
        async with self.calendar:  # no day passes before the agenda has gone out
            on = office.today + timedelta(days=CLOCK_DAYS)
            meeting = await self._convened(group, on)
        while office.today < on:
            if self.over.is_set():
                raise Over
            await asyncio.sleep(0.3)
        members = (await hands.sees(secretary, File(group.collection, group.id, 0)))["members"]
        there = [{"member_id": each["member_id"], "present": "in_person"} for each in members]
        await hands.does(secretary, meeting, "record-attendance", {"attendance": there})
        for item in (await hands.sees(secretary, meeting, lambda seen: seen["state"] == "held"))["items"]:
            given = {
                "item_id": item["item_id"],
                "outcome": "favourable",
                "reasoning": {"fr": "Le dossier est solide.", "en": "The file is sound."},
            }
            try:
                await hands.does(secretary, meeting, "give-advice", given)
            except Refused as refused:
                if refused.slug not in ("item-withdrawn", "advice-already-given"):
                    raise

    async def _convened(self, group: File, on: date) -> File:
        hands, secretary = self.hands, self.office.secretary(group)
        times = {"starts_at": f"{on.isoformat()}T13:00:00Z", "ends_at": f"{on.isoformat()}T15:00:00Z"}
        body = {"committee_id": group.id, "mode": "hybrid", "place": "Salle du Conseil", **times}
        meeting = await hands.creates(secretary, "meetings", body)
        await asyncio.gather(*(self._asked() for _ in range(ADVISED_AT_ONCE)), return_exceptions=True)
        await hands.sees(secretary, meeting, lambda seen: seen["items"])
        agenda = await hands.hands_in(secretary, meeting, pdf(f"ordre du jour {meeting.id}"))
        await hands.does(secretary, meeting, "convene-meeting", {"document_id": agenda["document_id"]})
        return meeting

    async def _asked(self) -> None:
        agreement = await self._negotiated(self.chance.choice(self.met))
        question = {"fr": "Le comité est-il favorable ?", "en": "Is the committee in favour?"}
        await self.hands.does(self.office.officer, agreement, "request-advice", {"question": question})

    async def stay(self) -> None:
        """A guest announced under an agreement or without, and sometimes called off."""
        hands, office, adviser = self.hands, self.office, self.office.adviser
        begins = office.today + timedelta(days=self.chance.randint(200, 400))
        partner = self.chance.choice(self.met)
        announced = {
            "person": {"given_name": self.word(), "family_name": self.word()},
            "nationalities": ["CM"],
            "category": "postdoc",
            "host": {"unit_id": office.own_id, "supervisor": office.promoter.subject},
            "period": {"from": begins.isoformat(), "to": (begins + timedelta(days=200)).isoformat()},
            "home_partner_id": partner.id,
        }
        stay = await hands.creates(adviser, "stays", announced)
        if self.chance.random() < 0.3:
            await hands.does(adviser, stay, "cancel-stay", {"reason": "Le projet est reporté."})

    async def clock(self) -> None:
        """Two weeks pass, everywhere."""
        await asyncio.sleep(self.chance.uniform(15, 25))
        async with self.calendar:
            to = self.office.today + timedelta(days=CLOCK_DAYS)
            while not self.over.is_set():
                try:
                    await self.office.campus.step(to)
                    return
                except (httpx.HTTPError, AssertionError, KeyError, TypeError, ValueError):
                    await asyncio.sleep(0.5)

    # --- the load ---

    def load(self, crowd: Mapping[str, int]) -> list[Story]:
        """Who does what at the same time."""
        stories: list[Story] = [getattr(self, name) for name, people in crowd.items() for _ in range(people)]
        return stories

    async def told(self, story: Story) -> None:
        """One story after the other until the run is over."""
        while not self.over.is_set():
            try:
                await story()
                self.ended["told"] += 1
            except Over:
                return
            except Refused as refused:
                self.ended[f"{story.__name__}: {refused.slug}"] += 1
            except AssertionError as unseen:
                self.ended[f"{story.__name__}: {unseen!s:.60}"] += 1


def fresh(office: Office, hands: Hands, seed: int) -> Town:
    return Town(office, hands, random.Random(seed))


def reactions(inbox: dict[str, dict[str, Any]]) -> Counter[str]:
    """How often each reaction was made."""
    return Counter(row.partition(":")[0] for rows in inbox.values() for row in rows)
