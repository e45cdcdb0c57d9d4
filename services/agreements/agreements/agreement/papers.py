"""Documents of an agreement: each is handed in first, then named by a command. They never change (A22)."""

from __future__ import annotations

from typing import Final

from agreements.agreement.bodies import AttachDocument
from agreements.agreement.known import Known
from agreements.agreement.private import AgreementPrivate
from chassis.decide import Context, Decision, Outcome, Refusal, Text, refuse
from chassis.decide import Document as Card
from contracts.agreement import Agreement, DocumentAttached
from contracts.types import Document

SIGNED_COPY: Final = "signed_copy"
SIGNED_COPY_TYPES: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})

UNKNOWN: Final = Text(
    "Ce document n'a pas été déposé pour cette convention.", "This document was not handed in for this agreement."
)
NO_SIGNED_COPY: Final = Text("Un exemplaire signé est un PDF ou une image.", "A signed copy is a PDF or an image.")


def named_document(state: Agreement, document_id: str, context: Context) -> Card | Refusal:
    """The card of the document that a command names."""
    card = Known.of(context).document(state.id, document_id)
    return card if card is not None else refuse("unknown-id", UNKNOWN, pointer="/document_id")


def signed_copy(state: Agreement, document_id: str, context: Context) -> Card | Refusal:
    card = named_document(state, document_id, context)
    if not isinstance(card, Refusal) and card["media_type"] not in SIGNED_COPY_TYPES:
        return refuse("document-type-refused", NO_SIGNED_COPY, pointer="/document_id")
    return card


def attach_document(state: Agreement, private: AgreementPrivate, body: AttachDocument, context: Context) -> Outcome:
    find = signed_copy if body.kind == SIGNED_COPY else named_document
    card = find(state, body.document_id, context)
    if isinstance(card, Refusal):
        return card
    paper = Document(
        id=body.document_id,
        kind=body.kind,
        title=body.title or card.get("title"),
        lang=body.lang,
        media_type=card["media_type"],
        size_bytes=card["size_bytes"],
        sha256=card["sha256"],
        added_on=context.today,
        audience=card["audience"],
        replaces=body.replaces,
    )
    fact = DocumentAttached(document_id=paper.id, kind=paper.kind, sha256=paper.sha256, audience=paper.audience)
    kept = private.model_copy(update={"documents": (*private.documents, paper)})
    return Decision((fact,), private=kept, attaches=(body.document_id,))
