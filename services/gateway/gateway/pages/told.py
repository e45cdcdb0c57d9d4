"""Facts as people read them: a sentence, who, when, about what, and on which side of the bridge it took place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gateway.pages import formats, words
from gateway.pages.door import Item
from gateway.pages.names import COLLECTIONS, name_of, named
from gateway.pages.visit import Visit

OFFICE: Final = (
    "officer", "director", "vice_rector", "cooperation_officer", "africa_officer", "committee_secretary",
)  # fmt: skip
SIDES: Final[Mapping[str, str]] = {
    "agreement": "both",
    "partner": "both",
    "committee": "both inst",
    "meeting": "both inst",
    "stay": "here",
}
ICONS: Final[Mapping[str, str]] = {
    "agreement": "doc",
    "partner": "people",
    "committee": "body",
    "meeting": "body",
    "stay": "plane",
    "country": "star",
}
TABLES: Final[Mapping[str, str]] = {
    "partner.rights_assessed.outcome": "rights_assessment.outcome",
    "partner.referral_closed.outcome": "rights_assessment.outcome",
    "agreement.review_recorded.kind": "review.kind",
    "agreement.review_recorded.outcome": "review.outcome",
    "committee.member_appointed.role": "member.role",
    "agreement.party_flagged.reason": "flagged",
    "partner.membership_changed.role": "membership.role",
    "country.classified.scheme": "country.scheme",
}


@dataclass(frozen=True, slots=True)
class Told:
    sentence: str
    day: str
    year: int
    who: str
    subject: str
    part: str
    paper: str
    aggregate: str
    title: str
    address: str
    side: str
    icon: str
    monthly: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """What happened to one file on one day, in the order in which it happened."""

    entries: Sequence[Told]

    @property
    def first(self) -> Told:
        return self.entries[0]

    @property
    def who(self) -> str:
        return ", ".join(dict.fromkeys(each.who for each in self.entries))


def chapters(entries: Sequence[Told]) -> list[Chapter]:
    """Entries that come newest first, gathered by day and file."""
    gathered: dict[tuple[str, str], list[Told]] = {}
    for each in entries:
        gathered.setdefault((each.day[:10], each.subject), []).insert(0, each)
    return [Chapter(tuple(of_a_day)) for of_a_day in gathered.values()]


async def told(visit: Visit, facts: Sequence[Item], items: Mapping[str, str] | None = None) -> list[Told]:
    """Facts in words; `items` are names of points of an agenda, by id, which facts speak of without their name."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        aggregate, _, id = str(fact["subject"]).partition("/")
        subjects[aggregate].add(id)
        if fact.get("data", {}).get("partner_id"):
            subjects["partner"].add(str(fact["data"]["partner_id"]))
    cards = {
        aggregate: await named(visit, COLLECTIONS[aggregate], ids)
        for aggregate, ids in subjects.items()
        if aggregate in COLLECTIONS
    }
    return [_told(visit, fact, cards, items or {}) for fact in facts]


def _told(visit: Visit, fact: Item, cards: Mapping[str, Mapping[str, Item]], items: Mapping[str, str]) -> Told:
    aggregate, _, id = str(fact["subject"]).partition("/")
    collection = COLLECTIONS.get(aggregate, "")
    card = cards.get(aggregate, {}).get(id)
    day = fact.get("occurred_on") or fact.get("time")
    when = formats.as_date(day) or date.min
    data: Mapping[str, Any] = fact.get("data") or {}
    said = sentence(visit, fact, cards.get("partner", {}))
    part = items.get(str(data.get("item_id")), "")
    return Told(
        sentence=said,
        day=str(day),
        year=when.year,
        who=visit.person(fact.get("actor")),
        subject=str(fact["subject"]),
        part="" if part in said else part,
        paper=_paper(visit, collection, id, data) if "document_attached" in str(fact["type"]) else "",
        aggregate=aggregate,
        title=name_of(visit, collection, card),
        address=visit.url(collection, id) if card else "",
        side=SIDES.get(aggregate, "both"),
        icon=ICONS.get(aggregate, "doc"),
        monthly=aggregate == "stay",
    )


def _paper(visit: Visit, collection: str, id: str, data: Mapping[str, Any]) -> str:
    """Where an attached document is read, for those who may."""
    readable = data.get("audience") != "office" or visit.has(*OFFICE)
    document = data.get("document_id")
    return f"/api/v1/{collection}/{id}/documents/{document}" if document and readable else ""


def sentence(visit: Visit, fact: Item, partners: Mapping[str, Item]) -> str:
    """What happened; members of the fact stand in it by their words, dates and names."""
    parts = str(fact["type"]).split(".")
    aggregate, short = (parts[1], parts[2]) if len(parts) > 3 else (parts[0], parts[-1])
    key = f"{aggregate}.{short}"
    if words.english("fact", key) is None:
        return short.replace("_", " ")
    data: Mapping[str, Any] = fact.get("data") or {}
    members = defaultdict(lambda: "–", {name: _worded(visit, key, name, value) for name, value in data.items()})
    members["partner"] = name_of(visit, "partners", partners.get(str(data.get("partner_id"))))
    told = visit.say("fact", key) % members
    return told[:1].upper() + told[1:]


def _worded(visit: Visit, fact: str, name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return visit.plain(value.get("display") or value)
    text = str(value)
    for table in (TABLES.get(f"{fact}.{name}", ""), name):
        if words.english(table, text):
            return _inside(visit.say(table, text))
    if len(text) == 10 and formats.as_date(text):
        return formats.day(text, visit.language)
    return text


def _inside(said: str) -> str:
    """A word that stands inside a sentence begins small, an acronym stays as it is."""
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]
