"""Whatever is done to a stay, its invariants hold and its facts fold to its public state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from services.mobility.tests.stay_builders import (
    AGREEMENT,
    PLATFORM,
    REGISTRATION,
    SUCCESSOR,
    TODAY,
    Office,
    agreement,
    announcement,
    country,
    folded,
)

from chassis.taking import Taken
from contracts.stay import STAY, StayState
from mobility.stay.private import NEVER_TOOK_PLACE

IDS = [f"3f1c9a52-5f5a-4b37-9d5a-{n:012d}" for n in range(4)]
ids = st.sampled_from(IDS)


class LifeOfStays(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        successor = agreement(_id=SUCCESSOR, start_on="2028-01-01", end_on="2032-12-31", state="registered")
        self.office = Office.open(("agreement_copies", successor), ("country_copies", country("VN")))
        self.facts: dict[str, list[Any]] = {id_: [] for id_ in IDS}
        self.versions: dict[str, list[int]] = {id_: [] for id_ in IDS}

    def issue(self, id_: str, command: str, body: Mapping[str, object], **how: Any) -> None:
        outcome = self.office.take(command, body, id_=id_, **how)
        if isinstance(outcome, Taken) and not outcome.decision.is_empty:
            self.facts[id_] += outcome.facts
            self.versions[id_].append(outcome.state.version)

    @rule(
        id_=ids,
        first=st.integers(0, 1_000),
        days=st.one_of(st.none(), st.integers(0, 400)),
        same=st.booleans(),
        nationality=st.sampled_from(["BF", "FR", "VN", "JP"]),
        supervised=st.integers(0, 9),
    )
    def announce(self, id_: str, first: int, days: int | None, same: bool, nationality: str, supervised: int) -> None:
        if id_ in self.office.stays:
            return
        from_ = TODAY + timedelta(days=first)
        period = {"from": from_.isoformat()}
        if days is not None:
            period["to"] = (from_ + timedelta(days=days)).isoformat()
        body = announcement(period=period, nationalities=[nationality])
        if supervised == 0:
            body["host"] = {"unit_id": IDS[0]}
        if same and self.office.stays:
            del body["person"]
            body["holder_id"] = next(iter(self.office.stays.values())).private.holder_id
        self.issue(id_, "announce_stay", body)

    @rule(id_=ids, complete=st.booleans())
    def register(self, id_: str, complete: bool) -> None:
        if id_ in self.office.stays:
            self.issue(id_, "register_stay", dict(REGISTRATION) if complete else {"gender": "x"})

    @rule(id_=ids, basis=st.sampled_from(["employment", "grant", "enrolment", "visiting"]))
    def assess(self, id_: str, basis: str) -> None:
        if id_ in self.office.stays:
            self.issue(id_, "assess_stay", {"basis": basis})

    @rule(id_=ids, command=st.sampled_from(["cancel_stay", "refuse_stay"]))
    def end(self, id_: str, command: str) -> None:
        if id_ in self.office.stays:
            self.issue(id_, command, {"reason": "Le projet ne se fait pas."})

    @rule(id_=ids, agreement_id=st.sampled_from([AGREEMENT, SUCCESSOR]), cause=st.sampled_from(["expired"]))
    def lose_basis(self, id_: str, agreement_id: str, cause: str) -> None:
        if id_ in self.office.stays:
            body = {"agreement_id": agreement_id, "cause": cause}
            self.issue(id_, "lose_agreement_basis", body, caller=PLATFORM)

    @rule(id_=ids)
    def follow(self, id_: str) -> None:
        if id_ in self.office.stays:
            body = {"agreement_id": AGREEMENT, "successor_id": SUCCESSOR}
            self.issue(id_, "follow_successor", body, caller=PLATFORM)

    @invariant()
    def versions_have_no_gap_and_facts_fold_to_the_public_state(self) -> None:
        for id_, loaded in self.office.stays.items():
            assert self.versions[id_] == list(range(1, loaded.state.version + 1))
            told = folded(self.facts[id_])
            assert told.model_copy(update={"version": 0}) == loaded.state.model_copy(update={"version": 0})

    @invariant()
    def s1_no_person_and_no_day_is_told(self) -> None:
        for facts in self.facts.values():
            told = "".join(fact.model_dump_json() for fact in facts)
            assert "Vingt-trois" not in told
            assert "example.org" not in told
            assert all(fact.occurred_on.day == 1 for fact in facts)

    @invariant()
    def s2_s3_every_stay_has_a_supervisor_and_stays_of_a_holder_do_not_overlap(self) -> None:
        files = [loaded.private for loaded in self.office.stays.values()]
        assert all(file.host.supervisor for file in files)
        taking_place = [file for file in files if file.stage not in NEVER_TOOK_PLACE]
        for index, one in enumerate(taking_place):
            for other in taking_place[index + 1 :]:
                assert one.holder_id != other.holder_id or not one.period.overlaps(other.period)

    @invariant()
    def the_public_state_is_one_that_is_told(self) -> None:
        for loaded in self.office.stays.values():
            assert STAY.state_of(loaded.state) in {str(state) for state in StayState}


TestLifeOfStays = pytest.mark.slow(LifeOfStays.TestCase)
TestLifeOfStays.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
