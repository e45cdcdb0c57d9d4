"""The demonstration's tables fit together: everybody who acts is in the directory, every key leads somewhere."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest

from chassis.documents import sniff
from contracts.identifiers import IdentifierScheme, normalised
from contracts.roles import Role
from passerelle.demo.agreements import PLAYS
from passerelle.demo.loader import story
from passerelle.demo.paper import pdf
from passerelle.demo.tables import FIRST_DAY, LAST_DAY, day, lines, persons, roles_of, table
from passerelle.tokens import OF_PEOPLE

AGREEMENTS = table("agreements.toml")
PARTNERS = table("partners.toml")
FILES = ("agreements.toml", "committees.toml", "meetings.toml", "partners.toml", "refusals.toml", "stays.toml")


def test_there_are_as_many_as_the_office_was_promised() -> None:
    assert (len(PARTNERS), len(AGREEMENTS), len(table("meetings.toml")) - 1) == (12, 15, 3)


def test_every_role_of_a_person_has_somebody() -> None:
    held = {role for roles in roles_of().values() for role in roles}

    assert held == set(OF_PEOPLE) - {Role.SUBSCRIBER}


def test_two_persons_can_do_what_needs_two() -> None:
    roles = [role for held in roles_of().values() for role in held]

    assert min(roles.count(role) for role in (Role.OFFICER, Role.DIRECTOR, Role.VICE_RECTOR)) >= 2


def test_people_are_labels_with_addresses_that_reach_nobody() -> None:
    for person in persons():
        assert person["email"] == f"{person['subject']}@example.org"
        assert re.fullmatch(r"[a-z-]+-\d\d", person["subject"])


@pytest.mark.parametrize("file", FILES)
def test_who_acts_is_in_the_directory(file: str) -> None:
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)*-\d\d\b(?!-)", repr(table(file)))) - {"guest-01", "guest-02"}

    assert named <= set(roles_of())


def test_every_key_leads_somewhere() -> None:
    for row in AGREEMENTS.values():
        assert row["partner"] in PARTNERS
        assert row.get("framework", "lubumbashi_framework") in AGREEMENTS
    for row in table("stays.toml").values():
        assert row["home"] in PARTNERS
        assert row.get("agreement", "lubumbashi_framework") in AGREEMENTS
    groups = {row.get("group_code") for row in table("committees.toml").values()}
    assert {row["group_code"] for row in lines("countries.csv")} <= groups


def test_an_agreement_moves_forward_by_known_steps() -> None:
    for key, row in AGREEMENTS.items():
        days = [day(on) for on in row["days"].values()]
        assert row["days"].keys() <= PLAYS.keys(), key
        assert all(before <= after for before, after in pairwise(days)), key
        assert days[-1] <= LAST_DAY, key


def test_titles_are_told_apart_and_written_in_both_languages() -> None:
    titles = [(row["title"]["fr"], row["title"]["en"]) for row in AGREEMENTS.values()]

    assert len(set(titles)) == len(titles)


def test_codes_of_partners_are_written_as_their_rules_want_them() -> None:
    for row in PARTNERS.values():
        for scheme, value in row.get("identifiers", {}).items():
            assert normalised(IdentifierScheme(scheme), value) == value


def test_the_story_goes_from_its_first_day_to_its_last() -> None:
    days = [step.on for step in story()]

    assert (days[0], days[-1]) == (FIRST_DAY, LAST_DAY) == (date(2019, 1, 7), date(2026, 11, 2))


def test_papers_are_real_and_always_the_same() -> None:
    paper = pdf("Convention (texte) « été »")

    assert sniff(BytesIO(paper)) == "application/pdf"
    assert paper == pdf("Convention (texte) « été »") != pdf("another")
