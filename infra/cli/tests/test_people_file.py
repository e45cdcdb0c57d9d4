"""A file of people is taken whole or not at all, and every wrong line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from passerelle.failure import Failure
from passerelle.people import Read, parse, read

HEADER = "subject,name,email,unit,languages,roles,active\n"


def parsed(*lines: str, header: str = HEADER) -> Read:
    return parse(header + "\n".join(lines), "people.csv")


def test_a_line_becomes_a_person() -> None:
    found = parsed("officer-01,Gestionnaire 1,officer-01@example.org,RI,fr|nl,officer|promoter,yes")

    assert found.errors == []
    assert found.people == [
        {
            "subject": "officer-01",
            "name": "Gestionnaire 1",
            "email": "officer-01@example.org",
            "unit": "RI",
            "languages": ["fr", "nl"],
            "roles": {"officer": {}, "promoter": {}},
            "active": True,
        }
    ]


def test_a_file_that_cannot_be_read_is_said_to_be_so_in_words(tmp_path: Path) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7 \x90")

    with pytest.raises(Failure, match=r"missing\.csv cannot be read: No such file or directory\.$"):
        read(tmp_path / "missing.csv")
    with pytest.raises(Failure, match=r"letter\.pdf is not a text in UTF-8; nothing was imported\.$"):
        read(letter)


def test_what_may_be_left_out_is_left_out() -> None:
    found = parse("subject;name;roles\na;A;reader\n", "people.csv")

    assert found.people[0]["languages"] == ["fr"]
    assert (found.people[0]["email"], found.people[0]["active"]) == (None, True)


def test_a_role_may_be_limited() -> None:
    found = parsed('a,A,,,fr,"officer(countries=CD BF; kinds=university)|committee_member(committee_ids=x)",yes')

    assert found.people[0]["roles"] == {
        "officer": {"countries": ["CD", "BF"], "kinds": ["university"]},
        "committee_member": {"committee_ids": ["x"]},
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,A,,,fr,wizard,yes", "line 2: roles: 'wizard' is none of"),
        ("a,A,,,fr,service,yes", "line 2: roles: 'service' is none of"),
        ("a,A,,,fr,officer(planets=mars),yes", "line 2: roles: the scope 'planets=mars'"),
        ("a,A,,,français,officer,yes", "line 2: languages 'français'"),
        ("a b,A,,,fr,officer,yes", "line 2: subject 'a b'"),
        ("a,,,,fr,officer,yes", "line 2: name is empty"),
        ("a,A,,,fr,officer,perhaps", "line 2: active is yes or no"),
        ("a,A,,,fr,officer,yes,more", "line 2: 7 columns at most"),
        ("a,A,,,fr", "line 2: 7 columns at most"),
    ],
)
def test_a_wrong_line_is_named_with_its_reason(line: str, told: str) -> None:
    (error,) = parsed(line).errors

    assert error.startswith(told)


def test_a_subject_stands_in_the_file_once() -> None:
    found = parsed("a,A,,,fr,officer,yes", "a,A,,,fr,reader,yes")

    assert found.errors == ["line 3: a stands in the file twice"]


@pytest.mark.parametrize("header", ["subject,name\n", "subject,name,roles,shoe size\n", "\n"])
def test_a_file_with_other_columns_is_refused_as_a_whole(header: str) -> None:
    with pytest.raises(Failure, match="The columns are subject, name"):
        parsed("a,A,officer", header=header)
