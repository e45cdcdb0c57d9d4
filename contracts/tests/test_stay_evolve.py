"""How each fact changes the public state of a stay."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.stay import (
    STAY,
    AgreementBasisLost,
    Announced,
    Arrived,
    Cancelled,
    Closed,
    Erased,
    HomePartnerFollowedMerge,
    Refused,
    Stay,
    StayCategory,
    StayFact,
    StayState,
)

UNIT, PARTNER, AGREEMENT, SUCCESSOR, STAY_ID = (f"01900000-0000-7000-8000-00000000000{n}" for n in range(1, 6))
ANNOUNCED = Announced(
    category=StayCategory.POSTDOC,
    host_unit_id=UNIT,
    home_partner_id=PARTNER,
    agreement_id=AGREEMENT,
    academic_year="2026/2027",
)


def after(*facts: StayFact) -> Stay:
    stamped = [STAY.stamp(fact, STAY_ID, n, date(2026, 11, 17)) for n, fact in enumerate((ANNOUNCED, *facts), start=1)]
    return STAY.fold(None, stamped)


def test_facts_of_a_stay_are_dated_to_the_month() -> None:
    assert STAY.stamp(ANNOUNCED, STAY_ID, 1, date(2026, 11, 17)).occurred_on == date(2026, 11, 1)


def test_a_stay_arrives_under_the_agreement_in_force_that_day() -> None:
    arrived = Arrived(**ANNOUNCED.model_dump(exclude={"version", "occurred_on", "stay_id", "agreement_id"}))

    stay = after(arrived.model_copy(update={"agreement_id": SUCCESSOR}))

    assert (stay.state, stay.agreement_id) == (StayState.ARRIVED, SUCCESSOR)


@pytest.mark.parametrize(("fact", "state"), [(Cancelled(), "cancelled"), (Refused(), "refused")])
def test_a_stay_ends_before_it_begins(fact: StayFact, state: str) -> None:
    assert STAY.state_of(after(fact)) == state


def test_s14_what_remains_of_an_erased_stay_names_no_agreement() -> None:
    stay = after(Closed(academic_year="2026/2027", months=14), Erased())

    remains = stay.model_dump(exclude_none=True, exclude={"id", "version", "state"})

    assert set(remains) == {"category", "host_unit_id", "home_partner_id", "academic_year", "months"}


def test_losing_the_basis_leaves_the_agreement_named() -> None:
    stay = after(AgreementBasisLost(agreement_id=AGREEMENT, cause="terminated"))

    assert (stay.state, stay.agreement_id) == (StayState.ANNOUNCED, AGREEMENT)


def test_a_stay_follows_its_home_partner_through_a_merge() -> None:
    assert after(HomePartnerFollowedMerge(from_partner_id=PARTNER, to_partner_id=UNIT)).home_partner_id == UNIT


def test_a_stay_begins_with_its_announcement() -> None:
    with pytest.raises(ValueError, match="does not begin with cancelled"):
        STAY.evolve(None, Cancelled())
