"""Stays on the real store, over HTTP: what is answered, what is kept, what is told, and what is told to nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from services.mobility.tests.stay_builders import (
    ADVISER,
    AGREEMENT,
    PARTNER,
    REGISTRATION,
    SUCCESSOR,
    TODAY,
    agreement,
    announcement,
    blocked_partner,
    country,
    partner,
    promoter,
)

from chassis import http as web
from chassis.auth import Signer, Verifier
from chassis.command import Desk
from chassis.decide import Caller
from chassis.mongo import Store
from chassis.outlet import outgoing
from chassis.parking import Parking
from chassis.reaction import Heard, NotKnownYet, Reactor
from chassis.telemetry import Measures
from contracts.agreement import AGREEMENT as AGREEMENTS
from contracts.agreement import Renewed, Terminated, TransitionLeft
from contracts.envelope import Envelope, read_envelope
from contracts.record import Fact
from contracts.roles import DIR, OFF, SEC
from contracts.types import LocalizedText
from mobility import queries
from mobility.app import service
from mobility.reactions import REACTIONS
from mobility.settings import MobilitySettings
from stack import keys, store
from stack.child import Child

DIRECTOR = Caller("director-01", {DIR: {}})
OFFICER = Caller("officer-01", {OFF: {}})
SECRETARY = Caller("secretary-01", {SEC: {}})
CANARY = "zqx-canary"
SECRET_PERSON = {"given_name": f"Bourse {CANARY}", "family_name": f"Vingt-trois {CANARY}"}
SECRET_REGISTRATION: Mapping[str, object] = {
    "residence_country": "BF",
    "email": f"{CANARY}@example.org",
    "consent_notice_sent_on": "2026-11-02",
    "birth_date": "1991-05-17",
    "gender": CANARY,
    "phone": "+226 70 11 22 33",
    "passport": {"number": CANARY, "expires_on": "2031-01-01"},
}
SECRETS = (CANARY, "1991-05-17", "70 11 22 33", "third_country")
Answer = dict[str, Any]


class StillClock:
    """A day that stays."""

    def now(self) -> datetime:
        return datetime(2026, 11, 17, 9, tzinfo=UTC)

    def today(self) -> date:
        return date(2026, 11, 17)


@dataclass
class Centre:
    """The service on a database of its own, asked over HTTP."""

    desk: Desk
    signer: Signer
    client: httpx.AsyncClient
    reactor: Reactor
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def headers(self, caller: Caller, **more: str) -> dict[str, str]:
        token = self.signer.token(caller, "mobility")
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{next(self.numbers)}", **more}

    async def know(self, collection: str, *copies: Mapping[str, Any]) -> None:
        for copy in copies:
            await self.desk.store[collection].replace_one({"_id": copy["_id"]}, dict(copy), upsert=True)

    async def announce(self, caller: Caller = ADVISER, **changes: Any) -> httpx.Response:
        body = {name: value for name, value in announcement(**changes).items() if value is not None}
        return await self.client.post("/api/v1/stays", json=body, headers=self.headers(caller))

    async def announced(self, **changes: Any) -> str:
        answer = await self.announce(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def version(self, id_: str) -> int:
        return int((await self.desk.load("stay", id_)).state.version)

    async def command(
        self, id_: str, command: str, body: Any, caller: Caller = ADVISER, version: int | None = None
    ) -> httpx.Response:
        version = version or await self.version(id_)
        headers = self.headers(caller, **{"If-Match": f'"{version}"'})
        return await self.client.post(f"/api/v1/stays/{id_}/{command}", json=body, headers=headers)

    async def done(self, id_: str, command: str, body: Any) -> Answer:
        answer = await self.command(id_, command, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def read(self, path: str, caller: Caller, **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1/stays/{path}", headers=self.headers(caller, **headers))

    async def hear(self, fact: Fact, record: str) -> None:
        (reaction,) = REACTIONS
        envelope = Envelope(
            record, "t", "/passerelle/agreements", "agreement/1", datetime.now(UTC), 1, "k", "a", "c", 1
        )
        await self.reactor.once(reaction, Heard(envelope, fact))

    async def told(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.desk.store["outbox"].find({}).sort("created_at", 1).to_list(1_000)
        return rows

    async def everything(self) -> str:
        """Every document of the service's database, as text."""
        rows = [await self.desk.store[name].find({}).to_list(1_000) for name in await self.desk.store.names()]
        return repr(rows)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with store.start(tmp_path_factory.mktemp("store")) as child:
        yield child


@pytest_asyncio.fixture
async def centre(documents: Child, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Centre]:
    folder = keys.make(tmp_path / "keys")
    database = Store(documents.address, f"mobility_{abs(hash(request.node.name)) % 10**8}")
    made = service(MobilitySettings(PASSERELLE_KEYS_DIR=folder))
    desk = Desk("mobility", database, StillClock(), made.aggregates, made.settings, made.refusals)
    await desk.prepare()
    house = web.House(desk, Verifier(folder / "gateway.public.json", "mobility"), Measures())
    app = web.app(house, desk.aggregates, queries.routes(house))
    reactor = Reactor(desk, AGREEMENTS, REACTIONS, Parking("mobility", database, _nothing_is_parked))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mobility") as client:
        opened = Centre(desk, Signer(folder / "gateway.private.json"), client, reactor)
        await opened.know("partner_copies", partner())
        await opened.know("agreement_copies", agreement())
        await opened.know("country_copies", country("BF"))
        yield opened
    await database.drop_database()
    database.close()


async def _nothing_is_parked(*record: object) -> None:
    raise AssertionError(record)


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).removeprefix("urn:passerelle:problem:")


async def test_a_stay_goes_from_announcement_to_assessment_and_kafka_hears_of_the_first_only(centre: Centre) -> None:
    id_ = await centre.announced(person=SECRET_PERSON)

    registered = await centre.done(id_, "register-stay", SECRET_REGISTRATION)
    assessed = await centre.done(id_, "assess-stay", {"basis": "employment"})

    assert (registered["state"], assessed["state"], assessed["version"]) == ("registered", "assessed", 3)
    spoken = await centre.told()
    assert [row["version"] for row in spoken] == [1]


async def test_s1_no_personal_datum_lies_open_or_is_told(centre: Centre) -> None:
    id_ = await centre.announced(person=SECRET_PERSON)
    await centre.done(id_, "register-stay", SECRET_REGISTRATION)
    await centre.done(id_, "assess-stay", {"basis": "employment"})
    await centre.done(id_, "cancel-stay", {"reason": f"La personne renonce ({CANARY})."})

    lying = await centre.everything()
    for secret in SECRETS:
        assert secret not in lying, secret
    file = (await centre.read(f"{id_}/file", ADVISER, **{"Access-Purpose": "dossier"})).json()
    for secret in SECRETS:
        assert secret in json.dumps(file, ensure_ascii=False), secret


async def test_what_kafka_hears_is_dated_to_the_month_under_random_ids(centre: Centre) -> None:
    id_ = await centre.announced()
    await centre.done(id_, "cancel-stay", {"reason": "La personne renonce."})

    records = [record for row in await centre.told() for record in outgoing(row)]

    assert len(records) == 4
    for record in records:
        envelope = read_envelope(record.headers)
        assert {UUID(each).version for each in (envelope.id, envelope.key, envelope.cause)} == {4}
        assert envelope.time == datetime(2026, 11, 1, tzinfo=UTC)
        assert record.timestamp_ms == envelope.time.timestamp() * 1_000
        assert json.loads(record.value or b"").get("occurred_on", "2026-11-01") == "2026-11-01"


async def test_general_refusals_are_the_platforms(centre: Centre) -> None:
    id_ = await centre.announced()
    path = f"/api/v1/stays/{id_}/register-stay"

    assert slug(await centre.client.post(path, json={})) == "not-signed-in"
    assert slug(await centre.client.post(path, json={}, headers=centre.headers(ADVISER))) == "version-required"
    assert slug(await centre.command(id_, "register-stay", {"shoe_size": 42})) == "invalid-input"
    assert slug(await centre.command(id_, "register-stay", {}, version=7)) == "version-stale"
    assert slug(await centre.command(id_, "assess-stay", {"basis": "grant"})) == "transition-not-allowed"
    nested = await centre.announce(period={"from": "2027-02-01", "until": "2027-03-01"})
    assert (slug(nested), nested.json()["errors"][0]["pointer"]) == ("invalid-input", "/period/until")
    assert slug(await centre.announce(SECRETARY)) == "not-permitted"


async def test_a_policy_refusal_is_told_without_the_stay(centre: Centre) -> None:
    await centre.know("partner_copies", blocked_partner("institutional_and_individual"))

    answer = await centre.announce(person=SECRET_PERSON)

    assert (answer.status_code, slug(answer)) == (409, "partner-blocked")
    (row,) = await centre.told()
    (record,) = row["records"]
    value = json.loads(record["value"])
    assert (value["rule"], value["command"], value["refs"]) == ("POL-03", "announce_stay", {"partners": [PARTNER]})
    assert "id" not in value
    assert CANARY not in repr(row)


async def test_a_key_whose_announcement_a_policy_refused_is_refused_again(centre: Centre) -> None:
    """A refusal is kept for its key in a row of its own, as nothing of a file stands beside what is told of it."""
    await centre.know("partner_copies", blocked_partner("institutional_and_individual"))
    body = {name: value for name, value in announcement(person=SECRET_PERSON).items() if value is not None}
    headers = centre.headers(ADVISER)
    first = await centre.client.post("/api/v1/stays", json=body, headers=headers)

    await centre.know("partner_copies", partner())
    again = await centre.client.post("/api/v1/stays", json=body, headers=headers)

    assert (first.status_code, slug(first)) == (409, "partner-blocked")
    assert again.json() == first.json()
    assert len(await centre.told()) == 1
    assert (await centre.announce(person=SECRET_PERSON)).status_code == 201


async def test_s10_a_stranger_is_told_that_there_is_no_such_stay(centre: Centre) -> None:
    id_ = await centre.announced()
    purpose = {"Access-Purpose": "dossier"}

    for stranger in (OFFICER, DIRECTOR, promoter("promoter-08")):
        assert slug(await centre.read(f"{id_}/file", stranger, **purpose)) == "unknown-id"
        assert slug(await centre.command(id_, "cancel-stay", {"reason": "x"}, stranger)) == "unknown-id"
        assert slug(await centre.command(id_, "cancel-stay", {"reason": "x"}, stranger, version=9)) == "unknown-id"
        assert slug(await centre.read(f"{id_}/commands", stranger)) == "unknown-id"


async def test_s10_each_reading_of_a_file_has_a_purpose_and_is_logged(centre: Centre) -> None:
    id_ = await centre.announced()
    purpose = {"Access-Purpose": "accueil de f%C3%A9vrier"}

    without = await centre.read(f"{id_}/file", ADVISER)
    assert (without.status_code, slug(without)) == (400, "purpose-required")
    await centre.read(f"{id_}/file", ADVISER, **purpose)
    await centre.read(f"{id_}/file", promoter(), **purpose)

    for reader in (ADVISER, DIRECTOR):
        rows = (await centre.read(f"{id_}/access-log", reader)).json()["items"]
        assert {row["who"] for row in rows} == {"adviser-01", "promoter-07"}
        assert {row["purpose"] for row in rows} == {"accueil de février"}
    assert slug(await centre.read(f"{id_}/access-log", promoter())) == "unknown-id"


async def test_s11_a_supervisor_reads_little_of_the_file(centre: Centre) -> None:
    id_ = await centre.announced(person=SECRET_PERSON)
    await centre.done(id_, "register-stay", SECRET_REGISTRATION)

    shown = (await centre.read(f"{id_}/file", promoter(), **{"Access-Purpose": "accueil"})).json()

    assert set(shown) == {"id", "version", "state", "person", "period", "open_items"}
    assert set(shown["person"]) == {"given_name", "family_name"}


async def test_what_may_be_done_now_is_listed_with_what_holds_it_back(centre: Centre) -> None:
    id_ = await centre.announced(period={"from": "2027-02-01"})
    await centre.done(id_, "register-stay", dict(REGISTRATION))

    listed = (await centre.read(f"{id_}/commands", ADVISER)).json()["commands"]

    allowed = {row["command"]: row["allowed"] for row in listed}
    assert allowed["cancel_stay"]
    assert not allowed["assess_stay"]
    assert not allowed["register_stay"]


async def test_s3_a_holder_announced_twice_at_the_same_moment_comes_once(centre: Centre) -> None:
    first = await centre.announced()
    holder = (await centre.desk.load("stay", first)).private.holder_id
    await centre.done(first, "cancel-stay", {"reason": "Autres dates."})

    answers = await asyncio.gather(*(centre.announce(person=None, holder_id=holder) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"stay-overlap"}


async def test_destroying_a_holders_key_closes_the_file_for_ever(centre: Centre) -> None:
    id_ = await centre.announced()
    holder = (await centre.desk.load("stay", id_)).private.holder_id

    await centre.desk.store["holder_keys"].delete_one({"_id": holder})

    answer = await centre.read(f"{id_}/file", ADVISER, **{"Access-Purpose": "dossier"})
    assert (answer.status_code, slug(answer)) == (410, "retention-elapsed")


def terminated(version: int = 13) -> Terminated:
    return Terminated(
        agreement_id=AGREEMENT,
        version=version,
        occurred_on=TODAY,
        on=TODAY,
        reason=LocalizedText(fr="D'un commun accord."),
        mutual=True,
    )


async def test_ch11_the_end_of_an_agreement_waits_for_its_copy_and_takes_the_basis_once(centre: Centre) -> None:
    id_ = await centre.announced()
    begun = await centre.announced(agreement_id=None)
    with pytest.raises(NotKnownYet):
        await centre.hear(terminated(), "r1")
    await centre.know("agreement_copies", agreement(state="terminated", version=13))

    await centre.hear(terminated(), "r1")
    await centre.hear(terminated(), "r1")

    assert [await centre.version(each) for each in (id_, begun)] == [2, 1]
    lost = (await centre.desk.load("stay", id_)).private.lost_bases
    assert [(each.agreement_id, each.cause) for each in lost] == [(AGREEMENT, "terminated")]
    assert "passerelle.stay.agreement_basis_lost.v1" in repr(await centre.told())
    assert slug(await centre.announce()) == "agreement-not-live"


async def test_ch11_stays_that_begin_under_the_successor_follow_it(centre: Centre) -> None:
    later = await centre.announced(period={"from": "2027-06-01", "to": "2027-07-01"})
    sooner = await centre.announced(period={"from": "2027-02-01", "to": "2027-02-10"})
    await centre.know("agreement_copies", agreement(state="renewed", version=13))
    renewed = Renewed(agreement_id=AGREEMENT, version=13, occurred_on=TODAY, successor_id=SUCCESSOR, on=TODAY)
    with pytest.raises(NotKnownYet):
        await centre.hear(renewed, "r1")
    await centre.know("agreement_copies", agreement(_id=SUCCESSOR, start_on="2027-05-01"))

    await centre.hear(renewed, "r1")

    files = [(await centre.desk.load("stay", each)).private.agreement_id for each in (later, sooner)]
    assert files == [SUCCESSOR, AGREEMENT]
    assert "agreement_basis_lost" not in repr(await centre.told())


async def test_ch11_a_successor_is_followed_only_when_the_copy_of_the_agreement_is_that_new(centre: Centre) -> None:
    id_ = await centre.announced(period={"from": "2027-06-01", "to": "2027-07-01"})
    await centre.know("agreement_copies", agreement(_id=SUCCESSOR, start_on="2027-05-01"))
    renewed = Renewed(agreement_id=AGREEMENT, version=13, occurred_on=TODAY, successor_id=SUCCESSOR, on=TODAY)

    with pytest.raises(NotKnownYet):
        await centre.hear(renewed, "r1")

    assert (await centre.desk.load("stay", id_)).private.agreement_id == AGREEMENT


@pytest.mark.parametrize(("state", "version"), [("active", 1), ("expired", 2)])
async def test_ch11_leaving_a_transition_takes_the_basis_only_when_the_time_is_over(
    centre: Centre, state: Any, version: int
) -> None:
    id_ = await centre.announced()
    await centre.know("agreement_copies", agreement(state=state, version=13))

    left = TransitionLeft(agreement_id=AGREEMENT, version=13, occurred_on=TODAY, partner_id=PARTNER, state=state)
    await centre.hear(left, "r1")

    assert await centre.version(id_) == version
