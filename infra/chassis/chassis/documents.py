"""Documents: bytes go to their owner before the command that names them, and stay pending until it does.

Types are told by content, not by name. Pending ones older than a day are deleted.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import filetype
from starlette.datastructures import UploadFile
from starlette.requests import Request

from chassis.decide import Caller
from chassis.mongo import Row, Store, ascending
from chassis.outbox import new_id
from chassis.problems import Problem

LIMIT_BYTES: Final = 25 * 1024 * 1024
PENDING_HOURS: Final = 24
CHUNK_BYTES: Final = 255 * 1024
DOCUMENTS: Final = "documents"
OPEN_XML: Final[Mapping[str, str]] = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument.text"
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
    await store.index(DOCUMENTS, ascending("state", "added_at"), ascending("aggregate_id"))


async def receive(request: Request, store: Store, aggregate: str, aggregate_id: str, caller: Caller) -> Row:
    """Stores the uploaded file (`file` of a multipart form) as pending and gives its card.

    Raises Problem `too-large`, `media-type-not-supported`, `invalid-input`. The same file for the same aggregate by the same
    person with the same Idempotency-Key is the same document.
    """
    declared = int(request.headers.get("content-length") or 0)
    if declared > LIMIT_BYTES + 64 * 1024:
        raise Problem("too-large", limit_bytes=LIMIT_BYTES)
    key = request.headers.get("idempotency-key")
    if not key:
        raise Problem("idempotency-key-required")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem("media-type-not-supported")
    async with request.form(max_files=1, max_part_size=64 * 1024) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Problem("invalid-input", errors=[{"pointer": "/file", "detail": "a file is needed"}])
        if (upload.size or 0) > LIMIT_BYTES:
            raise Problem("too-large", limit_bytes=LIMIT_BYTES)
        digest = await _digest(upload)
        media_type = sniff(await _whole(upload))
        asked = {"upload_key": f"{caller.subject}|{key}", "aggregate_id": aggregate_id}
        known: Row | None = await store[DOCUMENTS].find_one(asked)
        if known:
            if known["sha256"] != digest:
                raise Problem("idempotency-key-reused")
            return known
        card: Row = {
            "_id": new_id(),
            "aggregate": aggregate,
            "aggregate_id": aggregate_id,
            "state": "pending",
            "title": (upload.filename or "document")[:300],
            "media_type": media_type,
            "size_bytes": upload.size,
            "sha256": digest,
            "audience": str(form.get("audience") or "office"),
            "added_by": caller.subject,
            "added_at": datetime.now(UTC),
            "upload_key": asked["upload_key"],
        }
        await store.files.write(card["_id"], _chunks(upload))
        await store[DOCUMENTS].insert_one(card)
        return card


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    await upload.seek(0)
    while chunk := await upload.read(CHUNK_BYTES):
        yield chunk


async def _digest(upload: UploadFile) -> str:
    digest = hashlib.sha256()
    async for chunk in _chunks(upload):
        digest.update(chunk)
    return digest.hexdigest()


async def _whole(upload: UploadFile) -> bytes:
    return b"".join([chunk async for chunk in _chunks(upload)])


def sniff(content: bytes) -> str:
    """The media type by content; raises Problem `media-type-not-supported` for anything but the accepted ones."""
    if content.startswith(b"PK\x03\x04"):
        return _in_archive(content)
    guessed = filetype.guess(content[:8_192])
    if guessed is not None and guessed.mime in SNIFFED:
        return str(guessed.mime)
    if guessed is None and _is_mail(content[:8_192]):
        return "message/rfc822"
    raise Problem("media-type-not-supported", accepted=["pdf", "docx", "odt", "xlsx", "png", "jpeg", "eml"])


def _in_archive(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.read("mimetype").decode(errors="replace").strip() == OPEN_DOCUMENT:
                return OPEN_DOCUMENT
            for name, media_type in OPEN_XML.items():
                if name in names and not any(each.endswith("vbaProject.bin") for each in names):
                    return media_type
    except (zipfile.BadZipFile, OSError, RuntimeError) as fault:
        raise Problem("media-type-not-supported") from fault
    raise Problem("media-type-not-supported")


def _is_mail(head: bytes) -> bool:
    try:
        head.decode("ascii")
    except UnicodeDecodeError:
        return False
    lines = head.lower().splitlines()
    return any(line.startswith(MAIL_HEADERS) for line in lines[:30]) and b":" in lines[0]


async def sweep(store: Store) -> int:
    """Deletes what stayed pending for more than a day; how many."""
    old = {"state": "pending", "added_at": {"$lt": datetime.now(UTC) - timedelta(hours=PENDING_HOURS)}}
    cards: list[Any] = await store[DOCUMENTS].find(old, {"_id": 1}).to_list(1_000)
    for card in cards:
        await store[DOCUMENTS].delete_one({"_id": card["_id"], "state": "pending"})
        await store.files.delete(card["_id"])
    return len(cards)
