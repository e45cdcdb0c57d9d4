"""Documents: bytes go to their owner before the command that names them, and stay pending until it does.

Types are told by content, not by name. Pending ones older than a day are deleted, and bytes that were left without a card.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zipfile
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO, Final
from urllib.parse import quote

import filetype
from pymongo.errors import DuplicateKeyError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Message, Receive

from chassis.decide import Caller
from chassis.mongo import Row, Session, Store, ascending
from chassis.outbox import new_id
from chassis.problems import Problem
from contracts.types import Audience

LIMIT_BYTES: Final = 25 * 1024 * 1024
PENDING_HOURS: Final = 24
CHUNK_BYTES: Final = 255 * 1024
HEARD_OUT_BYTES: Final = 2 * LIMIT_BYTES
"""Who sends somewhat too much is read to the end, so that the refusal is read too; who sends more is cut off."""
FORM_BYTES: Final = 64 * 1024
HEAD_BYTES: Final = 8 * 1024
SWEPT_AT_ONCE: Final = 1_000
ACCEPTED: Final = ("pdf", "docx", "odt", "xlsx", "png", "jpeg", "eml")
DOCUMENTS: Final = "documents"
UPLOADS: Final = "uploads"
"""Bytes that no card names yet, or none any more."""
OPEN_XML: Final[Mapping[str, str]] = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument.text"
ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "message/rfc822": ".eml",
    OPEN_DOCUMENT: ".odt",
    **{media_type: f".{kind}" for kind, media_type in zip(("docx", "xlsx"), OPEN_XML.values(), strict=True)},
}
NOT_IN_A_NAME: Final = re.compile(r'[ \x00-\x1f\x7f/\\:*?"<>|]+')
SNIFFED: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
MAIL_HEADERS: Final = (
    b"from:",
    b"received:",
    b"return-path:",
    b"mime-version:",
    b"message-id:",
    b"delivered-to:",
)


async def prepare(store: Store) -> None:
    """Makes the indexes: one document a person, aggregate and key."""
    await store.index(DOCUMENTS, ascending("state", "added_at"), ascending("upload_key", unique=True, sparse=True))


async def receive(request: Request, store: Store, aggregate: str, aggregate_id: str, caller: Caller) -> Row:
    """Stores the uploaded file (`file` of a multipart form) as pending and gives its card.

    Raises Problem `too-large`, `media-type-not-supported`, `invalid-input`. The same file for the same aggregate by the same
    person with the same Idempotency-Key is the same document.

    Proved by `test_the_same_file_under_the_same_key_is_the_same_document`.
    """
    key = request.headers.get("idempotency-key")
    if not key:
        raise Problem("idempotency-key-required")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem("media-type-not-supported")
    limited = Request(request.scope, _up_to(HEARD_OUT_BYTES, request.receive))
    async with limited.form(max_files=1, max_part_size=FORM_BYTES) as form:
        upload, audience = form.get("file"), form.get("audience") or Audience.OFFICE
        if not isinstance(upload, UploadFile):
            raise Problem("invalid-input", errors=[{"pointer": "/file", "detail": "a file is needed"}])
        if audience not in tuple(Audience):
            raise Problem("invalid-input", errors=[{"pointer": "/audience", "detail": "office, staff or public"}])
        if (upload.size or 0) > LIMIT_BYTES:
            raise Problem("too-large", limit_bytes=LIMIT_BYTES)
        card: Row = {
            "_id": new_id(),
            "aggregate": aggregate,
            "aggregate_id": aggregate_id,
            "state": "pending",
            "title": (upload.filename or "document")[:300],
            "media_type": sniff(upload.file),
            "size_bytes": upload.size,
            "sha256": await _digest(upload),
            "audience": str(audience),
            "added_by": caller.subject,
            "added_at": datetime.now(UTC),
            "upload_key": f"{caller.subject}|{aggregate_id}|{key}",
        }
        return await _known(store, card) or await _keep(store, card, upload)


def _up_to(limit_bytes: int, receive: Receive) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit_bytes:
            raise Problem("too-large", limit_bytes=LIMIT_BYTES)
        return message

    return counted


async def _known(store: Store, card: Row) -> Row | None:
    """What the same person sent under the same key before."""
    known: Row | None = await store[DOCUMENTS].find_one({"upload_key": card["upload_key"]})
    if known and known["sha256"] != card["sha256"]:
        raise Problem("idempotency-key-reused")
    return known


async def _keep(store: Store, card: Row, upload: UploadFile) -> Row:
    await store[UPLOADS].insert_one({"_id": card["_id"], "begun_at": card["added_at"]})
    await store.files.write(card["_id"], _chunks(upload))
    known = None
    try:
        await store[DOCUMENTS].insert_one(card)
    except DuplicateKeyError:
        await store.files.delete(card["_id"])
        known = await _known(store, card)
    await store[UPLOADS].delete_one({"_id": card["_id"]})
    return known or card


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    await upload.seek(0)
    while chunk := await upload.read(CHUNK_BYTES):
        yield chunk


async def _digest(upload: UploadFile) -> str:
    digest = hashlib.sha256()
    async for chunk in _chunks(upload):
        digest.update(chunk)
    return digest.hexdigest()


def disposition(card: Row) -> str:
    """Under which name a document is saved: that of its title, with the ending of what it is (RFC 6266)."""
    ending = ENDINGS.get(card["media_type"], "")
    stem = re.sub(rf"{re.escape(ending)}$", "", NOT_IN_A_NAME.sub(" ", card["title"]).strip(), flags=re.IGNORECASE)
    name = f"{stem.strip(' .') or 'document'}{ending}"
    plain = unicodedata.normalize("NFKD", name.replace("’", "'")).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def sniff(file: BinaryIO) -> str:
    """The media type by content; raises Problem `media-type-not-supported` for anything but the accepted ones.
    Proved by `test_a_disguised_file_is_refused`."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _in_archive(file)
    guessed = filetype.guess(head)
    if guessed is not None and guessed.mime in SNIFFED:
        return str(guessed.mime)
    if guessed is None and _is_mail(head):
        return "message/rfc822"
    raise Problem("media-type-not-supported", accepted=ACCEPTED)


def _in_archive(file: BinaryIO) -> str:
    unreadable = (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, zlib.error)
    with suppress(*unreadable), zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        if "mimetype" in names:
            with archive.open("mimetype") as told:  # read in part: it may unpack to more than there is memory
                if told.read(100).decode(errors="replace").strip() == OPEN_DOCUMENT:
                    return OPEN_DOCUMENT
        if not any(name.endswith("vbaProject.bin") for name in names):
            for name, media_type in OPEN_XML.items():
                if name in names:
                    return media_type
    raise Problem("media-type-not-supported", accepted=ACCEPTED)


def _is_mail(head: bytes) -> bool:
    lines = head.lower().splitlines()
    return head.isascii() and any(line.startswith(MAIL_HEADERS) for line in lines[:30]) and b":" in lines[0]


async def sweep(store: Store) -> int:
    """Deletes what stayed pending for more than a day, and bytes of that age without a card; how many. What is kept is not
    looked through for them: they were noted before they were written and when their card was let go.
    Proved by `test_what_stays_pending_for_a_day_is_swept_and_what_was_attached_stays`,
    `test_bytes_whose_process_was_killed_before_they_had_a_card_are_swept` and
    `test_the_bytes_of_a_card_that_was_let_go_are_swept_by_whoever_looks_next`."""
    until = datetime.now(UTC) - timedelta(hours=PENDING_HOURS)
    for id_ in await _ids(store, DOCUMENTS, {"state": "pending", "added_at": {"$lt": until}}):
        await store.transaction(partial(_let_go, store, id_))
    swept = 0
    for id_ in await _ids(store, UPLOADS, {"begun_at": {"$lt": until}}):
        if not await store.transaction(partial(_is_named, store, id_)):
            await store.files.delete(id_)
            await store[UPLOADS].delete_one({"_id": id_})
            swept += 1
    return swept


async def _ids(store: Store, collection: str, asked: Row) -> list[str]:
    rows: list[Row] = await store[collection].find(asked, {"_id": 1}).limit(SWEPT_AT_ONCE).to_list(SWEPT_AT_ONCE)
    return [row["_id"] for row in rows]


async def _let_go(store: Store, id_: str, session: Session) -> None:
    """Takes the card away if it is still pending, and notes its bytes; a command that attaches it meanwhile wins."""
    card = await store[DOCUMENTS].find_one_and_delete({"_id": id_, "state": "pending"}, session=session)
    if card:
        begun = {"$set": {"begun_at": card["added_at"]}}
        await store[UPLOADS].update_one({"_id": id_}, begun, upsert=True, session=session)


async def _is_named(store: Store, id_: str, session: Session) -> bool:
    """True when bytes have a card: then they are not looked at again, unless it is let go at the same time."""
    card = await store[DOCUMENTS].find_one({"_id": id_}, {"_id": 1}, session=session)
    if card:
        await store[UPLOADS].delete_one({"_id": id_}, session=session)
    return card is not None
