"""The European list of 6,142 institutions comes in through the gateway: each row is accounted for, and once only."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from tests.support.office import Office
from tests.support.people import Json, Person
from tests.support.watching import eventually

TREE = Path(__file__).resolve().parents[2]
FILE = TREE.parent / "shared" / "data" / "ref" / "eche-accredited-heis-08042026.xlsx"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
ROWS, HEADER_ROW = 6_142, 2
CODE = re.compile(r"(?:IRL|LUX|[A-Z]{2} |[A-Z] {2})[A-Z][A-Z-]*[A-Z]\d{2,3}")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not FILE.exists(), reason=f"the list is not here: {FILE}"),
]


def listed(file: Path = FILE) -> dict[int, dict[str, str]]:
    """The rows as the file has them, by number."""
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # extensions of the file that nobody reads
        book = openpyxl.load_workbook(file, read_only=True)
        cells = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    rows = [["" if cell is None else str(cell) for cell in row] for row in cells]
    header = rows[HEADER_ROW - 1]
    return {
        number: dict(zip(header, row, strict=False))
        for number, row in enumerate(rows[HEADER_ROW:], start=HEADER_ROW + 1)
        if any(row)
    }


@dataclass
class Imported:
    """The list, what the run said of it, and what the gateway shows."""

    officer: Person
    rows: dict[int, dict[str, str]]
    run: Json
    report: dict[int, Json]
    shown: dict[str, Json]
    before: int

    def remarked(self, code: str) -> dict[int, list[Json]]:
        found = {no: [each for each in row["remarks"] if each["code"] == code] for no, row in self.report.items()}
        return {no: remarks for no, remarks in found.items() if remarks}

    def partner(self, number: int) -> Json:
        return self.shown[self.report[number]["partner_id"]]


async def run_of(officer: Person) -> Json:
    """One run, to its end."""
    answer = await officer.asks(
        "POST",
        "/api/v1/partners/imports/eche?add=all",
        content=FILE.read_bytes(),
        headers={"Content-Type": SPREADSHEET},
    )
    assert answer.status_code == 202, answer.text

    async def progress() -> Json:
        return await officer.gets(f"/api/v1/partners/imports/{answer.json()['run_id']}")

    return await eventually(progress, lambda run: run["state"] != "running", within_seconds=240, every_seconds=0.3)


async def report_of(officer: Person, run: Json) -> dict[int, Json]:
    rows: dict[int, Json] = {}
    after: Any = 0
    while after is not None:
        page = await officer.gets(f"/api/v1/partners/imports/{run['run_id']}/rows", after=str(after), reported="false")
        rows |= {row["number"]: row for row in page["items"]}
        after = page["next"]
    return rows


@pytest.fixture(scope="module")
async def imported(office: Office) -> Imported:
    officer = office.officer.traced(UNSAMPLED)
    before = (await officer.gets("/api/v1/partners", count="true", limit="1"))["total"]
    run = await run_of(officer)
    report = await report_of(officer, run)
    wanted = {row["partner_id"] for row in report.values() if row["outcome"] != "unreadable"}
    total = before + run["created"]

    async def counted() -> int:
        return int((await officer.gets("/api/v1/partners", count="true", limit="1"))["total"])

    await eventually(counted, lambda seen: seen >= total, within_seconds=120, every_seconds=0.2)
    shown = {each["id"]: each for each in await officer.lists("/api/v1/partners")}
    assert wanted <= shown.keys()
    return Imported(officer, listed(), run, report, shown, before)


async def test_every_row_is_accounted_for_by_its_number(imported: Imported) -> None:
    run, outcomes = imported.run, Counter(row["outcome"] for row in imported.report.values())
    assert len(imported.rows) == ROWS == run["rows"]
    assert imported.report.keys() == imported.rows.keys()
    assert outcomes["created"] + outcomes["matched"] + outcomes["unreadable"] == ROWS
    assert {name: run[name] for name in outcomes} == outcomes
    assert outcomes["created"] >= ROWS - 40
    assert run["state"] == ("completed_with_errors" if outcomes["unreadable"] else "completed")


async def test_the_gateways_list_shows_all_of_them(imported: Imported) -> None:
    assert len(imported.shown) == imported.before + imported.run["created"]
    assert len({country["country"] for country in imported.shown.values()}) >= 37


async def test_our_own_row_is_our_own_institution(imported: Imported) -> None:
    (number,) = [no for no, row in imported.rows.items() if row["Erasmus Code"] == "B  BRUXEL04"]
    assert imported.report[number]["outcome"] == "matched"
    assert imported.partner(number)["kind"] == "own_institution"


async def test_codes_are_normalised_and_those_that_stay_invalid_are_kept_as_received(imported: Imported) -> None:
    raw = {no for no, row in imported.rows.items() if not CODE.fullmatch(row["Erasmus Code"])}
    invalid = imported.remarked("identifier-invalid")
    assert len(raw) == 78
    assert len(invalid) == 4
    assert invalid.keys() <= raw
    for number in raw:
        codes = {each["scheme"]: each["value"] for each in imported.partner(number)["identifiers"]}
        received = {each["scheme"]: each for each in imported.partner(number).get("identifiers_received", ())}
        if number in invalid:
            assert "erasmus" not in codes
            assert received["erasmus"]["text"] == imported.rows[number]["Erasmus Code"].strip(" \t\r\n")
            assert received["erasmus"]["reason"] == "fails_format"
        else:
            assert CODE.fullmatch(codes["erasmus"])


async def test_an_oid_that_stands_on_two_rows_belongs_to_the_first(imported: Imported) -> None:
    oids = Counter(row["OID"] for row in imported.rows.values() if row["OID"])
    (twice,) = [oid for oid, times in oids.items() if times > 1]
    first, second = [no for no, row in imported.rows.items() if row["OID"] == twice]
    assert {"scheme": "oid", "value": twice} in imported.partner(first)["identifiers"]
    (received,) = imported.partner(second)["identifiers_received"]
    assert (received["text"], received["reason"]) == (twice, "belongs_to_other")
    assert received["partner_id"] == imported.report[first]["partner_id"]
    assert imported.remarked("identifier-taken").keys() == {second}


async def test_the_longest_name_is_whole(imported: Imported) -> None:
    number = max(imported.rows, key=lambda no: len(imported.rows[no]["Legal Name"]))
    name = imported.rows[number]["Legal Name"]
    assert len(name) == 230
    assert imported.partner(number)["name"]["display"] == " ".join(name.split())


async def test_plain_http_websites_are_kept(imported: Imported) -> None:
    plain = [no for no, row in imported.rows.items() if row["Website Url"].strip().lower().startswith("http://")]
    assert len(plain) == 1_022
    kept = [no for no in plain if urlsplit(imported.partner(no).get("website", "")).scheme.lower() == "http"]
    assert set(plain) - set(kept) <= imported.remarked("website-unreadable").keys()
    assert len(kept) >= 1_020


async def test_the_commissions_own_country_codes_are_mapped(imported: Imported) -> None:
    for theirs, ours in (("EL", "GR"), ("UK", "GB")):
        numbers = [no for no, row in imported.rows.items() if row["Country Cd"] == theirs]
        assert {imported.partner(no)["country"] for no in numbers} in ({ours}, set())
    assert any(row["Country Cd"] == "EL" for row in imported.rows.values())
    assert {"EL", "UK"} & {partner["country"] for partner in imported.shown.values()} == set()


async def test_each_report_says_why_in_both_languages(imported: Imported) -> None:
    remarks = [remark for row in imported.report.values() for remark in row["remarks"]]
    assert remarks
    assert all(remark["fr"] and remark["en"] and remark["code"] for remark in remarks)


async def test_a_second_run_changes_nothing(imported: Imported, office: Office) -> None:
    versions = {id_: partner["version"] for id_, partner in imported.shown.items()}

    again = await run_of(imported.officer)

    assert (again["created"], again["matched"]) == (0, ROWS - again["unreadable"])
    assert again["staged"] == 0
    report = await report_of(imported.officer, again)
    assert {no: row.get("partner_id") for no, row in report.items()} == {
        no: row.get("partner_id") for no, row in imported.report.items()
    }
    shown = await imported.officer.lists("/api/v1/partners")
    assert {each["id"]: each["version"] for each in shown} == versions


async def test_what_came_in_was_told_and_agrees_everywhere(imported: Imported, office: Office) -> None:
    report = await office.campus.verified()
    assert report.differences == ()
    assert report.counted["aggregates"] >= imported.run["created"]
