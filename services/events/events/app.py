"""Events put together: what it owns, hears and answers."""

from __future__ import annotations

from chassis.service import Service
from events import committee, meeting, queries
from events.reactions import COPIES, REACTIONS
from events.settings import EventsSettings


def service(settings: EventsSettings) -> Service:
    return Service(
        name="events",
        settings=settings,
        aggregates=(committee.AGGREGATE, meeting.AGGREGATE),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
    )
