"""What decisions on stays are tied to, and rules that no story meets on its way."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from services.mobility.tests.stay_builders import (
    AGREEMENT,
    OTHER_STAY,
    PARTNER,
    STAY_ID,
    SUCCESSOR,
    Office,
    agreement,
    announcement,
)
from services.mobility.tests.test_stay_http_table import CASES
from tests.support.tables import DONE, Case
from tests.support.ties import ties

from chassis.decide import New
from mobility.stay.bodies import AnnounceStay

NAMES = {AGREEMENT: "AGREEMENT", PARTNER: "PARTNER", SUCCESSOR: "SUCCESSOR"}
TIED: dict[str, set[str]] = {
    "announce_stay": {
        "guard stays-of-holder:<holder>",
        "rests on agreement_copies/<AGREEMENT>",
        "rests on partner_copies/<PARTNER>",
    },
    "assess_stay": {"rests on country_copies/BF"},
}
TOLD_INSIDE = {
    "announce_stay": "announced",
    "register_stay": "registered",
    "assess_stay": "assessed",
    "cancel_stay": "cancelled",
    "refuse_stay": "refused",
    "lose_agreement_basis": "agreement_basis_lost",
    "follow_successor": "agreement_followed_successor",
}


@pytest.mark.parametrize("case", [case for case in CASES if case.slug == DONE], ids=str)
def test_a_decision_is_tied_to_what_it_rests_on_and_kept_in_the_journal(case: Case[Office]) -> None:
    office = Office.open()
    ask = case.arrange(office)

    taken = office.done(case.row, ask.body, id_=ask.id or STAY_ID, caller=ask.caller)

    tied = ties(taken.decision, {**NAMES, taken.private.holder_id: "holder"}, ask.body)
    assert {each for each in tied if not each.startswith("puts journal/")} == TIED.get(case.row, set())
    (entry,) = (row for row in taken.decision.rows if isinstance(row, New))
    assert TOLD_INSIDE[case.row] in entry.document.values()


def test_a_stay_rests_on_the_whole_line_of_its_agreement() -> None:
    office = Office.open(("agreement_copies", agreement(_id=SUCCESSOR, state="registered")))

    taken = office.done("announce_stay", announcement())

    rested = {id_ for collection, id_ in taken.decision.relies_on if collection == "agreement_copies"}
    assert rested == {AGREEMENT, SUCCESSOR}


def test_a_stay_is_of_a_known_holder_or_of_a_person_that_is_named() -> None:
    for changes in ({"holder_id": OTHER_STAY}, {"person": None}):
        body = {name: value for name, value in announcement(**changes).items() if value is not None}
        with pytest.raises(ValidationError, match="either holder_id or person"):
            AnnounceStay.model_validate(body)
