"""The committee: who sits in it on any day, under which rules, and which items wait for its next meeting."""

from __future__ import annotations

from typing import Final

from chassis.decide import Aggregate
from contracts.committee import COMMITTEE
from events.committee.commands import COMMANDS
from events.committee.policy import PROBLEMS, reach
from events.committee.private import CommitteePrivate

AGGREGATE: Final = Aggregate(
    contract=COMMITTEE,
    commands=COMMANDS,
    creator="set_up_committee",
    problems=PROBLEMS,
    private=CommitteePrivate,
    reach=reach,
    indexes=(("public.pending_items.ref.id",),),
)
