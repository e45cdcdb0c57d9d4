"""The way to the owners: they are asked for commands, personal data and what a person may do, in the caller's name."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import orjson
from opentelemetry.trace import SpanKind
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from chassis.auth import Signer
from chassis.decide import Caller
from chassis.problems import Problem
from chassis.telemetry import span, traceparent
from gateway.settings import GatewaySettings

OWNERS: Final[Mapping[str, str]] = {
    "partners": "partners",
    "countries": "partners",
    "agreements": "agreements",
    "projects": "agreements",
    "programmes": "agreements",
    "funding": "agreements",
    "delegations": "events",
    "representations": "events",
    "campus-events": "events",
    "committees": "events",
    "meetings": "events",
    "stays": "mobility",
    "grants": "mobility",
}
"""The collection's name leads to its owner; nothing else is decided here."""

PASSED_ON: Final = (
    "content-type",
    "content-length",
    "if-match",
    "idempotency-key",
    "accept-language",
    "access-purpose",
)
PASSED_BACK: Final = (
    "content-type",
    "etag",
    "retry-after",
    "content-language",
    "content-disposition",
    "x-content-type-options",
)
TOKEN_SECONDS: Final = 60
TOKENS_REMEMBERED: Final = 1_000
IDLE_SECONDS: Final = 30.0
"""Less than an owner keeps an idle connection open."""
ASK_SECONDS: Final = 2.0
COMMAND_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 120.0
EVERYONE_SECONDS: Final = 60.0


class Owners:
    """One client for all owners; each request carries a token made for its owner."""

    def __init__(self, settings: GatewaySettings, signer: Signer) -> None:
        self._settings, self._signer = settings, signer
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=IDLE_SECONDS)
        self._wire = httpx.AsyncHTTPTransport(verify=settings.asks_encrypted, limits=limits, trust_env=False)
        self._tokens: dict[tuple[str, str], tuple[float, Caller, str]] = {}

    async def close(self) -> None:
        await self._wire.aclose()

    async def forward(self, request: Request, caller: Caller) -> Response:
        """Sends the request on as it is, bytes streaming both ways; raises Problem `owner-away`."""
        collection = request.url.path.split("/")[3]
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        reading = request.method in ("GET", "HEAD")
        is_json = headers.get("content-type", "application/json").startswith("application/json")
        seconds = ASK_SECONDS if reading else COMMAND_SECONDS if is_json else UPLOAD_SECONDS
        content: bytes | AsyncIterator[bytes] | None = None
        if not reading:
            content = await request.body() if is_json and _length(request) <= 300_000 else request.stream()
        answer = await self._send(
            request.method, _owner_of(collection), _address(request), caller, headers, content, seconds, stream=True
        )
        back = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        back["Cache-Control"] = "no-store"
        if not is_json or (
            reading
            and answer.headers.get("content-type", "").partition(";")[0]
            not in (
                "application/json",
                "application/problem+json",
            )
        ):
            return StreamingResponse(_chunks(answer), answer.status_code, back)
        try:
            await _read(answer)
        except httpx.HTTPError as fault:
            raise _away(collection) from fault
        if answer.status_code == 201 and "etag" in back:
            back["Location"] = f"/api/v1/{collection}/{orjson.loads(answer.content)['id']}"
        return Response(answer.content, answer.status_code, back)

    async def ask(
        self,
        method: str,
        path: str,
        caller: Caller,
        *,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        seconds: float = ASK_SECONDS,
    ) -> httpx.Response:
        """A request of the gateway's own pages; raises Problem `owner-away`."""
        owner = _owner_of(path.split("/")[3])
        content = orjson.dumps(body) if body is not None else None
        sent = dict(headers or {}) | ({"content-type": "application/json"} if body is not None else {})
        return await self._send(method, owner, path, caller, sent, content, seconds, files=files)

    async def everyone(self, path: str, caller: Caller, body: Mapping[str, Any]) -> list[Any]:
        """The same request to every service; raises Problem `owner-away` when one does not answer."""
        content, headers = orjson.dumps(body), {"content-type": "application/json"}
        return [
            orjson.loads((await self._send("POST", service, path, caller, headers, content, EVERYONE_SECONDS)).content)
            for service in ("partners", "agreements", "events", "mobility")
        ]

    def _token(self, caller: Caller, service: str) -> str:
        """Signed once for as long as roles and scopes are the same, and for half of its life at most."""
        ends, whose, token = self._tokens.get((caller.subject, service), (0.0, None, ""))
        if ends > time.monotonic() and whose == caller:
            return token
        if len(self._tokens) >= TOKENS_REMEMBERED:
            self._tokens.clear()
        token = self._signer.token(caller, service, seconds=TOKEN_SECONDS)
        self._tokens[caller.subject, service] = time.monotonic() + TOKEN_SECONDS / 2, caller, token
        return token

    async def _send(
        self,
        method: str,
        service: str,
        path: str,
        caller: Caller,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes] | None,
        seconds: float,
        *,
        files: Mapping[str, Any] | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        """Straight to the wire: a client's redirects, cookies and authentication would take half as long as the rest."""
        with span(f"ask {service}", SpanKind.CLIENT):
            sent = {**headers, "authorization": f"Bearer {self._token(caller, service)}"}
            context = traceparent()
            if context:
                sent["traceparent"] = context
            within = httpx.Timeout(seconds, connect=1.0).as_dict()
            address = self._settings.owner_url(service) + path
            asked = httpx.Request(
                method, address, headers=sent, content=content, files=files, extensions={"timeout": within}
            )
            try:
                answer = await self._wire.handle_async_request(asked)
                if not stream:
                    await _read(answer)
                return answer
            except httpx.HTTPError as fault:
                raise _away(service) from fault


async def _read(answer: httpx.Response) -> None:
    try:
        await answer.aread()
    finally:
        await answer.aclose()


def _owner_of(collection: str) -> str:
    service = OWNERS.get(collection)
    if service is None:
        raise Problem("no-such-route")
    return service


def _address(request: Request) -> str:
    """Path and query as they came, still quoted: what is quoted in an id never becomes a part of the address."""
    if {".", ".."} & set(request.url.path.split("/")):
        raise Problem("no-such-route")
    path: str = request.scope["raw_path"].decode("latin-1")
    return f"{path}?{request.url.query}" if request.url.query else path


def _length(request: Request) -> int:
    return int(request.headers.get("content-length") or 0)


def _away(service: str) -> Problem:
    return Problem("owner-away", headers={"Retry-After": "2"}, service=service)


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()
