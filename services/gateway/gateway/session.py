"""Who is at the door: a session kept by the gateway for a browser, or a bearer token for a program."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.auth import Verifier
from chassis.decide import Caller
from chassis.mongo import Row, Store, ascending
from chassis.problems import Problem, language_of, problem_response
from gateway.pages.catalogues import LANGUAGES
from gateway.pages.door import Person
from gateway.pages.errors import AWAY, failed
from gateway.people import Directory

SESSIONS: Final = "sessions"
COOKIE: Final = "passerelle_session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Sessions:
    """Server-side sessions; the cookie's value is known here only by its hash."""

    def __init__(self, store: Store, hours: int) -> None:
        self._sessions, self._hours, self._store = store[SESSIONS], hours, store

    async def prepare(self) -> None:
        await self._store.index(SESSIONS, ascending("expires_at", expireAfterSeconds=0))

    async def begin(self, subject: str) -> str:
        """A new session's cookie value."""
        value = secrets.token_urlsafe(32)
        ends = datetime.now(UTC) + timedelta(hours=self._hours)
        row = {"_id": _hashed(value), "subject": subject, "expires_at": ends}
        await self._sessions.insert_one(row)
        return value

    async def read(self, value: str) -> Row | None:
        row: Row | None = await self._sessions.find_one(
            {"_id": _hashed(value), "expires_at": {"$gt": datetime.now(UTC)}}
        )
        return row

    async def end(self, value: str) -> None:
        await self._sessions.delete_one({"_id": _hashed(value)})


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def cookie_header(value: str, *, secure: bool, ended: bool = False) -> str:
    flags = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "") + ("; Max-Age=0" if ended else "")
    return f"{COOKIE}={value}{flags}"


class AtTheDoor:
    """Finds out who asks before any route does: `request.state.caller` and `.person`.

    A browser's change that comes from another site is refused.
    """

    def __init__(self, inner: ASGIApp, sessions: Sessions, directory: Directory, verifier: Verifier) -> None:
        self._inner, self._sessions, self._directory, self._verifier = inner, sessions, directory, verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        request = Request(scope)
        state = scope.setdefault("state", {})
        state.update(caller=None, person=None)
        try:
            await self._recognise(request, state)
        except Problem as problem:
            await problem_response(problem, {}, language_of(request))(scope, receive, send)
            return
        except AWAY as fault:
            answer = await _away(Request(scope, receive), fault)
            await answer(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    async def _recognise(self, request: Request, state: dict[str, object]) -> None:
        if request.headers.get("authorization"):
            caller = self._verifier.caller(request)
            state.update(caller=caller, person=Person(caller.subject, caller.subject, sorted(caller.roles)))
            return
        value = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
        if value is None:
            return
        if request.method not in SAFE and not _same_site(request):
            raise Problem("not-permitted", roles=[])
        session = await self._sessions.read(value.value)
        person = await self._directory.one(session["subject"]) if session else None
        if session is None or person is None:
            return
        state.update(
            caller=await self._directory.caller(session["subject"]),
            person=Person(
                session["subject"], person["name"], sorted(person["roles"]), (person["languages"] or ["fr"])[0]
            ),
        )


async def _away(request: Request, fault: Exception) -> Response:
    """Sessions cannot be read: a page says so as a page, and keeps what was typed."""
    language = request.url.path.partition("/")[2].partition("/")[0]
    if language in LANGUAGES:
        return await failed(request, language, fault)
    return problem_response(Problem("owner-away", headers={"Retry-After": "2"}), {}, language_of(request))


def _same_site(request: Request) -> bool:
    """A browser says where a request comes from; one that says nothing must at least name our own origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host", "")


def caller_of(request: Request) -> Caller:
    """The caller; raises Problem `not-signed-in`."""
    caller: Caller | None = request.state.caller
    if caller is None:
        raise Problem("not-signed-in", headers={"WWW-Authenticate": "Bearer"})
    return caller
