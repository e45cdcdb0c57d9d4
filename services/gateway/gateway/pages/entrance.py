"""The way in: the first address, signing in, and the files that every page needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from gateway.pages import words
from gateway.pages.catalogues import LANGUAGES
from gateway.pages.door import Door, Person
from gateway.pages.rendering import BUILT, OTHER, built_files, rendered

Endpoint = Callable[[Request], Awaitable[Response]]
FOR_EVER: Final = "public, max-age=31536000, immutable"


def root() -> Endpoint:
    async def first_address(request: Request) -> Response:
        """To the person's language, else the browser's, else French."""
        person: Person | None = getattr(request.state, "person", None)
        language = person.language if person and person.language in LANGUAGES else _preferred(request)
        return RedirectResponse(f"/{language}/", status_code=302, headers={"Vary": "Accept-Language, Cookie"})

    return first_address


def _preferred(request: Request) -> str:
    tags = (part.strip()[:2].lower() for part in request.headers.get("accept-language", "").split(","))
    return next((tag for tag in tags if tag in LANGUAGES), "fr")


def static() -> Endpoint:
    async def built_file(request: Request) -> Response:
        """Only what the build made; its names change with the content."""
        name = request.path_params["name"]
        if name not in built_files():
            return Response(status_code=404)
        return FileResponse(BUILT / name, headers={"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"})

    return built_file


def way_in(request: Request, language: str) -> Response:
    """Signing in leads back to the page that was asked for."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    following = {"next": wanted} if request.method == "GET" else {}
    return RedirectResponse(f"/{language}/sign-in?{urlencode(following)}", status_code=303)


def sign_in(door: Door, language: str) -> Endpoint:
    async def choose_a_person(request: Request) -> Response:
        people = sorted(await door.people(), key=lambda person: person.name)
        following = request.query_params.get("next") or f"/{language}/"
        context = {
            "request": request,
            "people": by_role(people),
            "next": following,
            "elsewhere": f"/{OTHER[language]}/sign-in?{urlencode({'next': _in_other(following, language)})}",
        }
        return rendered("sign_in.html", language, context)

    return choose_a_person


def by_role(people: Sequence[Person]) -> dict[str, list[Person]]:
    """Each person under the first role they have, the office first."""
    groups: dict[str, list[Person]] = {role: [] for role in words.VALUES["role"]}
    for person in people:
        groups.setdefault(next(iter(person.roles), "reader"), []).append(person)
    return {role: members for role, members in groups.items() if members}


def _in_other(path: str, language: str) -> str:
    return f"/{OTHER[language]}/{path[4:]}" if path.startswith(f"/{language}/") else path
