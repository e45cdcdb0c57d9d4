"""The directory of people: names, roles and scopes, for display, sign-in and tokens. It never leaves the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field
from pymongo import ReplaceOne

from chassis.decide import Caller
from chassis.mongo import Row, Store
from contracts.roles import FIXED_SCOPES, Role
from contracts.types import Body, Lang, Subject, Text300

PEOPLE: Final = "people"


class Entry(Body):
    """A line of the directory; a role's scope is by dimension (countries, regions, kinds, units, committee_ids)."""

    subject: Subject
    name: Text300
    email: str | None = None
    unit: str | None = None
    languages: tuple[Lang, ...] = ("fr",)
    roles: Mapping[Role, Mapping[str, Sequence[str]]] = Field(default_factory=dict)
    active: bool = True


class Import(Body):
    people: tuple[Entry, ...]


class Directory:
    """Reads and replaces people; a person that is not in it has no role."""

    def __init__(self, store: Store) -> None:
        self._people = store[PEOPLE]

    async def replace(self, entries: Sequence[Entry]) -> int:
        """Adds the people or puts them in place of what was known of them."""
        rows = [{"_id": entry.subject, **entry.model_dump(mode="json", exclude={"subject"})} for entry in entries]
        if rows:
            await self._people.bulk_write([ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows])
        return len(rows)

    async def everyone(self) -> list[Row]:
        rows: list[Row] = await self._people.find({"active": True}).sort([("name", 1)]).to_list(5_000)
        return rows

    async def one(self, subject: str) -> Row | None:
        row: Row | None = await self._people.find_one({"_id": subject, "active": True})
        return row

    async def caller(self, subject: str) -> Caller | None:
        """The person as services know them: roles, each with its scope."""
        row = await self.one(subject)
        return Caller(subject, effective(subject, row["roles"])) if row else None


def effective(
    subject: str, roles: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, Mapping[str, frozenset[str]]]:
    """Roles with their scopes, those that come with the role itself included."""
    found: dict[str, Mapping[str, frozenset[str]]] = {}
    for name, scope in roles.items():
        own = {dimension: frozenset(values) for dimension, values in scope.items() if values}
        fixed = FIXED_SCOPES.get(Role(name), {})
        mine = {"subjects": frozenset({subject})} if name == Role.PROMOTER else {}
        found[str(name)] = {**own, **fixed, **mine}
    return found
