"""How each command's form is asked for, beyond what its schema says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.pages import words
from gateway.pages.door import Item
from gateway.pages.forms import openings
from gateway.pages.forms.entries import Entries
from gateway.pages.forms.fields import pattern
from gateway.pages.visit import Visit

Body = Mapping[str, Any]
Opening = Callable[[Visit, Item], Awaitable[Body]]

OFFICERS: Final = "choice:people/officer+director+cooperation_officer+africa_officer"
PROMOTERS: Final = "people/promoter"
WIDGETS: Final[Mapping[str, str]] = {
    "country": "choice:countries",
    "residence_country": "choice:countries",
    "nationalities": "several:countries",
    "lang": "choice:languages",
    "languages": "checks:languages",
    "authentic_language": "choice:languages",
    "sdgs": "checks:sdgs",
    "subject_areas": "several:studies",
    "conditions.*.subject_areas": "list",
    "isced": "choice:studies",
    "relation_owner": OFFICERS,
    "responsible_officer": OFFICERS,
    "promoter": f"choice:{PROMOTERS}",
    "promoters": f"several:{PROMOTERS}",
    "supervisor": f"choice:{PROMOTERS}",
    "subject": "choice:people",
    "partner_id": "lookup:partners",
    "home_partner_id": "lookup:partners",
    "survivor_id": "lookup:partners",
    "network_id": "lookup:partners?kind=network",
    "agreement_id": "lookup:agreements",
    "framework_id": "lookup:agreements?kind=framework",
    "committee_id": "choice:committees",
    "parent_id": "choice:committees/council",
    "unit_id": "choice:part/units",
    "parties.*.unit_id": "hidden",
    "parent_unit_id": "choice:part/units",
    "host.unit_id": "choice:own_units",
    "contact_id": "choice:part/contacts",
    "member_id": "choice:part/members",
    "item_id": "choice:part/items",
    "party_no": "choice:part/parties",
    "given_by_party": "choice:part/parties",
    "signature_no": "choice:part/signatures",
    "document_id": "file",
    "email": "email",
    "website": "text",
    "reason": "long",
}
HIDDEN: Final = frozenset(
    {
        "geo",
        "replaces",
        "project_id",
        "holder_id",
        "meeting_id",
        "confirmed_distinct_from",
        "decision_ref.item_id",
        "decision_ref.document_id",
    }
)
"""Members that a person does not fill in here: machine references, and what another page is for."""


@dataclass(frozen=True)
class Overlay:
    """`opening` is what the form starts with; `edits` sends only what changed; `numbered` lists number their rows;
    `effects` say what will happen and what cannot be undone; `fold` turns a field of the page's own into the body's."""

    order: tuple[str, ...] = ()
    widgets: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    opening: Opening = openings.nothing
    edits: bool = False
    numbered: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    fold: Callable[[Entries], Entries] = lambda entries: entries
    template: str = "form.html"


def _hide(*members: str) -> frozenset[str]:
    return frozenset(members)


ATTACH: Final = Overlay(
    order=("document_id", "kind", "title", "lang", "audience"),
    widgets={"kind": "choice:codes/document.kind"},
    opening=openings.of_query,
)
OVERLAYS: Final[Mapping[str, Overlay]] = {
    "register_partner": Overlay(
        order=("name", "kind", "country", "city", "level", "network_theme", "website"), template="register_partner.html"
    ),
    "suggest_partner": Overlay(
        order=("name", "country", "city", "website", "reason"), template="register_partner.html"
    ),
    "edit_partner": Overlay(
        order=("name", "kind", "country", "city", "address", "website"), opening=openings.as_it_is, edits=True
    ),
    "add_contact": Overlay(order=("given_name", "family_name", "function", "email", "phone", "role", "unit_id")),
    "edit_contact": Overlay(order=("contact_id",)),
    "remove_identifier": Overlay(widgets={"scheme": "radios:part/identifiers"}),
    "record_rights_assessment": Overlay(
        order=("subject_ref", "purpose", "q1_institution", "q2_activities", "note", "assessed_on"),
        widgets={"subject_ref": "choice:files"},
        opening=openings.assessed_file,
        fold=openings.file_named,
        template="record_rights_assessment.html",
    ),
    "record_referral_opinion": Overlay(widgets={"assessment_id": "choice:referred"}),
    "confirm_data": Overlay(hidden=_hide("pointers")),
    "decide_block": Overlay(
        order=("decision_ref",),
        effects=(
            words.msg("New institutional agreements with this partner are refused from today."),
            words.msg("Agreements in force enter transition; multilateral ones are flagged."),
            words.msg("Individual academic relations remain possible, unless the scope includes them."),
        ),
    ),
    "assign_group": Overlay(order=("group_code", "from", "decision_ref"), widgets={"group_code": "choice:groups"}),
    "set_classification": Overlay(widgets={"class": "choice:codes/class"}),
    "draft_agreement": Overlay(
        order=("kind", "title", "parties", "framework_id", "purpose", "responsible_officer", "promoter"),
        opening=openings.drafted_with,
        hidden=_hide("parties.*.no", "supersedes", "lineage_id"),
    ),
    "edit_agreement": Overlay(
        order=("title", "start_on", "end_on", "renewal_mode", "notice_months", "purpose", "promoter"),
        opening=openings.as_it_is,
        edits=True,
        hidden=_hide("parties.*.no", "parties.*.flagged"),
    ),
    "set_conditions": Overlay(
        opening=openings.as_it_is,
        numbered=("conditions",),
        widgets={
            "sending_party": "choice:part/parties",
            "receiving_party": "choice:part/parties",
            "conditions.*.languages": "list",
        },
        hidden=_hide("conditions.*.no", "conditions.*.sending_unit_id", "conditions.*.receiving_unit_id"),
    ),
    "submit_for_review": Overlay(opening=openings.as_it_is),
    "record_review": Overlay(
        order=("kind", "outcome", "note"), widgets={"kind": "radios:part/reviews"}, hidden=_hide("assessment_id")
    ),
    "record_round": Overlay(order=("direction", "on", "document_id", "note")),
    "request_advice": Overlay(
        order=("question", "committee_id", "reason"), opening=openings.question, template="request_advice.html"
    ),
    "answer_advice_conditions": Overlay(
        opening=openings.conditions_to_answer,
        widgets={"request_id": "hidden", "answers.*.no": "hidden"},
        template="answer_advice_conditions.html",
    ),
    "approve_agreement": Overlay(
        effects=(
            words.msg("The dates, the renewal and the notice period become part of the university's decision."),
            words.msg("Any later change of the text means negotiating and approving again."),
        )
    ),
    "open_signing": Overlay(
        order=("document_id", "languages", "authentic_language", "signatures"),
        opening=openings.signatures_of_each_party,
        widgets={"signatures.*.party_no": "choice:part/parties"},
        effects=(words.msg("The text is frozen: every signature is given on exactly this file."),),
    ),
    "record_signature": Overlay(
        order=("signature_no", "signed_on", "method", "document_id"),
        widgets={"sha256": "hidden"},
        opening=openings.frozen_text,
        template="record_signature.html",
    ),
    "register_agreement": Overlay(
        effects=(
            words.msg("The agreement receives the next number of this year; a number is never reused."),
            words.msg("It enters into force on its first day, at once if that day has come."),
            words.msg("The campus systems that follow agreements are told."),
            words.msg("This cannot be undone: an agreement registered in error is terminated and keeps its number."),
        )
    ),
    "reject_agreement": Overlay(effects=(words.msg("This ends the preparation for good."),)),
    "withdraw_agreement": Overlay(effects=(words.msg("This ends the preparation for good."),)),
    "attach_document": ATTACH,
    "set_up_committee": Overlay(
        order=("kind", "name", "acronym", "group_code", "parent_id", "in_office", "rules", "decision_ref"),
        widgets={"group_code": "text"},
    ),
    "edit_committee": Overlay(opening=openings.as_it_is, edits=True),
    "appoint_member": Overlay(order=("subject", "external", "role", "term", "discipline_group")),
    "submit_item": Overlay(
        order=("kind", "title", "question"),
        hidden=_hide("origin", "ref", "request_id", "requested_on", "countries", "competence_reason"),
    ),
    "schedule_meeting": Overlay(
        order=("committee_id", "starts_at", "ends_at", "mode", "place"), opening=openings.of_query
    ),
    "reschedule_meeting": Overlay(order=("starts_at", "ends_at", "place"), opening=openings.as_it_is),
    "place_item": Overlay(widgets={"item_id": "radios:committee/pending_items"}),
    "order_items": Overlay(opening=openings.agenda, fold=openings.ordered, template="order_items.html"),
    "convene_meeting": Overlay(
        effects=(words.msg("The agenda goes out to the members; its order is fixed."),),
        template="convene_meeting.html",
    ),
    "declare_conflict": Overlay(widgets={"member_id": "choice:committee/members"}, opening=openings.of_query),
    "record_attendance": Overlay(
        opening=openings.attendance,
        widgets={"member_id": "choice:committee/members"},
        template="record_attendance.html",
    ),
    "give_advice": Overlay(
        order=("item_id", "outcome", "conditions", "reasoning", "votes"),
        numbered=("conditions",),
        hidden=_hide("conditions.*.no", "votes.by_name"),
        opening=openings.of_query,
    ),
    "defer_item": Overlay(opening=openings.of_query),
    "withdraw_item": Overlay(widgets={"item_id": "choice:part/pending_items"}, opening=openings.of_query),
    "announce_stay": Overlay(
        order=("person", "nationalities", "category", "host", "period", "home_partner_id", "agreement_id"),
        opening=openings.of_query,
    ),
}


def overlay_of(command: str) -> Overlay:
    return OVERLAYS.get(command, Overlay())


def widget_at(overlay: Overlay, name: str) -> str | None:
    """What was said of this place, else of any member of this name."""
    path = pattern(name)
    for wanted in (path, path.rpartition(".")[2]):
        for widgets in (overlay.widgets, WIDGETS):
            if wanted in widgets:
                return widgets[wanted]
    return None
