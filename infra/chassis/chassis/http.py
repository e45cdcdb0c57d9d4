"""The HTTP face of a service, made from its command tables: one route a row, one shape for every answer and error."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Mapping
from functools import partial
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
from chassis.decide import Aggregate, Caller, Command, Reason, Refusal, Text
from chassis.mongo import AWAY, Busy, StoreAway
from chassis.outbox import new_id
from chassis.problems import Problem, language_of, problem_response, reason_json, title_of
from chassis.taking import checked, hidden, permitted, reach_of
from chassis.telemetry import Measures, log, parent, span

KEY_LIMIT: Final = 200


class House:
    """What routes of a service have at hand: its desk, who calls, and answers in the one shape."""

    def __init__(self, desk: Desk, verifier: Verifier, measures: Measures) -> None:
        self.desk, self.store = desk, desk.store
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

    async def command(self, request: Request, aggregate: Aggregate, rows: Mapping[str, Command]) -> Response:
        """Takes the command of a request; its answer carries the version as `ETag`."""
        row = rows.get(request.path_params.get("command", ""))
        if row is None:
            raise Problem("no-such-route")
        caller = self.caller(request)
        content = await read_body(request)
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= KEY_LIMIT:
            raise Problem(
                "invalid-input", errors=[{"pointer": "", "detail": "Idempotency-Key has 1 to 200 characters"}]
            )
        if row.creates and key is None:
            raise Problem("idempotency-key-required")
        body, changed = parse(row.model, content), request.path_params.get("id", "")
        digest = hashlib.sha256(f"{aggregate.name}/{row.name}/{changed}".encode() + content).hexdigest()
        id_ = changed or _new_id(aggregate, body)
        asked = Asked(aggregate, row, id_, body, caller, if_match(request), key, digest)
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

    async def commands(self, request: Request, aggregate: Aggregate) -> Response:
        """Every row of the table: whether this person may do it now, and what holds it back."""
        caller, id_ = self.caller(request), request.path_params["id"]
        loaded = await self.desk.load(aggregate.name, id_)
        listed = []
        for row in aggregate.commands:
            if row.creates:
                continue
            context = await self.desk.context(Asked(aggregate, row, id_, None, caller), loaded, None)
            refusal = checked(aggregate, row, loaded, None, context)
            if refusal and refusal.slug == "unknown-id":
                raise Problem.of(refusal)
            held = [refusal] if refusal else list(row.held(loaded.state, loaded.private, context)) if row.held else []
            listed.append({"command": row.name, "allowed": not held, "reasons": _reasons(aggregate, held)})
        return json_response({"id": id_, "version": loaded.state.version, "commands": listed})

    async def upload(self, request: Request, aggregate: Aggregate) -> Response:
        """Keeps a document for whoever may add one, until a command names it."""
        caller, id_ = self.caller(request), request.path_params["id"]
        await self.may_attach(aggregate, id_, caller)
        card = await documents.receive(request, self.store, aggregate.name, id_, caller)
        shown = {"document_id": card["_id"], "sha256": card["sha256"], "media_type": card["media_type"]}
        return json_response({**shown, "size_bytes": card["size_bytes"], "title": card["title"]}, 201)

    async def may_attach(self, aggregate: Aggregate, id_: str, caller: Caller) -> None:
        """Whoever holds a role of the aggregate's table may; raises Problem `unknown-id`, `not-permitted`.
        Proved by `test_the_documents_of_what_is_hidden_are_unknown_to_a_stranger`."""
        loaded = await self.desk.load(aggregate.name, id_)
        roles = tuple(sorted({role for row in aggregate.commands for role in row.roles}))
        look = Asked(aggregate, aggregate.command("attach_document"), id_, None, caller)
        found = (await self.desk.context(look, loaded, None)).found
        reach = reach_of(aggregate, loaded, None, found)
        refusal = hidden(aggregate, roles, loaded, reach, caller) or permitted(roles, reach, caller)
        if refusal:
            raise Problem.of(refusal)

    async def download(self, request: Request, aggregate: Aggregate) -> Response:
        """The bytes of a document, to whoever may have it."""
        caller, id_, document_id = self.caller(request), request.path_params["id"], request.path_params["document_id"]
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


def _new_id(aggregate: Aggregate, body: Any) -> str:
    if aggregate.id_of:
        return aggregate.id_of(body)
    return str(uuid4()) if aggregate.contract.personal else new_id()


def _reasons(aggregate: Aggregate, refusals: list[Refusal]) -> list[dict[str, Any]]:
    return [
        reason_json(reason) | {name: value for name, value in refusal.members.items() if name == "roles"}
        for refusal in refusals
        for reason in refusal.reasons or (Reason(refusal.slug, title_of(refusal.slug, aggregate.problems)),)
    ]


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
    creations = {"" if row.name == aggregate.creator else row.slug: row for row in aggregate.commands if row.creates}
    changes = {row.slug: row for row in aggregate.commands if not row.creates}
    creating = partial(house.command, aggregate=aggregate, rows=creations)
    changing = partial(house.command, aggregate=aggregate, rows=changes)
    listed = [
        Route(at, creating, methods=["POST"]),
        Route(f"{at}/{{command}}", creating, methods=["POST"]),
        Route(f"{at}/{{id}}/commands", partial(house.commands, aggregate=aggregate), methods=["GET"]),
    ]
    if "attach-document" in changes:
        upload, download = partial(house.upload, aggregate=aggregate), partial(house.download, aggregate=aggregate)
        listed += [
            Route(f"{at}/{{id}}/documents", upload, methods=["POST"]),
            Route(f"{at}/{{id}}/documents/{{document_id}}", download, methods=["GET"]),
        ]
    return [*listed, Route(f"{at}/{{id}}/{{command}}", changing, methods=["POST"])]


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
