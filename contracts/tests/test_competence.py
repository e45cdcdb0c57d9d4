"""POL-07: the committee is the one that was competent for the countries on the day, whatever was regrouped since."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.competence import competent_group, group_codes

TODAY = date(2026, 11, 2)


def committee(id_: str, kind: str, code: str | None = None, **in_office: str) -> dict[str, Any]:
    period = {"from": in_office.get("first", "2019-01-01")}
    if "last" in in_office:
        period["to"] = in_office["last"]
    return {"id": id_, "kind": kind, "in_office": period} | ({"group_code": code} if code else {})


def country(*assignments: tuple[str, str, str | None]) -> dict[str, Any]:
    groups = [
        {"group_code": code, "period": {"from": first} | ({"to": last} if last else {})}
        for code, first, last in assignments
    ]
    return {"group_assignments": groups}


COUNCIL = committee("council", "council", first="2012-01-01")
OFFICE = committee("office", "cooperation_office")
EMERGING = committee("emerging", "regional_group", "emerging")
DEVELOPING = committee("developing", "regional_group", "developing")
AFRICA = committee("africa", "regional_group", "africa", first="2012-01-01", last="2018-12-31")
COMMITTEES = [COUNCIL, OFFICE, EMERGING, DEVELOPING, AFRICA]

CAMEROON = country(("africa", "2012-01-01", "2018-12-31"), ("developing", "2019-01-01", None))
VIETNAM = country(("developing", "2019-01-01", "2026-06-30"), ("emerging", "2026-07-01", None))


@pytest.mark.parametrize(
    ("countries", "on", "expected"),
    [
        ([CAMEROON], TODAY, "developing"),
        ([CAMEROON], date(2018, 3, 1), "africa"),
        ([VIETNAM], TODAY, "emerging"),
        ([VIETNAM], date(2026, 6, 30), "developing"),
        ([CAMEROON, CAMEROON], TODAY, "developing"),
        ([CAMEROON, VIETNAM], TODAY, "council"),
        ([CAMEROON, country()], TODAY, "developing"),
        ([], TODAY, "council"),
        ([country()], TODAY, "council"),
        ([country(("america", "2019-01-01", None))], TODAY, "council"),
        ([CAMEROON], date(2011, 1, 1), None),
    ],
)
@pytest.mark.parametrize("file_type", ["agreement", "programme"])
def test_the_countries_lead_to_one_group_or_to_the_council(
    file_type: str, countries: list[dict[str, Any]], on: date, expected: str | None
) -> None:
    assert competent_group(file_type, countries, COMMITTEES, on) == expected


def test_projects_go_to_the_cooperation_office() -> None:
    assert competent_group("project", [CAMEROON], COMMITTEES, TODAY) == "office"
    assert competent_group("project", [CAMEROON], [COUNCIL], TODAY) is None


def test_the_groups_of_the_day_are_named() -> None:
    assert group_codes([CAMEROON, VIETNAM], TODAY) == {"developing", "emerging"}
