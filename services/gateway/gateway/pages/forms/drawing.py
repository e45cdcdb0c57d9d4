"""A form as a page: its fields with what was typed, what was refused, and what will happen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from gateway.pages import words
from gateway.pages.door import Action, Away, Item, Problem
from gateway.pages.forms.entries import Entries, read
from gateway.pages.forms.fields import Asking, Field
from gateway.pages.forms.meanwhile import Meanwhile, clashes, taken_over
from gateway.pages.forms.overlays import HIDDEN, WIDGETS
from gateway.pages.forms.refused import Summary, field_errors, placed, summary
from gateway.pages.forms.sources import Sources
from gateway.pages.names import name_of

if TYPE_CHECKING:
    from gateway.pages.forms.sheet import Sheet

NOT_ANSWERING: Final = words.msg(
    "The service that decides does not answer for the moment; you can fill in the form and send it later."
)


@dataclass(frozen=True)
class Drawn:
    """What a form shows: entries, what its searches found, and why it came back. `before` is what it first showed."""

    entries: Entries
    sources: Sources
    key: str
    first: bool = False
    version: int | None = None
    before: Mapping[str, Any] | None = None
    meanwhile: Meanwhile | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    problem: Problem | None = None


async def draw(sheet: Sheet, drawn: Drawn) -> Response:
    visit, item = sheet.visit, sheet.item
    asking = Asking(
        sheet.command,
        sheet.aggregate,
        visit.language,
        drawn.entries,
        drawn.sources.options,
        {**WIDGETS, **sheet.overlay.widgets},
        HIDDEN | sheet.overlay.hidden,
        sheet.overlay.order,
    )
    fields = await asking.members(sheet.schema)
    offered = await _offered(sheet) if drawn.first and item else ()
    problem = drawn.problem or _unresolved(drawn)
    if problem:
        inside = [each.name for top in fields for each in top.all()]
        clashing = clashes(visit, fields, drawn.meanwhile) if drawn.meanwhile else {}
        unresolved = {name: list(texts) for name, texts in drawn.errors.items()}
        errors = placed({**field_errors(visit, problem), **unresolved, **clashing}, inside)
        fields = await replace(asking, errors=errors).members(sheet.schema)
    return visit.page(
        sheet.overlay.template,
        status=problem.status if problem else 200,
        title=visit.say("command", sheet.command),
        verb=visit.say("command", sheet.command),
        subject=name_of(visit, sheet.collection, item) if item else "",
        trail=_trail(sheet),
        back=visit.url(sheet.collection, item["id"]) if item else visit.url(sheet.collection),
        fields=fields,
        by_name={each.name: each for each in fields},
        entries=drawn.entries,
        item=item,
        key=drawn.key,
        version=drawn.version or _version(item, offered),
        effects=[visit.said(effect) for effect in sheet.overlay.effects],
        held=_held(sheet, offered),
        problem=problem,
        before=json.dumps(drawn.before, ensure_ascii=False) if drawn.before is not None else "",
        summary=_summary(sheet, drawn, problem, fields),
    )


def _summary(sheet: Sheet, drawn: Drawn, problem: Problem | None, fields: Sequence[Field]) -> Summary | None:
    if problem is None:
        return None
    about = {**(sheet.item or read(sheet.schema, drawn.entries)), "collection": sheet.collection}
    said = summary(sheet.visit, problem, fields, about)
    more = taken_over(sheet.visit, fields, drawn.meanwhile) if drawn.meanwhile else []
    return replace(said, lines=[*said.lines, *more])


def _unresolved(drawn: Drawn) -> Problem | None:
    return Problem(422, {"type": "invalid-input"}) if drawn.errors else None


def _version(item: Item | None, offered: Sequence[Action] | Away) -> int | None:
    """The version the form speaks of: the owner's when it said so, since a view may be behind."""
    if item is None:
        return None
    said = [] if isinstance(offered, Away) else [action.version for action in offered if action.version]
    return max([int(item["version"]), *said])


def _trail(sheet: Sheet) -> list[tuple[str, str]]:
    visit, item = sheet.visit, sheet.item
    trail = [(visit.url(sheet.collection), visit.say("section", sheet.collection))]
    if item:
        trail.append((visit.url(sheet.collection, item["id"]), name_of(visit, sheet.collection, item)))
    return trail


async def _offered(sheet: Sheet) -> Sequence[Action] | Away:
    assert sheet.item is not None
    return await sheet.visit.door.actions(sheet.visit.who, sheet.collection, str(sheet.item["id"]))


def _held(sheet: Sheet, offered: Sequence[Action] | Away) -> list[str]:
    """Why the command cannot be taken now, said before anything is typed."""
    visit = sheet.visit
    if isinstance(offered, Away):
        return [visit.said(NOT_ANSWERING)]
    mine = [action for action in offered if action.command == sheet.command]
    return [visit.reason(reason) for action in mine for reason in action.reasons]
