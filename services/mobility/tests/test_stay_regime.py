"""S8: which regime a stay falls under."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.types import Period
from mobility.settings import MobilitySettings
from mobility.stay.policy import academic_year, days_in_window, is_eea_or_swiss, length_of, regime_of
from mobility.stay.private import Length, OtherPermit, Regime, Stage, StayFile

RULES = MobilitySettings()
STAY = Period(from_=date(2027, 2, 1), to=date(2027, 7, 30))
GERMAN_PERMIT = OtherPermit(country="DE", expires_on=date(2027, 2, 1))


@pytest.mark.parametrize(
    ("eea", "permit", "days", "regime"),
    [
        (True, None, 400, Regime.EEA_SWISS),
        (True, GERMAN_PERMIT, 90, Regime.EEA_SWISS),
        (False, GERMAN_PERMIT, 180, Regime.INTRA_EU_MOBILITY),
        (False, GERMAN_PERMIT, 181, Regime.THIRD_COUNTRY),
        (False, OtherPermit(country="DE", expires_on=date(2027, 1, 31)), 90, Regime.THIRD_COUNTRY),
        (False, OtherPermit(country="CH", expires_on=date(2028, 1, 1)), 90, Regime.THIRD_COUNTRY),
        (False, OtherPermit(country="BE", expires_on=date(2028, 1, 1)), 90, Regime.THIRD_COUNTRY),
        (False, None, 30, Regime.THIRD_COUNTRY),
    ],
)
def test_s8_nationality_then_a_permit_of_another_member_state_then_third_country(
    eea: bool, permit: OtherPermit | None, days: int, regime: Regime
) -> None:
    assert regime_of(eea, permit, STAY, days, RULES) == regime


def test_s8_earlier_days_within_360_count_and_older_ones_do_not() -> None:
    earlier = [
        StayFile(period=Period(from_=date(2026, 8, 1), to=date(2026, 8, 10))),
        StayFile(period=Period(from_=date(2025, 1, 1), to=date(2025, 6, 30))),
        StayFile(period=Period(from_=date(2026, 9, 1), to=date(2026, 9, 30)), stage=Stage.CANCELLED),
    ]

    assert days_in_window(STAY, earlier) == 180 + 6


@pytest.mark.parametrize(("last", "length"), [(date(2027, 5, 1), Length.UP_TO_90), (date(2027, 5, 2), Length.OVER_90)])
def test_ninety_days_are_counted_with_both_ends(last: date, length: Length) -> None:
    assert length_of(Period(from_=date(2027, 2, 1), to=last)) == length


def test_membership_is_asked_on_the_first_day_and_falls_back_to_the_configured_list() -> None:
    dated = {"_id": "IS", "eea_or_swiss": [{"from": "2027-02-02"}]}

    assert not is_eea_or_swiss(dated, date(2027, 2, 1), RULES)
    assert is_eea_or_swiss({"_id": "IS"}, date(2027, 2, 1), RULES)
    assert not is_eea_or_swiss({"_id": "VN"}, date(2027, 2, 1), RULES)


@pytest.mark.parametrize(("day", "year"), [(date(2026, 9, 13), "2025/2026"), (date(2026, 9, 14), "2026/2027")])
def test_the_academic_year_begins_on_14_september(day: date, year: str) -> None:
    assert academic_year(day, RULES.academic_year_begins) == year
