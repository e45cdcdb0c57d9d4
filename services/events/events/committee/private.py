"""What a committee knows of its external members; it never leaves the service but for a stated purpose."""

from __future__ import annotations

from pydantic import Field

from contracts.types import Id, Shape
from events.committee.bodies import External


class CommitteePrivate(Shape):
    externals: dict[Id, External] = Field(default_factory=dict)

    def external_with(self, email: str) -> frozenset[str]:
        """The members who are reached at this address."""
        wanted = email.casefold()
        return frozenset(id_ for id_, each in self.externals.items() if each.email.casefold() == wanted)
