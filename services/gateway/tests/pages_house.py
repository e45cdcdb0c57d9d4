"""The staff pages alone, served from the office on paper."""

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

PERSON: Final = "person"


class SignedIn:
    """Whoever the cookie `person` names; `nobody` is nobody."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            subject = Request(scope).cookies.get(PERSON, PEOPLE[0].subject)
            person = next((each for each in PEOPLE if each.subject == subject), None)
            scope.setdefault("state", {}).update(person=person)
        await self._inner(scope, receive, send)


async def quiet() -> Response:
    """No news, ever: the page stops asking."""
    return Response(status_code=204)


def paper_app(office: PaperOffice) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.router.routes.extend(pages(office))
    app.add_api_route("/api/v1/stream", quiet, methods=["GET"])
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
