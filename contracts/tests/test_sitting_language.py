"""A meeting's facts fold to what became of it, those of its minutes and of the authorities' decision too."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contracts.agenda import ItemKind, Origin
from contracts.committee import Quorum
from contracts.meeting import (
    MEETING,
    AdviceGiven,
    DecisionRecorded,
    Held,
    ItemPlaced,
    ItemState,
    Meeting,
    MeetingMode,
    MeetingState,
    MinutesAmended,
    MinutesApproved,
    MinutesDrafted,
    Scheduled,
)
from contracts.record import Fact
from contracts.types import AdviceOutcome, LocalizedText

TODAY = date(2026, 11, 2)
COMMITTEE_ID, MEETING_ID, ITEM_ID, DOCUMENT_ID, AMENDED_ID = (f"01900000-0000-7000-8000-{n:012d}" for n in range(5))


def scheduled(starts_at: datetime = datetime(2026, 11, 2, 13, tzinfo=UTC)) -> Scheduled:
    ends_at = starts_at.replace(minute=59)
    return Scheduled(committee_id=COMMITTEE_ID, starts_at=starts_at, ends_at=ends_at, mode=MeetingMode.ONLINE)


def placed() -> ItemPlaced:
    return ItemPlaced(
        item_id=ITEM_ID,
        no=1,
        kind=ItemKind.STRATEGIC_ADVICE,
        title=LocalizedText(fr="Liberté académique"),
        question=LocalizedText(fr="Que recommander ?"),
        origin=Origin.OWN_INITIATIVE,
        submitted_on=TODAY,
    )


def folded(*facts: Fact) -> Meeting:
    stamped = [MEETING.stamp(fact, MEETING_ID, n, TODAY) for n, fact in enumerate(facts, start=1)]
    return MEETING.fold(None, stamped)


def test_minutes_and_decision_follow_the_advice() -> None:
    meeting = folded(
        scheduled(),
        placed(),
        Held(on=TODAY, present=3, quorum=2, quorum_met=True),
        AdviceGiven(item_id=ITEM_ID, outcome=AdviceOutcome.NOTED, committee_id=COMMITTEE_ID, given_on=TODAY),
        MinutesDrafted(document_id=DOCUMENT_ID),
        MinutesAmended(document_id=AMENDED_ID, reason="a name"),
        MinutesApproved(on=TODAY),
        DecisionRecorded(
            item_id=ITEM_ID,
            authority="vice_rector",
            followed="partly",
            reason=LocalizedText(fr="Le budget manque."),
            decided_on=TODAY,
            reference="VR 2026/4",
        ),
    )

    item = meeting.item(ITEM_ID)
    assert (meeting.state, meeting.minutes_document_id) == (MeetingState.MINUTES_APPROVED, AMENDED_ID)
    assert item is not None
    assert item.decision is not None
    assert (item.state, item.decision.followed) == (ItemState.DECIDED, "partly")


@pytest.mark.parametrize(
    ("starts_at", "day"),
    [
        (datetime(2026, 12, 2, 23, 30, tzinfo=UTC), date(2026, 12, 3)),
        (datetime(2026, 7, 2, 21, 59, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_the_day_of_a_sitting_is_that_of_brussels(starts_at: datetime, day: date) -> None:
    assert folded(scheduled(starts_at)).day == day


@pytest.mark.parametrize(("value", "members", "needed"), [(0.5, 16, 8), (0.5, 5, 3), (0.55, 20, 11), (0.6, 15, 9)])
def test_a_fraction_of_the_members_is_rounded_up_and_reckoned_exactly(value: float, members: int, needed: int) -> None:
    assert Quorum(kind="fraction", value=value).needed(members) == needed


def test_a_number_of_members_stays_that_number() -> None:
    assert Quorum(kind="number", value=9).needed(3) == 9
    with pytest.raises(ValueError, match="whole"):
        Quorum(kind="number", value=2.5)
    with pytest.raises(ValueError, match="at most 1"):
        Quorum(kind="fraction", value=2)


def test_nothing_begins_in_the_middle() -> None:
    with pytest.raises(ValueError, match="does not begin with held"):
        folded(Held(on=TODAY, present=1, quorum=1, quorum_met=True))
