"""Which committee a file goes to on a day: office policy POL-07, shared by those who ask for advice and those who give it.

Countries and committees are public states as JSON, so that stored copies and snapshots serve alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

PublicState = Mapping[str, Any]

BY_COUNTRY: Final = frozenset({"agreement", "programme"})


def competent_group(
    file_type: str,
    countries: Iterable[PublicState],
    committees: Iterable[PublicState],
    on: date,
) -> str | None:
    """The id of the committee competent on that day, or None when none is in office.

    `file_type` is `agreement`, `programme`, `project` or another cooperation question; `countries` are those of the parties
    that are not our own. Agreements and programmes go to the regional group when their countries lead to exactly one that is
    in office, else to the council; everything else goes to the cooperation office.
    """
    in_office = sorted((each for each in committees if _covers(each["in_office"], on)), key=_id)
    if file_type not in BY_COUNTRY:
        return _first(in_office, kind="cooperation_office")
    codes = group_codes(countries, on)
    if len(codes) == 1:
        group = _first(in_office, kind="regional_group", group_code=min(codes))
        if group is not None:
            return group
    return _first(in_office, kind="council")


def group_codes(countries: Iterable[PublicState], on: date) -> frozenset[str]:
    """The regional groups to which the countries are assigned on that day."""
    return frozenset(
        str(assignment["group_code"])
        for country in countries
        for assignment in country.get("group_assignments") or ()
        if _covers(assignment["period"], on)
    )


def _covers(period: Mapping[str, Any], on: date) -> bool:
    day, last = on.isoformat(), period.get("to")
    return str(period["from"]) <= day and (last is None or day <= str(last))


def _first(committees: Iterable[PublicState], **wanted: str) -> str | None:
    for committee in committees:
        if all(committee.get(name) == value for name, value in wanted.items()):
            return _id(committee)
    return None


def _id(committee: PublicState) -> str:
    return str(committee["id"])
