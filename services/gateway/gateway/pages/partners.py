"""Partners: the list, and one partner with the timeline of everything done together."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.pages import formats, words
from gateway.pages.actions import actions_on
from gateway.pages.door import Away, Item, Problem
from gateway.pages.lists import Filter, of_table, of_words, shelved
from gateway.pages.moves import OPEN, bank_of
from gateway.pages.names import named
from gateway.pages.told import chapters, told
from gateway.pages.visit import NotHere, Visit

MAIN: Final = ("activate_partner", "accept_suggestion", "record_rights_assessment", "add_contact", "edit_partner")
TABS: Final = {
    "timeline": words.msg("Shared timeline"),
    "agreements": words.msg("Agreements"),
    "people": words.msg("People"),
    "identity": words.msg("Identity and codes"),
    "history": words.msg("Data history"),
}
KEPT_UP: Final = frozenset(
    {
        "edited", "identifier_set", "identifier_removed", "identifier_received", "contact_added", "contact_changed",
        "contact_removed", "note_added", "change_staged", "staged_change_decided", "data_confirmed", "review_due",
        "correction_proposed", "corrected",
    }
)  # fmt: skip
"""Facts about the record rather than about what is done together: the data's own history tells them."""
PURPOSES: Final = {
    "correspondence": words.msg("Correspondence with the partner"),
    "preparation of an agreement": words.msg("Preparation of an agreement"),
    "preparation of a visit": words.msg("Preparation of a visit or a mission"),
    "correction of data": words.msg("Correction of the data"),
}


async def listing(visit: Visit) -> Response:
    filters = [
        of_words(visit, words.msg("Name, city or code")),
        Filter("country", visit.said(words.msg("Country")), formats.countries(visit.language)),
        of_table(visit, "kind", "partner.kind", words.msg("Kind")),
        of_table(visit, "standing", "partner.standing", words.msg("Standing")),
    ]
    shelf = await shelved(visit, filters, lambda query: visit.door.page(visit.who, "partners", query))
    return visit.page("partners.html", shelf=shelf)


async def page(visit: Visit) -> Response:
    partner = await visit.one("partners", "partner", visit.path("id"))
    tab = visit.request.path_params.get("tab") or next(iter(TABS))
    if tab not in TABS:
        raise NotHere
    agreements = (await visit.door.page(visit.who, "agreements", {"partner_id": partner["id"], "limit": "50"})).items
    shown = await TAB_CONTENT[tab](visit, partner) if tab in TAB_CONTENT else {}
    related = [each["network_id"] for each in partner.get("memberships", ())]
    return visit.page(
        f"partner_{tab}.html",
        item=partner,
        partner=partner,
        tab=tab,
        tabs={name: visit.said(label) for name, label in TABS.items()},
        agreements=agreements,
        open_agreements=[each for each in agreements if each["state"] in OPEN],
        bank_of=bank_of,
        related=await named(visit, "partners", [*related, partner.get("merged_into")]),
        actions=await actions_on(visit, "partner", "partners", partner, MAIN),
        about=f"partner/{partner['id']}",
        **visit.freshness("partner", partner),
        **shown,
    )


async def _timeline(visit: Visit, partner: Item) -> dict[str, Any]:
    facts = await visit.door.timeline(visit.who, partner["id"], visit.query.get("before"))
    following = visit.url("partners", partner["id"], before=facts.next) if facts.next else None
    together = [fact for fact in facts.items if not _of_the_record(fact)]
    return {"chapters": chapters(await told(visit, together)), "following": following}


def _of_the_record(fact: Item) -> bool:
    _, aggregate, short, *_ = str(fact["type"]).split(".")
    return aggregate == "partner" and short in KEPT_UP


async def _history(visit: Visit, partner: Item) -> dict[str, Any]:
    facts = await visit.door.history(visit.who, f"partner/{partner['id']}", visit.query.get("before"))
    following = visit.url("partners", partner["id"], "history", before=facts.next) if facts.next else None
    return {"entries": await told(visit, facts.items), "following": following}


async def _people(visit: Visit, partner: Item) -> dict[str, Any]:
    """Names and addresses are read through, for a purpose that the owner notes down."""
    purpose = visit.query.get("purpose", "")
    offered = {code: visit.said(label) for code, label in PURPOSES.items()}
    contacts: Any = None
    if purpose in PURPOSES:
        contacts = await visit.door.personal(visit.who, f"partners/{partner['id']}/contacts", purpose)
    return {
        "purposes": offered,
        "purpose": purpose,
        "contacts": contacts.get("items") if isinstance(contacts, dict) else None,
        "away": isinstance(contacts, Away),
        "refused": contacts if isinstance(contacts, Problem) else None,
    }


TAB_CONTENT: Final = {"timeline": _timeline, "people": _people, "history": _history}
