"""How a state looks: its tone and its icon. The word says it; colour and icon only repeat it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    tone: str
    icon: str


GOOD, WAITING, STOPPED, PLAIN = Look("ok", "check"), Look("warn", "clock"), Look("bad", "ban"), Look("neu", "end")
OURS, THEIRS, BODY = Look("ours", "here"), Look("theirs", "there"), Look("body", "body")
DRAFT = Look("neu", "pen")

LOOKS = {
    "partner.standing": {
        "suggested": WAITING,
        "prospect": Look("neu", "clock"),
        "active": GOOD,
        "privileged": Look("ok", "star"),
        "dormant": PLAIN,
        "blocked": STOPPED,
        "merged": PLAIN,
        "archived": PLAIN,
    },
    "agreement.state": {
        "draft": DRAFT,
        "under_review": WAITING,
        "negotiating": WAITING,
        "awaiting_advice": WAITING,
        "approved": GOOD,
        "signing": WAITING,
        "signed": GOOD,
        "registered": GOOD,
        "active": GOOD,
        "suspended": STOPPED,
        "in_transition": WAITING,
        "rejected": STOPPED,
        "terminated": STOPPED,
    },
    "committee.state": {"in_office": GOOD},
    "meeting.state": {
        "scheduled": WAITING,
        "convened": WAITING,
        "held": GOOD,
        "minutes_drafted": WAITING,
        "minutes_approved": GOOD,
        "cancelled": STOPPED,
    },
    "stay.state": {
        "announced": WAITING,
        "registered": WAITING,
        "assessed": WAITING,
        "preparing": WAITING,
        "cleared": GOOD,
        "arrived": GOOD,
        "settled": GOOD,
        "departing": WAITING,
        "refused": STOPPED,
    },
    "outcome": {
        "favourable": GOOD,
        "favourable_with_conditions": WAITING,
        "unfavourable": STOPPED,
        "deferred": WAITING,
    },
    "review.outcome": {
        "pending": WAITING,
        "positive": GOOD,
        "positive_with_remarks": WAITING,
        "negative": STOPPED,
    },
    "rights_assessment.outcome": {"clear": GOOD, "referred": WAITING, "cleared": GOOD, "adverse": STOPPED},
    "item.state": {"advised": GOOD, "decided": GOOD, "on_agenda": WAITING},
    "followed": {"yes": GOOD, "partly": WAITING, "no": STOPPED},
    "bank": {"ours": OURS, "theirs": THEIRS, "body": BODY},
}


def look(table: str, code: object) -> Look:
    return LOOKS.get(table, {}).get(str(code), PLAIN)
