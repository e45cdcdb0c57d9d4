"""The gateway's HTTP interface for programs: `/api/v1`, the same shapes for every collection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from chassis.bodies import json_response, parse, read_body
from chassis.problems import Problem
from contracts.roles import Role
from gateway.live import Feed, News
from gateway.owners import Owners
from gateway.people import Directory, Import
from gateway.reads import Page, Reads, only
from gateway.session import caller_of
from gateway.views import BY_AGGREGATE, VIEWS, View
from gateway.visible import matches, visible

PEOPLE_LIMIT_BYTES: Final = 5_000_000


class Api:
    """The routes' functions, with what they read, whom they ask and what they watch."""

    def __init__(self, reads: Reads, owners: Owners, feed: Feed, directory: Directory) -> None:
        self._reads, self._owners, self._feed, self._directory = reads, owners, feed, directory

    async def listing(self, request: Request) -> Response:
        view = _view(request)
        late = await self._min_version(request)
        return late or _page(await self._reads.page(view, caller_of(request), request.query_params))

    async def one(self, request: Request) -> Response:
        view, id_ = _view(request), request.path_params["id"]
        late = await self._min_version(request)
        if late:
            return late
        aggregate, written, version = _written(request)
        same = (aggregate, written) == (view.contract.aggregate, id_)
        lately = self._feed.newest(aggregate, id_, version) if same else None
        document = await self._reads.one(view, caller_of(request), id_, lately)
        if document is None:
            raise Problem("unknown-id", id=id_)
        return json_response(document, headers={"ETag": f'"{document["version"]}"'})

    async def timeline(self, request: Request) -> Response:
        who, id_ = caller_of(request), request.path_params["id"]
        if await self._reads.one(VIEWS["partners"], who, id_) is None:
            raise Problem("unknown-id", id=id_)
        return _page(await self._reads.timeline(who, {"partners": id_}, request.query_params))

    async def history(self, request: Request) -> Response:
        view, id_ = _view(request), request.path_params["id"]
        subject = {"subject": f"{view.contract.aggregate}/{id_}"}
        return _page(await self._reads.timeline(caller_of(request), subject, request.query_params))

    async def register(self, request: Request) -> Response:
        late = await self._min_version(request)
        return late or _page(await self._reads.register(caller_of(request), request.query_params))

    async def refusals(self, request: Request) -> Response:
        return _page(await self._reads.refusals(caller_of(request), request.query_params))

    async def stream(self, request: Request) -> Response:
        who, query = caller_of(request), request.query_params
        only(query, ("aggregate", "id", "last_event_id"))
        known = await self._reads.known(who)
        aggregate, id_ = query.get("aggregate"), query.get("id")
        if aggregate and aggregate not in BY_AGGREGATE:
            raise Problem("invalid-input", errors=[{"pointer": "?aggregate", "detail": ", ".join(BY_AGGREGATE)}])

        def wanted(news: News) -> bool:
            if (aggregate and aggregate != news.aggregate) or (id_ and id_ != news.id):
                return False
            return matches(visible(news.aggregate, who, known), news.document)

        last = request.headers.get("last-event-id") or query.get("last_event_id")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._feed.stream(wanted, last), media_type="text/event-stream", headers=headers)

    async def people(self, request: Request) -> Response:
        caller_of(request)
        rows = await self._directory.everyone()
        shown = [{"subject": row["_id"], **{name: row[name] for name in ("name", "unit", "languages")}} for row in rows]
        return json_response({"items": shown})

    async def import_people(self, request: Request) -> Response:
        if not caller_of(request).has(Role.OPS):
            raise Problem("not-permitted", roles=[Role.OPS])
        entries = parse(Import, await read_body(request, PEOPLE_LIMIT_BYTES))
        return json_response({"imported": await self._directory.replace(entries.people)})

    async def forward(self, request: Request) -> Response:
        return await self._owners.forward(request, caller_of(request))

    async def _min_version(self, request: Request) -> Response | None:
        """Waits for what the client has just written; 202 when it does not come in time."""
        aggregate, id_, version = _written(request)
        if not aggregate or await self._feed.until(aggregate, id_, version):
            return None
        said = {"min_version": request.headers["min-version"], "retry_after_seconds": 1}
        return json_response(said, 202, {"Retry-After": "1"})


def routes(api: Api) -> list[Route]:
    """Every route on one screen; whatever is no view is the owner's to answer."""
    listed: tuple[tuple[str, Callable[[Request], Awaitable[Response]], list[str]], ...] = (
        ("/register", api.register, ["GET"]),
        ("/refusals", api.refusals, ["GET"]),
        ("/stream", api.stream, ["GET"]),
        ("/people", api.people, ["GET"]),
        ("/people/import", api.import_people, ["POST"]),
        ("/partners/{id}/timeline", api.timeline, ["GET"]),
        ("/partners/imports", api.forward, ["GET"]),
        ("/{collection}", api.listing, ["GET"]),
        ("/{collection}", api.forward, ["POST"]),
        ("/{collection}/{id}", api.one, ["GET"]),
        ("/{collection}/{id}/history", api.history, ["GET"]),
        ("/{collection}/{rest:path}", api.forward, ["GET", "POST"]),
    )
    return [Route(f"/api/v1{path}", endpoint, methods=methods) for path, endpoint, methods in listed]


def _view(request: Request) -> View:
    view = VIEWS.get(request.path_params["collection"])
    if view is None:
        raise Problem("no-such-route")
    return view


def _written(request: Request) -> tuple[str, str, int]:
    """What the client has just written and wants to read: aggregate, id and version of `Min-Version`, empty without it."""
    header = request.headers.get("min-version")
    if not header:
        return "", "", 0
    name, _, number = header.partition("=")
    aggregate, _, id_ = name.strip().partition("/")
    if aggregate not in BY_AGGREGATE or not id_ or not number.strip().isdigit():
        raise Problem("invalid-input", errors=[{"pointer": "Min-Version", "detail": "<aggregate>/<id>=<version>"}])
    return aggregate, id_, int(number)


def _page(page: Page) -> Response:
    return json_response(page.json())
