"""What an aggregate's folder is written with: command rows, decisions, refusals and the context they are taken in.

Everything here is a value. Nothing here reads a clock, a store or a network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Protocol

from pydantic import BaseModel

from contracts.record import Contract, Fact

Document = Mapping[str, Any]
Reach = Mapping[str, frozenset[str]]
"""What an aggregate lies in, by dimension (countries, kinds, subjects…): a role's scope is tested against it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in French and English; `{members}` are filled in."""

    fr: str
    en: str

    def filled(
        self,
        fr: Mapping[str, object] | None = None,
        en: Mapping[str, object] | None = None,
        **both: object,
    ) -> Text:
        return Text(self.fr.format(**both, **(fr or {})), self.en.format(**both, **(en or {})))

    def within(self, language: str) -> str:
        return self.fr if language == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    text: Text
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that stands against a command. With `rule` (POL-…) it is recorded as a fact of the refusals' stream."""

    slug: str
    reasons: tuple[Reason, ...] = ()
    rule: str | None = None
    refs: Mapping[str, object] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)


def refuse(
    slug: str,
    *texts: Text,
    pointer: str | None = None,
    rule: str | None = None,
    **members: object,
) -> Refusal:
    """A refusal whose reasons carry its slug as code; without a text the slug's title is the reason."""
    return Refusal(
        slug,
        tuple(Reason(slug, text, pointer) for text in texts),
        rule=rule,
        members=members,
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person, `service:<name>` or `clock`, with the roles held and the scope of each (empty = no limit)."""

    subject: str
    roles: Mapping[str, Reach] = field(default_factory=dict)

    @property
    def is_person(self) -> bool:
        return self.subject != "clock" and not self.subject.startswith("service:")

    @property
    def is_scoped(self) -> bool:
        """Whether a role of theirs reaches only so far."""
        return any(any(reach.values()) for reach in self.roles.values())

    def may(self, roles: Iterable[str], reach: Reach) -> bool:
        """True when one of the roles is held and its scope touches what the aggregate lies in, dimension by dimension."""
        return any(
            all(values & reach.get(dimension, frozenset()) for dimension, values in self.roles[role].items() if values)
            for role in roles
            if role in self.roles
        )

    def has(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)


@dataclass(frozen=True, slots=True)
class Doc:
    """Asks for one document by id: a local copy, a claim, a document's card."""

    collection: str
    id: str

    @property
    def key(self) -> tuple[str, ...]:
        return ("doc", self.collection, self.id)


@dataclass(frozen=True, slots=True)
class Rows:
    """Asks for the documents that match, under a name of its own; `fields` empty brings them whole. Where more than `limit`
    match the command fails: no rule decides on a part of them.
    Proved by `test_a_rule_is_told_of_all_that_matches_or_the_command_fails`."""

    name: str
    collection: str
    filter: Mapping[str, Any]
    sort: tuple[tuple[str, int], ...] = ()
    limit: int = 1_000
    fields: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return ("rows", self.name)


@dataclass(frozen=True, slots=True)
class Other:
    """Asks for another aggregate of the same service, so that `also` can change it with this one."""

    aggregate: str
    id: str

    @property
    def key(self) -> tuple[str, ...]:
        return ("other", self.aggregate, self.id)


@dataclass(frozen=True, slots=True)
class Next:
    """Asks for the next number of a gap-free counter; undone when the command is refused.
    Proved by `test_forty_racing_creations_get_forty_numbers_without_a_gap`."""

    counter: str

    @property
    def key(self) -> tuple[str, ...]:
        return ("next", self.counter)


Find = Doc | Rows | Other | Next


@dataclass(frozen=True, slots=True)
class Loaded:
    """An aggregate as the store holds it; `at` is when its last outbox row was written (µs)."""

    state: Any
    private: Any
    at: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What the finds of a command brought, by what asked for it, and the business day."""

    results: Mapping[tuple[str, ...], Any] = field(default_factory=dict)
    today: date = date.min

    def doc(self, collection: str, id_: str | None) -> Document | None:
        return self.results.get(("doc", collection, id_)) if id_ else None

    def rows(self, name: str) -> Sequence[Document]:
        found: Sequence[Document] = self.results.get(("rows", name), ())
        return found

    def other(self, aggregate: str, id_: str | None) -> Loaded | None:
        return self.results.get(("other", aggregate, id_)) if id_ else None

    def number(self, counter: str) -> int:
        return int(self.results["next", counter])


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a decision may know besides the aggregate and the command. `id` is the aggregate's, also at creation."""

    caller: Caller
    today: date
    now: datetime
    id: str
    found: Found
    new_id: Callable[[], str]
    settings: Any = None


@dataclass(frozen=True, slots=True)
class Also:
    """Facts of another aggregate of the same service, in the same transaction. A creation names a new id.
    Proved by `test_another_aggregate_changes_with_the_one_that_was_asked_or_not_at_all`."""

    aggregate: str
    id: str
    facts: tuple[Fact, ...]
    private: Any = None


@dataclass(frozen=True, slots=True)
class New:
    """A document inserted in the transaction; its `_id` is the claim, taken twice it makes the command start again."""

    collection: str
    document: Document


@dataclass(frozen=True, slots=True)
class Gone:
    """A document deleted in the transaction."""

    collection: str
    id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command changes. An empty one changes nothing and leaves the version as it is.

    `guards` are keys `rule:key` that two decisions under the same rule over several documents both touch;
    `relies_on` are the local copies (collection, id) the decision rests on: a copy that changes meanwhile makes it start
    again. `attaches` are pending documents that become the aggregate's. `answer` goes to the caller beside the state.
    """

    facts: tuple[Fact, ...] = ()
    private: Any = None
    also: tuple[Also, ...] = ()
    guards: tuple[str, ...] = ()
    relies_on: tuple[tuple[str, str], ...] = ()
    rows: tuple[New | Gone, ...] = ()
    attaches: tuple[str, ...] = ()
    answer: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.also or self.rows or self.attaches) and self.private is None


Outcome = Decision | Refusal

CREATION: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Command:
    """One row of an aggregate's command table.

    `from_states` are the states it is offered in (`CREATION`: none yet); `to` the states it can lead to (empty: the same).
    `needs(state, private, body, found)` says what it must know, asked again until it asks for nothing new; `body` is None
    when only `held` is wanted. `decide(state, private, body, context)` and `held(state, private, context)` are pure; `held`
    gives every refusal that needs no body. `refusals` lists the slugs of the table's last column.
    """

    name: str
    model: type[BaseModel]
    from_states: frozenset[str]
    roles: tuple[str, ...]
    decide: Callable[[Any, Any, Any, Context], Outcome]
    to: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    needs: Callable[[Any, Any, Any, Found], Iterable[Find]] = lambda state, private, body, found: ()
    held: Callable[[Any, Any, Context], Iterable[Refusal]] | None = None

    @property
    def creates(self) -> bool:
        return self.from_states == CREATION

    @property
    def slug(self) -> str:
        return self.name.replace("_", "-")


class Nothing(BaseModel):
    """A body without members, or a private part that holds nothing."""

    model_config = {"extra": "forbid", "frozen": True}


class Drawer(Protocol):
    """What sealing may read and write, in the aggregate's own transaction."""

    async def document(self, collection: str, id_: str) -> Document | None: ...

    async def insert(self, collection: str, document: Document) -> None: ...


Seal = Callable[[Drawer, str, Document], Awaitable[Document]]


@dataclass(frozen=True)
class Aggregate:
    """An aggregate as its service runs it: the contract, the command table and what it knows beside its public state.

    `creator` is the command of a bare POST on the collection. `reach(state, private, body, found)` says what it lies in for
    scopes (on creation `state` is None), `needs` what every command must know, `scope_needs` what must be known when a
    role of the caller reaches only so far. `problems` gives each refusal's title. `next_due(state, private)` is the day on
    which time itself makes something due; `on_clock` is the row that does it.

    `stage(state, private)` names the state where the table's is finer than the public one. With `readers`, whoever holds none
    of these roles nor the command's is told `unknown-id`. `id_of(body)` gives a creation's id where it is a code. `seal` and
    `unseal` turn the private part into what is stored.
    """

    contract: Contract[Any]
    commands: tuple[Command, ...]
    creator: str
    problems: Mapping[str, Text]
    private: type[BaseModel] = Nothing
    reach: Callable[[Any, Any, Any, Found], Reach] = lambda state, private, body, found: {}
    needs: Callable[[Any, Any, Any, Found], Iterable[Find]] = lambda state, private, body, found: ()
    scope_needs: Callable[[Any, Any, Any, Found], Iterable[Find]] = lambda state, private, body, found: ()
    next_due: Callable[[Any, Any], date | None] = lambda state, private: None
    on_clock: Command | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
    stage: Callable[[Any, Any], str] | None = None
    readers: tuple[str, ...] | None = None
    id_of: Callable[[Any], str] | None = None
    seal: Seal | None = None
    unseal: Seal | None = None

    @property
    def name(self) -> str:
        return self.contract.aggregate

    def state_of(self, loaded: Loaded) -> str:
        """The state as the command table spells it."""
        if self.stage:
            return self.stage(loaded.state, loaded.private)
        return self.contract.state_of(loaded.state)

    def command(self, name: str) -> Command:
        """The row of that name; raises KeyError."""
        return {row.name: row for row in self.commands}[name]

    def offered(self, state: str) -> list[str]:
        """The commands that the table offers in this state."""
        return [row.name for row in self.commands if state in row.from_states]
