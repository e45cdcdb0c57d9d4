"""Pages that say what happened when there is nothing else to show."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.pages.catalogues import LANGUAGES
from gateway.pages.rendering import OTHER, render
from gateway.pages.visit import Visit


async def nothing_here(visit: Visit) -> Response:
    return visit.page("nothing_here.html", status=404)


async def on_its_way(visit: Visit) -> Response:
    """The command was taken; its page follows in a moment."""
    answer = visit.page("on_its_way.html", status=202, again=str(visit.request.url))
    answer.headers["Retry-After"] = "1"
    return answer


def failed(request: Request, status: int, trace: str = "") -> Response:
    """For errors outside the pages: something went wrong on our side, or a part is away (503)."""
    language = request.url.path[1:3] if request.url.path[1:3] in LANGUAGES else "fr"
    context = {
        "request": request,
        "status": status,
        "trace": trace,
        "elsewhere": f"/{OTHER[language]}/",
    }
    return HTMLResponse(render("failed.html", language, context), status)
