"""The way forward from a refusal: which action lifts what holds another one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.pages import words
from gateway.pages.visit import Visit

RIGHTS: Final = words.msg("Record the test")
DECISION: Final = words.msg("Read the decision")
SIGNED_COPY: Final = words.msg("Attach the signed copy")


@dataclass(frozen=True, slots=True)
class Way:
    words: str
    address: str


BY_COMMAND: Final[Mapping[str, str]] = {
    "advice-required": "request_advice",
    "advice-conditions-unanswered": "answer_advice_conditions",
    "reviews-pending": "record_review",
    "dates-missing": "edit_agreement",
    "duration-too-long": "edit_agreement",
    "specific-outside-framework": "edit_agreement",
    "conditions-missing": "set_conditions",
    "review-data-missing": "edit_agreement",
    "identity-incomplete": "edit_partner",
    "agenda-empty": "place_item",
    "no-open-proposal": "propose_block",
}
AT_THE_PARTNER: Final[Mapping[str, tuple[str, str]]] = {
    "rights-assessment-missing": ("record_rights_assessment", RIGHTS),
    "rights-assessment-expired": ("record_rights_assessment", RIGHTS),
    "rights-assessment-adverse": ("", DECISION),
    "partner-blocked": ("", DECISION),
}


def ways_from(visit: Visit, slug: str, item: Mapping[str, Any]) -> Sequence[Way]:
    """Links out of a refusal about this file, or about what would become one; none when no action here lifts it."""
    collection = item.get("collection", "")
    if slug == "signed-text-missing":
        return [_signed_copy(visit, item)]
    if slug in BY_COMMAND and item.get("id"):
        command = BY_COMMAND[slug]
        address = visit.url(collection, item.get("id", ""), "do", command.replace("_", "-"))
        return [Way(visit.say("command", command), address)]
    if slug in AT_THE_PARTNER:
        command, said = AT_THE_PARTNER[slug]
        others = [each for each in item.get("parties", ()) if each.get("role") != "own"]
        partners = [each["partner_id"] for each in others if each.get("partner_id")]
        way = ("do", command.replace("_", "-")) if command else ()
        asked = {"agreement": item.get("id")} if command else {}
        return [Way(visit.said(said), visit.url("partners", id, *way, **asked)) for id in partners]
    return []


def _signed_copy(visit: Visit, item: Mapping[str, Any]) -> Way:
    """With a signature that is still to come, else on its own."""
    if item.get("state") == "signing":
        address = visit.url("agreements", item.get("id"), "do", "record-signature")
        return Way(visit.say("command", "record_signature"), address)
    address = visit.url("agreements", item.get("id"), "do", "attach-document", kind="signed_copy")
    return Way(visit.said(SIGNED_COPY), address)
