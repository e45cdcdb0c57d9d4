"""Partners put together: what it owns, hears, answers and refuses."""

from __future__ import annotations

from chassis.service import Service
from partners import country, partner, queries
from partners.reactions import COPIES, REACTIONS
from partners.settings import PartnersSettings


def service(settings: PartnersSettings) -> Service:
    return Service(
        name="partners",
        settings=settings,
        aggregates=(partner.AGGREGATE, country.AGGREGATE),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
    )
