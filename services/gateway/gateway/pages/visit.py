"""One request for a page: who asks, in which language, through which door, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.pages import formats, words
from gateway.pages.door import Door, Item, Person
from gateway.pages.names import committee_title, name_of
from gateway.pages.rendering import OTHER, plain, rendered, said, say

SEEN = "seen"
DONE = "done"
UNKNOWN_PERSON = words.msg("a person no longer in the directory")


class NotHere(Exception):
    """There is no such page, or nothing the visitor may read."""


class NotYet(Exception):
    """What the visitor has just made is not shown yet."""


class SignInFirst(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True)
class Visit:
    """What a page's code works with. `who` speaks the page's language."""

    request: Request
    door: Door
    language: str
    who: Person
    people: Mapping[str, Person]

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    def has(self, *roles: str) -> bool:
        return any(role in self.who.roles for role in roles)

    def say(self, table: str, code: object) -> str:
        return say(table, code, self.language)

    def said(self, message: str, **members: object) -> str:
        return said(message, self.language, **members)

    def plain(self, value: object) -> str:
        return plain(value, self.language)

    def reason(self, reason: Mapping[str, Any]) -> str:
        """An owner's sentence in the page's language."""
        return formats.typeset(str(reason[self.language]), self.language)

    def person(self, subject: object) -> str:
        """The name of somebody; machines and those who left have a name as well."""
        if subject in self.people:
            return self.people[str(subject)].name
        if str(subject).startswith("service:") or subject == "clock":
            return "Passerelle"
        return self.said(UNKNOWN_PERSON)

    def url(self, *parts: object, **query: object) -> str:
        """An address of the pages in this language: `url("partners", id, seen="partner:3")`."""
        path = "/".join(quote(str(part), safe="") for part in parts if part != "")
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"/{self.language}/{path}" + (f"?{urlencode(given)}" if given else "")

    @property
    def elsewhere(self) -> str:
        """This page in the other language."""
        url = self.request.url
        path = f"/{OTHER[self.language]}{url.path[3:]}"
        return f"{path}?{url.query}" if url.query else path

    def seen(self, aggregate: str) -> int | None:
        """The version that the visitor's own command made, while the address names it."""
        name, _, version = self.query.get(SEEN, "").rpartition(":")
        return int(version) if name == aggregate and version.isdecimal() else None

    async def one(self, collection: str, aggregate: str, id: str) -> Item:
        """The document, as new as the visitor's own last command; raises NotHere, or NotYet after a creation."""
        seen = self.seen(aggregate)
        found = await self.door.one(self.who, collection, id, None if _untold(aggregate, seen) else seen)
        if found is None:
            raise NotYet if seen == 1 else NotHere
        return found

    def freshness(self, aggregate: str, item: Item) -> dict[str, Any]:
        """The version that the page shows, and whether the visitor's own change is still on its way."""
        seen = self.seen(aggregate)
        behind = seen is not None and item["version"] < seen and not _untold(aggregate, seen)
        return {"version": item["version"], "behind": behind}

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        everywhere = {
            "visit": self,
            "request": self.request,
            "who": self.who,
            "url": self.url,
            "person": self.person,
            "committee_title": lambda committee: committee_title(self, committee),
            "name": lambda collection, item: name_of(self, collection, item),
            "scheme": self.request.cookies.get("pa_scheme", ""),
            "done": self.query.get(DONE, ""),
        }
        return rendered(template, self.language, {**everywhere, **context}, status)

    def go(self, address: str) -> Response:
        """After a form: a GET, so that reloading sends nothing twice."""
        return RedirectResponse(address, status_code=303)


async def begin(request: Request, door: Door, language: str) -> Visit:
    """Raises SignInFirst when nobody is signed in."""
    who: Person | None = getattr(request.state, "person", None)
    if who is None:
        raise SignInFirst
    people = {person.subject: person for person in await door.people()}
    return Visit(request, door, language, replace(who, language=language), people)


def _untold(aggregate: str, seen: int | None) -> bool:
    """Most of what happens to a stay is never told to the views: waiting for it would be in vain."""
    return aggregate == "stay" and seen is not None and seen > 1
