"""Documents: told by content, bounded, pending until a command names them, the same under the same key."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.lamps import Client, Lamps, LampsSettings, Process
from tests.support.lantern import KEEPER, STROLLER

from chassis import documents
from chassis.decide import Caller, Decision
from chassis.documents import HEARD_OUT_BYTES, LIMIT_BYTES, _up_to, disposition, sweep
from chassis.problems import Problem

PDF = b"%PDF-1.7\n" + b"x" * 600
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"x" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100
MAIL = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nbody"


def archive(**members: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return packed.getvalue()


DOCX = archive(word__document_dot_xml=b"<w/>")
XLSX = archive(xl__workbook_dot_xml=b"<w/>")
ODT = archive(mimetype=b"application/vnd.oasis.opendocument.text", content_dot_xml=b"<o/>")


async def upload(door: Lamps, id_: str, content: bytes, *, key: str | None = None, **form: str) -> httpx.Response:
    return await sent(door.client, id_, content, key or str(uuid4()), **form)


async def sent(client: Client, id_: str, content: bytes, key: str, **form: str) -> httpx.Response:
    path, headers = f"/api/v1/lanterns/{id_}/documents", client.headers(Idempotency_Key=key)
    return await client.http.post(path, files={"file": ("plan.pdf", content)}, data=form, headers=headers)


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (MAIL, "message/rfc822"),
        (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ODT, "application/vnd.oasis.opendocument.text"),
    ],
)
async def test_what_a_file_is_is_told_by_its_content(door: Lamps, content: bytes, media_type: str) -> None:
    answer = await upload(door, await door.client.hung("a"), content)

    assert (answer.status_code, answer.json()["media_type"]) == (201, media_type), answer.text
    assert answer.json()["size_bytes"] == len(content)


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00" + b"x" * 100,
        b"<html><script>alert(1)</script></html>",
        b"",
        b"GIF89a" + b"x" * 50,
        archive(evil_dot_exe=b"MZ"),
        archive(word__document_dot_xml=b"<w/>", word__vbaProject_dot_bin=b"macro"),
        b"PK\x03\x04 no archive at all",
        DOCX[: len(DOCX) // 2],
        archive(mimetype=b"\x00" * 30_000_000),
    ],
    ids=["program", "page", "nothing", "gif", "archive", "macros", "no archive", "half an archive", "bomb"],
)
async def test_a_disguised_file_is_refused(door: Lamps, content: bytes) -> None:
    id_ = await door.client.hung("a")

    answer = await upload(door, id_, content)

    assert slug(answer) == (415, "media-type-not-supported")
    assert await door.store["documents"].count_documents({}) == 0
    assert await door.store["fs.files"].count_documents({}) == 0


async def test_twenty_six_mebibytes_are_too_large(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    answer = await upload(door, id_, PDF + b"x" * (LIMIT_BYTES + 1024 * 1024))

    assert slug(answer) == (413, "too-large")
    assert await door.store["fs.files"].count_documents({}) == 0


async def test_who_sends_without_end_is_cut_off(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        yield head
        while sent < 4 * HEARD_OUT_BYTES:
            sent += 1024 * 1024
            yield b"x" * 1024 * 1024

    headers = door.client.headers(Idempotency_Key="k", Content_Type="multipart/form-data; boundary=b")
    answer = await door.client.http.post(f"/api/v1/lanterns/{id_}/documents", content=endless(), headers=headers)

    assert slug(answer) == (413, "too-large")
    assert sent <= HEARD_OUT_BYTES + 2 * 1024 * 1024


async def test_no_more_is_heard_of_a_body_once_it_is_too_large() -> None:
    heard = 0

    async def receive() -> dict[str, Any]:
        nonlocal heard
        heard += 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    limited = _up_to(250, receive)
    with pytest.raises(Problem, match="too-large"):
        for _ in range(10):
            await limited()

    assert heard == 3


async def test_a_form_that_is_none_is_invalid(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    path = f"/api/v1/lanterns/{id_}/documents"
    headers = door.client.headers(Idempotency_Key="k")

    no_file = await door.client.http.post(path, files={"other": ("a", b"x")}, headers=headers)
    as_text = await door.client.http.post(path, data={"file": "x"}, files={"other": ("a", b"")}, headers=headers)
    no_form = await door.client.http.post(path, json={}, headers=headers)
    broken = await door.client.http.post(
        path, content=b"--x", headers={**headers, "Content-Type": "multipart/form-data; boundary="}
    )
    audience = await upload(door, id_, PDF, audience="everybody")

    assert [slug(answer) for answer in (no_file, as_text, no_form, broken, audience)] == [
        (422, "invalid-input"),
        (422, "invalid-input"),
        (415, "media-type-not-supported"),
        (422, "invalid-input"),
        (422, "invalid-input"),
    ]


async def test_a_document_needs_a_key_a_role_and_somebody_it_belongs_to(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    path = f"/api/v1/lanterns/{id_}/documents"
    files: dict[str, Any] = {"file": ("a.pdf", PDF)}
    stroller = door.client.headers(Caller("sam", {STROLLER: {}}), Idempotency_Key="k")

    no_key = await door.client.http.post(path, files=files, headers=door.client.headers())
    no_role = await door.client.http.post(path, files=files, headers=stroller)
    no_owner = await upload(door, str(uuid4()), PDF)

    assert [slug(answer) for answer in (no_key, no_role, no_owner)] == [
        (428, "idempotency-key-required"),
        (403, "not-permitted"),
        (404, "unknown-id"),
    ]


async def test_the_same_file_under_the_same_key_is_the_same_document(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    answers = await asyncio.gather(*(upload(door, id_, PDF, key="k") for _ in range(6)))
    other = await upload(door, id_, PNG, key="k")

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["document_id"] for answer in answers}) == 1
    assert slug(other) == (422, "idempotency-key-reused")
    assert await door.store["fs.files"].count_documents({}) == 1


async def test_a_command_makes_a_pending_document_its_own(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]

    await door.client.done(id_, "attach-document", {"document_id": document_id}, at=1)

    card = await door.store["documents"].find_one({"_id": document_id})
    assert (card["state"], card["aggregate"], card["aggregate_id"]) == ("attached", "lantern", id_)
    path = f"/api/v1/lanterns/{id_}/documents/{document_id}"
    answer = await door.client.http.get(path, headers=door.client.headers())
    assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["content-disposition"] == "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf"


@pytest.mark.parametrize(
    ("title", "media_type", "plain", "encoded"),
    [
        (
            "Accord-cadre, texte 1.PDF",
            "application/pdf",
            "Accord-cadre, texte 1.pdf",
            "Accord-cadre%2C%20texte%201.pdf",
        ),
        ("Université\r\nX: y", "application/pdf", "Universite X y.pdf", "Universit%C3%A9%20X%20y.pdf"),
        ("l’Être", "image/jpeg", "l'Etre.jpg", "l%E2%80%99%C3%8Atre.jpg"),
        ('../"a"', "image/png", "a.png", "a.png"),
        ("", "message/rfc822", "document.eml", "document.eml"),
    ],
)
def test_a_document_is_saved_under_its_title(title: str, media_type: str, plain: str, encoded: str) -> None:
    named = disposition({"title": title, "media_type": media_type})

    assert named == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


async def test_an_office_document_is_for_whoever_could_have_added_it(door: Lamps) -> None:
    id_ = await door.client.hung("a", place="quay")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]
    staff_id = (await upload(door, id_, PNG, audience="staff")).json()["document_id"]
    elsewhere = door.client.headers(Caller("sam", {KEEPER: {"places": frozenset({"mole"})}}))

    office = await door.client.http.get(f"/api/v1/lanterns/{id_}/documents/{document_id}", headers=elsewhere)
    staff = await door.client.http.get(f"/api/v1/lanterns/{id_}/documents/{staff_id}", headers=elsewhere)
    unknown = await door.client.http.get(f"/api/v1/lanterns/{uuid4()}/documents/{document_id}", headers=elsewhere)

    assert (slug(office), staff.status_code, slug(unknown)) == ((403, "not-permitted"), 200, (404, "unknown-id"))


async def test_the_documents_of_what_is_hidden_are_unknown_to_a_stranger(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]
    object.__setattr__(door.running.desk.aggregates["lantern"], "readers", (KEEPER,))
    stranger = door.client.headers(Caller("sam", {STROLLER: {}}), Idempotency_Key="k")
    path = f"/api/v1/lanterns/{id_}/documents"

    sent = await door.client.http.post(path, files={"file": ("a.pdf", PDF)}, headers=stranger)
    read = await door.client.http.get(f"{path}/{document_id}", headers=stranger)

    assert [slug(sent), slug(read)] == [(404, "unknown-id"), (404, "unknown-id")]


async def test_what_stays_pending_for_a_day_is_swept_and_what_was_attached_stays(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    ids = [(await upload(door, id_, PDF)).json()["document_id"] for _ in range(3)]
    await door.client.done(id_, "attach-document", {"document_id": ids[0]}, at=1)
    old = datetime.now(UTC) - timedelta(hours=25)
    await door.store["documents"].update_many({"_id": {"$in": ids[:2]}}, {"$set": {"added_at": old}})

    swept = await sweep(door.running.store)

    left = await door.store["documents"].distinct("_id")
    assert (swept, sorted(left)) == (1, sorted([ids[0], ids[2]]))
    assert sorted(await door.store["fs.files"].distinct("_id")) == sorted([ids[0], ids[2]])


async def as_of_yesterday(door: Lamps) -> None:
    """Everything that waits to be named has waited for 25 hours."""
    old = datetime.now(UTC) - timedelta(hours=25)
    await door.store["documents"].update_many({}, {"$set": {"added_at": old}})
    await door.store["uploads"].update_many({}, {"$set": {"begun_at": old}})


async def bytes_of(door: Lamps) -> set[str]:
    """The ids of whatever is kept of files."""
    files = await door.store["fs.files"].distinct("_id")
    return {*files, *await door.store["fs.chunks"].distinct("files_id")}


@pytest.mark.parametrize("fault", ["die between chunks and file", "die between file and card"])
async def test_bytes_whose_process_was_killed_before_they_had_a_card_are_swept(
    door: Lamps, tmp_path: Path, fault: str
) -> None:
    id_ = await door.client.hung("a")
    kept = (await upload(door, id_, PDF)).json()["document_id"]
    await door.client.done(id_, "attach-document", {"document_id": kept}, at=1)
    settings = door.running.service.settings
    assert isinstance(settings, LampsSettings)
    process = Process(settings, tmp_path, "api")
    with process.child("killed", fault).start() as child, pytest.raises(httpx.HTTPError):
        await sent(process.client(child), id_, PNG, "k")
    left = await bytes_of(door)
    await sweep(door.running.store)
    young = await bytes_of(door)
    await as_of_yesterday(door)

    swept = await sweep(door.running.store)

    assert len(left) == len(young) == 2
    assert (swept, await bytes_of(door)) == (1, {kept})
    assert await door.store["uploads"].count_documents({}) == 0


async def test_the_bytes_of_a_card_that_was_let_go_are_swept_by_whoever_looks_next(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]
    await as_of_yesterday(door)
    await door.running.store.transaction(partial(documents._let_go, door.running.store, document_id))

    await asyncio.gather(*(sweep(door.running.store) for _ in range(3)))

    assert await bytes_of(door) == set()
    assert await door.store["uploads"].count_documents({}) == 0


async def test_bytes_that_have_a_card_are_nobody_elses_to_sweep(door: Lamps) -> None:
    """Not even when their process ended before it could note that they have one."""
    id_ = await door.client.hung("a")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]
    await door.client.done(id_, "attach-document", {"document_id": document_id}, at=1)
    await door.store["uploads"].insert_one({"_id": document_id, "begun_at": datetime.now(UTC)})
    await as_of_yesterday(door)

    swept = await sweep(door.running.store)

    assert (swept, await bytes_of(door)) == (0, {document_id})
    assert await door.store["uploads"].count_documents({}) == 0


async def test_a_document_swept_while_a_command_names_it_is_unknown(
    door: Lamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await door.client.hung("a")
    document_id = (await upload(door, id_, PDF)).json()["document_id"]
    write = door.running.desk.shelf.write

    async def swept_before(*args: Any) -> None:
        await door.store["documents"].delete_one({"_id": document_id})
        await write(*args)

    monkeypatch.setattr(door.running.desk.shelf, "write", swept_before)

    answer = await door.client.ask(id_, "attach-document", {"document_id": document_id}, at=1)

    assert slug(answer) == (404, "unknown-id")
    assert (await door.store["lantern"].find_one({"_id": id_}))["private"]["documents"] == []


async def test_what_nobody_sent_is_unknown_even_to_a_command_that_does_not_look(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    row = door.running.desk.aggregates["lantern"].command("attach_document")
    look = row.decide
    object.__setattr__(row, "decide", lambda state, private, body, context: Decision(attaches=(body.document_id,)))
    try:
        answer = await door.client.ask(id_, "attach-document", {"document_id": "nowhere"}, at=1)
    finally:
        object.__setattr__(row, "decide", look)

    assert slug(answer) == (404, "unknown-id")
