"""Mobility put together: what it owns, hears, answers and refuses."""

from __future__ import annotations

from dataclasses import replace

from chassis.command import Asked, RefusalStream
from chassis.decide import Refusal
from chassis.service import Service
from contracts.refusal import Recorded, refusal_contract
from mobility import queries
from mobility.reactions import COPIES, REACTIONS
from mobility.settings import MobilitySettings
from mobility.stay import AGGREGATE
from mobility.stay.private import IN_CLEAR
from mobility.vault import Vault


def service(settings: MobilitySettings) -> Service:
    vault = Vault.from_folder(settings.keys_dir, IN_CLEAR)
    return Service(
        name="mobility",
        settings=settings,
        aggregates=(replace(AGGREGATE, seal=vault.seal, unseal=vault.unseal),),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
        refusals=RefusalStream(refusal_contract("mobility"), refusal_told),
    )


def refusal_told(asked: Asked, refusal: Refusal) -> Recorded:
    """A policy refusal as it is told: without the stay's id, naming partners and agreements only."""
    return Recorded.model_validate(
        {
            "aggregate": asked.aggregate.name,
            "command": asked.row.name,
            "rule": refusal.rule,
            "slug": refusal.slug,
            "reason_fr": " ".join(reason.text.fr for reason in refusal.reasons),
            "reason_en": " ".join(reason.text.en for reason in refusal.reasons),
            "refs": refusal.refs,
        }
    )
