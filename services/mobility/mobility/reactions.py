"""What mobility hears: the states its rules need, and what happens to the agreements that stays lie under."""

from __future__ import annotations

from chassis.projection import Projection
from chassis.reaction import Heard, Reaction, Work
from contracts.agreement import (
    AGREEMENT,
    AgreementState,
    Amended,
    Expired,
    Renewed,
    Suspended,
    Terminated,
    TransitionLeft,
)
from contracts.country import COUNTRY
from contracts.partner import PARTNER
from mobility.stay.commands import BEFORE_ARRIVAL

STAYS_AT_ONCE = 10_000


async def agreement_changed(heard: Heard, work: Work) -> None:
    """CH-11: what becomes of the stays that have not begun when their agreement changes."""
    match heard.fact:
        case Renewed() | Amended():
            await follow_successor(heard, work)
        case TransitionLeft(state=state) if state != AgreementState.EXPIRED:
            return
        case _:
            await lose_basis(heard, work)


async def lose_basis(heard: Heard, work: Work) -> None:
    """The agreement ended or was suspended: stays under it that did not begin have lost their basis."""
    agreement = heard.fact.agreement_id
    await work.copy("agreement_copies", agreement, at_least=heard.fact.version)
    cause = "expired" if isinstance(heard.fact, TransitionLeft) else heard.fact.short_name()
    body = {"agreement_id": agreement, "cause": cause}
    for stay in await work.rows("stay", _not_begun(agreement), limit=STAYS_AT_ONCE):
        await work.run("stay", "lose_agreement_basis", stay["_id"], body)


async def follow_successor(heard: Heard, work: Work) -> None:
    """A successor took the agreement's place: stays that begin under the successor follow it."""
    agreement, successor = heard.fact.agreement_id, heard.fact.successor_id
    await work.copy("agreement_copies", agreement, at_least=heard.fact.version)
    start_on = (await work.copy("agreement_copies", successor))["start_on"]
    body = {"agreement_id": agreement, "successor_id": successor}
    later = {**_not_begun(agreement), "private.period.from": {"$gte": start_on}}
    for stay in await work.rows("stay", later, limit=STAYS_AT_ONCE):
        await work.run("stay", "follow_successor", stay["_id"], body)


def _not_begun(agreement_id: str) -> dict[str, object]:
    return {"private.agreement_id": agreement_id, "state": {"$in": sorted(BEFORE_ARRIVAL)}}


ENDINGS = (Expired, Terminated, Suspended, TransitionLeft)
SUCCESSIONS = (Renewed, Amended)

COPIES = (
    Projection(PARTNER, "partner_copies", members=("name", "country", "standing", "block")),
    Projection(COUNTRY, "country_copies", members=("name", "region", "eea_or_swiss")),
    Projection(
        AGREEMENT,
        "agreement_copies",
        members=("state", "title", "parties", "lineage_id", "start_on", "end_on"),
        indexes=(("lineage_id",),),
    ),
)

REACTIONS = (Reaction("CH-11", AGREEMENT, ENDINGS + SUCCESSIONS, agreement_changed),)
