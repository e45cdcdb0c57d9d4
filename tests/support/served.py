"""A service in this process, asked over HTTP: what an office in memory holds is put into its real store, and a command is
sent as a client sends it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import orjson
from tests.support.ground import standing
from tests.support.tables import DONE, Ask, Case, OfficeT, Table, World

from chassis.auth import Signer
from chassis.clock import DemoClock
from chassis.decide import Caller, Command, Loaded
from chassis.mongo import Row, Session
from chassis.service import Running, Service
from chassis.shelf import Drawer
from chassis.taking import public_json
from contracts.roles import Role
from stack.child import Child

STATUS: Final[Mapping[str, int]] = {
    "not-permitted": 403,
    "second-person-required": 403,
    "unknown-id": 404,
    "document-type-refused": 415,
}
"""Every other slug that a table lists is answered 409."""


@dataclass
class Served:
    """A service in this process, with the store to itself: a world is put into it, then somebody asks for something."""

    running: Running
    client: httpx.AsyncClient
    signer: Signer

    async def proves(self, table: Table[OfficeT], case: Case[OfficeT]) -> None:
        """Raises AssertionError unless the case goes as it says, with nothing written when it is refused."""
        office = table.opened()
        ask = case.arrange(office)
        world = table.world(office)
        await self.put(world)
        before = await self.everything()
        answer = await self.send(table, case.row, ask, world)
        if case.slug == DONE:
            self._went_well(table, case, ask, world, answer)
            await self._is_kept(table, before, answer.json())
        else:
            assert refusal(answer) == (STATUS.get(case.slug, 409), case.slug), answer.text
            await self.nothing_is_written(before)

    def _went_well(
        self, table: Table[OfficeT], case: Case[OfficeT], ask: Ask, world: World, answer: httpx.Response
    ) -> None:
        assert answer.status_code == (200 if ask.id else 201), answer.text
        shown, row = answer.json(), table.aggregate.command(case.row)
        assert answer.headers["etag"] == f'"{shown["version"]}"'
        if ask.id:
            loaded = world.aggregates[table.aggregate.name, ask.id]
            now = table.aggregate.state_of(loaded)
            assert now in row.from_states, f"arranged in {now}"
            assert shown["version"] - loaded.state.version in (0, 1)
            assert shown["id"] == ask.id
        else:
            now = ""
            assert shown["version"] == 1
        assert shown["state"] == (case.to or now)

    async def _is_kept(self, table: Table[OfficeT], before: Mapping[str, list[Row]], shown: Mapping[str, Any]) -> None:
        after, name, id_ = await self.everything(), table.aggregate.name, shown["id"]
        assert _besides(after, "idempotency") != _besides(before, "idempotency"), "nothing is done"
        kept = next(row for row in after[name] if row["_id"] == id_)
        assert (kept["version"], kept["state"]) == (shown["version"], shown["state"])
        personal = table.aggregate.contract.personal
        was = next((row["version"] for row in before.get(name, ()) if row["_id"] == id_), 0)
        told = [(row["aggregate"], row["key"], row["version"]) for row in after.get("outbox", ())]
        if kept["version"] > was and not personal:
            assert (name, id_, kept["version"]) in told

    async def is_not_offered(self, table: Table[OfficeT], row: Command) -> None:
        """In every state that the row does not list, whoever has the command is told what is offered there."""
        ask = table.going_well(row).arrange(table.opened())
        office = table.opened()
        by_state = {state: table.at(office, state) for state in table.never_offered(row)}
        world = table.world(office)
        await self.put(world)
        before = await self.everything()
        for state, id_ in by_state.items():
            answer = await self.send(table, row.name, Ask(id_, ask.body, ask.caller), world)
            assert refusal(answer) == (409, "transition-not-allowed"), f"{state}: {answer.text}"
            shown = answer.json()
            assert (shown["state"], shown["allowed_commands"]) == (state, table.aggregate.offered(state))
        await self.nothing_is_written(before)

    async def is_refused_to_others(self, table: Table[OfficeT], row: Command) -> None:
        """Whoever has none of the row's roles is told which they are, or that there is no such thing."""
        office = table.opened()
        ask = table.going_well(row).arrange(office)
        world = table.world(office)
        await self.put(world)
        before = await self.everything()
        readers = table.aggregate.readers
        for role in set(Role) - set(row.roles):
            answer = await self.send(table, row.name, Ask(ask.id, ask.body, Caller("somebody", {role: {}})), world)
            if readers is not None and not row.creates and role not in readers:
                assert refusal(answer) == (404, "unknown-id"), f"{role}: {answer.text}"
                continue
            assert refusal(answer) == (403, "not-permitted"), f"{role}: {answer.text}"
            assert answer.json()["roles"] == [str(each) for each in row.roles]
        await self.nothing_is_written(before)

    async def send(self, table: Table[OfficeT], command: str, ask: Ask, world: World) -> httpx.Response:
        """The command as a person's client sends it: with token, key and the version read."""
        aggregate, row = table.aggregate, table.aggregate.command(command)
        headers = {
            "Authorization": f"Bearer {self.signer.token(ask.caller, self.running.service.name)}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        path = f"/api/v1/{aggregate.contract.collection}"
        if ask.id:
            loaded = world.aggregates.get((aggregate.name, ask.id))
            headers["If-Match"] = f'"{loaded.state.version if loaded else 1}"'
            path += f"/{ask.id}/{row.slug}"
        elif row.name != aggregate.creator:
            path += f"/{row.slug}"
        return await self.client.post(path, content=orjson.dumps(dict(ask.body)), headers=headers)

    async def put(self, world: World) -> None:
        """The world as the only one the service knows, on its day."""
        await self._turn_to(world.today)
        names = [name for name in await self.running.store.names() if name != "clock"]
        laid = {name: [dict(document) for document in rows] for name, rows in world.documents.items()}
        laid["counters"] = [{"_id": name, "next": number} for name, number in world.counters.items()]

        async def work(session: Session) -> None:
            store = self.running.store
            for name in names:
                await store[name].delete_many({}, session=session)
            for (name, id_), loaded in world.aggregates.items():
                await store[name].insert_one(await self._document(name, id_, loaded, session), session=session)
            for name, rows in laid.items():
                if rows:
                    await store[name].insert_many(rows, session=session)

        await self.running.store.transaction(work)

    async def _turn_to(self, today: date) -> None:
        clock = self.running.clock
        assert isinstance(clock, DemoClock)
        await clock.step(datetime.combine(today, time(9), UTC))

    async def _document(self, name: str, id_: str, loaded: Loaded, session: Session) -> Row:
        aggregate = self.running.desk.aggregates[name]
        private: Mapping[str, Any] = loaded.private.model_dump(mode="json", by_alias=True, exclude_none=True)
        if aggregate.seal:
            private = await aggregate.seal(Drawer(self.running.store, session), id_, private)
        return {
            "_id": id_,
            "version": loaded.state.version,
            "state": aggregate.state_of(loaded),
            "public": public_json(loaded.state),
            "private": dict(private),
            "at": loaded.at,
        }

    async def everything(self) -> dict[str, list[Row]]:
        """All that lies in the store but the clock."""
        store = self.running.store
        names = [name for name in sorted(await store.names()) if name != "clock"]
        found = {name: await store[name].find({}).sort("_id", 1).to_list(10_000) for name in names}
        return {name: rows for name, rows in found.items() if rows}

    async def nothing_is_written(self, before: Mapping[str, list[Row]]) -> None:
        """Besides the service's own record of a policy that refused, which holds nothing of the aggregate."""
        after = await self.everything()
        if any(row["aggregate"] == "refusal" for row in after.get("outbox", ())):
            (told,) = after["outbox"]
            assert len(after.get("idempotency", ())) == ("answer" not in told)
            after = _besides(after, "outbox", "idempotency")
        assert after == before


def _besides(rows: Mapping[str, list[Row]], *names: str) -> dict[str, list[Row]]:
    return {name: found for name, found in rows.items() if name not in names}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and slug of a problem, whose reasons are sentences in both languages."""
    if answer.headers["content-type"] != "application/problem+json":
        return answer.status_code, "no problem"
    shown = answer.json()
    assert shown["status"] == answer.status_code
    for reason in shown.get("reasons", ()):
        assert reason["fr"]
        assert reason["en"]
        assert reason["code"] not in (reason["fr"], reason["en"]), "a sentence, not a code"
    slug = str(shown["type"]).removeprefix("urn:passerelle:problem:")
    if slug == "reference-not-known-yet":
        assert answer.headers["retry-after"] == str(shown["retry_after_seconds"])
    return answer.status_code, slug


@asynccontextmanager
async def served(service: Service, keys: Path) -> AsyncIterator[Served]:
    """The service's own application, without its worker: what it tells stays in its outbox."""
    running = Running(service, api=True, worker=False)
    async with running.open():
        transport = httpx.ASGITransport(running.application())
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{service.name}") as client:
            yield Served(running, client, Signer(keys / "gateway.private.json"))
            await running.store.drop_database()


def settings_of(documents: Child, keys: Path) -> dict[str, Any]:
    """What a service's settings are made of: a database of its own, and a clock that cases turn."""
    mongo = standing(documents).address
    shared = {"PASSERELLE_MONGO_URL": mongo, "PASSERELLE_KEYS_DIR": keys, "PASSERELLE_CLOCK": "demo"}
    return {**shared, "database": f"t{uuid4().hex[:10]}"}
