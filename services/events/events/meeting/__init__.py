"""The meeting: its agenda, who was there, and the advice the committee gave."""

from __future__ import annotations

from typing import Final

from chassis.decide import Aggregate
from contracts.meeting import MEETING
from events.meeting.commands import COMMANDS
from events.meeting.policy import PROBLEMS, reach
from events.meeting.private import MeetingPrivate

AGGREGATE: Final = Aggregate(
    contract=MEETING,
    commands=COMMANDS,
    creator="schedule_meeting",
    problems=PROBLEMS,
    private=MeetingPrivate,
    reach=reach,
    indexes=(("public.committee_id", "state"), ("public.items.ref.id",)),
)
