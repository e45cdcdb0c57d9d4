"""Lists whose whole state is their address: filters, what is applied, and the page that follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from gateway.pages import words
from gateway.pages.door import Listing
from gateway.pages.visit import Visit

CURSOR: Final = "after"
CROSSED: Final = "from"
FARTHEST_BACK: Final = 30
"""A cursor leads only onwards, so the address carries those of the pages that were crossed."""
WORDS: Final = "q"
IGNORED: Final = words.msg("%(name)s = %(value)s")
Options = Sequence[tuple[str, str]]
Read = Callable[[Mapping[str, str]], Awaitable[Listing]]


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice among `options` (value, words); without options it is a text."""

    name: str
    label: str
    options: Options = ()
    value: str = ""

    @property
    def said(self) -> str:
        return dict(self.options).get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Applied:
    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """A list as its page shows it."""

    listing: Listing
    filters: Sequence[Filter]
    applied: Sequence[Applied]
    ignored: Sequence[str]
    first: str
    previous: str | None
    following: str | None
    all: str


def of_words(visit: Visit, label: str) -> Filter:
    return Filter(WORDS, visit.said(label))


def of_table(visit: Visit, name: str, table: str, label: str, only: Sequence[str] = ()) -> Filter:
    """A choice among the codes of a table, in words."""
    codes = only or words.VALUES[table]
    return Filter(name, visit.said(label), [(code, visit.say(table, code)) for code in codes])


async def shelved(visit: Visit, filters: Sequence[Filter], read: Read) -> Shelf:
    """Reads the page of the list that the address asks for; a value that no filter offers is left out and said."""
    given = {name: value.strip() for name, value in visit.query.items() if value.strip()}
    chosen, ignored = [], []
    for each in filters:
        value = given.get(each.name, "")
        if value and each.options and value not in dict(each.options):
            ignored.append(visit.said(IGNORED, name=each.label, value=value))
            value = ""
        chosen.append(Filter(each.name, each.label, each.options, value))
    query = {each.name: each.value for each in chosen if each.value}
    cursor = {"cursor": given[CURSOR]} if given.get(CURSOR) else {}
    listing = await read({**query, **cursor, "count": "true"})
    path = visit.request.url.path
    applied = [
        Applied(each.label, each.said, _address(path, {name: v for name, v in query.items() if name != each.name}))
        for each in chosen
        if each.value
    ]
    crossed = visit.request.query_params.getlist(CROSSED)[-FARTHEST_BACK:] if cursor else []
    here = given.get(CURSOR, "")
    following = _address(path, query, listing.next, [*crossed, here]) if listing.next else None
    previous = _address(path, query, crossed[-1], crossed[:-1]) if crossed else None
    first = _address(path, query) if cursor else ""
    return Shelf(listing, chosen, applied, ignored, first, previous, following, path)


def _address(path: str, query: Mapping[str, str], cursor: str = "", crossed: Sequence[str] = ()) -> str:
    asked = [*query.items()] + ([(CURSOR, cursor), *((CROSSED, each) for each in crossed)] if cursor else [])
    return f"{path}?{urlencode(asked)}" if asked else path
