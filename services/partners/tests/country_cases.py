"""How each row of the country's table goes well, and how it is refused by each slug."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.partners.tests.partner_office import (
    BY_COUNCIL,
    COUNCIL,
    DIRECTOR,
    GROUP,
    OFFICER,
    SECRETARY,
    TODAY,
    Office,
    committee,
)
from tests.support.tables import Ask, Case, done, refused

from chassis.decide import Caller

Body = Mapping[str, Any]

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
CAMEROON = {"iso2": "CM", "iso3": "CMR", "name": {"fr": "Cameroun", "en": "Cameroon"}, "region": "Africa"}
JAPAN = {"iso2": "JP", "iso3": "JPN", "m49": "392", "name": {"fr": "Japon", "en": "Japan"}, "region": "Asia"}
ASSIGN = {"group_code": "developing", "from": "2026-11-02", "decision_ref": BY_COUNCIL}
LIST = {"from": "2026-11-02", "list_label": "2026–2030", "decision_ref": BY_COUNCIL}
END = {"to": "2026-12-31", "decision_ref": BY_COUNCIL}
CLASS = {"scheme": "dac", "class": "lmic", "from": "2026-01-01", "edition": "2026"}
CORRECTION = {
    "pointer": "/group_assignments/0",
    "old": {"from": "2019-01-01", "to": "2026-11-01"},
    "new": {"from": "2019-02-01", "to": "2026-11-01"},
    "reason": "Date de la décision.",
}
BY_GROUP = {**BY_COUNCIL, "body": {"kind": "committee", "committee_id": GROUP}}
BY_UNHEARD = {**BY_COUNCIL, "body": {"kind": "committee", "committee_id": UNKNOWN}}


def with_committees() -> Office:
    office = Office.open()
    emerging = {**committee(code="emerging"), "_id": "01900000-0000-7000-8000-00000000c003"}
    office.keep("committee_copies", committee(), emerging, committee(COUNCIL, "council", None))
    return office


def cameroon(office: Office, body: Body, *before: tuple[str, Body], caller: Caller = DIRECTOR, **changes: Any) -> Ask:
    """A command on Cameroon after others."""
    for command, said in before:
        by = OFFICER if command == "set_classification" else DIRECTOR
        office.done(command, said, id_="CM", of="country", caller=by)
    return Ask("CM", {**body, **changes}, caller)


ASSIGNED, LISTED, CLASSED = (
    ("assign_group", ASSIGN),
    ("list_as_cooperation_country", LIST),
    ("set_classification", CLASS),
)
TWICE_ASSIGNED = (
    ("assign_group", {**ASSIGN, "from": "2019-01-01", "reason": "Reprise de l'historique."}),
    ("assign_group", {**ASSIGN, "group_code": "emerging"}),
)
LONG_AGO = str(TODAY - timedelta(days=32))

CASES: tuple[Case[Office], ...] = (
    done("add_country", lambda o: Ask(None, JAPAN, DIRECTOR), to="listed"),
    *refused("add_country", country_exists=lambda o: Ask(None, CAMEROON, DIRECTOR)),
    done("edit_country", lambda o: cameroon(o, {"name": CAMEROON["name"]}, caller=OFFICER)),
    done("assign_group", lambda o: cameroon(o, ASSIGN, caller=SECRETARY)),
    *refused(
        "assign_group",
        group_unknown=lambda o: cameroon(o, ASSIGN, group_code="unheard_of"),
        assignment_overlap=lambda o: cameroon(o, ASSIGN, ASSIGNED),
        retroactive_change_needs_reason=lambda o: cameroon(o, {**ASSIGN, "from": LONG_AGO}),
        not_permitted=lambda o: cameroon(o, ASSIGN, caller=SECRETARY, group_code="emerging"),
    ),
    done("end_group_assignment", lambda o: cameroon(o, END, ASSIGNED)),
    *refused("end_group_assignment", assignment_not_open=lambda o: cameroon(o, END)),
    done("list_as_cooperation_country", lambda o: cameroon(o, LIST)),
    *refused(
        "list_as_cooperation_country",
        already_listed=lambda o: cameroon(o, LIST, LISTED),
        decision_not_by_council=lambda o: cameroon(o, LIST, decision_ref=BY_GROUP),
        reference_not_known_yet=lambda o: cameroon(o, LIST, decision_ref=BY_UNHEARD),
    ),
    done("delist_cooperation_country", lambda o: cameroon(o, END, LISTED)),
    *refused("delist_cooperation_country", not_listed=lambda o: cameroon(o, END)),
    done("set_classification", lambda o: cameroon(o, CLASS, caller=OFFICER)),
    *refused("set_classification", assignment_overlap=lambda o: cameroon(o, CLASS, CLASSED, caller=OFFICER)),
    done("correct_period", lambda o: cameroon(o, CORRECTION, *TWICE_ASSIGNED)),
    *refused(
        "correct_period",
        correction_stale=lambda o: cameroon(o, CORRECTION),
        assignment_overlap=lambda o: cameroon(
            o, CORRECTION, *TWICE_ASSIGNED, new={"from": "2019-01-01", "to": "2026-11-02"}
        ),
    ),
)
