"""What time and a partner's block do to an agreement."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from services.agreements.tests.agreement_office import (
    KINSHASA,
    PLATFORM,
    TIME,
    TOKYO,
    YAOUNDE,
    Office,
    parties,
)

from agreements.agreement import AGGREGATE
from contracts.agreement import Activated, Expired, Terminated, TransitionEntered, months_after, notice_date

ONE_YEAR = {"start_on": "2026-12-01", "end_on": "2027-11-30"}


def names(office: Office, id_: str) -> list[str]:
    return [fact.short_name() for fact in office.told[id_]]


def follow(office: Office, id_: str, partner_id: str = YAOUNDE) -> None:
    office.done("follow_partner_block", id_, {"partner_id": partner_id}, PLATFORM)


def next_due(office: Office, id_: str) -> date | None:
    loaded = office.agreements[id_]
    return AGGREGATE.next_due(loaded.state, loaded.private)


# --- the calendar ---


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 5, 31), -3, date(2026, 2, 28)),
        (date(2028, 5, 31), -3, date(2028, 2, 29)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 11, 2), 60, date(2031, 11, 2)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_months_last(day: date, months: int, expected: date) -> None:
    assert months_after(day, months) == expected


def test_there_is_no_notice_date_without_an_end() -> None:
    assert notice_date(None, 6) is None


# --- activation and the end of the term ---


def test_a4_a_registered_agreement_becomes_active_on_its_first_day_and_once() -> None:
    office = Office()
    id_ = office.registered(**ONE_YEAR)

    office.pass_days(28)
    before = str(office.state(id_).state)
    office.pass_days(1)
    office.run_clock()

    fact = office.told[id_][-1]
    assert (before, office.today) == ("registered", date(2026, 12, 1))
    assert isinstance(fact, Activated)
    assert (fact.due_on, fact.occurred_on) == (date(2026, 12, 1), date(2026, 12, 1))
    assert names(office, id_).count("activated") == 1


def test_a20_the_day_after_its_last_an_agreement_is_expired() -> None:
    office = Office()
    id_ = office.registered(**ONE_YEAR)
    office.today = date(2027, 11, 30)
    office.run_clock()
    on_the_last_day = str(office.state(id_).state)

    office.pass_days(1)

    fact = office.told[id_][-1]
    assert on_the_last_day == "active"
    assert isinstance(fact, Expired)
    assert (fact.on, fact.due_on) == (date(2027, 11, 30), date(2027, 12, 1))
    assert office.state(id_).ending.on == date(2027, 11, 30)  # type: ignore[union-attr]
    assert next_due(office, id_) is None


def test_days_of_absence_are_caught_up_and_nothing_becomes_active_after_its_end() -> None:
    late, too_late = Office(), Office()
    first, second = late.registered(**ONE_YEAR), too_late.registered(**ONE_YEAR)

    late.today, too_late.today = date(2027, 1, 15), date(2028, 1, 15)
    late.run_clock()
    too_late.run_clock()

    activated = late.told[first][-1]
    assert isinstance(activated, Activated)
    assert (activated.due_on, activated.occurred_on) == (date(2026, 12, 1), date(2027, 1, 15))
    assert names(too_late, second)[-2:] == ["registered", "expired"]


def test_nothing_is_due_before_the_register_nor_asked_of_time_too_early() -> None:
    office = Office()
    draft, registered = office.drafted(), office.registered(**ONE_YEAR)

    taken = office.done("advance_clock", registered, caller=TIME)

    assert next_due(office, draft) is None
    assert next_due(office, registered) == date(2026, 12, 1)
    assert taken.facts == ()


# --- a partner is blocked (CH-04) ---


def test_a5_a_bilateral_agreement_with_a_blocked_partner_runs_out_in_transition() -> None:
    office = Office()
    id_ = office.registered()
    office.block()

    follow(office, id_)
    follow(office, id_)

    fact = office.told[id_][-1]
    assert isinstance(fact, TransitionEntered)
    assert (fact.rule, fact.until) == ("run_to_term", date(2031, 10, 31))
    assert names(office, id_).count("transition_entered") == 1
    assert office.state(id_).state == "in_transition"


def test_a_block_that_ends_things_by_a_day_terminates_the_agreement_after_it() -> None:
    office = Office()
    id_ = office.registered()
    office.block(rule="end_by", until="2026-12-31")
    follow(office, id_)

    due = next_due(office, id_)
    office.today = date(2027, 1, 1)
    office.run_clock()

    fact = office.told[id_][-1]
    assert due == date(2027, 1, 1)
    assert isinstance(fact, Terminated)
    assert (fact.on, fact.due_on, fact.mutual) == (date(2026, 12, 31), date(2027, 1, 1), False)
    assert office.state(id_).state == "terminated"


def test_a_transition_lasts_no_longer_than_the_agreement() -> None:
    office = Office()
    id_ = office.registered(end_on="2026-12-15")
    office.block(rule="end_by", until="2026-12-31")
    follow(office, id_)

    office.today = date(2026, 12, 16)
    office.run_clock()

    assert office.state(id_).state == "expired"


def test_an_amended_block_changes_the_transition() -> None:
    office = Office()
    id_ = office.registered()
    office.block()
    follow(office, id_)
    office.block(rule="end_by", until="2027-06-30")

    follow(office, id_)

    transition = office.state(id_).transition
    assert transition is not None
    assert transition.until == date(2027, 6, 30)


def test_a5_a_multilateral_agreement_stays_active_with_the_party_flagged_until_the_block_is_lifted() -> None:
    office = Office()
    id_ = office.registered(parties=parties(YAOUNDE, TOKYO))
    office.block()
    follow(office, id_)
    follow(office, id_)
    flagged = [party.flagged for party in office.state(id_).parties]
    office.lift()

    follow(office, id_)

    assert flagged == [None, "partner_blocked", None]
    assert office.state(id_).state == "active"
    assert names(office, id_)[-2:] == ["party_flagged", "party_unflagged"]
    assert [party.flagged for party in office.state(id_).parties] == [None, None, None]


def test_a5_an_agreement_whose_partner_is_blocked_meanwhile_goes_into_transition_instead_of_active() -> None:
    office = Office()
    id_ = office.registered(**ONE_YEAR)
    office.block()

    office.today = date(2026, 12, 1)
    office.run_clock()

    assert names(office, id_)[-1] == "transition_entered"
    assert office.state(id_).state == "in_transition"


def test_a_partner_that_nobody_knows_or_that_is_no_party_changes_nothing() -> None:
    office = Office()
    id_ = office.registered()
    version = office.state(id_).version

    follow(office, id_, KINSHASA)
    del office.documents["partner_copies"][YAOUNDE]
    follow(office, id_)

    assert office.state(id_).version == version


# --- the block is lifted (CH-06) ---


@pytest.mark.parametrize(
    ("lifted_on", "state"),
    [
        (date(2026, 11, 20), "registered"),
        (date(2026, 12, 1), "active"),
        (date(2027, 11, 30), "active"),
        (date(2027, 12, 1), "expired"),
    ],
)
def test_a_lifted_block_lets_the_agreement_go_on_where_its_term_is(lifted_on: date, state: str) -> None:
    office = Office()
    id_ = office.registered(**ONE_YEAR)
    office.block()
    follow(office, id_)
    office.lift()
    office.today = lifted_on

    follow(office, id_)

    assert office.state(id_).state == state
    assert office.state(id_).transition is None
    assert "transition_left" in names(office, id_)


def test_the_whole_life_is_told_in_versions_without_a_gap_and_folds_to_the_state() -> None:
    office = Office()
    id_ = office.registered(parties=parties(KINSHASA), **ONE_YEAR)
    office.pass_days(30)
    office.today += timedelta(days=400)
    office.run_clock()

    told = office.told[id_]
    versions = [fact.version for fact in told]
    assert sorted(set(versions)) == list(range(1, max(versions) + 1))
    assert AGGREGATE.contract.fold(None, told) == office.state(id_)
