"""Whatever a committee and its meetings are asked, their invariants hold and their facts fold to what is stored."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from services.events.tests.events_office import (
    AGGREGATES,
    DIRECTOR,
    PLATFORM,
    SECRETARY,
    Office,
    advice,
    at,
    item,
    request,
    times,
)

from chassis.decide import Refusal
from chassis.taking import Taken
from contracts.meeting import Item, ItemState, Meeting, MeetingState
from contracts.types import AdviceOutcome

REASON = {"reason": "as it came"}
OFFERED = {"remove_item": "scheduled", "withdraw_item": "convened", "defer_item": "held"}
picks = st.integers(min_value=0, max_value=30)
outcomes = st.sampled_from(["favourable", "favourable_with_conditions", "unfavourable", "noted"])


class LifeOfCommittees(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        self.council, self.members = self.office.seated(experts=3)
        self.asked = 0
        self.advised: dict[tuple[str, str], Item] = {}

    def sitting(self, pick: int, wanted: str) -> str:
        """Mostly one where the command is offered, sometimes any other."""
        known = sorted(self.office.shelf["meeting"])
        fitting = [each for each in known if self.office.meeting(each).state == wanted]
        chosen = known if pick % 10 == 9 else fitting or known
        return chosen[pick % len(chosen)]

    def any_item(self, pick: int, sitting: str | None = None) -> str:
        """Mostly one of this sitting, or one that waits; sometimes any other."""
        waiting = [each.item_id for each in self.office.committee(self.council).pending_items]
        here = [each.item_id for each in self.office.meeting(sitting).items] if sitting else waiting
        known = waiting + [
            each.item_id for other in self.office.shelf["meeting"] for each in self.office.meeting(other).items
        ]
        chosen = known if pick % 10 == 9 else here or known
        return sorted(chosen)[pick % len(chosen)] if chosen else self.council

    def ask(self, command: str, sitting: str, body: Any, caller: Any = SECRETARY) -> Taken | Refusal:
        return self.office.take("meeting", command, sitting, body, caller)

    @rule(requested=st.booleans())
    def submit(self, requested: bool) -> None:
        self.asked += 1
        body, caller = (request(self.asked), PLATFORM) if requested else (item(), SECRETARY)
        self.office.take("committee", "submit_item", self.council, body, caller)

    @rule(present=st.integers(min_value=1, max_value=4))
    def sit(self, present: int) -> None:
        """The whole way at once, so that what happens at sittings is met often."""
        self.submit(requested=True)
        self.submit(requested=False)
        sitting = self.office.schedule(self.council, days=1)
        self.convene_one(sitting)
        self.office.hold(sitting, self.members[:present], confirmed=True)

    @rule(pick=picks)
    def withdraw_waiting(self, pick: int) -> None:
        body = {"item_id": self.any_item(pick), **REASON}
        self.office.take("committee", "withdraw_item", self.council, body, SECRETARY)

    @rule(days=st.integers(min_value=1, max_value=200))
    def schedule(self, days: int) -> None:
        self.office.schedule(self.council, days)

    @rule(days=st.integers(min_value=0, max_value=9))
    def days_pass(self, days: int) -> None:
        self.office.today += timedelta(days=days)

    @rule(pick=picks, days=st.integers(min_value=-5, max_value=200))
    @precondition(lambda self: self.office.shelf["meeting"])
    def reschedule(self, pick: int, days: int) -> None:
        starts = at(self.office.today + timedelta(days=days))
        self.ask("reschedule_meeting", self.sitting(pick, "convened"), times(starts))

    @rule(pick=picks, which=picks)
    @precondition(lambda self: self.office.shelf["meeting"])
    def place(self, pick: int, which: int) -> None:
        self.ask("place_item", self.sitting(pick, "scheduled"), {"item_id": self.any_item(which)})

    @rule(pick=picks, which=picks, command=st.sampled_from(sorted(OFFERED)))
    @precondition(lambda self: self.office.shelf["meeting"])
    def take_off(self, pick: int, which: int, command: str) -> None:
        sitting = self.sitting(pick, OFFERED[command])
        body = {"item_id": self.any_item(which, sitting), **REASON}
        self.ask(command, sitting, body, PLATFORM if command == "withdraw_item" else SECRETARY)

    @rule(pick=picks)
    @precondition(lambda self: self.office.shelf["meeting"])
    def convene(self, pick: int) -> None:
        self.convene_one(self.sitting(pick, "scheduled"))

    def convene_one(self, sitting: str) -> None:
        """G7: a sitting takes the lowest number that is free in its year."""
        taken = self.office.convene(sitting, reason="urgent")
        if isinstance(taken, Taken):
            new: Meeting = taken.state
            year = [each.sitting_no for each in self.numbered() if each.day.year == new.day.year]
            assert set(range(1, (new.sitting_no or 0) + 1)) <= set(year)

    @rule(pick=picks, present=st.integers(min_value=1, max_value=4), confirmed=st.booleans())
    @precondition(lambda self: self.office.shelf["meeting"])
    def hold(self, pick: int, present: int, confirmed: bool) -> None:
        self.office.hold(self.sitting(pick, "convened"), self.members[:present], confirmed=confirmed)

    @rule(pick=picks, which=picks, who=st.integers(min_value=0, max_value=3))
    @precondition(lambda self: self.office.shelf["meeting"])
    def declare_conflict(self, pick: int, which: int, who: int) -> None:
        sitting = self.sitting(pick, "held")
        body = {"item_id": self.any_item(which, sitting), "member_id": self.members[who], **REASON}
        self.ask("declare_conflict", sitting, body)

    @rule(pick=picks, which=picks, outcome=outcomes, conditions=st.booleans())
    @precondition(lambda self: self.office.shelf["meeting"])
    def advise(self, pick: int, which: int, outcome: str, conditions: bool) -> None:
        stated = conditions and outcome == "favourable_with_conditions"
        texts = [{"no": 1, "text": {"fr": "Un budget."}}] if stated else []
        sitting = self.sitting(pick, "held")
        body = advice(self.any_item(which, sitting), outcome, conditions=texts)
        taken = self.ask("give_advice", sitting, body)
        if isinstance(taken, Taken):
            loaded = self.office.shelf["meeting"][sitting]
            given = loaded.state.item(body["item_id"])
            assert given.state is ItemState.WITHDRAWN or (
                len(loaded.private.voters_on(given.item_id)) >= loaded.state.quorum
            ), "G3"
            self.advised[sitting, given.item_id] = given

    @rule(pick=picks)
    @precondition(lambda self: self.office.shelf["meeting"])
    def cancel(self, pick: int) -> None:
        self.ask("cancel_meeting", self.sitting(pick, "convened"), REASON, DIRECTOR)

    @invariant()
    def g1_an_item_is_in_one_place(self) -> None:
        places = [each.item_id for each in self.office.committee(self.council).pending_items]
        for sitting in self.office.shelf["meeting"]:
            meeting = self.office.meeting(sitting)
            if meeting.state is not MeetingState.CANCELLED:
                places += [each.item_id for each in meeting.items if each.state is not ItemState.DEFERRED]
        assert [id_ for id_, often in Counter(places).items() if often > 1] == []

    @invariant()
    def k7_a_request_is_open_once(self) -> None:
        found = [each.request_id for each in self.office.committee(self.council).pending_items]
        for sitting in self.office.shelf["meeting"]:
            meeting = self.office.meeting(sitting)
            found += [each.request_id for each in meeting.items if each.is_open]
        assert max(Counter(each for each in found if each).values(), default=1) == 1

    @invariant()
    def g2_advice_never_changes(self) -> None:
        for (sitting, item_id), given in self.advised.items():
            now = self.office.meeting(sitting).item(item_id)
            assert now is not None
            assert (now.outcome, now.conditions) == (given.outcome, given.conditions)

    @invariant()
    def g4_conditions_are_stated(self) -> None:
        for sitting in self.office.shelf["meeting"]:
            for each in self.office.meeting(sitting).items:
                with_conditions = each.outcome is AdviceOutcome.FAVOURABLE_WITH_CONDITIONS
                assert with_conditions == bool(each.conditions)

    @invariant()
    def g7_no_two_sittings_of_a_year_have_the_same_number(self) -> None:
        numbers = Counter((each.day.year, each.sitting_no) for each in self.numbered())
        assert max(numbers.values(), default=1) == 1

    def numbered(self) -> list[Meeting]:
        known = [self.office.meeting(each) for each in self.office.shelf["meeting"]]
        return [each for each in known if each.sitting_no and each.state is not MeetingState.CANCELLED]

    @invariant()
    def agenda_numbers_run_from_one(self) -> None:
        for sitting in self.office.shelf["meeting"]:
            numbers = [each.no for each in self.office.meeting(sitting).items]
            assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def facts_fold_to_what_is_stored_and_versions_have_no_gap(self) -> None:
        for name, kind in AGGREGATES.items():
            for id_, loaded in self.office.shelf[name].items():
                told = self.office.told[id_]
                assert kind.contract.fold(None, told) == loaded.state
                assert sorted({fact.version for fact in told}) == list(range(1, loaded.state.version + 1))


TestLifeOfCommittees = pytest.mark.slow(LifeOfCommittees.TestCase)
TestLifeOfCommittees.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
