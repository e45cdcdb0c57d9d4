"""The HTTP face of a service, made from its command tables: one route a row, one shape for every answer and error."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote
from uuid import uuid4

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import SpanKind
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis import documents
from chassis.answers import Answered, Asked
from chassis.auth import Verifier
from chassis.bodies import if_match, json_response, parse, read_body
from chassis.command import Desk
from chassis.decide import Aggregate, Caller, Command, Loaded, Nothing, Refusal, Text
from chassis.mongo import AWAY, Busy, StoreAway
from chassis.outbox import new_id
from chassis.problems import Problem, language_of, problem_response, reason_json, title_of
from chassis.taking import checked, hidden, reach_of
from chassis.telemetry import Measures, log, parent, span

KEY_LIMIT: Final = 200
Endpoint = Callable[[Request], Awaitable[Response]]


class House:
    """What routes of a service have at hand: its desk, who calls, and answers in the one shape."""

    def __init__(self, desk: Desk, verifier: Verifier, measures: Measures) -> None:
        self.desk, self.store, self.settings = desk, desk.store, desk.settings
        self._verifier, self._measures = verifier, measures

    def caller(self, request: Request) -> Caller:
        """Who asks; raises Problem `not-signed-in`."""
        return self._verifier.caller(request)

    def purpose(self, request: Request) -> str:
        """Why personal data are asked for (percent-encoded UTF-8); raises Problem `purpose-required`."""
        purpose = unquote(request.headers.get("access-purpose", "")).strip()
        if not purpose:
            raise Problem("purpose-required")
        return purpose[:300]

    async def load(self, aggregate: str, id_: str) -> Loaded:
        return await self.desk.load(aggregate, id_)

    async def log_access(self, caller: Caller, what: str, purpose: str) -> None:
        """Writes who read what personal data, when and why."""
        row = {
            "_id": new_id(),
            "who": caller.subject,
            "when": self.desk.clock.now(),
            "what": what,
            "purpose": purpose,
        }
        await self.store["access_log"].insert_one(row)

    def answer(self, body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return json_response(body, status, headers)

    async def command(self, request: Request, aggregate: Aggregate, row: Command, id_: str) -> Response:
        """Takes the command of a request; its answer carries the version as `ETag`."""
        caller = self.caller(request)
        content = await read_body(request)
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= KEY_LIMIT:
            raise Problem(
                "invalid-input", errors=[{"pointer": "", "detail": "Idempotency-Key has 1 to 200 characters"}]
            )
        if row.creates and key is None:
            raise Problem("idempotency-key-required")
        body = parse(row.model, content)
        asked = Asked(
            aggregate,
            row,
            aggregate.id_of(body) if row.creates and aggregate.id_of else id_,
            body,
            caller,
            if_match=if_match(request),
            key=key,
            fingerprint=hashlib.sha256(
                f"{aggregate.name}/{row.name}/{'' if row.creates else id_}".encode() + content
            ).hexdigest(),
        )
        begun, outcome = time.perf_counter(), "failed"
        try:
            answered = await self.desk.execute(asked)
            outcome = "done"
        except Problem as problem:
            outcome = problem.refusal.slug
            raise
        finally:
            self._measures.command_seconds.observe(time.perf_counter() - begun)
            self._measures.commands.labels(row.name, outcome).inc()
        return _answer(answered)

    async def commands(self, request: Request, aggregate: Aggregate, id_: str) -> Response:
        """Every row of the table: whether this person may do it now, and what holds it back."""
        caller = self.caller(request)
        loaded = await self.desk.load(aggregate.name, id_)
        listed = []
        for row in aggregate.commands:
            if row.creates:
                continue
            asked = Asked(aggregate, row, id_, row.model.model_construct(), caller)
            context = await self.desk.context(asked, loaded, None, held_only=True)
            refusal = checked(aggregate, row, loaded, None, context)
            if refusal and refusal.slug == "unknown-id":
                raise Problem.of(refusal)
            held = [refusal] if refusal else list(row.held(loaded.state, loaded.private, context)) if row.held else []
            listed.append({"command": row.name, "allowed": not held, "reasons": _reasons(aggregate, held)})
        return json_response({"id": id_, "version": loaded.state.version, "commands": listed})

    async def upload(self, request: Request, aggregate: Aggregate, id_: str) -> Response:
        """Keeps a document for whoever may add one, until a command names it."""
        caller = self.caller(request)
        await self.may_attach(aggregate, id_, caller)
        card = await documents.receive(request, self.store, aggregate.name, id_, caller)
        shown = {"document_id": card["_id"], "sha256": card["sha256"], "media_type": card["media_type"]}
        return json_response({**shown, "size_bytes": card["size_bytes"], "title": card["title"]}, 201)

    async def may_attach(self, aggregate: Aggregate, id_: str, caller: Caller) -> Loaded:
        """The aggregate, for whoever holds a role of its table; raises Problem `unknown-id`, `not-permitted`.
        Proved by `test_the_documents_of_what_is_hidden_are_unknown_to_a_stranger`."""
        loaded = await self.desk.load(aggregate.name, id_)
        roles = tuple({role for row in aggregate.commands for role in row.roles})
        found = (await self.desk.context(_look(aggregate, id_, caller), loaded, None, held_only=True)).found
        reach = reach_of(aggregate, loaded, None, found)
        refusal = hidden(aggregate, roles, loaded, reach, caller)
        if refusal is None and not caller.may(roles, reach):
            refusal = Refusal("not-permitted", members={"roles": sorted(roles)})
        if refusal:
            raise Problem.of(refusal)
        return loaded

    async def download(self, request: Request, aggregate: Aggregate, id_: str, document_id: str) -> Response:
        """The bytes of a document, to whoever may have it."""
        caller = self.caller(request)
        card = await self.store[documents.DOCUMENTS].find_one({"_id": document_id, "aggregate_id": id_})
        if card is None:
            raise Problem("unknown-id", id=document_id)
        if card["audience"] == "office" and card["added_by"] != caller.subject:
            await self.may_attach(aggregate, id_, caller)
        headers = {
            "Content-Disposition": documents.disposition(card),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Length": str(card["size_bytes"]),
        }
        return StreamingResponse(self.store.files.read(document_id), media_type=card["media_type"], headers=headers)


def _look(aggregate: Aggregate, id_: str, caller: Caller) -> Asked:
    return Asked(aggregate, aggregate.commands[0], id_, Nothing(), caller)


def _reasons(aggregate: Aggregate, refusals: list[Refusal]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for refusal in refusals:
        title = title_of(refusal.slug, aggregate.problems)
        reasons = [reason_json(reason) for reason in refusal.reasons] or [
            {"code": refusal.slug, "fr": title.fr, "en": title.en}
        ]
        shown += [
            {**reason, **({"roles": refusal.members["roles"]} if "roles" in refusal.members else {})}
            for reason in reasons
        ]
    return shown


def _answer(answered: Answered) -> Response:
    body: dict[str, Any] = {"id": answered.id, "version": answered.version}
    if answered.public is not None:
        body |= {**answered.public, **answered.answer, "state": answered.stage}
    return json_response(body, answered.status, {"ETag": f'"{answered.version}"'})


def bare(lifespan: Any = None) -> FastAPI:
    """FastAPI without its own pages and its own telemetry, whose spans would carry query strings: what people search for."""
    quiet: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan, telemetry=quiet)


def app(house: House, aggregates: Mapping[str, Aggregate], own: APIRouter | None, lifespan: Any = None) -> FastAPI:
    """The service's application: its own routes first, then those of the command tables."""
    made = bare(lifespan)
    titles = {slug: text for aggregate in aggregates.values() for slug, text in aggregate.problems.items()}
    handle_errors(made, titles)
    if own is not None:
        made.include_router(own)
    for aggregate in aggregates.values():
        made.router.routes.extend(routes(house, aggregate))
    return made


def routes(house: House, aggregate: Aggregate) -> list[Route]:
    """A command is found by its name in the table, not by trying one route after the other."""
    at = f"/api/v1/{aggregate.contract.collection}"
    creating, changing = (_commanding(house, aggregate, creates=creates) for creates in (True, False))
    listed = [
        Route(at, creating, methods=["POST"]),
        Route(f"{at}/{{command}}", creating, methods=["POST"]),
        Route(f"{at}/{{id}}/commands", _listing(house, aggregate), methods=["GET"]),
    ]
    if any(row.name == "attach_document" for row in aggregate.commands):
        listed += [
            Route(f"{at}/{{id}}/documents", _uploading(house, aggregate), methods=["POST"]),
            Route(f"{at}/{{id}}/documents/{{document_id}}", _downloading(house, aggregate), methods=["GET"]),
        ]
    return [*listed, Route(f"{at}/{{id}}/{{command}}", changing, methods=["POST"])]


def _commanding(house: House, aggregate: Aggregate, *, creates: bool) -> Endpoint:
    rows = {
        "" if row.name == aggregate.creator else row.slug: row for row in aggregate.commands if row.creates is creates
    }

    async def command(request: Request) -> Response:
        row = rows.get(request.path_params.get("command", ""))
        if row is None:
            raise Problem("no-such-route")
        new = str(uuid4()) if aggregate.contract.personal else new_id()
        return await house.command(request, aggregate, row, new if creates else request.path_params["id"])

    return command


def _listing(house: House, aggregate: Aggregate) -> Endpoint:
    async def commands(request: Request) -> Response:
        return await house.commands(request, aggregate, request.path_params["id"])

    return commands


def _uploading(house: House, aggregate: Aggregate) -> Endpoint:
    async def upload(request: Request) -> Response:
        return await house.upload(request, aggregate, request.path_params["id"])

    return upload


def _downloading(house: House, aggregate: Aggregate) -> Endpoint:
    async def download(request: Request) -> Response:
        return await house.download(request, aggregate, request.path_params["id"], request.path_params["document_id"])

    return download


def handle_errors(made: FastAPI, titles: Mapping[str, Text]) -> None:
    """Turns every exception into a problem, in one place, and continues the caller's trace.
    Proved by `test_what_was_not_foreseen_is_a_problem_too`."""

    @made.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return problem_response(error, titles, language_of(request))

    @made.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        slug = {404: "no-such-route", 405: "no-such-route", 413: "too-large"}.get(error.status_code, "invalid-input")
        return problem_response(Problem(slug), titles, language_of(request))

    async def away(request: Request, error: Exception) -> Response:
        if isinstance(error, AWAY):
            log.warning("store away", fault=type(error).__name__)
        else:  # its text may repeat what it would not take, so only where it was is said
            where = traceback.format_tb(error.__traceback__)[-3:]
            log.error("the store refused", fault=type(error).__name__, code=getattr(error, "code", None), where=where)
        return problem_response(Problem("owner-away", headers={"Retry-After": "2"}), titles, language_of(request))

    async def unforeseen(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.url.path, fault=repr(error)[:300], exc_info=error)
        return problem_response(Problem("internal-error"), titles, language_of(request))

    for kind in (StoreAway, Busy, PyMongoError):
        made.add_exception_handler(kind, away)
    made.add_exception_handler(Exception, unforeseen)
    made.add_middleware(Traced)


class Traced:
    """Continues the caller's trace, and begins one for a change that brings none; other requests cost nothing."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        brought = dict(scope.get("headers", ())).get(b"traceparent") if scope["type"] == "http" else None
        context = parent(brought.decode("latin-1")) if brought else None
        if context is None and scope.get("method") != "POST":
            await self._inner(scope, receive, send)
            return
        name = f"{scope['method']} {scope['path'].rsplit('/', 1)[-1][:60]}"
        with span(name, SpanKind.SERVER, context=context):
            await self._inner(scope, receive, send)
