"""Documents of a meeting: the cards of those that wait, and attaching one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.decide import Context, Decision, Doc, Document, Find, Found, Gone, New, Outcome, refuse
from contracts.meeting import DocumentAttached, Meeting
from events.meeting.bodies import AttachDocument

CARDS = "documents"


def the_document(state: Meeting, private: Any, body: AttachDocument | None, found: Found) -> Iterable[Find]:
    if body is not None:
        yield Doc(CARDS, body.document_id)


def pending_card(document_id: str, state: Meeting, context: Context) -> Document | None:
    """The card of a document uploaded for this meeting and not attached yet."""
    card = context.found.doc(CARDS, document_id)
    if card is None or card["aggregate_id"] != state.id or card["state"] != "pending":
        return None
    return card


def attached(card: Document, kind: str, **said: str | None) -> Decision:
    """The document becomes the meeting's; its card says what the command said of it."""
    written = {**card, "kind": kind, **{name: value for name, value in said.items() if value is not None}}
    fact = DocumentAttached(document_id=card["_id"], kind=kind, sha256=card["sha256"], audience=written["audience"])
    rows = (Gone(CARDS, card["_id"]), New(CARDS, written))
    return Decision((fact,), rows=rows, attaches=(card["_id"],))


def attach(state: Meeting, private: Any, body: AttachDocument, context: Context) -> Outcome:
    card = pending_card(body.document_id, state, context)
    if card is None:
        return refuse("unknown-id", pointer="/document_id")
    return attached(card, body.kind, title=body.title, lang=body.lang, audience=body.audience)
