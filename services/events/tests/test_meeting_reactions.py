"""What events does when an agreement asks for advice or takes its question back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from services.events.tests.events_office import PLATFORM, SECRETARY, TODAY, Office, number

from chassis.decide import Refusal
from chassis.reaction import Heard, NotKnownYet, Work
from chassis.taking import Taken
from contracts.agreement import AdviceRequested, AdviceRequestWithdrawn, AgreementKind, Withdrawn
from contracts.committee import ItemWithdrawn
from contracts.envelope import Envelope
from contracts.meeting import Item, ItemState
from contracts.record import Fact
from contracts.types import LocalizedText
from events.reactions import bring_item, take_item_back

AGREEMENT_ID, REQUEST_ID = number(701), number(801)


@dataclass
class OfficeWork:
    """What a reaction may do, on an office in memory."""

    office: Office
    not_possible: list[str] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.office.today

    async def rows(self, collection: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self.office.found(collection, asked)

    async def run(self, aggregate: str, command: str, id_: str, body: Mapping[str, Any]) -> Taken | Refusal:
        if id_ not in self.office.shelf[aggregate]:
            return Refusal("unknown-id")
        outcome = self.office.take(aggregate, command, id_, body, PLATFORM)
        if isinstance(outcome, Refusal):
            if outcome.slug == "reference-not-known-yet":
                raise NotKnownYet(id_)
            self.not_possible.append(outcome.slug)
        return outcome


def hear(office: Office, reaction: Callable[[Heard, Work], Awaitable[None]], fact: Fact) -> list[str]:
    """The slugs of what was not possible any more."""
    envelope = Envelope("r", "t", "s", "a/1", datetime.now(UTC), 1, AGREEMENT_ID, "officer-01", "c", 1)
    work = OfficeWork(office)
    asyncio.run(_react(reaction, Heard(envelope, fact), cast("Work", work)))
    return work.not_possible


async def _react(reaction: Callable[[Heard, Work], Awaitable[None]], heard: Heard, work: Work) -> None:
    await reaction(heard, work)


def requested(committee_id: str, **changes: Any) -> AdviceRequested:
    fact = AdviceRequested(
        agreement_id=AGREEMENT_ID,
        request_id=REQUEST_ID,
        committee_id=committee_id,
        competence_reason=LocalizedText(en="Cameroon"),
        question=LocalizedText(fr="Conclure ?"),
        kind=AgreementKind.FRAMEWORK,
        title=LocalizedText(fr="Accord-cadre", en="Framework agreement"),
        partner_ids=(number(60),),
        countries=("CM",),
        requested_on=TODAY,
    )
    return fact.model_copy(update=changes)


def withdrawn_request() -> AdviceRequestWithdrawn:
    return AdviceRequestWithdrawn(agreement_id=AGREEMENT_ID, request_id=REQUEST_ID, reason="new text")


def an_office() -> tuple[Office, str]:
    office = Office()
    council, _ = office.seated()
    office.documents["country_copies", "CM"] = {"_id": "CM", "version": 1, "group_assignments": []}
    return office, council


def where(office: Office, council: str) -> list[str]:
    """Where the request's item is: `pending`, or the state it has in a meeting."""
    waiting = [each for each in office.committee(council).pending_items if each.request_id == REQUEST_ID]
    placed = [
        each.state.value
        for sitting in office.shelf["meeting"]
        for each in office.meeting(sitting).items
        if each.request_id == REQUEST_ID
    ]
    return ["pending" for _ in waiting] + placed


def test_ch01_a_request_waits_at_the_committee_until_a_meeting_is_scheduled() -> None:
    office, council = an_office()

    hear(office, bring_item, requested(council))

    item = office.committee(council).pending_items[0]
    assert item.ref is not None
    assert (item.ref.type, item.ref.id, item.request_id) == ("agreement", AGREEMENT_ID, REQUEST_ID)
    assert item.competence is not None
    assert item.competence.committee_id == council
    sitting = office.schedule(council)
    assert office.meeting(sitting).items[0].item_id == item.item_id


def test_ch01_a_request_goes_onto_the_earliest_agenda_that_can_still_take_it() -> None:
    office, council = an_office()
    late, later, earliest = (office.schedule(council, days) for days in (7, 30, 8))

    hear(office, bring_item, requested(council))

    assert [len(office.meeting(each).items) for each in (late, later, earliest)] == [0, 0, 1]
    assert office.committee(council).pending_items == ()


def test_ch01_the_stated_committee_stands_when_the_rule_gives_another() -> None:
    office, council = an_office()
    other = office.set_up("advisory")

    hear(office, bring_item, requested(other))

    item = office.committee(other).pending_items[0]
    assert item.competence is not None
    assert item.competence.committee_id == council
    assert item.competence.reason is not None
    assert item.competence.reason.en == "Cameroon"


def test_ch01_waits_for_a_country_or_a_committee_not_known_yet() -> None:
    office, council = an_office()

    with pytest.raises(NotKnownYet):
        hear(office, bring_item, requested(council, countries=("BI",)))
    with pytest.raises(NotKnownYet):
        hear(office, bring_item, requested(number(999)))


def test_ch01_for_a_committee_no_longer_in_office_is_counted_and_says_nothing() -> None:
    office, _ = an_office()
    former = office.set_up("advisory", in_office={"from": "2012-01-01", "to": "2018-12-31"})

    assert hear(office, bring_item, requested(former)) == ["committee-dissolved"]


def test_ch03_a_pending_item_is_withdrawn() -> None:
    office, council = an_office()
    hear(office, bring_item, requested(council))

    hear(office, take_item_back, withdrawn_request())

    assert where(office, council) == []
    last = office.told[council][-1]
    assert isinstance(last, ItemWithdrawn)
    assert last.request_id == REQUEST_ID


def test_ch03_a_placed_item_leaves_the_agenda_and_the_committee() -> None:
    office, council = an_office()
    office.schedule(council)
    hear(office, bring_item, requested(council))

    hear(office, take_item_back, Withdrawn(agreement_id=AGREEMENT_ID, reason="no interest"))

    assert where(office, council) == []
    assert isinstance(office.told[council][-1], ItemWithdrawn)


@pytest.mark.parametrize("began", [False, True])
def test_ch03_once_the_agenda_went_out_the_item_stays_marked(began: bool) -> None:
    office, council = an_office()
    sitting = office.schedule(council)
    hear(office, bring_item, requested(council))
    office.convene(sitting)
    if began:
        office.hold(sitting, [each.member_id for each in office.committee(council).members])

    hear(office, take_item_back, withdrawn_request())

    assert where(office, council) == [ItemState.WITHDRAWN.value]


def test_ch03_leaves_other_requests_and_given_advice_alone() -> None:
    office, council = an_office()
    hear(office, bring_item, requested(council))
    other = requested(council, agreement_id=number(702), request_id=number(802))
    hear(office, bring_item, other)
    members = [each.member_id for each in office.committee(council).members]
    sitting = office.held(council, members)
    first = _of_request(office, sitting)
    body = {"item_id": first.item_id, "outcome": "favourable", "reasoning": {"fr": "Bien."}}
    office.done("meeting", "give_advice", sitting, body, SECRETARY)

    assert hear(office, take_item_back, withdrawn_request()) == []

    assert where(office, council) == [ItemState.ADVISED.value]
    assert office.meeting(sitting).items[1].is_open


def test_ch03_and_a_new_request_for_the_same_file() -> None:
    office, council = an_office()
    office.schedule(council)
    hear(office, bring_item, requested(council))
    hear(office, take_item_back, withdrawn_request())
    office.today += timedelta(days=1)

    assert hear(office, bring_item, requested(council, request_id=number(803))) == []


def _of_request(office: Office, sitting: str) -> Item:
    return next(each for each in office.meeting(sitting).items if each.request_id == REQUEST_ID)
