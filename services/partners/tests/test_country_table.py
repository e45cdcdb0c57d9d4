"""Every row of the country's command table, and its dated entries."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import ValidationError
from services.partners.tests.partner_office import (
    BY_COUNCIL,
    COUNCIL,
    DECISION,
    DIRECTOR,
    GROUP,
    OFFICER,
    SECRETARY,
    Office,
    committee,
)

from chassis.decide import Refusal
from chassis.taking import Taken
from contracts.country import COUNTRY as CONTRACT
from contracts.country import Country
from partners.country import AGGREGATE

ASSIGN = {"group_code": "developing", "from": "2026-11-02", "decision_ref": BY_COUNCIL}
LIST = {"from": "2026-11-02", "list_label": "2026–2030", "decision_ref": BY_COUNCIL}


def opened() -> Office:
    office = Office.open()
    emerging = {**committee(code="emerging"), "_id": "01900000-0000-7000-8000-00000000c003"}
    office.keep("committee_copies", committee(), emerging, committee(COUNCIL, "council", None))
    return office


def done(office: Office, command: str, body: Mapping[str, object], **how: object) -> Taken:
    return office.done(command, body, id_="CM", of="country", **{"caller": DIRECTOR, **how})


def refused(office: Office, command: str, body: Mapping[str, object], **how: object) -> Refusal:
    return office.refused(command, body, id_="CM", of="country", **{"caller": DIRECTOR, **how})


def cameroon(office: Office) -> Country:
    state: Country = office.state("CM", "country")
    return state


def periods(entries: tuple[object, ...]) -> list[tuple[str, str | None]]:
    dumped = [entry.model_dump(mode="json", by_alias=True) for entry in entries]  # type: ignore[attr-defined]
    return [(each.get("period", each)["from"], each.get("period", each)["to"]) for each in dumped]


def test_a_country_is_added_once_under_its_code() -> None:
    office = opened()
    body = {"iso2": "CM", "iso3": "CMR", "name": {"fr": "Cameroun", "en": "Cameroon"}}
    assert refused(office, "add_country", body).slug == "country-exists"
    assert AGGREGATE.id_of is not None
    assert AGGREGATE.id_of(AGGREGATE.command("add_country").model.model_validate({**body, "iso2": "UK"})) == "GB"


def test_a_country_has_a_name_in_both_languages() -> None:
    """C4."""
    office = opened()
    with pytest.raises(ValidationError):
        done(office, "edit_country", {"name": {"fr": "Cameroun"}})
    taken = done(office, "edit_country", {"name": {"fr": "Le Cameroun", "en": "Cameroon"}}, caller=OFFICER)
    assert taken.state.name.fr == "Le Cameroun"
    assert done(office, "edit_country", {"name": {"fr": "Le Cameroun", "en": "Cameroon"}}).decision.is_empty


def test_assigning_closes_the_open_assignment_on_the_day_before() -> None:
    """C1."""
    office = opened()
    done(office, "assign_group", {**ASSIGN, "from": "2026-10-15"})
    taken = done(office, "assign_group", {**ASSIGN, "group_code": "emerging", "from": "2027-01-01"})
    assert taken.facts[0].previous_group_code == "developing"  # type: ignore[attr-defined]
    assert taken.decision.relies_on == (("committee_copies", "01900000-0000-7000-8000-00000000c003"),)
    assert periods(cameroon(office).group_assignments) == [("2026-10-15", "2026-12-31"), ("2027-01-01", None)]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"group_code": "unheard_of"}, "group-unknown"),
        ({"from": "2018-12-31", "reason": "Ancienne liste."}, "group-unknown"),
        ({"from": "2026-09-30"}, "retroactive-change-needs-reason"),
    ],
)
def test_what_assign_group_refuses(changes: Mapping[str, object], slug: str) -> None:
    """C6; C7: the codes are those of the committees."""
    assert refused(opened(), "assign_group", {**ASSIGN, **changes}).slug == slug


def test_no_day_has_two_groups() -> None:
    """C1."""
    office = opened()
    done(office, "assign_group", ASSIGN)
    assert refused(office, "assign_group", ASSIGN).slug == "assignment-overlap"
    earlier = {**ASSIGN, "from": "2026-10-20"}
    assert refused(office, "assign_group", earlier).slug == "assignment-overlap"
    done(office, "assign_group", {**ASSIGN, "from": "2026-12-01", "group_code": "emerging"})
    done(office, "end_group_assignment", {"to": "2027-02-28", "decision_ref": DECISION})
    within = {**ASSIGN, "from": "2027-02-28"}
    assert refused(office, "assign_group", within).slug == "assignment-overlap"
    done(office, "assign_group", {**ASSIGN, "from": "2027-03-01"})


def test_a_late_entry_goes_in_with_its_reason() -> None:
    """C6."""
    taken = done(opened(), "assign_group", {**ASSIGN, "from": "2019-01-01", "reason": "Reprise de l'historique."})
    assert taken.facts[0].reason == "Reprise de l'historique."  # type: ignore[attr-defined]


def test_only_an_open_assignment_is_ended() -> None:
    office = opened()
    end = {"to": "2026-12-31", "decision_ref": DECISION}
    assert refused(office, "end_group_assignment", end).slug == "assignment-not-open"
    done(office, "assign_group", ASSIGN)
    too_early = {**end, "to": "2026-11-01"}
    assert refused(office, "end_group_assignment", too_early).slug == "assignment-not-open"
    done(office, "end_group_assignment", end)
    assert refused(office, "end_group_assignment", end).slug == "assignment-not-open"


def test_the_cooperation_list_is_decided_by_the_council() -> None:
    """C3."""
    office = opened()
    by_group = {**BY_COUNCIL, "body": {"kind": "committee", "committee_id": GROUP}}
    for decision in (DECISION, by_group):
        refusal = refused(office, "list_as_cooperation_country", {**LIST, "decision_ref": decision})
        assert refusal.slug == "decision-not-by-council"
    unheard = {"kind": "committee", "committee_id": "01900000-0000-7000-8000-00000000c009"}
    later = {**LIST, "decision_ref": {**BY_COUNCIL, "body": unheard}}
    assert refused(office, "list_as_cooperation_country", later).slug == "reference-not-known-yet"
    taken = done(office, "list_as_cooperation_country", LIST)
    assert taken.decision.relies_on == (("committee_copies", COUNCIL),)


def test_a_country_is_listed_once_at_a_time() -> None:
    """C2."""
    office = opened()
    off = {"to": "2026-12-31", "decision_ref": BY_COUNCIL}
    assert refused(office, "delist_cooperation_country", off).slug == "not-listed"
    done(office, "list_as_cooperation_country", LIST)
    assert refused(office, "list_as_cooperation_country", {**LIST, "from": "2027-01-01"}).slug == "already-listed"
    assert refused(office, "delist_cooperation_country", {**off, "to": "2026-11-01"}).slug == "not-listed"
    done(office, "delist_cooperation_country", off)
    assert refused(office, "list_as_cooperation_country", {**LIST, "from": "2026-12-31"}).slug == "already-listed"
    done(office, "list_as_cooperation_country", {**LIST, "from": "2027-01-01"})


@pytest.mark.parametrize(
    ("scheme", "first", "second", "member"),
    [
        ("dac", "lmic", "ldc", "dac_classes"),
        ("income", "low", "lower_middle", "income_classes"),
        ("erasmus", "third", "associated", "erasmus_role"),
        ("eu", "member", "none", "eu_member"),
        ("eea", "member", "none", "eea_or_swiss"),
    ],
)
def test_a_class_follows_another(scheme: str, first: str, second: str, member: str) -> None:
    """C2."""
    office = opened()
    body = {"scheme": scheme, "class": first, "from": "2020-01-01", "edition": "2020"}
    done(office, "set_classification", body, caller=OFFICER)
    assert refused(office, "set_classification", body, caller=OFFICER).slug == "assignment-overlap"
    done(office, "set_classification", {**body, "class": second, "from": "2026-01-01"}, caller=OFFICER)
    entries = periods(getattr(cameroon(office), member))
    assert entries[0] == ("2020-01-01", "2025-12-31")
    assert entries[1:] == ([] if second == "none" else [("2026-01-01", None)])


def test_a_class_belongs_to_its_scheme() -> None:
    body = {"scheme": "dac", "class": "high", "from": "2020-01-01", "edition": "2020"}
    with pytest.raises(ValidationError, match="class is one of"):
        done(opened(), "set_classification", body, caller=OFFICER)


def test_the_past_changes_by_correction_alone_and_keeps_what_stood_there() -> None:
    """C5."""
    office = opened()
    done(office, "assign_group", {**ASSIGN, "from": "2019-01-01", "reason": "x"})
    done(office, "assign_group", {**ASSIGN, "group_code": "emerging"})
    old = {"from": "2019-01-01", "to": "2026-11-01"}
    body = {
        "pointer": "/group_assignments/0",
        "old": old,
        "new": {"from": "2019-02-01", "to": "2026-11-01"},
        "reason": "Date de la décision.",
    }
    overlapping = {**body, "new": {"from": "2019-01-01", "to": "2026-11-02"}}
    assert refused(office, "correct_period", overlapping).slug == "assignment-overlap"
    taken = done(office, "correct_period", body)
    assert taken.facts[0].old.model_dump(mode="json", by_alias=True) == old  # type: ignore[attr-defined]
    assert periods(cameroon(office).group_assignments)[0] == ("2019-02-01", "2026-11-01")
    for pointer in ("/group_assignments/0", "/group_assignments/7", "/languages/0"):
        assert refused(office, "correct_period", {**body, "pointer": pointer}).slug == "correction-stale"


def test_membership_periods_are_corrected_too() -> None:
    office = opened()
    joined = {"scheme": "eu", "class": "member", "from": "2004-05-02", "edition": "2004"}
    done(office, "set_classification", joined, caller=OFFICER)
    body = {"pointer": "/eu_member/0", "old": {"from": "2004-05-02"}, "new": {"from": "2004-05-01"}, "reason": "x"}
    done(office, "correct_period", body)
    assert periods(cameroon(office).eu_member) == [("2004-05-01", None)]


def test_a_secretary_speaks_for_the_countries_of_the_committee() -> None:
    office = opened()
    done(office, "assign_group", ASSIGN, caller=SECRETARY)
    other = {**ASSIGN, "group_code": "emerging", "from": "2027-01-01"}
    done(office, "assign_group", other, caller=SECRETARY)
    body = {**ASSIGN, "group_code": "emerging"}
    refusal = office.refused("assign_group", body, id_="BE", of="country", caller=SECRETARY)
    assert refusal.slug == "not-permitted"


def test_every_row_names_the_roles_that_have_it() -> None:
    office = opened()
    period = {"from": "2020-01-01"}
    bodies: Mapping[str, Mapping[str, object]] = {
        "edit_country": {},
        "assign_group": ASSIGN,
        "end_group_assignment": {"to": "2026-12-31", "decision_ref": DECISION},
        "list_as_cooperation_country": LIST,
        "delist_cooperation_country": {"to": "2026-12-31", "decision_ref": DECISION},
        "set_classification": {"scheme": "dac", "class": "ldc", "from": "2020-01-01", "edition": "x"},
        "correct_period": {"pointer": "/eu_member/0", "old": period, "new": period, "reason": "x"},
    }
    rows = {row.name: row for row in AGGREGATE.commands if not row.creates}
    assert set(rows) == set(bodies)
    for name, body in bodies.items():
        for caller in (OFFICER, DIRECTOR):
            outcome = office.take(name, body, id_="CM", of="country", caller=caller)
            allowed = bool(set(caller.roles) & set(rows[name].roles))
            assert (isinstance(outcome, Refusal) and outcome.slug == "not-permitted") is not allowed


def test_every_slug_of_the_table_has_a_title() -> None:
    assert {slug for row in AGGREGATE.commands for slug in row.refusals} <= set(AGGREGATE.problems)


def test_the_facts_folded_are_the_public_state() -> None:
    office = opened()
    done(office, "assign_group", {**ASSIGN, "from": "2026-10-15"})
    done(office, "assign_group", {**ASSIGN, "group_code": "emerging"})
    done(office, "list_as_cooperation_country", LIST)
    assert CONTRACT.fold(None, office.facts["CM"]) == cameroon(office)
