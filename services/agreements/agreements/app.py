"""Agreements put together: what it owns, hears, answers and refuses."""

from __future__ import annotations

from agreements import queries
from agreements.agreement import AGGREGATE
from agreements.reactions import COPIES, REACTIONS
from agreements.settings import AgreementsSettings
from chassis.service import Service


def service(settings: AgreementsSettings) -> Service:
    return Service(
        name="agreements",
        settings=settings,
        aggregates=(AGGREGATE,),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
    )
