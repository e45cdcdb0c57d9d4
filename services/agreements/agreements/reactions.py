"""What agreements hears: the states its rules rest on, rights tests and blocks of partners, and advice given."""

from __future__ import annotations

from typing import Any, Final

from agreements.agreement.known import COMMITTEES, COUNTRIES, PARTNERS, RIGHTS, RightsAssessment
from agreements.agreement.rights_rules import rights_guard, rights_review
from chassis.projection import Projection
from chassis.reaction import Heard, Reaction, Work
from contracts.agreement import AGREEMENT, LIVE, ReviewKind
from contracts.committee import COMMITTEE
from contracts.country import COUNTRY
from contracts.meeting import MEETING, AdviceGiven
from contracts.partner import (
    PARTNER,
    Answer,
    AssessedType,
    BlockAmended,
    Blocked,
    BlockLifted,
    ReferralClosed,
    RightsAssessed,
)
from contracts.types import AdviceOutcome

AGREEMENTS_AT_ONCE: Final = 10_000


async def record_advice(heard: Heard, work: Work) -> None:
    """CH-02: the advice asked for comes back; a deferred one leaves the request open."""
    fact: AdviceGiven = heard.fact
    if fact.request_id is None or fact.ref is None or fact.ref.type != AGREEMENT.aggregate:
        return
    if fact.outcome is AdviceOutcome.DEFERRED:
        return
    told = ("request_id", "committee_id", "meeting_id", "item_id", "outcome", "conditions", "given_on")
    await work.run("agreement", "record_advice", fact.ref.id, fact.model_dump(mode="json", include=set(told)))


async def follow_block(heard: Heard, work: Work) -> None:
    """CH-04 and CH-06: live agreements come into line with the block, once our copy of the partner is that new."""
    partner_id = heard.fact.partner_id
    await work.copy(PARTNERS, partner_id, at_least=heard.envelope.sequence)
    naming_it = {"public.parties.partner_id": partner_id, "state": {"$in": sorted(LIVE)}}
    for row in await work.rows("agreement", naming_it, limit=AGREEMENTS_AT_ONCE):
        await work.run("agreement", "follow_partner_block", row["_id"], {"partner_id": partner_id})


async def follow_rights_test(heard: Heard, work: Work) -> None:
    """CH-05: the test is kept for POL-04, and the agreement's rights review follows what all its tests say together."""
    fact: RightsAssessed | ReferralClosed = heard.fact
    if fact.subject_ref.type is not AssessedType.AGREEMENT:
        return
    loaded = await work.load("agreement", fact.subject_ref.id)
    if loaded is None:
        work.count_not_possible("unknown-id")
        return
    for guard in rights_guard(loaded.state):
        await work.guard(guard)
    await work.put(RIGHTS, await _test(fact, work))
    rows = await work.rows(RIGHTS, {"subject_id": fact.subject_ref.id})
    outcome = rights_review(loaded.state, [RightsAssessment.model_validate(row) for row in rows])
    body = {"kind": ReviewKind.RIGHTS, "outcome": outcome, "assessment_id": fact.assessment_id}
    await work.run("agreement", "record_review", fact.subject_ref.id, body)


async def _test(fact: RightsAssessed | ReferralClosed, work: Work) -> dict[str, Any]:
    """The test as it is kept; the opinion on a referral changes its outcome, not its day."""
    before = await work.document(RIGHTS, fact.assessment_id)
    if isinstance(fact, RightsAssessed):
        doubtful = fact.q2_activities is not Answer.NO
        on = fact.assessed_on.isoformat()
    else:
        doubtful = before["activities_doubtful"] if before else True
        on = before["assessed_on"] if before else fact.opinion_on.isoformat()
    return {
        "_id": fact.assessment_id,
        "partner_id": fact.partner_id,
        "subject_id": fact.subject_ref.id,
        "purpose": str(fact.purpose),
        "outcome": str(fact.outcome),
        "activities_doubtful": doubtful,
        "assessed_on": on,
    }


COPIES = (
    Projection(PARTNER, PARTNERS, members=("standing", "kind", "name", "country", "block")),
    Projection(COUNTRY, COUNTRIES, members=("iso3", "name", "region", "group_assignments", "cooperation_periods")),
    Projection(COMMITTEE, COMMITTEES, members=("kind", "name", "group_code", "in_office")),
)

REACTIONS = (
    Reaction("CH-02", MEETING, (AdviceGiven,), record_advice),
    Reaction("CH-04", PARTNER, (Blocked, BlockAmended), follow_block),
    Reaction("CH-05", PARTNER, (RightsAssessed, ReferralClosed), follow_rights_test),
    Reaction("CH-06", PARTNER, (BlockLifted,), follow_block),
)
