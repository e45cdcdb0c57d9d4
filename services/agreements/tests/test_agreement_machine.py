"""Any sequence of commands keeps the invariants, tells versions without a gap, and folds to the public state."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from services.agreements.tests.agreement_office import (
    DECISION,
    DIRECTOR,
    KINSHASA,
    OFFICER,
    OWN,
    PLATFORM,
    REASON,
    TOKYO,
    VICE_RECTOR,
    YAOUNDE,
    Office,
    condition,
    draft,
    parties,
    signature,
)

from agreements.agreement import AGGREGATE
from agreements.agreement.term_rules import sides
from chassis.decide import Refusal
from chassis.taking import Taken
from contracts.agreement import REGISTERED_OR_LATER, Agreement, AgreementState
from contracts.types import Period

PARTNERS = (YAOUNDE, KINSHASA, TOKYO)
OUTCOMES = ("clear", "clear", "clear", "cleared", "referred", "adverse")
KINDS = ("mou", "framework", "exchange")
PICK = st.integers(min_value=0, max_value=10_000)


class Agreements(RuleBasedStateMachine):
    """An office where officers, director, committees, partners and time do as they please."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        self.versions: dict[str, int] = {}
        self.refused = 0

    @initialize()
    def open(self) -> None:
        """One agreement is in force and one is under way, so that what follows meets both."""
        self.office.registered(parties=parties(TOKYO), end_on="2028-10-31")
        self.office.negotiating()

    # --- what people do ---

    @rule(
        kind=st.sampled_from(KINDS),
        partners=st.lists(st.sampled_from(PARTNERS), min_size=1, max_size=2, unique=True),
        start=st.integers(min_value=-30, max_value=120),
        months=st.integers(min_value=1, max_value=70),
    )
    def draft(self, kind: str, partners: list[str], start: int, months: int) -> None:
        first = self.office.today + timedelta(days=start)
        last = first + timedelta(days=30 * months)
        period = {"start_on": first.isoformat(), "end_on": last.isoformat()}
        self.take("draft_agreement", None, draft(kind=kind, parties=parties(*partners), **period))

    @rule(pick=PICK, months=st.integers(min_value=1, max_value=48))
    def change_the_end(self, pick: int, months: int) -> None:
        id_ = self.pick(pick)
        start = self.office.state(id_).start_on or self.office.today
        self.take("edit_agreement", id_, {"end_on": (start + timedelta(days=30 * months)).isoformat()})

    @rule(pick=PICK, partner=st.sampled_from(PARTNERS))
    def change_the_partner(self, pick: int, partner: str) -> None:
        self.take("edit_agreement", self.pick(pick), {"parties": parties(partner)})

    @rule(pick=PICK)
    def set_conditions(self, pick: int) -> None:
        year = self.office.today.year
        body = condition(first_academic_year=f"{year}/{year + 1}", last_academic_year=f"{year}/{year + 1}")
        self.take("set_conditions", self.pick(pick), {"conditions": [body]})

    @rule(pick=PICK, steps=st.integers(min_value=1, max_value=8))
    def go_on(self, pick: int, steps: int) -> None:
        """The next ordinary steps from whatever state the agreement is in."""
        for _ in range(steps):
            self.go_one_step(self.pick(pick), pick)

    def go_one_step(self, id_: str, pick: int) -> None:
        match self.office.state(id_).state:
            case AgreementState.DRAFT:
                self.take("submit_for_review", id_, {})
            case AgreementState.UNDER_REVIEW:
                for review in self.office.state(id_).reviews:
                    if review.kind != "rights":
                        self.take("record_review", id_, {"kind": review.kind, "outcome": "positive"})
                self.take("open_negotiation", id_, {})
            case AgreementState.NEGOTIATING:
                self.negotiate(id_, pick)
            case AgreementState.AWAITING_ADVICE:
                self.take("record_advice", id_, self.office.advice(id_), PLATFORM)
            case AgreementState.APPROVED:
                self.take("open_signing", id_, self.office.opening(id_))
            case AgreementState.SIGNING:
                self.sign(id_)
            case AgreementState.SIGNED:
                self.take("register_agreement", id_, {})
            case _:
                self.take("assign_officer", id_, {"responsible_officer": f"officer-{pick % 3}"})

    def negotiate(self, id_: str, pick: int) -> None:
        held = {each.slug for each in self.office.held("approve_agreement", id_, DIRECTOR)}
        if "advice-required" in held:
            self.take("request_advice", id_, {"question": {"fr": "Que recommander ?"}})
            return
        if held & {"rights-assessment-missing", "rights-assessment-expired"}:
            self.assess(pick, OUTCOMES[pick % len(OUTCOMES)])
        for advice in self.office.state(id_).advice:
            answers = [{"no": each.no, "text": {"fr": "Fait."}} for each in advice.conditions]
            if answers:
                body = {"request_id": advice.request_id, "answers": answers}
                self.take("answer_advice_conditions", id_, body)
        self.take("approve_agreement", id_, {"decision_ref": DECISION}, VICE_RECTOR)
        if self.office.state(id_).state is AgreementState.NEGOTIATING:
            self.take("approve_agreement", id_, {}, DIRECTOR)

    def sign(self, id_: str) -> None:
        awaited = next(each for each in self.office.state(id_).signatures if each.signed_on is None)
        body = signature(awaited.signature_no, signed_on=self.office.today.isoformat())
        self.take("record_signature", id_, body | {"document_id": self.office.document(id_)})

    @rule(pick=PICK, outcome=st.sampled_from(["favourable_with_conditions", "unfavourable", "noted"]))
    def advise(self, pick: int, outcome: str) -> None:
        id_ = self.pick(pick)
        if self.office.state(id_).pending_advice:
            self.take("record_advice", id_, self.office.advice(id_, outcome, asking=1), PLATFORM)

    @rule(pick=PICK, command=st.sampled_from(["withdraw_advice_request", "reopen_negotiation"]))
    def step_back(self, pick: int, command: str) -> None:
        self.take(command, self.pick(pick), REASON, DIRECTOR)

    @rule(pick=PICK)
    def give_up(self, pick: int) -> None:
        id_ = self.pick(pick)
        if pick % 3 == 0:
            self.take("withdraw_agreement", id_, REASON)
        elif pick % 3 == 1:
            self.take("reject_agreement", id_, {"reason": {"fr": "Non."}}, DIRECTOR)

    # --- what others and time do ---

    @rule(pick=PICK, outcome=st.sampled_from(OUTCOMES))
    def assess(self, pick: int, outcome: str) -> None:
        id_ = self.pick(pick)
        for party in self.office.state(id_).counterparts:
            self.office.assess(id_, party.partner_id, outcome)

    @rule(partner=st.sampled_from(PARTNERS))
    def block_or_lift(self, partner: str) -> None:
        if self.office.documents["partner_copies"][partner]["standing"] == "blocked":
            self.office.lift(partner)
        else:
            self.office.block(partner)
        for id_, loaded in list(self.office.agreements.items()):
            if loaded.state.is_live and any(each.partner_id == partner for each in loaded.state.parties):
                self.take("follow_partner_block", id_, {"partner_id": partner}, PLATFORM)

    @rule(days=st.integers(min_value=1, max_value=120))
    @precondition(lambda self: self.office.today < date(2033, 1, 1))
    def wait(self, days: int) -> None:
        self.office.today += timedelta(days=days)
        self.office.run_clock()

    def pick(self, number: int) -> str:
        ids = list(self.office.agreements)
        return ids[number % len(ids)]

    def take(self, command: str, id_: str | None, body: dict[str, Any], caller: Any = OFFICER) -> None:
        before = self.office.agreements.get(id_ or "")
        outcome = self.office.take(command, id_, body, caller)
        if isinstance(outcome, Refusal):
            self.refused += 1
            assert outcome.slug in AGGREGATE.command(command).refusals or outcome.slug in (
                "transition-not-allowed",
                "not-permitted",
                "unknown-id",
            )
            assert self.office.agreements.get(id_ or "") is before
        else:
            assert isinstance(outcome, Taken)

    # --- what always holds ---

    @invariant()
    def a1_one_own_party_and_no_partner_twice(self) -> None:
        for agreement in self.all():
            assert [each.partner_id for each in agreement.parties if each.role == "own"] == [OWN]
            ids = [each.partner_id for each in agreement.parties]
            assert len(ids) == len(set(ids)) >= 2

    @invariant()
    def a2_numbers_of_a_year_are_gap_free_and_never_change(self) -> None:
        numbers = [each.number for each in self.all() if each.number]
        by_year: dict[str, list[int]] = {}
        for number in numbers:
            _, year, n = number.split("-")
            by_year.setdefault(year, []).append(int(n))
        assert all(sorted(ns) == list(range(1, len(ns) + 1)) for ns in by_year.values())
        assert len(self.office.documents.get("register_entries", {})) == len(numbers)

    @invariant()
    def a3_what_is_registered_was_signed_by_all_after_the_approval(self) -> None:
        for agreement in self.all():
            if agreement.state in REGISTERED_OR_LATER:
                assert agreement.approval is not None
                assert agreement.text is not None
                days = [each.signed_on for each in agreement.signatures if each.required]
                assert all(day is not None and day >= agreement.approval.on for day in days)

    @invariant()
    def a4_a20_an_active_agreement_is_in_its_term(self) -> None:
        for agreement in self.all():
            if agreement.state is AgreementState.ACTIVE:
                assert agreement.start_on is not None
                assert agreement.end_on is not None
                assert agreement.start_on <= self.office.today <= agreement.end_on

    @invariant()
    def a5_no_bilateral_agreement_with_a_blocked_partner_is_active(self) -> None:
        for agreement in self.all():
            blocked = {each.partner_id for each in agreement.counterparts if self.is_blocked(each.partner_id)}
            if agreement.state is AgreementState.ACTIVE and blocked:
                assert agreement.plurality == "multilateral"
                assert {each.partner_id for each in agreement.parties if each.flagged} == blocked

    @invariant()
    def a10_no_two_live_agreements_cover_the_same(self) -> None:
        live = [each for each in self.all() if each.is_live]
        for place, one in enumerate(live):
            for other in live[place + 1 :]:
                if one.kind == other.kind and sides(one) == sides(other):
                    assert not _period(one).overlaps(_period(other))

    @invariant()
    def a18_awaiting_advice_means_one_open_request(self) -> None:
        for agreement in self.all():
            assert (agreement.state is AgreementState.AWAITING_ADVICE) == (agreement.pending_advice is not None)

    @invariant()
    def facts_fold_to_the_state_in_versions_without_a_gap(self) -> None:
        for id_, told in self.office.told.items():
            versions = [fact.version for fact in told]
            assert sorted(set(versions)) == list(range(1, versions[-1] + 1))
            assert AGGREGATE.contract.fold(None, told) == self.office.state(id_)

    def all(self) -> list[Agreement]:
        return [loaded.state for loaded in self.office.agreements.values()]

    def is_blocked(self, partner_id: str) -> bool:
        return str(self.office.documents["partner_copies"][partner_id]["standing"]) == "blocked"


def _period(agreement: Agreement) -> Period:
    assert agreement.start_on is not None
    return Period(from_=agreement.start_on, to=agreement.end_on)


TestAgreements = pytest.mark.slow(Agreements.TestCase)
TestAgreements.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
