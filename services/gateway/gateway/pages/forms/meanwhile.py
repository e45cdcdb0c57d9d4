"""Two people at one file: what only one of them changed is kept, and what both changed is shown to the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.pages import words
from gateway.pages.forms.entries import NOTHING, Entries, read
from gateway.pages.forms.fields import Field
from gateway.pages.forms.refused import Line
from gateway.pages.forms.schemas import Schema
from gateway.pages.visit import Visit

CHANGED_TO: Final = words.msg("Meanwhile changed to “%(value)s”. Your entry is kept; sending it puts it in its place.")
CHANGED_AS_WELL: Final = words.msg(
    "Somebody else changed this as well. Your entry is kept; sending it puts it in its place."
)
TAKEN_OVER: Final = words.msg("Taken over as the other person left it: %(fields)s.")


@dataclass(frozen=True)
class Meanwhile:
    """`now` is the file as it stands; `both` and `taken` are members changed by both and by the other person only."""

    entries: Entries
    now: Entries
    both: Sequence[str] = ()
    taken: Sequence[str] = ()


def merged(schema: Schema, mine: Entries, before: Mapping[str, Any], now: Entries) -> Meanwhile:
    """What was typed into a form that showed `before`, on the file as it stands now."""
    typed, stands = read(schema, mine), read(schema, now)
    both, taken, entries = [], [], mine
    for member in schema.get("properties", {}):
        was, is_, my = (each.get(member, NOTHING) for each in (before, stands, typed))
        if is_ in (was, my):
            continue
        if my == was:
            taken.append(member)
            others = {name: texts for name, texts in entries.items() if not _part_of(name, member)}
            entries = others | {name: texts for name, texts in now.items() if _part_of(name, member)}
        else:
            both.append(member)
    return Meanwhile(entries, now, both, taken)


def clashes(visit: Visit, fields: Sequence[Field], meanwhile: Meanwhile) -> dict[str, list[str]]:
    """By field: what the other person put there."""
    return {each.name: [_said(visit, each, meanwhile.now)] for each in fields if each.name in meanwhile.both}


def taken_over(visit: Visit, fields: Sequence[Field], meanwhile: Meanwhile) -> list[Line]:
    labels = [each.label for each in fields if each.name in meanwhile.taken]
    return [Line(visit.said(TAKEN_OVER, fields=", ".join(labels)))] if labels else []


def _said(visit: Visit, field: Field, now: Entries) -> str:
    labels = {option.value: option.label for option in field.options}
    texts = now.get(field.name) or [text for part in field.fields for text in now.get(part.name, ())]
    if field.kind in ("group", "list", "lookup", "file") or not any(texts):
        return visit.said(CHANGED_AS_WELL)
    return visit.said(CHANGED_TO, value=", ".join(labels.get(text, text) for text in texts if text))


def _part_of(name: str, member: str) -> bool:
    return name == member or name.startswith(f"{member}.")
