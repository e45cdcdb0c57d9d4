"""Items that wait for a meeting: how they come, and how they are taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from chassis.decide import Context, Decision, Doc, Find, Found, Outcome, Refusal, Rows, refuse
from contracts.agenda import Question
from contracts.committee import Committee, ItemSubmitted, ItemWithdrawn
from contracts.meeting import Meeting
from contracts.roles import SEC, SERVICE
from events.committee.bodies import SubmitItem, WithdrawItem
from events.committee.policy import already_open, competence, reach
from events.committee.private import CommitteePrivate
from events.committee.seats import ALL

OPEN_SITTINGS: Final = ["scheduled", "convened", "held"]
COUNTRIES: Final = "country_copies"


def waiting(file_id: str) -> dict[str, Any]:
    """Finds the committees where items about a file may wait."""
    return {"public.pending_items.ref.id": file_id}


def on_agendas(file_id: str) -> dict[str, Any]:
    """Finds the meetings on whose agendas items about a file may stand open."""
    return {"public.items.ref.id": file_id, "state": {"$in": OPEN_SITTINGS}}


def submit_needs(state: Committee, private: CommitteePrivate, body: SubmitItem | None, found: Found) -> Iterable[Find]:
    if body is None:
        return
    if body.ref:
        yield Rows("waiting", "committee", waiting(body.ref.id))
        yield Rows("on_agendas", "meeting", on_agendas(body.ref.id))
    if body.countries is not None:
        yield ALL
        yield from (Doc(COUNTRIES, code) for code in body.countries)


def submit(state: Committee, private: CommitteePrivate, body: SubmitItem, context: Context) -> Outcome:
    if not state.sits_on(context.today):
        return refuse("committee-dissolved")
    refusal = already_open(body, _open_items(context.found)) if body.ref else None
    if refusal:
        return refusal
    codes = body.countries or ()
    countries = {code: context.found.doc(COUNTRIES, code) for code in codes}
    known = [copy for copy in countries.values() if copy is not None]
    if len(known) < len(countries):
        return Refusal("reference-not-known-yet", members={"retry_after_seconds": 1})
    noted = None
    if body.countries is not None:
        noted = competence(body, context.today, known, context.found.rows(ALL.name))
    item_id = context.new_id()
    fact = ItemSubmitted(
        item_id=item_id,
        kind=body.kind,
        title=body.title,
        question=body.question,
        origin=body.origin,
        submitted_on=body.requested_on or context.today,
        submitted_by=context.caller.subject if context.caller.is_person else None,
        promoter=body.promoter,
        ref=body.ref,
        request_id=body.request_id,
        competence=noted,
    )
    guards = [agenda_guard(state.id)]
    if body.ref:
        guards.append(f"open_item:{body.ref.type}:{body.ref.id}")
    relies_on = tuple((COUNTRIES, code) for code in codes)
    return Decision((fact,), guards=tuple(guards), relies_on=relies_on, answer={"item_id": item_id})


def _open_items(found: Found) -> Iterable[Question]:
    for row in found.rows("waiting"):
        yield from Committee.model_validate(row["public"]).pending_items
    for row in found.rows("on_agendas"):
        yield from (each for each in Meeting.model_validate(row["public"]).items if each.is_open)


def withdraw(state: Committee, private: CommitteePrivate, body: WithdrawItem, context: Context) -> Outcome:
    item = state.pending(body.item_id)
    if item is None:
        return refuse("item-not-pending")
    caller = context.caller
    by_right = caller.may((SEC, SERVICE), reach(state, private, body, context.found))
    if not by_right and caller.subject != item.submitted_by:
        return Refusal("not-permitted", members={"roles": [SEC.value]})
    return Decision((ItemWithdrawn(item_id=item.item_id, reason=body.reason, request_id=item.request_id),))


def agenda_guard(committee_id: str) -> str:
    """Touched by whoever brings an item and by whoever schedules a meeting: neither misses the other."""
    return f"agenda:{committee_id}"
