"""The staff pages alone, served from the office on paper with the headers that the gateway sends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI
from services.gateway.tests.demo_office import PEOPLE, PaperOffice
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.pages import pages

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERSON: Final = "person"


class SignedIn:
    """Whoever the cookie `person` names; `nobody` is nobody."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            subject = Request(scope).cookies.get(PERSON, PEOPLE[0].subject)
            person = next((each for each in PEOPLE if each.subject == subject), None)
            scope.setdefault("state", {}).update(person=person, csrf="token")
        await self._inner(scope, receive, send)


class WithPolicy:
    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                assert isinstance(headers, list)
                headers.append((b"content-security-policy", POLICY.encode()))
            await send(message)

        await self._inner(scope, receive, sent)  # type: ignore[arg-type]


async def quiet() -> Response:
    """No news, ever: the page stops asking."""
    return Response(status_code=204)


def paper_app(office: PaperOffice) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(pages(office))
    app.add_api_route("/api/v1/stream", quiet, methods=["GET"])
    app.add_middleware(WithPolicy)
    app.add_middleware(SignedIn)
    return app


@contextmanager
def served(office: PaperOffice) -> Iterator[str]:
    """The address at which the pages answer while the block runs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(paper_app(office), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.started, "the pages did not start"
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(5)
