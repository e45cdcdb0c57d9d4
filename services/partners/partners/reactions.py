"""What partners hears: the bodies that decide, the agreements that name a partner, and when one comes into force."""

from __future__ import annotations

from typing import Final

from chassis.projection import Projection
from chassis.reaction import Heard, Reaction, Work
from contracts.agreement import AGREEMENT
from contracts.agreement import Activated as AgreementActivated
from contracts.agreement import Registered as AgreementRegistered
from contracts.committee import COMMITTEE
from partners.partner.commands import RESTING


async def activate_parties(heard: Heard, work: Work) -> None:
    """CH-28: a partner with a live engagement is no prospect any more, and not dormant."""
    fact = heard.fact
    agreement = await work.copy("agreement_copies", fact.agreement_id, at_least=fact.version)
    body = {"relation_owner": agreement["responsible_officer"]}
    for party in fact.parties:
        partner = await work.load("partner", party.partner_id)
        if partner is not None and partner.state.standing in RESTING:
            await work.run("partner", "activate_partner", party.partner_id, body)


COPIES: Final = (
    Projection(COMMITTEE, "committee_copies", members=("kind", "name", "group_code", "in_office")),
    Projection(
        AGREEMENT,
        "agreement_copies",
        members=("state", "kind", "parties", "responsible_officer", "promoter"),
        indexes=(("parties.partner_id",),),
    ),
)

REACTIONS: Final = (Reaction("CH-28", AGREEMENT, (AgreementRegistered, AgreementActivated), activate_parties),)
