"""Whoever sends commands while things break: every answer is written down, every unknown one is asked for again."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
from tests.chaos.recording import Answer, Json, Outcome
from tests.support.people import AGGREGATES, File, Person
from tests.support.watching import eventually

TAKEN: Final = frozenset({200, 201})
SIGHT_SECONDS: Final = 60.0
TRIES_AFTER_STALE: Final = 6


class Refused(Exception):
    """A command was refused; whoever tells the story decides whether it goes on."""

    def __init__(self, slug: str, members: Json) -> None:
        super().__init__(slug)
        self.slug, self.members = slug, members


class Over(Exception):
    """The run is over."""


class Ledger:
    """Every answer, one JSON line each, in memory and in a file."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lines = file.open("a", encoding="utf-8", buffering=1)
        self.answers: list[Answer] = []
        self.slugs: Counter[str] = Counter()

    def write(self, answer: Answer) -> None:
        self.answers.append(answer)
        self._lines.write(json.dumps(asdict(answer)) + "\n")
        if answer.slug:
            self.slugs[answer.slug] += 1

    @contextmanager
    def kept(self) -> Iterator[Ledger]:
        try:
            yield self
        finally:
            self._lines.close()

    def of(self, outcome: Outcome) -> list[Answer]:
        return [answer for answer in self.answers if answer.outcome is outcome]

    @property
    def open(self) -> list[Answer]:
        """The commands of which nothing is known yet."""
        known = {answer.key for answer in self.answers if answer.outcome is not Outcome.UNKNOWN}
        return list({answer.key: answer for answer in self.answers if answer.key not in known}.values())


class Hands:
    """Sends commands as a careful program does. Raises `Refused`, and `Over` when the run ended meanwhile."""

    def __init__(self, client: httpx.AsyncClient, ledger: Ledger, over: asyncio.Event) -> None:
        self._client, self.ledger, self.over = client, ledger, over
        self.people: dict[str, Person] = {}

    async def creates(self, person: Person, collection: str, body: Json) -> File:
        asked = self._asked(person, f"create_{AGGREGATES[collection]}", collection, f"/api/v1/{collection}", body)
        answer, state = await self._insists(asked)
        return File(collection, answer.id, answer.version, state)

    async def does(self, person: Person, file: File, command: str, body: Json | None = None) -> None:
        """Takes a command on what was read last; reads again and repeats it, as a new one, when something came between."""
        for _ in range(TRIES_AFTER_STALE):
            asked = self._asked(person, command, file.collection, f"{file.path}/{command}", body or {})
            asked = replace(asked, before=file.version, id=file.id)
            try:
                answer, state = await self._insists(asked)
            except Refused as refused:
                if refused.slug != "version-stale" or "version" not in refused.members:
                    raise
                file.version = refused.members["version"]
                continue
            file.version = answer.version
            file.state = state or file.state
            return
        raise Refused("version-stale", {})

    def _asked(self, person: Person, command: str, collection: str, path: str, body: Json) -> Answer:
        self.people[person.subject] = person
        key = str(uuid4())
        return Answer(Outcome.UNKNOWN, key, person.subject, command, AGGREGATES[collection], path, body)

    async def _insists(self, asked: Answer) -> tuple[Answer, Json]:
        while True:
            if self.over.is_set():
                raise Over
            answer, said = await self.asks(asked)
            if answer.outcome is Outcome.ACKNOWLEDGED:
                return answer, said
            if answer.outcome is Outcome.REFUSED and answer.slug != "reference-not-known-yet":
                raise Refused(answer.slug, said)
            await asyncio.sleep(random.uniform(0.05, 0.7))

    async def asks(self, asked: Answer) -> tuple[Answer, Json]:
        """One attempt, written down."""
        person = self.people[asked.subject]
        named = {"Idempotency_Key": asked.key}
        if asked.before:
            named["If_Match"] = f'"{asked.before}"'
        try:
            answered = await self._client.post(asked.path, json=asked.body, headers=person.headers(**named))
            said: Json = answered.json()
            status = answered.status_code
        except (httpx.HTTPError, ValueError):
            status, said = 0, {}
        slug = str(said.get("type", "")).rpartition(":")[2]
        if status in TAKEN:
            answer = replace(asked, outcome=Outcome.ACKNOWLEDGED, id=said["id"], version=said["version"])
        elif 400 <= status < 500:
            answer = replace(asked, outcome=Outcome.REFUSED, slug=slug)
        else:
            answer = replace(asked, slug=slug or "no answer")
        self.ledger.write(replace(answer, at=time.time()))
        return answer, said

    async def resolves(self, within_seconds: float = 60.0) -> None:
        """Repeats what is unknown, each with its own key, until something is known of all."""
        until = time.monotonic() + within_seconds
        while self.ledger.open and time.monotonic() < until:
            for asked in self.ledger.open:
                await self.asks(replace(asked, slug=""))
            if self.ledger.open:
                await asyncio.sleep(0.3)

    async def sees(self, person: Person, file: File, until: Any = lambda shown: True) -> Json:
        """What the gateway shows of it, at least as new as what was written last; waits through outages."""

        async def look() -> Json:
            if self.over.is_set():
                raise Over
            try:
                answer = await person.asks("GET", file.path)
                return answer.json() if answer.status_code == 200 else {}
            except (httpx.HTTPError, ValueError):
                return {}

        def shows(seen: Json) -> bool:
            return bool(seen) and seen["version"] >= file.version and bool(until(seen))

        shown = await eventually(look, shows, within_seconds=SIGHT_SECONDS, every_seconds=0.15)
        file.version, file.state = shown["version"], shown
        return shown

    async def hands_in(self, person: Person, file: File, content: bytes) -> Json:
        while True:
            if self.over.is_set():
                raise Over
            try:
                return await person.hands_in(file, content)
            except (httpx.HTTPError, AssertionError, ValueError):
                await asyncio.sleep(0.3)
