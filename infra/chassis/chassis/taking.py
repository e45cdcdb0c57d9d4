"""The pure middle of every command: the table's own checks, the decision, and the aggregate after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chassis.decide import Aggregate, Caller, Command, Context, Decision, Found, Loaded, Reach, Refusal
from contracts.record import Fact


@dataclass(frozen=True)
class Taken:
    """A decision and the aggregate after it; `facts` are stamped."""

    decision: Decision
    state: Any
    private: Any
    facts: tuple[Fact, ...]

    @cached_property
    def public(self) -> dict[str, Any]:
        """The state after it as it is kept, told and answered."""
        return public_json(self.state)


def public_json(state: Any) -> dict[str, Any]:
    """The public state as it stands in the store, in snapshots and in answers: JSON values, absent instead of null."""
    document: dict[str, Any] = state.model_dump(mode="json", by_alias=True, exclude_none=True)
    return document


def take(aggregate: Aggregate, row: Command, loaded: Loaded | None, body: Any, context: Context) -> Taken | Refusal:
    """Checks the table, decides and folds: the pure middle of every command."""
    refusal = checked(aggregate, row, loaded, body, context)
    if refusal:
        return refusal
    state, private = (loaded.state, loaded.private) if loaded else (None, None)
    outcome = row.decide(state, private, body, context)
    if isinstance(outcome, Refusal):
        return outcome
    return after(aggregate, loaded, outcome, context)


def after(aggregate: Aggregate, loaded: Loaded | None, decision: Decision, context: Context) -> Taken:
    """The aggregate after a decision; the version goes up by one with its facts.

    What only the service knows changes without a new version, except in personal aggregates, whose versions may skip on
    Kafka: everybody else must find every version there.

    Proved by `test_what_only_the_service_knows_changes_without_a_version_that_kafka_never_sees`.
    """
    state = loaded.state if loaded else None
    private = decision.private if decision.private is not None else (loaded.private if loaded else aggregate.private())
    if decision.is_empty:
        return Taken(decision, state, private, ())
    contract = aggregate.contract
    before = state.version if state is not None else 0
    version = before + 1 if decision.facts or contract.personal else before
    facts = tuple(contract.stamp(fact, context.id, version, context.today) for fact in decision.facts)
    changed = contract.fold(state, facts).model_copy(update={"version": version})
    return Taken(decision, changed, private, facts)


def checked(aggregate: Aggregate, row: Command, loaded: Loaded | None, body: Any, context: Context) -> Refusal | None:
    """What the table itself refuses: existence hidden from the caller, the state, the role."""
    reach = reach_of(aggregate, loaded, body, context.found)
    if loaded is None:  # what one creates is one's own
        reach = {**reach, "subjects": reach.get("subjects", frozenset()) | {context.caller.subject}}
    return (
        hidden(aggregate, row.roles, loaded, reach, context.caller)
        or offered(aggregate, row, loaded)
        or permitted(row.roles, reach, context.caller)
    )


def reach_of(aggregate: Aggregate, loaded: Loaded | None, body: Any, found: Found) -> Reach:
    """What the aggregate lies in, dimension by dimension."""
    state, private = (loaded.state, loaded.private) if loaded else (None, None)
    return aggregate.reach(state, private, body, found)


def hidden(
    aggregate: Aggregate, roles: tuple[str, ...], loaded: Loaded | None, reach: Reach, caller: Caller
) -> Refusal | None:
    """`unknown-id` for whoever may not know that the aggregate exists.
    Proved by `test_s10_a_stranger_is_told_that_there_is_no_such_stay`."""
    if aggregate.readers is None or loaded is None or caller.may((*aggregate.readers, *roles), reach):
        return None
    return Refusal("unknown-id")


def offered(aggregate: Aggregate, row: Command, loaded: Loaded | None) -> Refusal | None:
    """`transition-not-allowed` when the table does not offer the command in this state.
    Proved by `test_the_wrong_state_names_what_is_possible`."""
    if loaded is None or row.creates:
        return None
    now = aggregate.state_of(loaded)
    if now in row.from_states:
        return None
    return Refusal("transition-not-allowed", members={"state": now, "allowed_commands": aggregate.offered(now)})


def permitted(roles: tuple[str, ...], reach: Reach, caller: Caller) -> Refusal | None:
    """`not-permitted`, naming the roles that have the command, when role or scope lacks it.
    Proved by `test_a_role_reaches_as_far_as_its_scope`."""
    if caller.may(roles, reach):
        return None
    return Refusal("not-permitted", members={"roles": [str(role) for role in roles]})
