"""One command's form, from the empty page to the owner's answer. It needs no script: adding a line, looking something
up and uploading a file are ordinary submissions of the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from gateway.pages.door import Done, Item, Problem
from gateway.pages.forms.drawing import Drawn, draw
from gateway.pages.forms.entries import NOTHING, Entries, read, written
from gateway.pages.forms.meanwhile import merged
from gateway.pages.forms.operations import operated, resolved, tidied, typed, uploaded
from gateway.pages.forms.overlays import HIDDEN, Overlay, overlay_of, widget_at
from gateway.pages.forms.schemas import Schema, schema_of
from gateway.pages.forms.sources import Sources
from gateway.pages.names import COLLECTIONS
from gateway.pages.visit import DONE, SEEN, NotHere, Visit

KEEPS_ITS_KEY = frozenset({"owner-away", "reference-not-known-yet", "too-many-requests"})
"""Nothing was decided: sending the form again is the same request."""
UNTOLD = frozenset({"stay"})
"""Whose versions are not told to the views."""


@dataclass(frozen=True)
class Sheet:
    """A form to be filled in. `item` is None when the command creates; `bare` ones are a POST on the collection."""

    visit: Visit
    aggregate: str
    command: str
    schema: Schema
    item: Item | None
    bare: bool = False

    @property
    def collection(self) -> str:
        return COLLECTIONS[self.aggregate]

    @property
    def overlay(self) -> Overlay:
        return overlay_of(self.command)

    def widget(self, name: str) -> str:
        return widget_at(self.overlay, name) or ""


def sheet_of(visit: Visit, aggregate: str, command: str, item: Item | None, *, bare: bool = False) -> Sheet:
    """Raises NotHere when there is no such command."""
    schema = schema_of(aggregate, command)
    if schema is None:
        raise NotHere
    return Sheet(visit, aggregate, command, schema, item, bare)


async def opened(sheet: Sheet) -> Response:
    """The form as it is first shown."""
    entries, sources = await opening(sheet), Sources(sheet.visit, sheet.item)
    before = read(sheet.schema, entries) if sheet.item else None
    return await draw(sheet, Drawn(entries, sources, key=str(uuid4()), first=True, before=before))


async def opening(sheet: Sheet) -> Entries:
    return written(await sheet.overlay.opening(sheet.visit, sheet.item or {}), sheet.schema)


async def sent(sheet: Sheet) -> Response:
    """The form as it was sent: a line more, something looked up, or the command itself."""
    async with sheet.visit.request.form() as form:
        version = str(form.get("version") or "")
        drawn = Drawn(
            typed(form),
            Sources(sheet.visit, sheet.item),
            key=str(form.get("key") or uuid4()),
            version=int(version) if version.isdecimal() else None,
            before=_before(str(form.get("before") or "")),
        )
        if form.get("op"):
            entries = await operated(drawn.entries, drawn.sources, sheet.widget, str(form["op"]))
            return await draw(sheet, replace(drawn, entries=entries))
        where = (sheet.collection, sheet.item["id"]) if sheet.item else None
        entries, problem = await uploaded(sheet.visit, form, drawn.entries, where, drawn.key)
    return await decided(sheet, replace(drawn, entries=entries), problem)


async def decided(sheet: Sheet, drawn: Drawn, problem: Problem | None) -> Response:
    """The owner's answer to the whole form: away to the file, or the form again with what stands against it."""
    entries = tidied(sheet.schema, drawn.entries, sheet.overlay.numbered)
    entries, unresolved = await resolved(entries, drawn.sources, sheet.widget)
    drawn = replace(drawn, entries=entries, errors=unresolved)
    if problem is None and not unresolved:
        answer = await submitted(sheet, drawn)
        if isinstance(answer, Done):
            seen = {SEEN: f"{sheet.aggregate}:{answer.version}", DONE: sheet.command}
            return sheet.visit.go(sheet.visit.url(sheet.collection, answer.id, **seen))
        problem = answer
    if problem and problem.slug not in KEEPS_ITS_KEY:
        drawn = replace(drawn, key=str(uuid4()))
    if problem and problem.slug == "version-stale":
        sheet, drawn = await caught_up(sheet, drawn, problem)
    return await draw(sheet, replace(drawn, problem=problem))


async def caught_up(sheet: Sheet, drawn: Drawn, problem: Problem) -> tuple[Sheet, Drawn]:
    """The form on the file as it stands now, when that is shown already; else it will be refused once more."""
    assert sheet.item is not None
    version = int(problem.body.get("version") or 0)
    fresh = await sheet.visit.door.one(sheet.visit.who, sheet.collection, str(sheet.item["id"]), version) or sheet.item
    sheet = replace(sheet, item=fresh)
    drawn = replace(drawn, version=version if sheet.aggregate in UNTOLD else int(fresh["version"]))
    if drawn.before is None:
        return sheet, drawn
    now = await opening(sheet)
    meanwhile = merged(sheet.schema, drawn.entries, drawn.before, now)
    return sheet, replace(drawn, entries=meanwhile.entries, before=read(sheet.schema, now), meanwhile=meanwhile)


def _before(text: str) -> dict[str, Any] | None:
    """What the form first showed, as it said itself; None when it did not."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


async def submitted(sheet: Sheet, drawn: Drawn) -> Done | Problem:
    body = read(sheet.schema, sheet.overlay.fold(drawn.entries))
    if sheet.overlay.edits:
        shown = drawn.before if drawn.before is not None else read(sheet.schema, await opening(sheet))
        body = only_changed(sheet.schema, body, shown)
    return await sheet.visit.door.command(
        sheet.visit.who,
        sheet.collection,
        sheet.item["id"] if sheet.item else None,
        None if sheet.bare else sheet.command,
        body,
        drawn.version,
        drawn.key,
    )


def only_changed(schema: Schema, body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit sends: new values, and for what the form showed and is empty now an empty list or null."""
    new = {name: value for name, value in body.items() if before.get(name, NOTHING) != value}
    emptied = [name for name in before if name not in body and name not in HIDDEN]
    return new | {name: [] if schema["properties"][name].get("type") == "array" else None for name in emptied}
