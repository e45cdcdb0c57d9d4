"""Signing in and out. In development one chooses a person of the directory, and only when a setting asks for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from chassis.problems import Problem
from gateway.people import Directory
from gateway.session import COOKIE, Sessions, cookie_header
from gateway.settings import GatewaySettings


def routes(settings: GatewaySettings, sessions: Sessions, directory: Directory) -> list[Route]:

    async def development(request: Request) -> Response:
        form = await request.form()
        subject = str(form.get("subject", ""))
        if await directory.one(subject) is None:
            raise Problem("invalid-input", errors=[{"pointer": "/subject", "detail": "a person of the directory"}])
        answer = RedirectResponse(_local(str(form.get("next", ""))), 303)
        value = await sessions.begin(subject)
        answer.headers.append("set-cookie", cookie_header(value, secure=request.url.scheme == "https"))
        return answer

    async def out(request: Request) -> Response:
        value = request.cookies.get(COOKIE)
        if value:
            await sessions.end(value)
        answer = RedirectResponse("/", 303)
        answer.headers.append("set-cookie", cookie_header("", secure=request.url.scheme == "https", ended=True))
        return answer

    choosing = [Route("/sign-in/development", development, methods=["POST"])]
    return [*(choosing if settings.sign_in == "development" else ()), Route("/sign-out", out, methods=["POST"])]


def _local(address: str) -> str:
    """Only a path of our own; anything else leads home."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith(("//", "/\\")):
        return "/"
    return address
