"""Somebody who works with Passerelle: asks the gateway as a program in a person's name, and reads what is shown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

import httpx
from tests.support.watching import eventually

from chassis.auth import Signer
from chassis.decide import Caller, Reach
from contracts.roles import FIXED_SCOPES, Role

AGGREGATES: Final = {
    "partners": "partner",
    "countries": "country",
    "agreements": "agreement",
    "committees": "committee",
    "meetings": "meeting",
    "stays": "stay",
}
GATEWAY: Final = ("gateway",)
PATIENCE_SECONDS: Final = 60.0
Json = dict[str, Any]


@dataclass
class File:
    """An aggregate as its last reader or writer knows it; `state` is what was answered last."""

    collection: str
    id: str
    version: int
    state: Json = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        return f"/api/v1/{self.collection}/{self.id}"

    def __getitem__(self, member: str) -> Any:
        return self.state[member]


@dataclass(frozen=True)
class Refused:
    """A problem that was answered."""

    status: int
    slug: str
    body: Json
    headers: Mapping[str, str]

    @classmethod
    def of(cls, answer: httpx.Response) -> Refused:
        assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
        body = answer.json()
        assert body["status"] == answer.status_code, body
        assert body["type"].startswith("urn:passerelle:problem:"), body
        return cls(answer.status_code, body["type"].rpartition(":")[2], body, dict(answer.headers))


def _may_be_repeated(answer: httpx.Response) -> bool:
    return answer.status_code in (409, 503) and Refused.of(answer).slug in ("reference-not-known-yet", "owner-away")


@dataclass
class Person:
    """Asks with a token of their own, names the version read, repeats what is not known yet, as a good client does."""

    client: httpx.AsyncClient
    subject: str
    roles: Mapping[str, Reach]
    signer: Signer
    language: str = "fr"
    traceparent: str | None = None

    def __post_init__(self) -> None:
        fixed = {role: {**FIXED_SCOPES.get(Role(role), {}), **reach} for role, reach in self.roles.items()}
        if Role.PROMOTER in fixed:
            fixed[Role.PROMOTER] = {**fixed[Role.PROMOTER], "subjects": frozenset({self.subject})}
        self._caller = Caller(self.subject, fixed)
        self._token, self._good_until = "", 0.0

    def speaking(self, language: str) -> Person:
        """The same person, who wants to be answered in this language."""
        return replace(self, language=language)

    def traced(self, traceparent: str) -> Person:
        """The same person, whose every request belongs to this trace."""
        return replace(self, traceparent=traceparent)

    def headers(self, **more: str) -> dict[str, str]:
        if time.monotonic() > self._good_until:
            self._token = self.signer.token(self._caller, list(GATEWAY), seconds=900)
            self._good_until = time.monotonic() + 600
        named = {name.replace("_", "-"): value for name, value in more.items()}
        traced = {"traceparent": self.traceparent} if self.traceparent else {}
        return {"Authorization": f"Bearer {self._token}", "Accept-Language": self.language, **traced, **named}

    async def asks(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = self.headers() | arguments.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **arguments)

    async def gets(self, path: str, **query: str) -> Json:
        answer = await self._patiently(lambda: self.asks("GET", path, params=query))
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    async def lists(self, path: str, **query: str) -> list[Json]:
        """Every item of a list, page by page."""
        return [item async for item in self.every(path, **query)]

    async def every(self, path: str, **query: str) -> AsyncIterator[Json]:
        page = await self.gets(path, limit="200", **query)
        while True:
            for item in page["items"]:
                yield item
            if not page["next"]:
                return
            page = await self.gets(path, limit="200", cursor=page["next"], **query)

    async def tries(self, method: str, path: str, **arguments: Any) -> Refused:
        """Asks for what must be refused."""
        answer = await self.asks(method, path, **arguments)
        assert answer.status_code >= 400, f"{method} {path} was answered {answer.status_code}: {answer.text}"
        return Refused.of(answer)

    async def creates(self, collection: str, body: Mapping[str, Any], command: str = "") -> File:
        path = f"/api/v1/{collection}" + (f"/{command}" if command else "")
        key = str(uuid4())
        answer = await self._patiently(lambda: self._posts(path, body, Idempotency_Key=key))
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text}"
        assert answer.headers["location"] == f"/api/v1/{collection}/{answer.json()['id']}"
        return File(collection, answer.json()["id"], answer.json()["version"], answer.json())

    async def tries_to_create(self, collection: str, body: Mapping[str, Any]) -> Refused:
        key = str(uuid4())
        answer = await self._patiently(lambda: self._posts(f"/api/v1/{collection}", body, Idempotency_Key=key))
        assert answer.status_code >= 400, answer.text
        return Refused.of(answer)

    async def does(self, file: File, command: str, body: Mapping[str, Any] | None = None) -> Json:
        answer = await self.asks_for(file, command, body)
        assert answer.status_code == 200, f"{command}: {answer.status_code} {answer.text}"
        file.version, file.state = answer.json()["version"], answer.json()
        assert answer.headers["etag"] == f'"{file.version}"'
        if "state" not in file.state:  # a repeated key is answered by version alone
            await self.reads(file)
        return file.state

    async def tries_to(self, file: File, command: str, body: Mapping[str, Any] | None = None) -> Refused:
        answer = await self.asks_for(file, command, body)
        assert answer.status_code >= 400, f"{command} was taken: {answer.text}"
        return Refused.of(answer)

    async def asks_for(self, file: File, command: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        path, named = f"{file.path}/{command}", {"If_Match": f'"{file.version}"', "Idempotency_Key": str(uuid4())}
        return await self._patiently(lambda: self._posts(path, body or {}, **named))

    async def _posts(self, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        return await self.client.post(path, json=dict(body), headers=self.headers(**headers))

    async def _patiently(self, ask: Callable[[], Any]) -> httpx.Response:
        """What may be asked again is asked again: a reference is not known yet, or the owner is away."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer: httpx.Response = await ask()
            if not _may_be_repeated(answer) or time.monotonic() > until:
                return answer
            assert "retry-after" in answer.headers, answer.text
            await asyncio.sleep(0.05)

    async def reads(self, file: File) -> Json:
        """The gateway's view of it, at least as new as what was written last."""

        async def look() -> httpx.Response:
            least = f"{AGGREGATES[file.collection]}/{file.id}={file.version}"
            return await self.asks("GET", file.path, headers={"Min-Version": least})

        answer = await eventually(look, lambda seen: seen.status_code == 200, within_seconds=PATIENCE_SECONDS)
        file.version, file.state = answer.json()["version"], answer.json()
        return file.state

    async def sees(self, file: File, until: Callable[[Json], Any]) -> Json:
        """The gateway's view once it shows what is waited for."""

        async def look() -> Json:
            answer = await self.asks("GET", file.path)
            return answer.json() if answer.status_code == 200 else {"problem": answer.text}

        shown = await eventually(
            look, lambda seen: "problem" not in seen and until(seen), within_seconds=PATIENCE_SECONDS
        )
        file.version, file.state = shown["version"], shown
        return shown

    async def hands_in(self, file: File, content: bytes, name: str = "texte.pdf") -> Json:
        """A document for the file: its id and hash, pending until a command names it."""
        answer = await self.asks(
            "POST",
            f"{file.path}/documents",
            files={"file": (name, content, "application/pdf")},
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 201, answer.text
        card: Json = answer.json()
        return card
