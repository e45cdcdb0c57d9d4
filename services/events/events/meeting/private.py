"""What is said and noted at a sitting: for the office, the secretary and the members only."""

from __future__ import annotations

from pydantic import Field

from contracts.types import Id, LongText, Shape
from events.meeting.bodies import Presence, Votes


class Conflict(Shape):
    member_id: Id
    reason: str


class Opinion(Shape):
    member_id: Id
    text: LongText


class Deliberation(Shape):
    """Why an advice is what it is."""

    reasoning: LongText | None = None
    votes: Votes | None = None


class MeetingPrivate(Shape):
    """`voters` are the members who count for the quorum and were there; the rest is kept by item."""

    attendance: tuple[Presence, ...] = ()
    voters: tuple[Id, ...] = ()
    conflicts: dict[Id, tuple[Conflict, ...]] = Field(default_factory=dict)
    opinions: dict[Id, tuple[Opinion, ...]] = Field(default_factory=dict)
    deliberations: dict[Id, Deliberation] = Field(default_factory=dict)
    minutes_by: str | None = None

    def conflicted(self, item_id: str) -> frozenset[str]:
        return frozenset(each.member_id for each in self.conflicts.get(item_id, ()))

    def voters_on(self, item_id: str) -> frozenset[str]:
        """The members present who count for this item: whoever declared a conflict stands aside (G3)."""
        return frozenset(self.voters) - self.conflicted(item_id)
