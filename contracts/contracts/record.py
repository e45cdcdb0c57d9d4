"""Facts, public states and how one becomes the other: the grammar that every aggregate's contract is written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field

from contracts.types import Change, Shape


class Fact(Shape):
    """Something that happened. The owner stamps `<aggregate>_id`, `version` and `occurred_on` when it is recorded."""

    required_in_records: ClassVar[tuple[str, ...]] = ("version", "occurred_on")

    version: int = Field(default=0, ge=0)
    occurred_on: date | None = None

    @classmethod
    @cache
    def short_name(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @property
    def happened_on(self) -> date:
        """The date in the office's world; every recorded fact has one."""
        if self.occurred_on is None:
            raise ValueError(f"{self.short_name()} was not recorded yet")
        return self.occurred_on


class State(Shape):
    """The public state of an aggregate: the fold of its facts."""

    id: str
    version: int = Field(default=0, ge=0)

    def with_changes(self, changes: Iterable[Change]) -> Self:
        """Sets each pointer to its new value and checks the whole; pointers outside the public model change nothing."""
        document: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for change in changes:
            _set(document, change.pointer.strip("/").split("/"), change.new)
        return type(self).model_validate(document)


def _set(document: dict[str, Any], path: list[str], value: object) -> None:
    *parents, last = path
    inner = document
    for name in parents:
        inner = inner.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ValueError(f"/{'/'.join(path)} does not name a member of the public state")
    if value is None:
        inner.pop(last, None)
    else:
        inner[last] = value


S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Contract(Generic[S]):
    """One aggregate's part of the language: its public state, its facts and the fold between them.

    `evolve(None, creation)` gives the first state; `evolve(state, fact)` the next. `personal` aggregates (stay, grant)
    are dated to the month on Kafka, carry random record ids, keep 36 months and may skip versions. Without
    `keeps_state` there are facts only and no state topic.
    """

    aggregate: str
    service: str
    collection: str
    state: type[S]
    facts: Sequence[type[Fact]]
    evolve: Callable[[S | None, Any], S]
    state_field: str = "state"
    personal: bool = False
    keeps_state: bool = True

    @property
    def id_field(self) -> str:
        return f"{self.aggregate}_id"

    @property
    def events_topic(self) -> str:
        return f"passerelle.{self.aggregate}.events.v1"

    @property
    def state_topic(self) -> str:
        return f"passerelle.{self.aggregate}.state.v1"

    @property
    def snapshot_type(self) -> str:
        return f"passerelle.{self.aggregate}.snapshot.v1"

    @cached_property
    def fact_types(self) -> Mapping[str, type[Fact]]:
        """By CloudEvents type."""
        return {self.fact_type(fact): fact for fact in self.facts}

    def fact_type(self, fact: type[Fact]) -> str:
        return f"passerelle.{self.aggregate}.{fact.short_name()}.v1"

    def stamp(self, fact: Fact, id_: str, version: int, today: date) -> Fact:
        """The fact as it is recorded: whose, which version, and the day it happened (today unless it says otherwise)."""
        on = fact.occurred_on or today
        if self.personal:
            on = on.replace(day=1)
        return fact.model_copy(update={self.id_field: id_, "version": version, "occurred_on": on})

    def fold(self, state: S | None, facts: Iterable[Fact]) -> S:
        """The public state after the facts; `facts` may not be empty when there is no state yet."""
        for fact in facts:
            state = self.evolve(state, fact).model_copy(update={"version": fact.version})
        if state is None:
            raise ValueError(f"no fact, no {self.aggregate}")
        return state

    def state_of(self, state: S) -> str:
        """The name of the state it is in, as the command table spells it."""
        return str(getattr(state, self.state_field))


def encode(shape: Shape) -> bytes:
    """The JSON of a fact or a state: members by their public names, absent instead of null."""
    return shape.model_dump_json(by_alias=True, exclude_none=True).encode()
