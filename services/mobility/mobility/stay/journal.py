"""Mobility's own journal: every step of a stay with its exact day, Kafka's few facts among them."""

from __future__ import annotations

from typing import Final

from chassis.decide import Context, New
from contracts.stay import Stay

COLLECTION: Final = "journal"


def entry(fact: str, state: Stay | None, context: Context, **payload: object) -> New:
    """The row of one fact. It names the stay and no person; `payload` holds what the fact carries."""
    return New(
        COLLECTION,
        {
            "_id": context.new_id(),
            "stay_id": context.id,
            "version": state.version + 1 if state else 1,
            "fact": fact,
            "occurred_on": context.today.isoformat(),
            "recorded_at": context.now.isoformat(),
            "actor": context.caller.subject,
            "payload": payload,
        },
    )
