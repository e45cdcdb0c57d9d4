"""Whatever is sent to the gateway wrongly gets its own problem, in the caller's language, and breaks nothing."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from tests.support.office import Office, pdf
from tests.support.people import File, Person, Refused

from chassis.problems import GENERAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MIB = 1024 * 1024
NOBODY = str(uuid4())
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Wrong:
    """A request that must be refused, and how. `{id}` in the path is a partner's."""

    slug: str
    path: str
    sent: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    says: Mapping[str, Any] = field(default_factory=dict)


def keyed(**more: str) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **more}


def body(**members: Any) -> dict[str, Any]:
    return {"json": {"kind": "ngo", "name": {"display": "Mal saisi"}, "country": "PE", **members}}


def raw(text: str | bytes) -> dict[str, Any]:
    return {"content": text if isinstance(text, bytes) else text.encode()}


PARTNERS, COMMAND = "/api/v1/partners", "/api/v1/partners/{id}/add-note"
NOTE = {"json": {"text": "Une note."}}
WRONG: Mapping[str, Wrong] = {
    "malformed JSON": Wrong("invalid-input", PARTNERS, raw('{"kind": "ngo", '), keyed()),
    "not JSON at all": Wrong("invalid-input", PARTNERS, raw("bonjour"), keyed()),
    "no UTF-8": Wrong("invalid-input", PARTNERS, raw(b'{"city": "\xff\xfe"}'), keyed()),
    "half a surrogate": Wrong("invalid-input", PARTNERS, raw('{"city": "\\ud800"}'), keyed()),
    "very deep JSON": Wrong("invalid-input", PARTNERS, raw("[" * 100_000), keyed()),
    "a list": Wrong("invalid-input", PARTNERS, raw("[]"), keyed()),
    "not a number": Wrong("invalid-input", PARTNERS, raw('{"geo": {"lat": NaN, "lon": 1e999}}'), keyed()),
    "an unknown field": Wrong("invalid-input", PARTNERS, body(colour="red"), keyed()),
    "an unknown field inside": Wrong("invalid-input", PARTNERS, body(name={"display": "A", "shout": True}), keyed()),
    "a wrong type": Wrong("invalid-input", PARTNERS, body(country=32), keyed()),
    "a country that cannot be": Wrong("invalid-input", PARTNERS, body(country="Belgique"), keyed()),
    "too long a name": Wrong("invalid-input", PARTNERS, body(name={"display": "x" * 301}), keyed()),
    "a body of 300 KiB": Wrong("too-large", PARTNERS, body(city="x" * 300_000), keyed()),
    "text instead of JSON": Wrong("media-type-not-supported", PARTNERS, raw("a=1"), keyed(**{"Content-Type": "text/csv"})),
    "no key": Wrong("idempotency-key-required", PARTNERS, body()),
    "too long a key": Wrong("invalid-input", PARTNERS, body(), {"Idempotency-Key": "k" * 201}),
    "an unknown id": Wrong("unknown-id", f"/api/v1/partners/{NOBODY}/add-note", NOTE, keyed(**{"If-Match": '"1"'})),
    "an id that is none": Wrong("unknown-id", "/api/v1/partners/%00%2e%2e/add-note", NOTE, keyed(**{"If-Match": '"1"'})),
    "an unknown command": Wrong("no-such-route", "/api/v1/partners/{id}/marry-partner", NOTE, keyed()),
    "an unknown collection": Wrong("no-such-route", "/api/v1/wishes", {"json": {}}, keyed()),
    "an address of nothing": Wrong("no-such-route", "/api/v2/partners", method="GET"),
    "a way around": Wrong("no-such-route", "/api/v1/partners/%2e%2e/%2e%2e/%2e%2e/ops/resume", {"json": {}}, keyed()),
    "a query inside an id": Wrong("unknown-id", "/api/v1/partners/x%3Fq=1/add-note", NOTE, keyed(**{"If-Match": '"1"'})),
    "another method": Wrong("no-such-route", "/api/v1/partners/{id}", method="DELETE"),
    "no If-Match": Wrong("version-required", COMMAND, NOTE, keyed()),
    "a stale If-Match": Wrong("version-stale", COMMAND, NOTE, keyed(**{"If-Match": '"99"'})),
    "an If-Match that is no version": Wrong("version-stale", COMMAND, NOTE, keyed(**{"If-Match": '"abc"'})),
    "an unknown partner in a view": Wrong("unknown-id", f"/api/v1/partners/{NOBODY}", method="GET"),
    "an unknown filter": Wrong("invalid-input", "/api/v1/partners?colour=red", method="GET"),
    "a cursor of nothing": Wrong("invalid-input", "/api/v1/partners?cursor=nowhere", method="GET"),
    "a page of none": Wrong("invalid-input", "/api/v1/partners?limit=0", method="GET"),
    "a Min-Version of nothing": Wrong("invalid-input", PARTNERS, headers={"Min-Version": "soon"}, method="GET"),
    "no purpose": Wrong("purpose-required", "/api/v1/partners/{id}/contacts", method="GET"),
    "no token": Wrong("not-signed-in", PARTNERS, headers={"Authorization": ""}, method="GET"),
    "a token of nobody": Wrong("not-signed-in", PARTNERS, headers={"Authorization": "Bearer e30.e30.e30"}, method="GET"),
    "another kind of identity": Wrong("not-signed-in", PARTNERS, body(), keyed(Authorization="Basic YTpi")),
}  # fmt: skip


@pytest.fixture(scope="module")
async def partner(office: Office) -> File:
    registered = await office.registers("Asociación Correcta", "PE", kind="ngo")
    await office.officer.reads(registered)
    return registered


def speaks(refused: Refused, language: str) -> None:
    """Title and detail in the language, every reason in both."""
    assert refused.headers["content-language"] == language
    assert refused.status == GENERAL[refused.slug][0]
    assert refused.body["title"] == GENERAL[refused.slug][1].within(language)
    assert refused.body["detail"]
    for reason in refused.body["reasons"]:
        assert reason["fr"]
        assert reason["en"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_request_gets_its_problem(office: Office, partner: File, name: str, language: str) -> None:
    wrong = WRONG[name]
    somebody = office.officer.speaking(language)
    path = wrong.path.replace("{id}", partner.id)
    refused = await somebody.tries(wrong.method, path, headers=dict(wrong.headers), **wrong.sent)
    assert refused.slug == wrong.slug, refused.body
    speaks(refused, language)


async def test_a_wrong_field_is_pointed_at(office: Office) -> None:
    sent = {"kind": "ngo", "name": {"display": ""}, "country": "PE", "geo": {"lat": 91, "lon": 0}, "colour": "red"}
    refused = await office.officer.tries("POST", PARTNERS, json=sent, headers=keyed())
    assert {error["pointer"] for error in refused.body["errors"]} == {"/name/display", "/geo/lat", "/colour"}


async def test_a_wrong_state_names_what_is_offered(office: Office, partner: File) -> None:
    reason = {"decision_ref": office.block()["decision_ref"], "reason": "Rien à lever."}
    refused = await office.vice_rector.tries_to(partner, "lift-block", reason)
    assert (refused.status, refused.slug) == (409, "transition-not-allowed")
    assert {"activate_partner", "add_note", "propose_block"} <= set(refused.body["allowed_commands"])
    assert "lift_block" not in refused.body["allowed_commands"]


async def test_a_wrong_role_names_the_roles_that_could(office: Office, partner: File) -> None:
    refused = await office.reader.tries_to(partner, "add-note", {"text": "Une note."})
    assert (refused.status, refused.slug) == (403, "not-permitted")
    assert set(refused.body["roles"]) == {"officer", "cooperation_officer", "africa_officer"}


async def test_a_scope_that_does_not_reach_is_a_wrong_role(office: Office, partner: File) -> None:
    refused = await office.africa.tries_to(partner, "add-note", {"text": "Une note."})
    assert (refused.status, refused.slug) == (403, "not-permitted")


async def test_the_same_key_is_answered_again_and_no_other_request_may_have_it(office: Office) -> None:
    headers = keyed()
    first = await office.officer.asks("POST", PARTNERS, **body(city="Lima"), headers=headers)
    again = await office.officer.asks("POST", PARTNERS, **body(city="Lima"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json()["id"], again.json()["version"]) == (first.json()["id"], first.json()["version"])
    refused = await office.officer.tries("POST", PARTNERS, **body(city="Cusco"), headers=headers)
    assert (refused.status, refused.slug) == (422, "idempotency-key-reused")


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in names:
            packed.writestr(name, "<xml/>")
    return content.getvalue()


DOCUMENTS: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "26 MiB": ("too-large", lambda: pdf("trop") + b"\0" * (26 * MIB)),
    "a program": ("media-type-not-supported", lambda: b"MZ\x90\0" + b"\0" * 500),
    "a page": ("media-type-not-supported", lambda: b"<!doctype html><script>alert(1)</script>"),
    "an archive": ("media-type-not-supported", lambda: archive("a.txt")),
    "a document with macros": ("media-type-not-supported", lambda: archive("word/document.xml", "word/vbaProject.bin")),
    "nothing": ("media-type-not-supported", lambda: b""),
}  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_is_judged_by_what_it_is(office: Office, partner: File, name: str, language: str) -> None:
    slug, content = DOCUMENTS[name]
    refused = await hands_in(office.officer.speaking(language), partner, content())
    assert refused.slug == slug
    speaks(refused, language)


async def hands_in(somebody: Person, partner: File, content: bytes) -> Refused:
    path, files = f"{partner.path}/documents", {"file": ("accord.pdf", content, "application/pdf")}
    return await somebody.tries("POST", path, files=files, headers={"Idempotency-Key": str(uuid4())})


async def test_a_form_without_a_file_says_so(office: Office, partner: File) -> None:
    refused = await office.officer.tries(
        "POST", f"{partner.path}/documents", files={"letter": ("a.pdf", pdf("a"))}, headers={"Idempotency-Key": "f"}
    )
    assert (refused.slug, refused.body["errors"][0]["pointer"]) == ("invalid-input", "/file")


def without_header() -> bytes:
    content = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["ECHE"], ["Code", "Nom"], ["B  BRUXEL04", "ULB"]):
        sheet.append(row)
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("content", [b"Erasmus Code;PIC\n", archive("xl/workbook.xml"), without_header()])
async def test_a_spreadsheet_that_is_not_the_list_imports_nothing(
    office: Office, content: bytes, language: str
) -> None:
    before = await office.officer.gets(PARTNERS, count="true", limit="1")
    runs = await office.officer.gets("/api/v1/partners/imports")

    refused = await office.officer.speaking(language).tries(
        "POST", "/api/v1/partners/imports/eche?add=all", content=content, headers={"Content-Type": SPREADSHEET}
    )

    assert (refused.status, refused.slug) == (409, "import-shape-unknown")
    assert ("rien n'est importé" if language == "fr" else "nothing was imported") in refused.body["detail"]
    assert await office.officer.gets("/api/v1/partners/imports") == runs
    assert (await office.officer.gets(PARTNERS, count="true", limit="1"))["total"] == before["total"]


async def test_everything_still_answers(office: Office) -> None:
    for service in office.campus.services.values():
        assert service.alive
        assert service.answers(), f"{service.name} is not ready"
    crashed = [log.name for log in office.campus.logs if "Traceback" in log.read_text()]
    assert crashed == []


def test_every_general_refusal_of_the_door_is_tried() -> None:
    tried = {wrong.slug for wrong in WRONG.values()} | {slug for slug, _ in DOCUMENTS.values()}
    elsewhere = {"not-permitted", "second-person-required", "transition-not-allowed", "idempotency-key-reused"}
    later = {"too-many-requests", "owner-away", "reference-not-known-yet", "retention-elapsed", "document-type-refused"}
    later |= {"internal-error"}
    assert GENERAL.keys() - tried - elsewhere - later == set()
    assert json.dumps(sorted(tried))
