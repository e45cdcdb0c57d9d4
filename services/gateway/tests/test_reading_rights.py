"""Who may read what: the table of rights, tried on documents as the views hold them."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.decide import Caller
from contracts.roles import Role
from gateway.visible import EVERYTHING, NOTHING, Known, matches, may_see_pending_items, visible

DRAFT = {"_id": "a1", "state": "draft", "parties": [{"partner_id": "p1"}, {"partner_id": "p2"}], "promoter": "pro-1"}
ACTIVE = {**DRAFT, "_id": "a2", "state": "active"}
ASKED = {**DRAFT, "_id": "a3", "state": "awaiting_advice", "view": {"committees": ["c1"]}}
SUGGESTED = {"_id": "p1", "standing": "suggested", "country": "CD"}
PROSPECT = {"_id": "p2", "standing": "prospect", "country": "FI"}
MEETING = {"_id": "m1", "committee_id": "c1", "view": {"refs": ["a1"]}}


def person(*roles: Role, **scope: str) -> Caller:
    limits = {dimension: frozenset({value}) for dimension, value in scope.items()}
    return Caller("somebody", dict.fromkeys(roles, limits))


def reads(who: Caller, aggregate: str, document: dict[str, Any], known: Known | None = None) -> bool:
    return matches(visible(aggregate, who, known or Known()), document)


OFFICE = (Role.OFFICER, Role.DIRECTOR, Role.VICE_RECTOR, Role.COOPERATION_OFFICER)


@pytest.mark.parametrize("role", [*OFFICE, Role.COMMITTEE_SECRETARY, Role.MOBILITY_ADVISER, Role.OPS])
def test_the_office_reads_agreements_from_the_first_draft(role: Role) -> None:
    assert reads(person(role), "agreement", DRAFT)


@pytest.mark.parametrize("role", [Role.READER, Role.COMMITTEE_MEMBER, Role.PROMOTER, Role.AFRICA_OFFICER])
def test_others_read_agreements_once_they_are_registered(role: Role) -> None:
    assert not reads(person(role), "agreement", DRAFT)
    assert reads(person(role), "agreement", ACTIVE)


def test_a_committee_member_reads_what_the_committee_was_asked() -> None:
    assert reads(person(Role.COMMITTEE_MEMBER, committee_ids="c1"), "agreement", ASKED)
    assert not reads(person(Role.COMMITTEE_MEMBER, committee_ids="c2"), "agreement", ASKED)


def test_a_promoter_reads_own_files() -> None:
    assert reads(Caller("pro-1", {Role.PROMOTER: {}}), "agreement", DRAFT)
    assert reads(person(Role.PROMOTER), "agreement", DRAFT, Known(own=frozenset({"a1"})))


def test_the_africa_officer_reads_drafts_with_partners_of_the_region() -> None:
    regional = Known(regional_partners=frozenset({"p2"}), regional_countries=frozenset({"CD"}))
    assert reads(person(Role.AFRICA_OFFICER), "agreement", DRAFT, regional)
    assert reads(person(Role.AFRICA_OFFICER), "partner", SUGGESTED, regional)


def test_a_suggested_partner_is_for_the_office_and_whoever_suggested_it() -> None:
    assert reads(person(Role.OFFICER), "partner", SUGGESTED)
    assert reads(person(Role.PROMOTER), "partner", SUGGESTED, Known(own=frozenset({"p1"})))
    assert not reads(person(Role.READER), "partner", SUGGESTED)
    assert reads(person(Role.READER), "partner", PROSPECT)


def test_meetings_are_for_the_office_and_their_own_committee() -> None:
    assert reads(person(Role.OFFICER), "meeting", MEETING)
    assert reads(person(Role.COMMITTEE_SECRETARY, committee_ids="c1"), "meeting", MEETING)
    assert not reads(person(Role.COMMITTEE_SECRETARY, committee_ids="c2"), "meeting", MEETING)
    assert not reads(person(Role.READER), "meeting", MEETING)
    assert not reads(person(Role.MOBILITY_ADVISER), "meeting", MEETING)
    assert reads(person(Role.PROMOTER), "meeting", MEETING, Known(own=frozenset({"a1"})))


@pytest.mark.parametrize("role", [*OFFICE, Role.READER, Role.OPS])
def test_a_stay_is_for_the_mobility_centre(role: Role) -> None:
    assert not reads(person(role), "stay", {"_id": "s1"})
    assert reads(person(Role.MOBILITY_ADVISER), "stay", {"_id": "s1"})


@pytest.mark.parametrize("role", [Role.SUBSCRIBER, Role.HOLDER, Role.SERVICE])
@pytest.mark.parametrize("aggregate", ["partner", "country", "agreement", "committee", "meeting", "stay"])
def test_machines_and_holders_read_no_view(role: Role, aggregate: str) -> None:
    assert visible(aggregate, person(role), Known()) == NOTHING


def test_pending_items_are_for_the_office_and_the_committee() -> None:
    assert may_see_pending_items(person(Role.OFFICER), "c1")
    assert may_see_pending_items(person(Role.COMMITTEE_MEMBER, committee_ids="c1"), "c1")
    assert not may_see_pending_items(person(Role.COMMITTEE_MEMBER, committee_ids="c2"), "c1")
    assert not may_see_pending_items(person(Role.READER), "c1")


def test_rights_of_several_roles_add_up() -> None:
    assert visible("agreement", person(Role.READER, Role.OFFICER), Known()) == EVERYTHING
