"""The papers of an agreement: exchanged texts, the frozen one, signed copies and what was attached, for the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.pages import words
from gateway.pages.door import Away, Item, Problem
from gateway.pages.visit import Visit

READERS: Final = ("officer", "director", "vice_rector", "cooperation_officer", "africa_officer")
PURPOSES: Final = {
    "signing of the agreement": words.msg("Signing of the agreement"),
    "correspondence": words.msg("Correspondence with the partner"),
    "correction of data": words.msg("Correction of the data"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    words: str
    document_id: str
    day: str = ""
    note: str = ""


async def papers(visit: Visit, agreement: Item) -> dict[str, Any]:
    """The office's part of the file; who signs is read for a purpose that the owner notes down."""
    kept = await visit.door.personal(visit.who, f"agreements/{agreement['id']}/file", "")
    purpose = visit.query.get("purpose", "")
    signatories: Any = None
    if purpose in PURPOSES:
        signatories = await visit.door.personal(visit.who, f"agreements/{agreement['id']}/signatories", purpose)
    answers = [each for each in (kept, signatories) if each is not None]
    file = {} if isinstance(kept, Away | Problem) else kept
    shown = None if isinstance(signatories, Away | Problem | None) else signatories.get("items", ())
    return {
        "texts": _texts(visit, agreement, file),
        "attached": [_attached(visit, each) for each in file.get("documents", ())],
        "answers": file.get("answers", ()),
        "notes": _notes(visit, agreement, file),
        "signatories": shown,
        "purpose": purpose,
        "purposes": {code: visit.said(label) for code, label in PURPOSES.items()},
        "away": any(isinstance(each, Away) for each in answers),
        "refused": next((each for each in answers if isinstance(each, Problem)), None),
    }


def _texts(visit: Visit, agreement: Item, file: Mapping[str, Any]) -> Sequence[Paper]:
    """The frozen text, then what was exchanged, the latest first."""
    rounds = {each["no"]: each for each in agreement.get("rounds", ())}
    exchanged = [
        Paper(
            visit.said(
                words.msg("Text %(no)s %(direction)s"), no=each["no"], direction=_direction(visit, rounds, each)
            ),
            each["document_id"],
            rounds.get(each["no"], {}).get("on", ""),
            each.get("note") or "",
        )
        for each in reversed(file.get("rounds", ()))
    ]
    if file.get("text_document_id"):
        exchanged.insert(0, Paper(visit.said(words.msg("Frozen text")), file["text_document_id"]))
    return exchanged


def _direction(visit: Visit, rounds: Mapping[int, Item], each: Item) -> str:
    said = visit.say("direction", rounds.get(each["no"], {}).get("direction", ""))
    return said[:1].lower() + said[1:]


def _attached(visit: Visit, card: Item) -> Paper:
    kind = visit.say("document.kind", card["kind"])
    return Paper(card.get("title") or kind, card["id"], card.get("added_on", ""), kind if card.get("title") else "")


def _notes(visit: Visit, agreement: Item, file: Mapping[str, Any]) -> list[tuple[str, str]]:
    kinds = {each["review_id"]: each["kind"] for each in agreement.get("reviews", ())}
    return [
        (visit.say("review.kind", kinds.get(each["review_id"], "")), each["note"])
        for each in file.get("reviews", ())
        if each.get("note")
    ]
