"""The service `lamps` put together, in this process or in one of its own, and a client that speaks to it.

As a process (`python -m tests.support.lamps api|worker|all`) it can be told to die or to stand still at a named point.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid4

import httpx
from gridfs.synchronous.grid_file import GridIn
from pydantic_settings import SettingsConfigDict
from tests.support import lantern
from tests.support.lantern import KEEPER, MASTER, Closed, Greeted, Language, language

from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Files
from chassis.outbox import new_id
from chassis.outlet import Outgoing, Outlet
from chassis.projection import Projection
from chassis.reaction import Heard, NotKnownYet, Reaction, Work
from chassis.relay import Relay
from chassis.run import main
from chassis.service import Running, Service
from chassis.settings import ServiceSettings
from stack import ports
from stack.child import Child

ANNA: Final = Caller("anna", {KEEPER: {}, MASTER: {}})


class LampsSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="LAMPS_")

    room: str = ""
    fault: str = ""
    marker: Path = Path("/nowhere")
    clock_off: Path = Path("/nowhere")
    lease_seconds: float = 10.0


async def take_down_with_harbour(heard: Heard, work: Work) -> None:
    await work.copy("harbour_copies", heard.envelope.key, at_least=heard.envelope.sequence)
    for row in await work.rows("lantern", {"public.harbour_id": heard.envelope.key}, sort=(("_id", 1),)):
        await work.run("lantern", "take_down_lantern", row["_id"], {})


async def note_greeting(heard: Heard, work: Work) -> None:
    words: str = heard.fact.words
    if words.startswith("about ") and await work.load("lantern", words.removeprefix("about ")) is None:
        raise NotKnownYet(words)
    if words.startswith("poison") and await work.document("mended", "poison") is None:
        raise ValueError("these words cannot be borne")
    if words.startswith("slow"):
        time.sleep(0.2)  # noqa: ASYNC251 - its transaction has a thread of its own
    if words.startswith("hang "):
        await work.run("lantern", "hang_lantern", new_id(), {"name": words.removeprefix("hang ")})
    noted = {"key": heard.envelope.key, "version": heard.envelope.sequence, "words": words}
    told = len(await work.rows("greetings", {"key": heard.envelope.key}))
    await work.put("greetings", {"_id": heard.envelope.id, "number": told + 1, **noted})


class InRoom(Service):
    """What another room's processes left in their groups, this one does not meet."""

    @property
    def group(self) -> str:
        return group_in(self.settings.database)


def group_in(room: str) -> str:
    return f"passerelle.lamps.{room}"


def lamps(settings: LampsSettings, words: Language | None = None) -> Service:
    spoken = words or language(settings.room)
    return InRoom(
        name="lamps",
        settings=settings,
        aggregates=(lantern.aggregate(spoken.lantern),),
        copies=(Projection(spoken.harbour, "harbour_copies", members=("name", "state")),),
        reactions=(
            Reaction("CH-L1", spoken.harbour, (Closed,), take_down_with_harbour),
            Reaction("CH-L2", spoken.harbour, (Greeted,), note_greeting),
        ),
        refusals=spoken.refusal,
    )


@dataclass
class Client:
    """Speaks to a running service as a person."""

    http: httpx.AsyncClient
    signer: Signer
    caller: Caller = ANNA

    def headers(self, caller: Caller | None = None, /, **more: str) -> dict[str, str]:
        token = self.signer.token(caller or self.caller, "lamps")
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {token}", **named}

    async def hang(self, name: str, *, key: object = None, **body: object) -> httpx.Response:
        headers = self.headers(Idempotency_Key=str(key or uuid4()))
        return await self.http.post("/api/v1/lanterns", json={"name": name, **body}, headers=headers)

    async def hung(self, name: str, **body: object) -> str:
        answer = await self.hang(name, **body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def ask(
        self, id_: str, command: str, body: Mapping[str, object] | None = None, *, at: int | None = None, **headers: str
    ) -> httpx.Response:
        match = {"If_Match": f'"{at}"'} if at is not None else {}
        path = f"/api/v1/lanterns/{id_}/{command}"
        return await self.http.post(path, json=dict(body or {}), headers=self.headers(**match, **headers))

    async def done(self, id_: str, command: str, body: Mapping[str, object] | None = None, *, at: int) -> Any:
        answer = await self.ask(id_, command, body, at=at)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def operate(self, path: str, **query: str) -> httpx.Response:
        operator = self.headers(Caller("otto", {"ops": {}}))
        return await self.http.post(path, params=query, headers=operator)


def settings_of(bootstrap: str, mongo: str, keys: Path, room: str, **more: object) -> LampsSettings:
    """The clock runs and nobody signs in by name, unless `more` says so: a shell that exported `.run/env` changes nothing."""
    shared = {"PASSERELLE_KAFKA_BOOTSTRAP": bootstrap, "PASSERELLE_MONGO_URL": mongo, "PASSERELLE_KEYS_DIR": keys}
    usual = {"PASSERELLE_CLOCK": "real", "PASSERELLE_SIGN_IN": "oidc"}
    return LampsSettings.model_validate({**shared, **usual, "room": room, "database": f"lamps_{room}", **more})


@dataclass
class Lamps:
    """The service running in this process."""

    running: Running
    client: Client
    words: Language

    @property
    def store(self) -> Any:
        return self.running.store


@asynccontextmanager
async def opened(settings: LampsSettings, *, api: bool = True, worker: bool = True) -> AsyncIterator[Lamps]:
    words = language(settings.room)
    running = Running(lamps(settings, words), api=api, worker=worker)
    async with running.open():
        transport = httpx.ASGITransport(app=running.application(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://lamps") as http:
            yield Lamps(running, Client(http, Signer(settings.keys_dir / "gateway.private.json")), words)


@dataclass
class Process:
    """The service as a process of its own, with a fault in it when told so."""

    settings: LampsSettings
    folder: Path
    mode: str = "all"
    more: Mapping[str, str] = field(default_factory=dict)

    def child(self, name: str, fault: str = "") -> Child:
        port = ports.free_port()
        environment = {
            **os.environ,
            "PASSERELLE_KAFKA_BOOTSTRAP": self.settings.kafka_bootstrap,
            "PASSERELLE_MONGO_URL": self.settings.mongo_url,
            "PASSERELLE_KEYS_DIR": str(self.settings.keys_dir),
            "LAMPS_ROOM": self.settings.room,
            "LAMPS_DATABASE": self.settings.database,
            "LAMPS_PORT": str(port),
            "LAMPS_INSTANCE": "lamps-1",
            "LAMPS_FAULT": fault,
            "LAMPS_MARKER": str(self.marker(name)),
            "LAMPS_CLOCK_OFF": str(self.folder / "clock-off"),
            "LAMPS_LEASE_SECONDS": str(self.settings.lease_seconds),
            "PYTHONPATH": ".",
            **self.more,
        }
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "tests.support.lamps", self.mode]
        log = self.folder / f"{name}.log"
        return Child(name, command, log, address, lambda: _answers(address), environment)

    def marker(self, name: str) -> Path:
        """Where a process that stands still says so; it goes on when the file is gone."""
        return self.folder / f"{name}.marker"

    def client(self, child: Child) -> Client:
        signer = Signer(self.settings.keys_dir / "gateway.private.json")
        return Client(httpx.AsyncClient(base_url=child.address, timeout=40), signer)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/live", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still(marker: Path) -> None:
    """Blocks the whole process, event loop included, until the marker is taken away."""
    marker.touch()
    while marker.exists():
        time.sleep(0.02)


def with_fault(settings: LampsSettings) -> None:
    """Puts the fault that the environment names where it belongs."""
    send, write = Outlet.send, Files.write

    async def die_at_once(*_: object) -> None:
        die()

    async def stand_before_sending(outlet: Outlet, records: Sequence[Outgoing]) -> list[BaseException | None]:
        stand_still(settings.marker)
        standing.stop()
        return await send(outlet, records)

    def chunks_and_die(file: Any) -> None:
        file._flush_buffer(force=True)
        die()

    async def write_and_die(files: Files, id_: str, chunks: AsyncIterator[bytes]) -> None:
        await write(files, id_, chunks)
        die()

    standing = patch.object(Outlet, "send", stand_before_sending)
    faults: dict[str, Any] = {
        "die before sending": patch.object(Outlet, "send", die_at_once),
        "die before marking": patch.object(Relay, "_mark", die_at_once),
        "stand before sending": standing,
        "die between chunks and file": patch.object(GridIn, "_flush", chunks_and_die),
        "die between file and card": patch.object(Files, "write", write_and_die),
    }
    if settings.fault:
        faults[settings.fault].start()


def with_clock_off(off: Path) -> None:
    """The wall clock of this process is as many seconds off as the file says; no file, no fault."""
    right = time.time_ns

    def told() -> int:
        return right() + int(off.read_text() or "0") * 10**9 if off.exists() else right()

    patch("time.time_ns", told).start()
    patch("time.time", lambda: told() / 1e9).start()


def made(settings: LampsSettings) -> Service:
    with_fault(settings)
    with_clock_off(settings.clock_off)
    patch("chassis.lease.LEASE_SECONDS", settings.lease_seconds).start()
    patch("chassis.service.TIDY_SECONDS", 0.5).start()
    return lamps(settings)


if __name__ == "__main__":
    main(made, LampsSettings)
