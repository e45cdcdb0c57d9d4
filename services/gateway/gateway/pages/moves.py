"""Who has the next move on an agreement, and how far it is on its way from contact to force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.pages import words
from gateway.pages.door import Item

OPEN: Final = ("draft", "under_review", "negotiating", "awaiting_advice", "approved", "signing", "signed")
GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "contact": (),
    "proposal": ("draft",),
    "review": ("under_review",),
    "negotiation": ("negotiating",),
    "advice": ("awaiting_advice",),
    "approval": ("approved",),
    "signing": ("signing",),
    "register": ("signed",),
    "in_force": ("registered", "active", "suspended", "in_transition"),
}
BEGUN_BY: Final[Mapping[str, str]] = {
    "drafted": "proposal",
    "submitted_for_review": "review",
    "negotiation_opened": "negotiation",
    "advice_requested": "advice",
    "approved": "approval",
    "signing_opened": "signing",
    "registered": "register",
    "activated": "in_force",
}
"""Which fact opens which group: its day stands under the step."""
NEXT: Final[Mapping[str, str]] = {
    "draft": words.msg("The draft is to be completed and submitted for review."),
    "under_review": words.msg("The reviews are to be recorded."),
    "negotiating": words.msg("The text is being negotiated."),
    "awaiting_advice": words.msg("The committee's advice is awaited."),
    "approved": words.msg("The signing is to be opened."),
    "signing": words.msg("Signatures are awaited."),
    "signed": words.msg("All have signed: the agreement is to be entered in the register."),
}


@dataclass(frozen=True, slots=True)
class Step:
    group: str
    manner: str
    day: str | None = None


def bank_of(agreement: Item) -> str:
    """`ours`, `theirs`, `body`, or nothing when nobody has to move."""
    state = agreement["state"]
    if state == "awaiting_advice":
        return "body"
    if state == "negotiating":
        rounds = agreement.get("rounds", ())
        return "theirs" if rounds and rounds[-1]["direction"] == "sent" else "ours"
    if state == "signing":
        return "ours" if _we_have_to_sign(agreement) else "theirs"
    return "ours" if state in OPEN else ""


def _we_have_to_sign(agreement: Item) -> bool:
    own = {party["no"] for party in agreement.get("parties", ()) if party["role"] == "own"}
    return any(each["party_no"] in own for each in missing_signatures(agreement))


def missing_signatures(agreement: Item) -> list[Item]:
    return [each for each in agreement.get("signatures", ()) if each.get("required") and not each.get("signed_on")]


def steps(agreement: Item, facts: Sequence[Item]) -> list[Step]:
    """The nine groups with the day each began; what was not needed is skipped, an end stands where it came."""
    days = begun(facts)
    order = list(GROUPS)
    now = next((group for group in order if agreement["state"] in GROUPS[group]), None)
    reached = order.index(now) if now else max((order.index(group) for group in days), default=1)
    made = []
    for place, group in enumerate(order):
        if place > reached:
            manner = "todo"
        elif place == reached:
            manner = "now" if now else "end"
        elif group == "advice" and not agreement.get("advice") and not agreement.get("pending_advice"):
            manner = "skip"
        else:
            manner = "done"
        made.append(Step(group, manner, days.get(group)))
    return made if now else made[: reached + 1]


def begun(facts: Sequence[Item]) -> dict[str, str]:
    """By group: the day of the fact that opened it last."""
    days: dict[str, str] = {}
    for fact in facts:
        group = BEGUN_BY.get(str(fact["type"]).split(".")[2])
        if group and fact.get("occurred_on"):
            days.setdefault(group, fact["occurred_on"])
    return days
