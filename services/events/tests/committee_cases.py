"""How each row of the committee's table goes well, and how it is refused by each slug."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.events.tests.events_office import (
    COOPERATION,
    DECISION,
    DIRECTOR,
    OFFICER,
    PLATFORM,
    RULES,
    SECRETARY,
    TODAY,
    Office,
    item,
    number,
    promoter,
    request,
    secretary_of,
)
from tests.support.tables import Ask, Case, done, refused

from chassis.decide import Caller
from contracts.committee import CommitteeState, Dissolved

GROUP: dict[str, Any] = {
    "kind": "regional_group",
    "name": {"fr": "Groupe des pays émergents", "en": "Emerging countries group"},
    "group_code": "emerging",
    "in_office": {"from": "2020-01-01"},
    "rules": RULES,
    "decision_ref": DECISION,
}
COUNCIL = {
    "kind": "council",
    "name": {"fr": "Conseil des relations internationales", "en": "Committee of International Relations"},
    "in_office": {"from": "2019-01-01"},
    "rules": RULES,
    "decision_ref": DECISION,
}
SEAT: dict[str, Any] = {"subject": "expert-90", "role": "expert", "term": {"from": "2026-09-01"}}
OUTSIDER = {"external_name": "Membre Douze", "organisation": "ARES", "email": "role-12@example.org"}


def set_up(office: Office, body: dict[str, Any]) -> Ask:
    return Ask(None, body, DIRECTOR)


def a_group_again(office: Office) -> Ask:
    body = GROUP | {"parent_id": office.set_up()}
    office.done("committee", "set_up_committee", None, body, DIRECTOR)
    return set_up(office, body)


def a_council_again(office: Office) -> Ask:
    office.set_up()
    return set_up(office, COUNCIL)


def of_council(office: Office, caller: Caller, **body: Any) -> Ask:
    return Ask(office.set_up(), body, caller)


def appoint(office: Office, **changes: Any) -> Ask:
    return Ask(office.seated()[0], SEAT | changes, DIRECTOR)


def end(office: Office, no: int, **changes: Any) -> Ask:
    council, members = office.seated()
    body = {"member_id": members[no], "on": TODAY, "reason": "other duties"} | changes
    return Ask(council, body, secretary_of(council))


def submitted_again(office: Office) -> Ask:
    council = office.set_up()
    office.submit(council, request(), PLATFORM)
    return Ask(council, request(), PLATFORM)


def withdraw(office: Office, caller: Caller, **changes: Any) -> Ask:
    council = office.set_up()
    item_id = office.submit(council, item(promoter="promoter-07"), OFFICER)
    return Ask(council, {"item_id": item_id, "reason": "no longer needed"} | changes, caller)


def committee_at(office: Office, state: str) -> str:
    id_ = office.set_up("advisory")
    if state == CommitteeState.DISSOLVED:
        office.tell("committee", id_, Dissolved(on=TODAY))
    return id_


CASES: tuple[Case[Office], ...] = (
    done("set_up_committee", lambda o: set_up(o, COUNCIL), to="in_office"),
    done("set_up_committee", lambda o: set_up(o, GROUP | {"parent_id": o.set_up()}), to="in_office"),
    *refused(
        "set_up_committee",
        group_code_in_use=a_group_again,
        council_exists=a_council_again,
        parent_missing=lambda o: set_up(o, GROUP | {"parent_id": number(99)}),
    ),
    done("edit_committee", lambda o: of_council(o, SECRETARY, acronym="CDRI")),
    done("change_rules", lambda o: of_council(o, SECRETARY, rules=RULES, **{"from": "2027-01-01"})),
    *refused(
        "change_rules",
        rules_retroactive=lambda o: of_council(o, DIRECTOR, rules=RULES, **{"from": TODAY - timedelta(days=1)}),
    ),
    done("appoint_member", appoint),
    done("appoint_member", lambda o: appoint(o, subject=None, external=OUTSIDER)),
    *refused(
        "appoint_member",
        member_already_serving=lambda o: appoint(o, subject="expert-00"),
        term_not_two_years=lambda o: appoint(o, term={"from": "2026-09-01", "to": "2026-12-31"}),
        second_chair=lambda o: appoint(o, role="chair"),
    ),
    done("end_membership", lambda o: end(o, 1)),
    *refused(
        "end_membership",
        last_chair=lambda o: end(o, 0),
        member_not_serving=lambda o: end(o, 1, on="2025-01-01"),
        unknown_id=lambda o: end(o, 1, member_id=number(999)),
    ),
    done("submit_item", lambda o: of_council(o, COOPERATION, **item())),
    done("submit_item", lambda o: of_council(o, PLATFORM, **request())),
    *refused(
        "submit_item",
        committee_dissolved=lambda o: Ask(
            o.set_up(in_office={"from": "2012-01-01", "to": "2018-12-31"}), item(), OFFICER
        ),
        item_duplicate=submitted_again,
        reference_not_known_yet=lambda o: of_council(o, PLATFORM, **request(countries=["VN"])),
        not_permitted=lambda o: of_council(o, promoter(), **item(promoter="promoter-08")),
    ),
    done("withdraw_item", lambda o: withdraw(o, OFFICER)),
    *refused(
        "withdraw_item",
        item_not_pending=lambda o: withdraw(o, SECRETARY, item_id=number(999)),
        not_permitted=lambda o: withdraw(o, promoter()),
    ),
)
