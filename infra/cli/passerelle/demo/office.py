"""What stands before the story begins: countries, committees, their members and the directory of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from passerelle.demo.stage import Stage
from passerelle.demo.tables import (
    FIRST_DAY,
    TERMS_FROM,
    Row,
    Step,
    chosen,
    first,
    lines,
    persons,
    table,
)

OFFICE: Final = "officer-01"
UNIT: Final = {"name": {"fr": "Faculté des Sciences", "en": "Faculty of Science"}, "kind": "faculty"}


def steps() -> Iterator[Step]:
    yield Step(FIRST_DAY, 8, begin)
    yield Step(FIRST_DAY, 9, set_up_committees)
    yield Step(FIRST_DAY, 10, assign_countries)
    yield Step(TERMS_FROM, 8, appoint)
    yield Step(TERMS_FROM, 9, fill_directory)


def begin(stage: Stage) -> None:
    """The own institution and every country."""
    own = stage.listed("partners", kind="own_institution")
    if own:
        stage.own = own[0]["id"]
    else:
        stage.own = stage.first_day()
    institution = stage.now("partners", stage.own)
    if not institution.get("units"):
        institution = stage.do(OFFICE, "partners", stage.own, "add-unit", UNIT)
    stage.ids["unit"] = institution["units"][0]["unit_id"]


def set_up_committees(stage: Stage) -> None:
    standing = stage.listed("committees")
    for key, row in table("committees.toml").items():
        found = first(standing, acronym=row["acronym"])
        if found is None:
            body = chosen(row, "kind", "acronym", "group_code", "name", "rules")
            body["in_office"] = {"from": row["in_office"]}
            body["decision_ref"] = decision("board", "2018-12-10", "CA 2018/142")
            if "parent" in row:
                body["parent_id"] = stage.ids[row["parent"]]
            found = stage.create("director-01", "committees", f"committee {key}", body)
        stage.ids[key] = stage.know("committees", found)["id"]


def assign_countries(stage: Stage) -> None:
    """Groups and the list of cooperation countries, both decided by the council."""
    decided = decision("committee", "2019-01-07", "CDRI 2019/1", stage.ids["council"])
    countries = {country["id"]: country for country in stage.listed("countries")}
    for row in lines("countries.csv"):
        country = stage.know("countries", countries[row["country"]])
        if not country.get("group_assignments"):
            body = {"group_code": row["group_code"], "from": row["group_from"], "decision_ref": decided}
            stage.do("director-01", "countries", row["country"], "assign-group", body)
        if row["cooperation_from"] and not country.get("cooperation_periods"):
            body = {"from": row["cooperation_from"], "list_label": "CDRI 2019", "decision_ref": decided}
            stage.do("director-01", "countries", row["country"], "list-as-cooperation-country", body)


def appoint(stage: Stage) -> None:
    for key, row in table("committees.toml").items():
        committee = stage.now("committees", stage.ids[key])
        for subject, role, *disciplines in row["seats"]:
            if first(committee.get("members", ()), subject=subject) is None:
                body: dict[str, Any] = {"subject": subject, "role": role, "term": {"from": TERMS_FROM.isoformat()}}
                body |= {"discipline_group": disciplines[0]} if disciplines else {}
                committee = stage.do("vice-rector-01", "committees", committee["id"], "appoint-member", body)


def fill_directory(stage: Stage) -> None:
    """Secretaries and members see the committees they sit in."""
    seats = table("committees.toml")
    known = {person["subject"] for person in stage.door("ops-01").get("/api/v1/people")["items"]}
    people = []
    for person in persons():
        sits_in = [
            stage.ids[key] for key, row in seats.items() if person["subject"] in {seat[0] for seat in row["seats"]}
        ]
        roles = {role: _scope(role, sits_in, scope) for role, scope in person["roles"].items()}
        people.append({**person, "roles": roles})
    if any(person["subject"] not in known for person in people):
        stage.import_people(people)


def _scope(role: str, committees: list[str], scope: Row) -> Row:
    return {"committee_ids": committees} if role in ("committee_secretary", "committee_member") else scope


def decision(body: str, decided_on: str, reference: str, committee_id: str | None = None) -> dict[str, Any]:
    who = {"kind": body} | ({"committee_id": committee_id} if committee_id else {})
    return {"body": who, "decided_on": decided_on, "reference": reference}
