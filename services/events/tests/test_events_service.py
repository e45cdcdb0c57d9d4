"""Committees and meetings on the real store, over HTTP: from an agreement's request to the advice that it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from services.events.tests.events_office import (
    COOPERATION,
    DECISION,
    DIRECTOR,
    OFFICER,
    RULES,
    SECRETARY,
    TODAY,
    at,
    item,
    member,
    number,
    times,
)

from chassis import http as web
from chassis.auth import Signer, Verifier
from chassis.command import Desk
from chassis.decide import Caller
from chassis.mongo import Store
from chassis.parking import Parking
from chassis.reaction import Heard, Reactor
from chassis.telemetry import Measures
from contracts.agreement import AGREEMENT, AdviceRequested, AdviceRequestWithdrawn, AgreementKind
from contracts.envelope import Envelope
from contracts.record import Fact
from contracts.roles import MEM, REA
from contracts.types import LocalizedText
from events import queries
from events.app import service
from events.reactions import REACTIONS
from events.settings import EventsSettings
from stack import keys, store
from stack.child import Child

PAPER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
Answer = dict[str, Any]


class StillClock:
    """A day that stays."""

    def now(self) -> datetime:
        return at(TODAY, 9)

    def today(self) -> date:
        return TODAY


@dataclass
class Events:
    """The service on a database of its own, asked over HTTP."""

    desk: Desk
    signer: Signer
    client: httpx.AsyncClient
    reactor: Reactor
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def headers(self, caller: Caller, **more: str) -> dict[str, str]:
        token = self.signer.token(caller, "events")
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{next(self.numbers)}", **more}

    async def post(
        self, path: str, body: Any, caller: Caller = SECRETARY, version: int | None = None
    ) -> httpx.Response:
        more = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.client.post(f"/api/v1/{path}", json=body, headers=self.headers(caller, **more))

    async def create(self, path: str, body: Any, caller: Caller = SECRETARY) -> Answer:
        answer = await self.post(path, body, caller)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def change(self, path: str, id_: str, command: str, body: Any, caller: Caller = SECRETARY) -> Answer:
        aggregate = {"committees": "committee", "meetings": "meeting"}[path]
        version = (await self.desk.load(aggregate, id_)).state.version
        answer = await self.post(f"{path}/{id_}/{command}", body, caller, version)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def council(self, members: int = 3) -> tuple[str, list[str]]:
        body = {
            "kind": "council",
            "name": {"fr": "Conseil", "en": "Council"},
            "in_office": {"from": "2019-01-01"},
            "rules": RULES,
            "decision_ref": DECISION,
        }
        id_ = (await self.create("committees", body, DIRECTOR))["id"]
        ids = []
        for n in range(members):
            role = "expert" if n else "chair"
            seat = {"subject": f"expert-{n:02d}", "role": role, "term": {"from": "2026-01-01"}}
            ids.append((await self.change("committees", id_, "appoint-member", seat, DIRECTOR))["member_id"])
        return id_, ids

    async def schedule(self, council: str, days: int = 20) -> str:
        starts = at(TODAY + timedelta(days=days))
        body = {"committee_id": council, "mode": "hybrid", **_json(times(starts))}
        return str((await self.create("meetings", body))["id"])

    async def upload(self, meeting: str, caller: Caller = SECRETARY) -> str:
        files = {"file": ("agenda.pdf", PAPER, "application/pdf")}
        answer = await self.client.post(
            f"/api/v1/meetings/{meeting}/documents", files=files, headers=self.headers(caller)
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["document_id"])

    async def convene(self, meeting: str) -> Answer:
        body = {"document_id": await self.upload(meeting)}
        return await self.change("meetings", meeting, "convene-meeting", body)

    async def hear(self, fact: Fact, record: str) -> None:
        reaction = next(each for each in REACTIONS if isinstance(fact, each.facts))
        envelope = Envelope(
            record, "t", "/passerelle/agreements", "agreement/1", datetime.now(UTC), 1, "k", "a", "c", 1
        )
        await self.reactor.once(reaction, Heard(envelope, fact))

    async def meeting(self, id_: str) -> Any:
        return (await self.desk.load("meeting", id_)).state

    async def committee(self, id_: str) -> Any:
        return (await self.desk.load("committee", id_)).state


def _json(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in body.items()}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with store.start(tmp_path_factory.mktemp("store")) as child:
        yield child


@pytest_asyncio.fixture
async def events(documents: Child, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Events]:
    folder = keys.make(tmp_path / "keys")
    database = Store(documents.address, f"events_{abs(hash(request.node.name)) % 10**8}")
    made = service(EventsSettings())
    desk = Desk("events", database, StillClock(), made.aggregates, made.settings)
    await desk.prepare()
    house = web.House(desk, Verifier(folder / "gateway.public.json", "events"), Measures())
    app = web.app(house, desk.aggregates, queries.routes(house))
    parking = Parking("events", database, _nothing_is_parked)
    reactor = Reactor(desk, AGREEMENT, REACTIONS, parking)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://events") as client:
        yield Events(desk, Signer(folder / "gateway.private.json"), client, reactor)
    await database.drop_database()
    database.close()


async def _nothing_is_parked(*record: object) -> None:
    raise AssertionError(record)


def requested(council: str, n: int = 1) -> AdviceRequested:
    return AdviceRequested(
        agreement_id=number(700 + n),
        request_id=number(800 + n),
        committee_id=council,
        competence_reason=LocalizedText(fr="plusieurs groupes"),
        question=LocalizedText(fr="Conclure ?"),
        kind=AgreementKind.FRAMEWORK,
        title=LocalizedText(fr="Accord-cadre"),
        partner_ids=(number(60),),
        countries=("CM",),
        requested_on=TODAY,
        version=7,
        occurred_on=TODAY,
    )


async def known_country(events: Events) -> None:
    copy = {"_id": "CM", "version": 1, "group_assignments": []}
    await events.desk.store["country_copies"].insert_one(copy)


async def test_a_request_becomes_an_item_a_sitting_and_an_advice_with_its_request_id(events: Events) -> None:
    council, members = await events.council()
    await known_country(events)
    await events.hear(requested(council), "r1")
    await events.hear(requested(council), "r1")
    meeting = await events.schedule(council)

    convened = await events.convene(meeting)
    attendance = [{"member_id": each, "present": "in_person"} for each in members]
    await events.change("meetings", meeting, "record-attendance", {"attendance": attendance})
    item_id = convened["items"][0]["item_id"]
    body = {
        "item_id": item_id,
        "outcome": "favourable_with_conditions",
        "conditions": [{"no": 1, "text": {"fr": "Joindre un budget."}}],
        "reasoning": {"fr": "CANARY"},
    }
    advised = await events.change("meetings", meeting, "give-advice", body)

    assert (len(convened["items"]), convened["sitting_no"], convened["state"]) == (1, 1, "convened")
    assert advised["items"][0]["outcome"] == "favourable_with_conditions"
    spoken = "".join(str(row) for row in await events.desk.store["outbox"].find({}).to_list(1_000))
    assert number(801) in spoken
    assert "CANARY" not in spoken
    assert "passerelle.meeting.advice_given.v1" in spoken


async def test_a_request_and_a_meeting_scheduled_at_the_same_moment_find_each_other(events: Events) -> None:
    council, _ = await events.council()
    await known_country(events)
    for n in range(1, 9):
        meeting, _ = await asyncio.gather(events.schedule(council), events.hear(requested(council, n), f"r{n}"))
        assert (await events.committee(council)).pending_items == (), n
        version = (await events.meeting(meeting)).version
        body = {"reason": "another day"}
        await events.post(f"meetings/{meeting}/cancel-meeting", body, version=version)
        waiting = (await events.committee(council)).pending_items
        for each in waiting:
            named = {"item_id": each.item_id, "reason": "done"}
            await events.change("committees", council, "withdraw-item", named)


async def test_ch03_a_request_taken_back_leaves_the_agenda_and_the_committee_in_one_go(events: Events) -> None:
    council, _ = await events.council()
    await known_country(events)
    meeting = await events.schedule(council)
    await events.hear(requested(council), "r1")
    on_agenda = len((await events.meeting(meeting)).items)
    before = (await events.committee(council)).version

    withdrawn = AdviceRequestWithdrawn(
        agreement_id=number(701), request_id=number(801), reason="new text", version=8, occurred_on=TODAY
    )
    await events.hear(withdrawn, "r2")

    assert (on_agenda, (await events.meeting(meeting)).items) == (1, ())
    committee = await events.committee(council)
    assert (committee.pending_items, committee.version) == ((), before + 2)


async def test_g7_sittings_convened_at_the_same_moment_get_different_numbers(events: Events) -> None:
    council, _ = await events.council()
    meetings = []
    for _ in range(6):
        await events.change("committees", council, "submit-item", item())
        meetings.append(await events.schedule(council))

    convened = await asyncio.gather(*(events.convene(each) for each in meetings))

    assert sorted(each["sitting_no"] for each in convened) == [1, 2, 3, 4, 5, 6]


async def test_g1_an_item_placed_on_two_agendas_at_the_same_moment_is_on_one(events: Events) -> None:
    council, _ = await events.council()
    meetings = [await events.schedule(council) for _ in range(4)]
    submitted = await events.change("committees", council, "submit-item", item())
    body = {"item_id": submitted["item_id"]}

    answers = await asyncio.gather(*(events.post(f"meetings/{each}/place-item", body, version=1) for each in meetings))

    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    refused = next(each for each in answers if each.status_code == 409)
    assert refused.json()["type"] == "urn:passerelle:problem:item-not-pending"
    placed = [each.item_id for id_ in meetings for each in (await events.meeting(id_)).items]
    assert placed == [submitted["item_id"]]


async def test_names_of_external_members_are_read_for_a_purpose_and_logged(events: Events) -> None:
    council, _ = await events.council()
    outside = {"external_name": "Membre 1", "organisation": "ARES", "email": "role-01@example.org"}
    seat = {"external": outside, "role": "expert", "term": {"from": "2026-01-01"}}
    await events.change("committees", council, "appoint-member", seat, DIRECTOR)
    path, reader = f"/api/v1/committees/{council}/external-members", Caller("reader-01", {REA: {}})

    async def read(caller: Caller, **headers: str) -> httpx.Response:
        return await events.client.get(path, headers=events.headers(caller, **headers))

    assert (await read(OFFICER)).status_code == 400
    for_all = (await read(reader, **{"Access-Purpose": "invitation"})).json()["items"][0]
    for_office = (await read(OFFICER, **{"Access-Purpose": "invitation"})).json()["items"][0]

    assert (for_all["external_name"], "email" in for_all) == ("Membre 1", False)
    assert for_office["email"] == "role-01@example.org"
    log = await events.desk.store["access_log"].find({}).to_list(10)
    assert [(row["who"], row["purpose"]) for row in log] == [("reader-01", "invitation"), ("officer-01", "invitation")]


async def test_a_deliberation_is_read_by_the_office_and_the_committees_own_people(events: Events) -> None:
    council, members = await events.council()
    await events.change("committees", council, "submit-item", item())
    meeting = await events.schedule(council)
    item_id = (await events.meeting(meeting)).items[0].item_id
    body = {"item_id": item_id, "member_id": members[0], "reason": "family"}
    await events.change("meetings", meeting, "declare-conflict", body)

    async def status(caller: Caller) -> int:
        path = f"/api/v1/meetings/{meeting}/deliberation"
        return (await events.client.get(path, headers=events.headers(caller))).status_code

    assert await status(COOPERATION) == 200
    assert await status(member("expert-01", council)) == 200
    assert await status(Caller("expert-77", {MEM: {"committee_ids": frozenset({number(9)})}})) == 403
    assert await status(Caller("reader-01", {REA: {}})) == 403


async def test_what_may_be_done_now_says_what_holds_it_back(events: Events) -> None:
    council, _ = await events.council()
    meeting = await events.schedule(council)

    answer = await events.client.get(f"/api/v1/meetings/{meeting}/commands", headers=events.headers(SECRETARY))

    listed = {each["command"]: each for each in answer.json()["commands"]}
    assert listed["place_item"]["allowed"]
    assert [each["code"] for each in listed["convene_meeting"]["reasons"]] == ["agenda-empty"]
    assert listed["give_advice"]["reasons"][0]["code"] == "transition-not-allowed"
