"""Every row of the committee's table: what it does, what it refuses, and where it is not offered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from services.events.tests.events_office import (
    AFRICA_OFFICER,
    AGGREGATES,
    COOPERATION,
    DECISION,
    DIRECTOR,
    OFFICER,
    PLATFORM,
    RULES,
    SECRETARY,
    TODAY,
    VICE_RECTOR,
    Office,
    item,
    number,
    promoter,
    request,
    secretary_of,
    slug,
)

from chassis.decide import Caller, Refusal
from chassis.taking import Taken
from contracts.committee import Dissolved, MemberRenewed
from contracts.roles import SEC
from events.committee.bodies import AppointMember, SetUpCommittee
from events.committee.policy import full_term

NAME = {"fr": "Groupe", "en": "Group"}


def group(council: str, code: str = "emerging", **changes: Any) -> dict[str, Any]:
    return {
        "kind": "regional_group",
        "name": NAME,
        "group_code": code,
        "parent_id": council,
        "in_office": {"from": "2020-01-01"},
        "rules": RULES,
        "decision_ref": DECISION,
        **changes,
    }


def set_up(office: Office, body: dict[str, Any]) -> Taken | Refusal:
    return office.take("committee", "set_up_committee", None, body, DIRECTOR)


def appoint(office: Office, council: str, **body: Any) -> Taken | Refusal:
    asked = {"subject": "expert-90", "role": "expert", "term": {"from": "2026-09-01"}, **body}
    return office.take("committee", "appoint_member", council, asked, VICE_RECTOR)


def end(office: Office, council: str, member_id: str, on: date = TODAY) -> Taken | Refusal:
    body = {"member_id": member_id, "on": on, "reason": "other duties"}
    return office.take("committee", "end_membership", council, body, SECRETARY)


def test_k1_there_is_one_council_in_office_at_a_date() -> None:
    office = Office()
    office.set_up(in_office={"from": "2012-01-01", "to": "2018-12-31"})
    office.set_up(in_office={"from": "2019-01-01"})

    body = {**group(""), "kind": "council", "group_code": None, "parent_id": None}
    assert slug(set_up(office, body)) == "council-exists"


def test_k1_a_regional_group_belongs_to_a_council_in_office() -> None:
    office = Office()
    council = office.set_up(in_office={"from": "2019-01-01"})
    office_of_cooperation = office.set_up("cooperation_office")

    assert slug(set_up(office, group(number(99)))) == "parent-missing"
    assert slug(set_up(office, group(office_of_cooperation))) == "parent-missing"
    assert slug(set_up(office, group(council, in_office={"from": "2018-01-01"}))) == "parent-missing"
    assert slug(set_up(office, group(council))) == "done"


def test_k2_a_group_code_is_used_once_at_a_date() -> None:
    office = Office()
    council = office.set_up()
    set_up(office, group(council, in_office={"from": "2020-01-01", "to": "2021-12-31"}))

    assert slug(set_up(office, group(council, in_office={"from": "2021-06-01"}))) == "group-code-in-use"
    assert slug(set_up(office, group(council, in_office={"from": "2022-01-01"}))) == "done"
    assert slug(set_up(office, group(council, "industrialised"))) == "done"


def test_only_a_regional_group_has_a_code() -> None:
    with pytest.raises(ValueError, match="group_code"):
        SetUpCommittee.model_validate(group(number(1), code="x") | {"kind": "council"})
    with pytest.raises(ValueError, match="group_code"):
        SetUpCommittee.model_validate(group(number(1)) | {"group_code": None})


def test_name_and_acronym_change_and_nothing_else_does() -> None:
    office = Office()
    council = office.set_up()

    office.done("committee", "edit_committee", council, {"acronym": "CDRI"}, SECRETARY)
    same = office.done("committee", "edit_committee", council, {"acronym": "CDRI"}, SECRETARY)

    assert office.committee(council).acronym == "CDRI"
    assert same.decision.is_empty
    assert office.committee(council).version == 2


def test_rules_change_from_a_day_on_and_not_for_the_past() -> None:
    office = Office()
    council = office.set_up()
    longer = RULES | {"agenda_days": 14}

    past = {"rules": longer, "from": TODAY - timedelta(days=1)}
    assert slug(office.take("committee", "change_rules", council, past, SECRETARY)) == "rules-retroactive"
    office.done("committee", "change_rules", council, {"rules": longer, "from": "2027-01-01"}, SECRETARY)

    assert office.committee(council).rules_on(date(2026, 12, 31)).agenda_days == 7
    assert office.committee(council).rules_on(date(2027, 1, 1)).agenda_days == 14


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-01-01", "2027-12-31"), ("2024-02-29", "2026-02-27"), ("2026-09-14", "2028-09-13")],
)
def test_k3_a_term_lasts_two_years_less_one_day(first: str, last: str) -> None:
    office = Office()
    council = office.set_up()

    appoint(office, council, term={"from": first})

    assert str(office.committee(council).members[0].term.to) == last
    given = {"from": first, "to": "2026-12-31"}
    assert slug(appoint(office, council, subject="expert-91", term=given)) == "term-not-two-years"


def test_k4_there_is_one_chair_at_a_date() -> None:
    office = Office()
    council, members = office.seated()

    assert slug(appoint(office, council, role="chair", term={"from": "2027-12-31"})) == "second-chair"
    assert slug(appoint(office, council, role="chair", term={"from": "2028-01-01"})) == "done"
    assert slug(end(office, council, members[0])) == "last-chair"


def test_a_chair_with_a_substitute_may_leave_and_be_followed() -> None:
    office = Office()
    council, members = office.seated()
    appoint(office, council, subject="vice-rector-01", role="substitute_chair")

    assert slug(end(office, council, members[0])) == "done"
    assert slug(appoint(office, council, role="chair", term={"from": "2026-09-02"})) == "done"


def test_k5_nobody_serves_twice_in_a_committee_at_a_date() -> None:
    office = Office()
    council, members = office.seated()
    outside = {"external_name": "Membre 1", "organisation": "ARES", "email": "role-01@example.org"}
    appoint(office, council, subject=None, external=outside)

    again = outside | {"email": "ROLE-01@example.org"}
    assert slug(appoint(office, council, subject="expert-00")) == "member-already-serving"
    assert slug(appoint(office, council, subject=None, external=again)) == "member-already-serving"
    end(office, council, members[1])
    assert slug(appoint(office, council, subject="expert-00", term={"from": "2026-09-02"})) == "done"


def test_an_external_member_is_named_in_no_fact_and_no_state() -> None:
    office = Office()
    council = office.set_up()
    outside = {"external_name": "CANARY", "organisation": "CANARY", "email": "canary@example.org"}

    taken = appoint(office, council, subject=None, external=outside)

    assert isinstance(taken, Taken)
    public = "".join(fact.model_dump_json() for fact in taken.facts) + taken.state.model_dump_json()
    assert "canary" not in public.lower()
    assert taken.private.externals[taken.decision.answer["member_id"]].external_name == "CANARY"


def test_a_member_is_one_person() -> None:
    with pytest.raises(ValueError, match="either subject or external"):
        AppointMember.model_validate({"role": "expert", "term": {"from": "2026-01-01"}})


def test_a_membership_ends_on_a_day_it_is_served() -> None:
    office = Office()
    council, members = office.seated()

    assert slug(end(office, council, number(999))) == "unknown-id"
    assert slug(end(office, council, members[1], date(2025, 1, 1))) == "member-not-serving"
    assert slug(end(office, council, members[1], date(2026, 9, 30))) == "done"
    assert office.committee(council).members[1].serves_on(date(2026, 9, 30))
    assert not office.committee(council).members[1].serves_on(date(2026, 10, 1))


@pytest.mark.parametrize("caller", [OFFICER, COOPERATION, AFRICA_OFFICER, SECRETARY, PLATFORM])
def test_an_item_waits_for_a_meeting(caller: Caller) -> None:
    office = Office()
    council = office.set_up()

    item_id = office.submit(council, item(), caller)

    waiting = office.committee(council).pending(item_id)
    assert waiting is not None
    assert waiting.submitted_by == (caller.subject if caller.is_person else None)
    assert waiting.submitted_on == TODAY


def test_a_promoter_submits_and_withdraws_only_in_its_own_name() -> None:
    office = Office()
    council = office.set_up()
    own = item(promoter="promoter-07")

    refused = office.take("committee", "submit_item", council, item(promoter="promoter-08"), promoter())
    item_id = office.submit(council, own, promoter())
    other = office.submit(council, item(promoter="promoter-07"), OFFICER)

    assert slug(refused) == "not-permitted"
    reason = {"reason": "no longer needed"}
    taken = office.take("committee", "withdraw_item", council, {"item_id": other, **reason}, promoter())
    assert slug(taken) == "not-permitted"
    office.done("committee", "withdraw_item", council, {"item_id": item_id, **reason}, promoter())


def test_k7_a_question_on_a_file_is_open_once() -> None:
    office = Office()
    council, _ = office.seated()
    office.submit(council, request(), PLATFORM)
    by_hand = request() | {"request_id": None}

    assert slug(office.take("committee", "submit_item", council, request(), PLATFORM)) == "item-duplicate"
    assert slug(office.take("committee", "submit_item", council, by_hand, OFFICER)) == "item-duplicate"
    assert slug(office.take("committee", "submit_item", council, request(2), PLATFORM)) == "done"
    office.schedule(council)
    assert slug(office.take("committee", "submit_item", council, request(), PLATFORM)) == "item-duplicate"


def test_k7_holds_across_committees_and_a_request_goes_before_what_was_put_on_by_hand() -> None:
    office = Office()
    council = office.set_up()
    group_id = str(set_up(office, group(council)).state.id)  # type: ignore[union-attr]
    by_hand = request() | {"request_id": None}
    office.submit(council, by_hand, OFFICER)

    assert slug(office.take("committee", "submit_item", group_id, by_hand, OFFICER)) == "item-duplicate"
    assert slug(office.take("committee", "submit_item", council, request(), PLATFORM)) == "done"


def test_a_committee_takes_no_item_outside_its_period() -> None:
    office = Office()
    former = office.set_up(in_office={"from": "2012-01-01", "to": "2018-12-31"})

    assert slug(office.take("committee", "submit_item", former, item(), OFFICER)) == "committee-dissolved"


def test_only_the_submitter_the_secretary_and_the_platform_withdraw_an_item() -> None:
    office = Office()
    council = office.set_up()
    for caller, expected in [
        (COOPERATION, "not-permitted"),
        (OFFICER, "done"),
        (SECRETARY, "done"),
        (PLATFORM, "done"),
        (secretary_of(number(555)), "not-permitted"),
        (secretary_of(council), "done"),
    ]:
        body = {"item_id": office.submit(council, item(), OFFICER), "reason": "withdrawn by the faculty"}
        assert slug(office.take("committee", "withdraw_item", council, body, caller)) == expected, caller
    again = {"item_id": number(999), "reason": "unknown"}
    assert slug(office.take("committee", "withdraw_item", council, again, SECRETARY)) == "item-not-pending"


def test_g8_the_competent_committee_of_the_day_is_noted_on_a_requested_item() -> None:
    office = Office()
    council = office.set_up()
    emerging = str(set_up(office, group(council)).state.id)  # type: ignore[union-attr]
    assignment = {"group_code": "emerging", "period": {"from": "2026-01-01"}}
    asked = request(countries=["VN"])

    unknown = office.take("committee", "submit_item", council, asked, PLATFORM)
    office.documents["country_copies", "VN"] = {"_id": "VN", "version": 1, "group_assignments": [assignment]}
    taken = office.done("committee", "submit_item", council, asked, PLATFORM)

    assert slug(unknown) == "reference-not-known-yet"
    assert taken.decision.relies_on == (("country_copies", "VN"),)
    noted = office.committee(council).pending_items[0].competence
    assert noted is not None
    assert (noted.on, noted.committee_id) == (TODAY, emerging)
    assert noted.reason is not None


@pytest.mark.parametrize(
    ("command", "body", "caller"),
    [
        ("edit_committee", {"acronym": "CDRI"}, SECRETARY),
        ("change_rules", {"rules": RULES, "from": "2027-01-01"}, SECRETARY),
        ("appoint_member", {"subject": "e", "role": "expert", "term": {"from": "2027-01-01"}}, DIRECTOR),
        ("end_membership", {"member_id": number(1), "on": TODAY, "reason": "r"}, SECRETARY),
        ("submit_item", item(), SECRETARY),
        ("withdraw_item", {"item_id": number(1), "reason": "r"}, SECRETARY),
    ],
)
def test_a_dissolved_committee_is_offered_nothing(command: str, body: dict[str, Any], caller: Caller) -> None:
    office = Office()
    council = office.set_up()
    office.tell("committee", council, Dissolved(on=TODAY))

    refused = office.take("committee", command, council, body, caller)

    assert isinstance(refused, Refusal)
    assert (refused.slug, refused.members["allowed_commands"]) == ("transition-not-allowed", [])
    assert not office.committee(council).sits_on(TODAY + timedelta(days=1))


def test_the_roles_of_the_table_are_kept() -> None:
    office = Office()
    council = office.set_up()

    taken = office.take("committee", "set_up_committee", None, group(council), SECRETARY)
    assert isinstance(taken, Refusal)
    assert (taken.slug, taken.members["roles"]) == ("not-permitted", ["director"])
    body = {"acronym": "CDRI"}
    assert slug(office.take("committee", "edit_committee", council, body, OFFICER)) == "not-permitted"
    assert slug(office.take("committee", "edit_committee", council, body, secretary_of(council))) == "done"
    assert SEC in AGGREGATES["committee"].command("end_membership").roles


def test_a_renewed_member_serves_both_terms() -> None:
    office = Office()
    council, members = office.seated()
    next_term = full_term(date(2028, 1, 1), 2)

    office.tell("committee", council, MemberRenewed(member_id=members[1], term=next_term))

    renewed = office.committee(council).member(members[1])
    assert renewed is not None
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2027, 12, 31), date(2029, 12, 31), date(2030, 1, 1)]
    assert [renewed.serves_on(day) for day in days] == [False, True, True, True, False]
