"""What a form does without script before its command is sent: lines more or less, searches, uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from starlette.datastructures import FormData, UploadFile

from gateway.pages import words
from gateway.pages.door import Problem
from gateway.pages.forms.entries import Entries, compacted, indexes, without_row
from gateway.pages.forms.schemas import Schema
from gateway.pages.forms.sources import Sources
from gateway.pages.names import name_of
from gateway.pages.visit import Visit

OWN_FIELDS: Final = frozenset({"key", "version", "before", "op"})
CHOOSE_ONE: Final = words.msg("Choose one of those found, or look for other words.")
WidgetOf = Callable[[str], str]
"""The widget at a field's name: `lookup:partners`."""


def typed(form: FormData) -> Entries:
    """The form's texts by name; files stay in the form."""
    entries: Entries = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name not in OWN_FIELDS:
            entries.setdefault(name, []).append(value)
    return entries


async def operated(entries: Entries, sources: Sources, widget: WidgetOf, operation: str) -> Entries:
    """After a button other than the form's own: `add:<list>`, `remove:<row>`, `find:<field>`."""
    action, _, name = operation.partition(":")
    if action == "add":
        return entries | {f"{name}.{max(indexes(entries, name), default=-1) + 1}": [""]}
    if action == "remove":
        parent, _, index = name.rpartition(".")
        return without_row(entries, parent, int(index)) if index.isdecimal() else entries
    if action == "find":
        source = widget(name).partition(":")[2]
        sources.found[name] = await sources.search(source, _words(entries, name)) if source else ()
    return entries


async def uploaded(
    visit: Visit, form: FormData, entries: Entries, where: tuple[str, str] | None, key: str
) -> tuple[Entries, Problem | None]:
    """Files go to the owner first; the form then carries the document's id and its name."""
    for name, file in form.multi_items():
        if not isinstance(file, UploadFile) or not file.filename or where is None:
            continue
        member = name.removesuffix(".file")
        stored = await visit.door.upload(visit.who, *where, file, f"{key}-{member}")
        if isinstance(stored, Problem):
            return entries, stored
        entries = entries | {member: [str(stored["document_id"])], f"{member}.q": [file.filename]}
    return entries, None


async def resolved(entries: Entries, sources: Sources, widget: WidgetOf) -> tuple[Entries, Mapping[str, list[str]]]:
    """Words typed into a lookup become its choice when they find exactly one; else the person chooses."""
    unresolved = {}
    for name in [name.removesuffix(".q") for name in entries if name.endswith(".q")]:
        kind, _, source = widget(name).partition(":")
        said = _words(entries, name)
        if kind != "lookup" or not said or any(entries.get(name, ())):
            continue
        found = await sources.search(source, said)
        sources.found[name] = found
        exact = [each for each in found if _same(name_of(sources.visit, source.partition("?")[0], each), said)]
        chosen = exact if len(exact) == 1 else found
        if len(chosen) == 1:
            entries = entries | {name: [chosen[0]["id"]]}
        else:
            unresolved[name] = [sources.visit.said(CHOOSE_ONE)]
    return entries, unresolved


def tidied(schema: Schema, entries: Entries, numbered: tuple[str, ...]) -> Entries:
    """Lists without empty rows, as the owner will number them; those of `numbered` say their own number."""
    for name in lists(schema):
        entries = compacted(entries, name)
        if name in numbered:
            entries = entries | {f"{name}.{index}.no": [str(index + 1)] for index in indexes(entries, name)}
    return entries


def lists(schema: Schema, name: str = "") -> Iterator[str]:
    """The lists of objects that stand in no other list."""
    for member, inner in schema.get("properties", {}).items():
        path = f"{name}.{member}" if name else member
        if inner.get("type") == "array" and inner.get("items", {}).get("type") == "object":
            yield path
        elif inner.get("type") == "object":
            yield from lists(inner, path)


def _words(entries: Entries, name: str) -> str:
    return next(iter(entries.get(f"{name}.q", ())), "").strip()


def _same(name: str, said: str) -> bool:
    return name.casefold() == said.casefold()
