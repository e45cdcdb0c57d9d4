"""The switches themselves: a rule that is off lets through what it refuses, and only that rule."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from tests.rules.catalogue import modules
from tests.rules.chassis_rules import GUARDS
from tests.rules.switchboard import BOARD
from tests.rules.switches import Rule, every_rule, switched

from chassis.decide import Decision, Refusal


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    return {rule.id: rule for rule in every_rule()}


def with_switches(name: str) -> Any:
    """The module with its switches, beside the one that everybody else has."""
    made = ModuleType(f"{name} with switches")
    exec(compile(switched(name)[0], str(modules()[name].path), "exec", dont_inherit=True), made.__dict__)
    return made


def test_a_refusal_that_is_off_is_not_given(rules: dict[str, Rule]) -> None:
    policy = with_switches("events.meeting.policy")
    rule = rules["events.meeting.policy:no_quorum:quorum-not-met"]

    assert policy.no_quorum(1, 2).slug == "quorum-not-met"
    with BOARD.without(rule.id):
        assert policy.no_quorum(1, 2) is None
    with BOARD.without("events.meeting.policy:in_office:committee-dissolved"):
        assert policy.no_quorum(1, 2).slug == "quorum-not-met"


def test_a_rule_that_is_off_where_it_is_used_holds_elsewhere(rules: dict[str, Rule]) -> None:
    approval = with_switches("agreements.agreement.approval")
    used = [id_ for id_ in rules if id_.startswith("agreements.agreement.approval:held_approval:uses ")]
    approval.__dict__.update(dict.fromkeys((id_.rsplit(" ", 1)[1] for id_ in used), _one_refusal))
    approval.Known = _AnyContext

    everything = list(approval.held_approval(_AnyContext, _AnyContext, _AnyContext))
    with BOARD.without(used[0]):
        without_one = list(approval.held_approval(_AnyContext, _AnyContext, _AnyContext))

    assert len(used) > 8
    assert len(everything) == len(used)
    assert len(without_one) == len(used) - 1


class _AnyContext:
    """Stands for what the functions that it is given to do not look at."""

    resources = None
    settings: Any = type("Settings", (), {"iia_programme_ends_on": None})

    @classmethod
    def of(cls, _: object) -> type[_AnyContext]:
        return cls


def _one_refusal(*_: object) -> tuple[Refusal, ...]:
    return (Refusal("some-rule"),)


def test_a_guard_that_is_off_is_missing_from_the_decision(rules: dict[str, Rule]) -> None:
    agenda = with_switches("events.meeting.agenda")
    rule = next(id_ for id_ in rules if id_.startswith("events.meeting.agenda:_placed:guards "))
    state = type("State", (), {"items": (), "committee_id": "c", "id": "m"})

    with BOARD.without(rule):
        off: Decision = agenda._placed(state, ())
    on: Decision = agenda._placed(state, ())

    assert on.guards == ("agenda:c",)
    assert off.guards == ()


def test_every_guard_of_the_chassis_is_found_in_its_code() -> None:
    found = {rule.id.split(" (")[0] for rule in every_rule() if rule.kind == "guard"}

    assert [guard for guard in GUARDS if f"{guard.module}:{guard.function}:{guard.about}" not in found] == []


def test_every_rule_has_an_id_of_its_own() -> None:
    ids = [rule.id for rule in every_rule()]

    assert len(ids) == len(set(ids))
    assert len(ids) > 500
