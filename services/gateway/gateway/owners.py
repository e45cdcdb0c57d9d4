"""The way to the owners: they are asked for commands, personal data and what a person may do, in the caller's name."""

from __future__ import annotations

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
IDLE_SECONDS: Final = 30.0
"""Less than an owner keeps an idle connection open."""
ASK_SECONDS: Final = 2.0
COMMAND_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 120.0


class Owners:
    """One client for all owners; each request carries a token made for its owner."""

    def __init__(self, settings: GatewaySettings, signer: Signer) -> None:
        self._settings, self._signer = settings, signer
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=IDLE_SECONDS)
        self._client = httpx.AsyncClient(limits=limits, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

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
            request.method, collection, _address(request), caller, headers, content, seconds, stream=True
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
            body = await answer.aread()
        except httpx.HTTPError as fault:
            raise _away(collection) from fault
        finally:
            await answer.aclose()
        if answer.status_code == 201 and "etag" in back:
            back["Location"] = f"/api/v1/{collection}/{orjson.loads(body)['id']}"
        return Response(body, answer.status_code, back)

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
        collection = path.split("/")[3]
        content = orjson.dumps(body) if body is not None else None
        sent = dict(headers or {}) | ({"content-type": "application/json"} if body is not None else {})
        return await self._send(method, collection, path, caller, sent, content, seconds, files=files)

    async def everyone(self, path: str, caller: Caller, body: Mapping[str, Any]) -> list[Any]:
        """The same request to every service; raises Problem `owner-away` when one does not answer."""
        answers = []
        for service in ("partners", "agreements", "events", "mobility"):
            headers = {
                "authorization": f"Bearer {self._signer.token(caller, service)}",
                "content-type": "application/json",
            }
            try:
                answer = await self._client.post(
                    self._settings.owner_url(service) + path, content=orjson.dumps(body), headers=headers, timeout=60
                )
            except httpx.HTTPError as fault:
                raise _away(service) from fault
            answers.append(orjson.loads(answer.content))
        return answers

    async def _send(
        self,
        method: str,
        collection: str,
        path: str,
        caller: Caller,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes] | None,
        seconds: float,
        *,
        files: Mapping[str, Any] | None = None,
        stream: bool = False,
    ) -> httpx.Response:
        service = OWNERS.get(collection)
        if service is None:
            raise Problem("no-such-route")
        with span(f"ask {service}", SpanKind.CLIENT):
            sent = {**headers, "authorization": f"Bearer {self._signer.token(caller, service)}"}
            context = traceparent()
            if context:
                sent["traceparent"] = context
            made = self._client.build_request(
                method,
                self._settings.owner_url(service) + path,
                headers=sent,
                content=content,
                files=files,
                timeout=httpx.Timeout(seconds, connect=1.0),
            )
            try:
                return await self._client.send(made, stream=stream)
            except httpx.HTTPError as fault:
                raise _away(service) from fault


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
