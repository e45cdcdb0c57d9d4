"""Pages that say what happened when there is nothing else to show."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from opentelemetry import trace
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.mongo import Busy, StoreAway
from chassis.problems import Problem as Fault
from chassis.problems import status_of
from chassis.telemetry import log
from gateway.pages.rendering import OTHER, rendered
from gateway.pages.visit import Visit

AWAY: Final = (StoreAway, Busy, PyMongoError)
UNAVAILABLE, FAILED = 503, 500


async def nothing_here(visit: Visit) -> Response:
    return visit.page("nothing_here.html", status=404)


async def on_its_way(visit: Visit) -> Response:
    """The command was taken; its page follows in a moment."""
    answer = visit.page("on_its_way.html", status=202, again=str(visit.request.url))
    answer.headers["Retry-After"] = "1"
    return answer


async def failed(request: Request, language: str, fault: Exception) -> Response:
    """A part is away, or something went wrong on our side; which is kept in the log, under the reference shown. What a form
    sent is kept in the page and can be sent again, under the same key."""
    status = _status(fault)
    if status == FAILED:
        log.error("page failed", path=request.url.path, fault=repr(fault)[:300], exc_info=fault)
    else:
        log.warning("page not made", fault=type(fault).__name__)
    context = {
        "request": request,
        "status": status,
        "reference": _reference(),
        "typed": await _typed(request),
        "elsewhere": f"/{OTHER[language]}{request.url.path[3:]}",
    }
    return rendered("failed.html", language, context, status)


async def _typed(request: Request) -> list[tuple[str, str]]:
    """A file cannot be kept in a page: it is chosen again."""
    if request.method == "POST":
        with suppress(HTTPException):
            return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    return []


def _status(fault: Exception) -> int:
    if isinstance(fault, AWAY):
        return UNAVAILABLE
    return status_of(fault.refusal.slug) if isinstance(fault, Fault) else FAILED


def _reference() -> str:
    number = trace.get_current_span().get_span_context().trace_id
    return f"{number:032x}" if number else ""
