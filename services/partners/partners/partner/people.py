"""The persons, notes and documents of a partner: kept here, told by id alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.decide import Context, Decision, Doc, Find, Found, Gone, New, Outcome, Refusal, Text, refuse
from contracts.partner import (
    ContactAdded,
    ContactChanged,
    ContactRemoved,
    DocumentAttached,
    NoteAdded,
    Partner,
)
from contracts.types import Audience, Document
from partners.partner.bodies import AddContact, AddNote, AttachDocument, EditContact, RemoveContact
from partners.partner.policy import unknown_child
from partners.partner.private import Contact, Note, PartnerPrivate

DOCUMENTS: Final = "documents"
PUBLISHABLE: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
ONLY_FIXED: Final = Text("Un document public est un PDF ou une image.", "A public document is a PDF or an image.")


def add_contact(state: Partner, private: PartnerPrivate, body: AddContact, context: Context) -> Outcome:
    contact = Contact(
        contact_id=context.new_id(),
        given_name=body.given_name,
        family_name=body.family_name,
        function=body.function,
        unit_id=body.unit_id,
        email=body.email,
        phone=body.phone,
        languages=body.languages,
        role=body.role,
        since=body.since or context.today,
    )
    if refusal := _contact_refused(state, private, contact):
        return refusal
    fact = ContactAdded(
        contact_id=contact.contact_id,
        role=contact.role,
        function=contact.function,
        unit_id=contact.unit_id,
    )
    kept = private.model_copy(update={"contacts": (*private.contacts, contact)})
    return Decision((fact,), kept, answer={"contact_id": contact.contact_id})


def edit_contact(state: Partner, private: PartnerPrivate, body: EditContact, context: Context) -> Outcome:
    before = _contact(private, body.contact_id)
    if before is None:
        return unknown_child("/contact_id")
    changes = {name: getattr(body, name) for name in body.model_fields_set if name != "contact_id"}
    contact = before.model_copy(update=changes)
    if contact == before:
        return Decision()
    if refusal := _contact_refused(state, private, contact):
        return refusal
    fact = ContactChanged(
        contact_id=contact.contact_id,
        role=contact.role,
        function=contact.function,
        unit_id=contact.unit_id,
    )
    contacts = (contact if c.contact_id == contact.contact_id else c for c in private.contacts)
    return Decision((fact,), private.model_copy(update={"contacts": tuple(contacts)}))


def remove_contact(state: Partner, private: PartnerPrivate, body: RemoveContact, context: Context) -> Outcome:
    if _contact(private, body.contact_id) is None:
        return unknown_child("/contact_id")
    left = tuple(c for c in private.contacts if c.contact_id != body.contact_id)
    fact = ContactRemoved(contact_id=body.contact_id)
    return Decision((fact,), private.model_copy(update={"contacts": left}))


def _contact(private: PartnerPrivate, contact_id: str) -> Contact | None:
    return next((c for c in private.contacts if c.contact_id == contact_id), None)


def _contact_refused(state: Partner, private: PartnerPrivate, contact: Contact) -> Refusal | None:
    if contact.unit_id and state.unit(contact.unit_id) is None:
        return unknown_child("/unit_id")
    if contact.email and any(
        other.contact_id != contact.contact_id
        and not other.left_on
        and other.email
        and other.email.casefold() == contact.email.casefold()
        for other in private.contacts
    ):
        return refuse("contact-email-duplicate", pointer="/email")
    return None


def add_note(state: Partner, private: PartnerPrivate, body: AddNote, context: Context) -> Outcome:
    note = Note(note_id=context.new_id(), on=context.today, by=context.caller.subject, text=body.text)
    kept = private.model_copy(update={"notes": (*private.notes, note)})
    return Decision((NoteAdded(note_id=note.note_id),), kept, answer={"note_id": note.note_id})


def attach_needs(state: Partner, private: PartnerPrivate, body: AttachDocument | None, found: Found) -> Iterable[Find]:
    if body:
        yield Doc(DOCUMENTS, body.document_id)


def attach_document(state: Partner, private: PartnerPrivate, body: AttachDocument, context: Context) -> Outcome:
    card = context.found.doc(DOCUMENTS, body.document_id)
    if card is None or card["aggregate_id"] != state.id:
        return unknown_child("/document_id")
    if any(document.id == body.document_id for document in private.documents):
        return Decision()
    if body.audience is Audience.PUBLIC and card["media_type"] not in PUBLISHABLE:
        return refuse("document-type-refused", ONLY_FIXED, pointer="/audience")
    document = Document(
        id=body.document_id,
        kind=body.kind,
        title=body.title or card.get("title"),
        lang=body.lang,
        media_type=card["media_type"],
        size_bytes=card["size_bytes"],
        sha256=card["sha256"],
        added_on=context.today,
        audience=body.audience,
        replaces=body.replaces,
    )
    fact = DocumentAttached(
        document_id=document.id, kind=document.kind, sha256=card["sha256"], audience=document.audience
    )
    return Decision(
        (fact,),
        private.model_copy(update={"documents": (*private.documents, document)}),
        rows=(
            Gone(DOCUMENTS, document.id),
            New(DOCUMENTS, {**card, "kind": body.kind, "audience": body.audience.value}),
        ),
        attaches=(document.id,),
    )
