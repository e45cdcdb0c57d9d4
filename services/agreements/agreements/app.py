"""Agreements put together: what it owns, hears, answers and refuses."""

from __future__ import annotations

from agreements import queries
from agreements.agreement import AGGREGATE
from agreements.reactions import COPIES, REACTIONS
from agreements.settings import AgreementsSettings
from chassis.command import Asked, RefusalStream
from chassis.decide import CREATION, Refusal
from chassis.service import Service
from contracts.refusal import Recorded, refusal_contract


def service(settings: AgreementsSettings) -> Service:
    return Service(
        name="agreements",
        settings=settings,
        aggregates=(AGGREGATE,),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
        refusals=RefusalStream(refusal_contract("agreements"), refusal_told),
    )


def refusal_told(asked: Asked, refusal: Refusal) -> Recorded:
    """A policy refusal as it is told; a draft that was refused has no id."""
    return Recorded.model_validate(
        {
            "aggregate": asked.aggregate.name,
            "id": None if asked.row.from_states == CREATION else asked.id,
            "command": asked.row.name,
            "rule": refusal.rule,
            "slug": refusal.slug,
            "reason_fr": " ".join(reason.text.fr for reason in refusal.reasons),
            "reason_en": " ".join(reason.text.en for reason in refusal.reasons),
            "refs": refusal.refs,
        }
    )
