"""The service on a real store, asked over HTTP; an office in memory can be moved into it as it stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from services.agreements.tests.agreement_office import OFFICER, TODAY, Office

from agreements.agreement import AGGREGATE
from agreements.app import service
from agreements.reactions import REACTIONS
from agreements.settings import AgreementsSettings
from chassis import http as web
from chassis.auth import Signer, Verifier
from chassis.command import Desk
from chassis.deadlines import Scanner
from chassis.decide import Caller
from chassis.mongo import Store
from chassis.parking import Parking
from chassis.reaction import Heard, Reactor
from chassis.taking import public_json
from chassis.telemetry import Measures
from contracts.envelope import Envelope
from contracts.partner import PARTNER
from contracts.record import Fact

KEPT = (
    *("agreement", "outbox", "counters", "idempotency", "inbox", "guards", "documents"),
    *("register_entries", "rights_assessments"),
)


@dataclass
class StillClock:
    """A day that stays until it is moved."""

    day: date = TODAY

    def now(self) -> datetime:
        return datetime.combine(self.day, time(9), UTC)

    def today(self) -> date:
        return self.day


@dataclass
class Agreements:
    desk: Desk
    clock: StillClock
    signer: Signer
    client: httpx.AsyncClient
    reactor: Reactor
    scanner: Scanner
    heard: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.desk.store

    def headers(self, caller: Caller = OFFICER, **more: str) -> dict[str, str]:
        token = self.signer.token(caller, "agreements")
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex} | named

    async def get(self, path: str, caller: Caller = OFFICER, **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1/agreements{path}", headers=self.headers(caller, **headers))

    async def ask(
        self,
        command: str,
        id_: str | None,
        body: Mapping[str, Any] | None = None,
        caller: Caller = OFFICER,
        **headers: str,
    ) -> httpx.Response:
        """The command as a person sends it, with the version that stands now."""
        path = "/api/v1/agreements"
        if id_:
            version = (await self.desk.load("agreement", id_)).state.version
            path += f"/{id_}/{command.replace('_', '-')}"
            headers = {"If_Match": f'"{version}"'} | headers
        return await self.client.post(path, json=dict(body or {}), headers=self.headers(caller, **headers))

    async def done(
        self, command: str, id_: str | None, body: Mapping[str, Any] | None = None, caller: Caller = OFFICER
    ) -> dict[str, Any]:
        answer = await self.ask(command, id_, body, caller)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    async def upload(self, id_: str, content: bytes, caller: Caller = OFFICER) -> str:
        files = {"file": ("text.pdf", content, "application/pdf")}
        path = f"/api/v1/agreements/{id_}/documents"
        answer = await self.client.post(path, files=files, headers=self.headers(caller))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["document_id"])

    async def hear(self, fact: Fact, key: str, record: str | None = None) -> None:
        """A fact of another service, as its reaction takes it."""
        reaction = next(each for each in REACTIONS if isinstance(fact, each.facts))
        now = datetime.now(UTC)
        envelope = Envelope(record or uuid4().hex, "t", "/passerelle/other", "a/1", now, fact.version, key, "a", "c", 1)
        await self.reactor.once(reaction, Heard(envelope, fact))

    async def state(self, id_: str) -> Any:
        return (await self.desk.load("agreement", id_)).state

    async def spoken(self) -> str:
        """Everything that will be told, as one text."""
        return "".join(str(row) for row in await self.store["outbox"].find({}).to_list(10_000))

    async def move_in(self, office: Office) -> None:
        """The office's agreements, documents, copies and counters, as the service keeps them."""
        self.clock.day = office.today
        documents = {name: dict(kept) for name, kept in office.documents.items()}
        for name in {*documents, *KEPT}:
            await self.store[name].delete_many({})
        documents["agreement"] = {id_: _document(id_, loaded) for id_, loaded in office.agreements.items()}
        documents["counters"] = {name: {"_id": name, "next": n} for name, n in office.counters.items()}
        for name, kept in documents.items():
            if kept:
                await self.store[name].insert_many(list(kept.values()))


def _document(id_: str, loaded: Any) -> dict[str, Any]:
    due = AGGREGATE.next_due(loaded.state, loaded.private)
    return {
        "_id": id_,
        "version": loaded.state.version,
        "state": str(loaded.state.state),
        "public": public_json(loaded.state),
        "private": loaded.private.model_dump(mode="json", by_alias=True, exclude_none=True),
        "at": 1,
        **({"next_due": due.isoformat()} if due else {}),
    }


@asynccontextmanager
async def house(database: Store, keys: Path) -> AsyncIterator[Agreements]:
    made, clock = service(AgreementsSettings()), StillClock()
    desk = Desk("agreements", database, clock, made.aggregates, made.settings, made.refusals)
    await desk.prepare()
    inside = web.House(desk, Verifier(keys / "gateway.public.json", "agreements"), Measures())
    assert made.routes is not None
    app = web.app(inside, desk.aggregates, made.routes(inside))
    reactor = Reactor(desk, PARTNER, REACTIONS, Parking("agreements", database, _nothing_is_parked))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://agreements") as client:
        signer = Signer(keys / "gateway.private.json")
        yield Agreements(desk, clock, signer, client, reactor, Scanner(desk))


async def _nothing_is_parked(*record: object) -> None:
    raise AssertionError(record)
