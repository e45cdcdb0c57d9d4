"""The sections of the staff pages and who sees them: entries that a person cannot open are absent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

ALL: Final = ""
OFFICE: Final = "officer director vice_rector cooperation_officer africa_officer"
OFFICE_AND_BODIES: Final = f"{OFFICE} committee_secretary committee_member promoter ops"
WELCOME: Final = f"{OFFICE} mobility_adviser promoter"


@dataclass(frozen=True, slots=True)
class Entry:
    slug: str
    title: str
    roles: str = ALL
    current: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


SECTIONS: Final = (
    Group("", (Entry("", "home"),)),
    Group(
        "relations",
        (
            Entry("partners", "partners"),
            Entry("agreements", "agreements"),
            Entry("register", "register"),
            Entry("committees", "committees"),
            Entry("meetings", "meetings", OFFICE_AND_BODIES),
        ),
    ),
    Group("welcome", (Entry("stays", "stays", WELCOME),)),
    Group("data", (Entry("countries", "countries"), Entry("refusals", "refusals", OFFICE_AND_BODIES))),
)


def sections(roles: Collection[str], path: str, language: str) -> list[Group]:
    """The groups with an entry for these roles; `current` is `page` on a section's own page, `true` below it."""
    shown = []
    for group in SECTIONS:
        entries = tuple(
            Entry(entry.slug, entry.title, entry.roles, _current(path, f"/{language}/{entry.slug}"))
            for entry in group.entries
            if not entry.roles or any(role in roles for role in entry.roles.split())
        )
        if entries:
            shown.append(Group(group.title, entries))
    return shown


def _current(path: str, root: str) -> str:
    if path == root:
        return "page"
    return "true" if not root.endswith("/") and path.startswith(f"{root}/") else ""
