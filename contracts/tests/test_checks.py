"""What the language refuses to say: values that contradict themselves, streams that begin in the middle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts import committee, country, partner
from contracts.identifiers import academic_year, orcid, ror
from contracts.record import Contract
from contracts.types import BothLanguages, Change, Instant, LocalizedText, LongText, Period

TODAY = date(2026, 11, 2)
NAME = BothLanguages(fr="Cameroun", en="Cameroon")


@pytest.mark.parametrize(
    ("normalised", "right", "wrong", "said"),
    [
        (ror, "https://ror.org/01r9htc13", "https://ror.org/01r9htc14", "checksum"),
        (orcid, "0000-0002-1825-0097", "0000-0002-1825-0098", "check character"),
        (academic_year, "2026/2027", "2026/2028", "academic year"),
        (academic_year, "2026/2026", "2026/2025", "academic year"),
    ],
)
def test_an_identifier_is_checked_beyond_its_shape(
    normalised: Callable[[str], str], right: str, wrong: str, said: str
) -> None:
    assert normalised(right) == right
    with pytest.raises(ValueError, match=said):
        normalised(wrong)


@pytest.mark.parametrize("text", [LocalizedText, LongText])
def test_a_text_says_something_in_one_of_the_languages(text: type[LocalizedText | LongText]) -> None:
    assert text(en="Yes.").fr is None
    with pytest.raises(ValidationError, match="at least one of fr and en"):
        text()


def test_a_period_does_not_end_before_it_begins() -> None:
    assert Period.model_validate({"from": "2026-11-02", "to": "2026-11-02"}).covers(TODAY)
    with pytest.raises(ValidationError, match="from is not after to"):
        Period.model_validate({"from": "2026-11-02", "to": "2026-11-01"})


def test_an_instant_names_its_zone() -> None:
    instant = TypeAdapter[datetime](Instant)

    assert instant.validate_python("2026-11-02T09:00:00Z").tzinfo
    with pytest.raises(ValidationError, match="names its zone"):
        instant.validate_python("2026-11-02T09:00:00")


@pytest.mark.parametrize(
    ("contract", "fact"),
    [
        (committee.COMMITTEE, committee.Edited(changes=())),
        (country.COUNTRY, country.Edited(changes=())),
        (partner.PARTNER, partner.Activated(relation_owner="officer-01")),
    ],
    ids=lambda value: value.aggregate if isinstance(value, Contract) else "",
)
def test_a_stream_does_not_begin_in_the_middle(contract: Contract[Any], fact: Any) -> None:
    with pytest.raises(ValueError, match="does not begin with"):
        contract.fold(None, [fact])


def test_there_is_no_state_without_a_fact() -> None:
    with pytest.raises(ValueError, match="no fact, no country"):
        country.COUNTRY.fold(None, [])


def test_a_fact_has_its_day_only_once_it_is_recorded() -> None:
    fact = country.Edited(changes=())

    assert country.COUNTRY.stamp(fact, "CM", 2, TODAY).happened_on == TODAY
    with pytest.raises(ValueError, match="edited was not recorded yet"):
        _ = fact.happened_on


def test_a_change_does_not_point_into_a_value_that_has_no_members() -> None:
    state = country.Country(id="CM", version=1, iso3="CMR", name=NAME)

    assert state.with_changes([Change(pointer="/name/fr", new="Le Cameroun")]).name.fr == "Le Cameroun"
    with pytest.raises(ValueError, match="/iso3/of does not name a member"):
        state.with_changes([Change(pointer="/iso3/of", new="x")])
