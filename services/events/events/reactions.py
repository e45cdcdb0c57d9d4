"""What events hears: the countries' groups, and agreements that ask for advice or take their question back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.decide import Refusal
from chassis.projection import Projection
from chassis.reaction import Heard, NotKnownYet, Reaction, Work
from contracts.agenda import ItemKind, Question
from contracts.agreement import AGREEMENT, AdviceRequested, AdviceRequestWithdrawn, Rejected, Withdrawn
from contracts.committee import Committee
from contracts.country import COUNTRY
from contracts.meeting import Item, Meeting, MeetingState
from events.committee.items import COUNTRIES, on_agendas, waiting
from events.meeting.policy import earliest


async def bring_item(heard: Heard, work: Work) -> None:
    """CH-01: the question waits at the committee asked, or goes onto its next agenda that can still take it."""
    fact: AdviceRequested = heard.fact
    asked = fact.model_dump(mode="json", exclude_none=True)
    copied = ("title", "question", "request_id", "requested_on", "countries", "competence_reason")
    body = {name: asked[name] for name in copied}
    body |= {
        "kind": ItemKind.ADVICE_ON_AGREEMENT,
        "ref": {"type": AGREEMENT.aggregate, "id": fact.agreement_id},
    }
    taken = await work.run("committee", "submit_item", fact.committee_id, body)
    if isinstance(taken, Refusal):
        if taken.slug == "unknown-id":
            raise NotKnownYet(f"committee/{fact.committee_id}")
        return
    scheduled = {"public.committee_id": fact.committee_id, "state": MeetingState.SCHEDULED.value}
    meetings = [Meeting.model_validate(row["public"]) for row in await work.rows("meeting", scheduled)]
    meeting = earliest(meetings, taken.state, work.today)
    if meeting:
        await work.run("meeting", "place_item", meeting.id, {"item_id": taken.decision.answer["item_id"]})


async def take_item_back(heard: Heard, work: Work) -> None:
    """CH-03: an open question is withdrawn; once the agenda has gone out it stays there, to be noted."""
    fact: AdviceRequestWithdrawn | Rejected | Withdrawn = heard.fact
    reason = fact.reason if isinstance(fact.reason, str) else fact.reason.fr or fact.reason.en
    for row in await work.rows("committee", waiting(fact.agreement_id)):
        committee = Committee.model_validate(row["public"])
        for item in _asked_by(fact, committee.pending_items):
            await work.run("committee", "withdraw_item", committee.id, _named(item, reason))
    for row in await work.rows("meeting", on_agendas(fact.agreement_id)):
        meeting = Meeting.model_validate(row["public"])
        for item in _asked_by(fact, meeting.items):
            await _take_off(meeting, item, _named(item, reason), work)


async def _take_off(meeting: Meeting, item: Question, named: dict[str, Any], work: Work) -> None:
    if meeting.state is MeetingState.SCHEDULED:
        await work.run("meeting", "remove_item", meeting.id, named)
        await work.run("committee", "withdraw_item", meeting.committee_id, named)
    else:
        await work.run("meeting", "withdraw_item", meeting.id, named)


def _asked_by(fact: AdviceRequestWithdrawn | Rejected | Withdrawn, items: Iterable[Question]) -> list[Question]:
    """The open items that answer the request which ends; a file that ends altogether ends every request of its own."""
    return [
        each
        for each in items
        if each.ref is not None
        and each.ref.id == fact.agreement_id
        and each.request_id is not None
        and fact.request_id in (None, each.request_id)
        and not (isinstance(each, Item) and not each.is_open)
    ]


def _named(item: Question, reason: str | None) -> dict[str, Any]:
    return {"item_id": item.item_id, "reason": reason}


COPIES = (Projection(COUNTRY, COUNTRIES, members=("group_assignments",)),)

REACTIONS = (
    Reaction("CH-01", AGREEMENT, (AdviceRequested,), bring_item),
    Reaction("CH-03", AGREEMENT, (AdviceRequestWithdrawn, Rejected, Withdrawn), take_item_back),
)
