"""Reading the ECHE list, finding whom its rows mean, and planning what becomes of them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest
from services.partners.tests.partner_house import LIST, row, spreadsheet

from contracts.identifiers import IdentifierScheme
from contracts.types import Period
from partners.imports.eche import ListedInstitution, ShapeUnknown, read
from partners.imports.matching import Match, Register, differences
from partners.imports.plan import Outcome, Planned, batches, planned, registration
from partners.initialise import listed_countries
from partners.settings import listed_generic_words

COUNTRIES = [body.iso2 for body in listed_countries()]
WORDS = listed_generic_words()
CODES = {"Erasmus_Code": "B  LOUVAIN01", "PIC": "999986096", "OID": "E10208854"}
RUN = "01900000-0000-7000-8000-00000000aa01"
OWN = "01900000-0000-7000-8000-000000000001"


def listed(name: str = "UNIVERSITE CATHOLIQUE DE LOUVAIN", **cells: Any) -> ListedInstitution:
    (only,) = read(spreadsheet([row(name, **cells)]), COUNTRIES)
    return only


def partner(id_: str, name: str, *identifiers: tuple[str, str], **public: object) -> dict[str, Any]:
    codes = [{"scheme": scheme, "value": value} for scheme, value in identifiers]
    return {"_id": id_, "public": {"name": {"display": name}, "country": "BE", "identifiers": codes, **public}}


def plan_of(rows: list[ListedInstitution], *partners: dict[str, Any], add: Any = "all") -> list[Planned]:
    numbers = count(1)
    register = Register.of(partners, WORDS)
    return planned(rows, register, add, OWN, date(2026, 11, 2), lambda: f"01900000-0000-7000-8000-{next(numbers):012d}")


def codes_of(one: Planned) -> list[str]:
    return [remark.code for remark in one.remarks]


# --- reading ---


def test_a_row_is_read_as_text_with_its_number() -> None:
    one = listed(**CODES, City=" Louvain-la-Neuve ", Country_Cd="EL", Website_Url="http://www.uclouvain.be ")
    assert (one.number, one.city, one.country) == (3, "Louvain-la-Neuve", "GR")
    assert (one.address, one.website) == ("Rue Longue 1, 1000", "http://www.uclouvain.be")
    assert one.eche == Period(from_=date(2021, 1, 1), to=date(2027, 12, 31))
    assert one.codes[IdentifierScheme.ERASMUS] == "B  LOUVAIN01"


def test_numbers_of_a_spreadsheet_lose_nothing() -> None:
    assert listed(PIC=999986096).codes == {IdentifierScheme.PIC: "999986096"}
    assert listed(PIC=999986096.0).codes == {IdentifierScheme.PIC: "999986096"}


@pytest.mark.parametrize(
    ("cells", "code", "readable"),
    [
        ({"Legal_Name": None}, "name-missing", False),
        ({"Legal_Name": "x" * 301}, "name-too-long", False),
        ({"Country_Cd": "ZR"}, "country-unknown", False),
        ({"Website_Url": "www. example.be"}, "website-unreadable", True),
        ({"Erasmus_Eche_Start": "soon"}, "period-unreadable", True),
        ({"Street": "x" * 301}, "address-too-long", True),
        ({"City": "x" * 301}, "city-too-long", True),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_goes_on(cells: dict[str, Any], code: str, readable: bool) -> None:
    one = listed(**cells)
    assert ([remark.code for remark in one.remarks], one.readable) == ([code], readable)


def test_dates_may_be_written_as_text() -> None:
    one = listed(Erasmus_Eche_Start="01/02/2021", Erasmus_Eche_End="2027-12-31")
    assert one.eche == Period(from_=date(2021, 2, 1), to=date(2027, 12, 31))


def test_empty_lines_are_no_rows() -> None:
    rows = read(spreadsheet([row("A"), (None,) * 12, row("B")]), COUNTRIES)
    assert [one.number for one in rows] == [3, 5]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Erasmus Code;PIC;Legal Name",
        b"PK\x03\x04 nothing in it",
        spreadsheet([row("A")], header=("Erasmus Code", "PIC", "Legal Name")),
        spreadsheet([], header=()),
    ],
    ids=["empty", "csv", "broken archive", "other columns", "no header"],
)
def test_another_file_is_refused_whole(content: bytes) -> None:
    with pytest.raises(ShapeUnknown):
        read(content, COUNTRIES)


# --- whom a row means ---


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (CODES, Match("a", "erasmus_and_pic")),
        ({**CODES, "PIC": None}, Match("a", "erasmus")),
        ({"OID": "E10208854"}, Match("a", "oid")),
        ({"PIC": "999986096"}, Match("a", "pic")),
        ({"PIC": "999986096", "Erasmus_Code": "B  LOUVAIN02"}, Match()),
        ({**CODES, "PIC": "999988976"}, Match("a", "erasmus", ("a", "b"), disagree=True)),
        ({}, Match()),
    ],
    ids=["both", "erasmus", "oid", "pic", "pic of another erasmus code", "disagreeing", "none"],
)
def test_the_first_rule_with_one_hit_wins(cells: dict[str, Any], expected: Match) -> None:
    louvain = partner("a", "UCLouvain", ("erasmus", "B  LOUVAIN01"), ("pic", "999986096"), ("oid", "E10208854"))
    liege = partner("b", "Université de Liège", ("pic", "999988976"))
    register = Register.of([louvain, liege], WORDS)
    match = register.match(listed("Tout autre nom", **cells), by_name=False)
    assert (match.partner_id, match.matched_by, set(match.candidates), match.disagree) == (
        expected.partner_id,
        expected.matched_by,
        set(expected.candidates),
        expected.disagree,
    )


def test_a_code_kept_as_received_finds_its_partner_again() -> None:
    received = [{"scheme": "erasmus", "text": "F  VERDUN1", "source": "eche", "reason": "fails_format"}]
    register = Register.of([partner("a", "Lycée de Verdun", identifiers_received=received)], WORDS)
    found = register.match(listed("Autre", Erasmus_Code="F  VERDUN1"), by_name=False)
    assert found == Match("a", "received")


def test_a_row_of_the_same_file_is_what_it_was() -> None:
    register = Register.of([partner("a", "Lycée sans code")], WORDS, {3: "a", 4: "merged meanwhile"})
    assert register.match(listed("Lycée sans code"), by_name=False) == Match("a", "same_file")


def test_a_name_decides_only_when_asked_and_alone() -> None:
    register = Register.of([partner("a", "Université catholique de Louvain")], WORDS)
    assert register.match(listed(), by_name=False).partner_id is None
    assert register.match(listed(), by_name=True) == Match("a", "similar_name")
    register.remember("b", "BE", ["Catholic University of Louvain"])
    assert register.match(listed("CATHOLIQUE LOUVAIN"), by_name=True).partner_id is None


def test_equal_after_normalisation_is_no_difference() -> None:
    ours = partner(
        "a",
        "Université de Louvain",
        ("erasmus", "B  LOUVAIN01"),
        city="BRUXELLES",
        website="https://www.example.be/",
        eche={"from": "2021-01-01", "to": "2027-12-31"},
    )
    ours["private"] = {"address": "rue longue 1,  1000"}
    one = listed("UNIVERSITÉ DE LOUVAIN", Erasmus_Code="b  louvain01")
    assert differences(one, ours, Match("a", "erasmus")) == ()


def test_a_difference_shows_both_sides_and_an_empty_cell_none() -> None:
    ours = partner("a", "UCLouvain", ("erasmus", "B  LOUVAIN01"), city="Louvain-la-Neuve", country="LU")
    cells: dict[str, Any] = {**CODES, "Street": None, "Post_Cd": None, "Website_Url": None}
    one = listed(**cells)
    diff = {each.pointer: (each.ours, each.theirs) for each in differences(one, ours, Match("a", "erasmus"))}
    assert diff == {
        "/identifiers/pic": (None, "999986096"),
        "/identifiers/oid": (None, "E10208854"),
        "/name/local": (None, "UNIVERSITE CATHOLIQUE DE LOUVAIN"),
        "/city": ("Louvain-la-Neuve", "Bruxelles"),
        "/country": ("LU", "BE"),
        "/eche": (None, {"from": "2021-01-01", "to": "2027-12-31"}),
    }


# --- what becomes of the rows ---


def test_with_all_every_readable_row_without_a_match_becomes_a_partner() -> None:
    """P15 warns and never refuses a row."""
    rows = read(
        spreadsheet(
            [
                row("HAUTE ECOLE DE NAMUR", Erasmus_Code="B  NAMUR10"),
                row("Haute École de Namur", Erasmus_Code="B  NAMUR11"),
                row("UCL", **CODES),
                row("Nulle part", Country_Cd="ZZ"),
            ]
        ),
        COUNTRIES,
    )
    plan = plan_of(rows, partner("a", "UCLouvain", ("erasmus", "B  LOUVAIN01")))
    assert [one.outcome for one in plan] == ["created", "created", "matched", "unreadable"]
    assert (codes_of(plan[0]), codes_of(plan[1]), codes_of(plan[2])) == ([], ["possible-duplicate"], ["differs"])
    assert registration(plan[1], RUN).confirmed_distinct_from == (plan[0].partner_id,)


def test_with_none_nothing_is_created() -> None:
    rows = [listed(), listed("Hautes études", Erasmus_Code="F  VERDUN1")]
    plan = plan_of(rows, add="none")
    assert [one.outcome for one in plan] == [Outcome.UNLISTED, Outcome.UNLISTED]
    assert codes_of(plan[1]) == ["identifier-invalid"]


def test_our_own_row_is_compared_and_reported_only() -> None:
    own = partner(OWN, "Université libre de Bruxelles", ("erasmus", "B  BRUXEL04"), kind="own_institution")
    (one,) = plan_of([listed("UNIVERSITE LIBRE DE BRUXELLES", Erasmus_Code="B  BRUXEL04")], own)
    assert (one.partner_id, codes_of(one)) == (OWN, ["own-institution-differs"])


def test_an_expired_charter_is_remarked() -> None:
    (one,) = plan_of([listed(Erasmus_Eche_End="2026-11-01")])
    assert codes_of(one) == ["charter-expired"]


def test_no_code_stands_twice_in_a_batch() -> None:
    rows = [listed("A", OID="E10000001"), listed("B", OID="e10000001"), listed("C", OID="E10000002")]
    assert [[one.row.name for one in batch] for batch in batches(plan_of(rows), 100)] == [["A"], ["B", "C"]]
    assert [len(batch) for batch in batches(plan_of(rows), 1)] == [1, 1, 1]


@pytest.mark.skipif(not LIST.exists(), reason=f"the real list is not here: {LIST}")
def test_the_real_list_is_read_to_its_last_row() -> None:
    rows = read(LIST.read_bytes(), COUNTRIES)
    plan = plan_of(rows)
    assert (len(rows), len({one.country for one in rows})) == (6_142, 37)
    assert sum("identifier-invalid" in codes_of(one) for one in plan) == 4
    assert max(len(one.name) for one in rows) == 230
    assert {one.outcome for one in plan} == {Outcome.CREATED}
