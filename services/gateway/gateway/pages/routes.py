"""Every page on one screen, in French and English under the same names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.pages import agreements, committees, entrance, filling, office, partners, stays
from gateway.pages.catalogues import LANGUAGES
from gateway.pages.door import Door
from gateway.pages.errors import failed, nothing_here, on_its_way
from gateway.pages.visit import NotHere, NotYet, SignInFirst, Visit, begin

Page = Callable[[Visit], Awaitable[Response]]

FORMS: Final[tuple[tuple[str, Page], ...]] = (
    ("/partners/suggest", filling.suggestion),
    ("/{collection}/new", filling.creation),
    ("/{collection}/{id}/do/{command}", filling.change),
)
PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/", office.home),
    ("/search", office.search),
    ("/partners", partners.listing),
    ("/partners/{id}", partners.page),
    ("/partners/{id}/{tab}", partners.page),
    ("/agreements", agreements.listing),
    ("/agreements/{id}", agreements.page),
    ("/agreements/{id}/{tab}", agreements.page),
    ("/register", agreements.register),
    ("/register/{number}", agreements.by_number),
    ("/committees", committees.listing),
    ("/committees/{id}", committees.page),
    ("/meetings", committees.meetings),
    ("/meetings/{id}", committees.meeting),
    ("/stays", stays.listing),
    ("/stays/{id}", stays.page),
    ("/countries", office.countries),
    ("/countries/{id}", office.country),
    ("/refusals", office.refusals),
    ("/profile", office.profile),
    ("/help", office.guide),
    ("/{rest:path}", nothing_here),
)


def pages(door: Door) -> list[Route]:
    """The staff pages, their static files and the way in."""
    listed = [
        Route("/", entrance.root(), methods=["GET"]),
        Route("/static/{name}", entrance.static(), methods=["GET"]),
    ]
    for language in LANGUAGES:
        at = f"/{language}"
        listed += [
            Route(f"{at}/sign-in", entrance.sign_in(door, language), methods=["GET"]),
            Route(f"{at}/profile", _answered(door, language, office.choose_scheme), methods=["POST"]),
            *(Route(f"{at}{path}", _answered(door, language, page), methods=["GET", "POST"]) for path, page in FORMS),
            *(Route(f"{at}{path}", _answered(door, language, page), methods=["GET"]) for path, page in PAGES),
        ]
    return listed


def _answered(door: Door, language: str, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page for whoever is signed in, for others the way in; whatever fails is a page as well."""

    async def endpoint(request: Request) -> Response:
        try:
            visit = await begin(request, door, language)
            try:
                return await page(visit)
            except NotHere:
                return await nothing_here(visit)
            except NotYet:
                return await on_its_way(visit)
        except SignInFirst:
            return entrance.way_in(request, language)
        except Exception as fault:
            return await failed(request, language, fault)

    return endpoint
