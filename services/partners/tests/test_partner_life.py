"""Any sequence of commands keeps the invariants of a partner, and its facts folded are its state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from services.partners.tests.partner_office import (
    ADVISER,
    DECISION,
    DIRECTOR,
    OFFICER,
    OTHER_OFFICER,
    PROMOTER,
    VICE_RECTOR,
    Office,
    named,
    university,
)

from chassis.decide import Caller, Refusal
from contracts.identifiers import claim_key
from contracts.partner import PARTNER, PartnerKind, Standing
from contracts.record import encode

CALLERS = st.sampled_from([OFFICER, OTHER_OFFICER, DIRECTOR, VICE_RECTOR, ADVISER])
ANSWERS = st.sampled_from(["no", "doubt", "yes"])
VALUES = st.sampled_from(["unilu.ac.cd", "UNIKIN.ac.cd", "uob.cd", "not an id"])
NAMES = st.sampled_from(["Université de Lubumbashi", "University of Lubumbashi", "Institut de Goma", "ISP Bukavu"])
SECRET = "marqueur-personnel"


class PartnerLife(RuleBasedStateMachine):
    partners: Bundle[str] = Bundle("partners")

    def __init__(self) -> None:
        super().__init__()
        self.office = Office.open()
        self.assessments: dict[str, list[Any]] = {}

    def try_(self, command: str, body: dict[str, Any], id_: str, caller: Caller) -> None:
        before = self.office.held["partner", id_]
        outcome = self.office.take(command, body, id_=id_, caller=caller)
        after = self.office.held["partner", id_]
        if isinstance(outcome, Refusal) or outcome.decision.is_empty:
            assert after is before
        else:
            assert after.state.version == before.state.version + 1

    @rule(target=partners, name=NAMES, value=VALUES, confirmed=st.booleans())
    def register(self, name: str, value: str, confirmed: bool) -> Any:
        known = [id_ for kind, id_ in self.office.held if kind == "partner"] if confirmed else []
        body = university(name, identifiers=[{"scheme": "schac", "value": value}], confirmed_distinct_from=known)
        outcome = self.office.take("register_partner", body)
        return multiple() if isinstance(outcome, Refusal) else outcome.state.id

    @rule(target=partners, name=NAMES)
    def suggest(self, name: str) -> Any:
        body = {"name": named(name), "country": "CD", "reason": "x"}
        outcome = self.office.take("suggest_partner", body, caller=PROMOTER)
        return multiple() if isinstance(outcome, Refusal) else outcome.state.id

    @rule(id_=partners, value=VALUES)
    def accept(self, id_: str, value: str) -> None:
        body = {"kind": "university", "identifiers": [{"scheme": "schac", "value": value}]}
        self.try_("accept_suggestion", body, id_, OFFICER)

    @rule(target=partners, id_=consumes(partners))
    def dismiss(self, id_: str) -> str:
        self.try_("dismiss_suggestion", {"reason": "x"}, id_, OFFICER)
        return id_

    @rule(id_=partners, name=NAMES, kind=st.sampled_from(list(PartnerKind)))
    def edit(self, id_: str, name: str, kind: PartnerKind) -> None:
        body = {"name": named(name), "kind": kind, "level": "foreign", "address": SECRET}
        self.try_("edit_partner", body, id_, OFFICER)

    @rule(id_=partners, value=VALUES)
    def set_identifier(self, id_: str, value: str) -> None:
        self.try_("set_identifier", {"scheme": "schac", "value": value}, id_, OFFICER)

    @rule(id_=partners)
    def remove_identifier(self, id_: str) -> None:
        self.try_("remove_identifier", {"scheme": "schac", "reason": "x"}, id_, OFFICER)

    @rule(id_=partners, caller=CALLERS)
    def meet(self, id_: str, caller: Caller) -> None:
        contact = {"given_name": SECRET, "family_name": SECRET, "email": f"{SECRET}@example.org", "phone": SECRET}
        self.try_("add_contact", contact, id_, caller)
        for known in self.office.private(id_).contacts:
            self.try_("edit_contact", {"contact_id": known.contact_id, "phone": SECRET}, id_, caller)

    @rule(id_=partners, caller=CALLERS)
    def note(self, id_: str, caller: Caller) -> None:
        self.try_("add_note", {"text": SECRET}, id_, caller)

    @rule(id_=partners)
    def activate(self, id_: str) -> None:
        self.try_("activate_partner", {"relation_owner": "officer-01"}, id_, OFFICER)

    @rule(id_=partners, q1=ANSWERS, q2=ANSWERS, caller=CALLERS)
    def assess(self, id_: str, q1: str, q2: str, caller: Caller) -> None:
        subject = {"type": "partner", "id": id_}
        body = {"subject_ref": subject, "purpose": "review", "q1_institution": q1, "q2_activities": q2}
        self.try_("record_rights_assessment", {**body, "note": {"fr": SECRET}}, id_, caller)

    @rule(id_=partners, caller=CALLERS, outcome=st.sampled_from(["cleared", "adverse"]))
    def close_referral(self, id_: str, caller: Caller, outcome: str) -> None:
        for assessment in self.office.private(id_).assessments:
            body = {"assessment_id": assessment.assessment_id, "opinion": {"fr": SECRET}, "outcome": outcome}
            self.try_("record_referral_opinion", body, id_, caller)

    @rule(id_=partners, caller=CALLERS)
    def propose_block(self, id_: str, caller: Caller) -> None:
        self.try_("propose_block", {"scope": "institutional", "reason": {"fr": "x"}}, id_, caller)

    @rule(id_=partners, caller=CALLERS)
    def decide_block(self, id_: str, caller: Caller) -> None:
        body = {"decision_ref": DECISION, "scope": "institutional", "transition": {"rule": "run_to_term"}}
        self.try_("decide_block", body, id_, caller)

    @rule(id_=partners, caller=CALLERS)
    def lift_block(self, id_: str, caller: Caller) -> None:
        self.try_("lift_block", {"decision_ref": DECISION, "reason": "x"}, id_, caller)

    @invariant()
    def p1_an_identifier_belongs_to_one_partner(self) -> None:
        claims = {key: row["partner_id"] for key, row in self.office.rows.get("identifier_claims", {}).items()}
        held = {claim_key(one.scheme, one.value): state.id for state in self.states() for one in state.identifiers}
        assert claims == held

    @invariant()
    def p3_nobody_becomes_the_own_institution(self) -> None:
        assert all(state.kind is not PartnerKind.OWN_INSTITUTION for state in self.states())

    @invariant()
    def p4_blocked_means_a_block_with_a_decision(self) -> None:
        for state in self.states():
            assert (state.standing is Standing.BLOCKED) == (state.block is not None)

    @invariant()
    def p10_clear_means_two_times_no(self) -> None:
        for assessment in self.all_assessments():
            clear = (assessment.q1_institution, assessment.q2_activities) == ("no", "no")
            assert (assessment.outcome == "clear") == clear

    @invariant()
    def p11_no_assessment_is_lost(self) -> None:
        for kind, id_ in self.office.held:
            if kind == "partner":
                now = [assessment.assessment_id for assessment in self.office.private(id_).assessments]
                before = self.assessments.get(id_, [])
                assert now[: len(before)] == before
                self.assessments[id_] = now

    @invariant()
    def facts_tell_the_state_and_no_person(self) -> None:
        for state in self.states():
            facts = self.office.facts[state.id]
            assert PARTNER.fold(None, facts) == state
            assert sorted({fact.version for fact in facts}) == list(range(1, state.version + 1))
            told = [*map(encode, facts), encode(state)]
            assert not any(SECRET.encode() in record for record in told)

    def states(self) -> list[Any]:
        return [loaded.state for (kind, _), loaded in self.office.held.items() if kind == "partner"]

    def all_assessments(self) -> list[Any]:
        return [
            one for kind, id_ in self.office.held if kind == "partner" for one in self.office.private(id_).assessments
        ]


TestPartnerLife = pytest.mark.slow(PartnerLife.TestCase)
TestPartnerLife.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
