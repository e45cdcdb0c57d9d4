"""What the pages need of the gateway: reads of its views, what a person may do, and commands on their way to the owner.

The gateway's core implements `Door`; the pages know nothing else of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from starlette.datastructures import UploadFile

Item = Mapping[str, Any]
"""A view's document as JSON: `id`, `version` and the members of the public state."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the directory."""

    subject: str
    name: str
    roles: Sequence[str] = ()
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. `next` is the opaque cursor of what follows; `total` only when it was asked for."""

    items: Sequence[Item]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A command as the owner offers it to this person now; `reasons` ({code, fr, en}) say what holds it back.

    `version` is the owner's own, which a view may not have yet (and for a stay never has).
    """

    command: str
    allowed: bool
    reasons: Sequence[Mapping[str, Any]] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """The owner did not answer in time."""

    retry_after_seconds: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """A command was taken: the aggregate's id and version after it, and what the owner answered beside."""

    id: str
    version: int
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem+json answer, its reasons in both languages."""

    status: int
    body: Mapping[str, Any]

    @property
    def slug(self) -> str:
        return str(self.body.get("type", "")).rpartition(":")[2]


class Door(Protocol):
    """Every read answers only what `who` may read; what may not be read is as if it were not there."""

    async def page(self, who: Person, collection: str, query: Mapping[str, str]) -> Listing:
        """One page of a list.

        `query`: `q` (words), `cursor`, `limit`, `count=true`; every other key is a filter by a member of the view,
        several values joined by commas (`state=draft,negotiating`, `country=CD`, `partner_id=…`, `committee_id=…`).
        """

    async def one(self, who: Person, collection: str, id: str, min_version: int | None = None) -> Item | None:
        """One document, waiting a little for `min_version`; an older one when it does not come in time."""

    async def several(self, who: Person, collection: str, ids: Collection[str]) -> Mapping[str, Item]:
        """Documents by id, for the names that pages show beside links; ids that cannot be read are left out."""

    async def timeline(self, who: Person, partner_id: str, cursor: str | None) -> Listing:
        """Facts about a partner, newest first: {id, type, time, occurred_on, actor, subject, data}."""

    async def history(self, who: Person, about: str, cursor: str | None) -> Listing:
        """Facts of one aggregate (`about` = `agreement/<id>`), newest first, in the timeline's shape."""

    async def actions(self, who: Person, collection: str, id: str) -> Sequence[Action] | Away:
        """What this person may do now, asked of the owner."""

    async def command(
        self,
        who: Person,
        collection: str,
        id: str | None,
        command: str | None,
        body: Mapping[str, Any],
        if_match: int | None,
        key: str,
    ) -> Done | Problem:
        """Forwards a command (snake_case name); without `id` and `command` it is the collection's creating one."""

    async def upload(
        self, who: Person, collection: str, id: str, file: UploadFile, key: str
    ) -> Mapping[str, Any] | Problem:
        """Stores a file as pending with the owner: {document_id, sha256}."""

    async def personal(self, who: Person, path: str, purpose: str) -> Mapping[str, Any] | Problem | Away:
        """Reads through to the owner (`partners/<id>/contacts`), which keeps a log of who read and why."""

    async def today(self) -> date:
        """The office's day: Brussels', or the demonstration's."""

    async def people(self) -> Sequence[Person]:
        """The directory: sign-in in development, names and pickers."""

    async def register(self, who: Person, query: Mapping[str, str]) -> Listing:
        """Registered agreements by number, newest first; `query`: `year`, `q`, `kind`, `state`, `cursor`, `count`."""

    async def refusals(self, who: Person, query: Mapping[str, str]) -> Listing:
        """Refusals by office policy, newest first.

        {id, time, actor, aggregate, aggregate_id, command, rule, slug, reason_fr, reason_en, refs, handed_to}.
        """
