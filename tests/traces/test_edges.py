"""One trace goes from a person's request through every service that it sets in motion, over HTTP and over Kafka."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import pytest
from tests.support.office import Office
from tests.support.people import File
from tests.support.spans import Span
from tests.support.subscriber import heard
from tests.support.watching import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SAMPLED, UNSAMPLED = "01", "00"


@dataclass
class Trace:
    """A trace that begins with whoever asks."""

    id: str
    flags: str

    @classmethod
    def begun(cls, flags: str = SAMPLED) -> Trace:
        return cls(secrets.token_hex(16), flags)

    @property
    def header(self) -> str:
        return f"00-{self.id}-{secrets.token_hex(8)}-{self.flags}"


@dataclass
class Story:
    """An advice asked for in one trace and given in another."""

    office: Office
    agreement: File
    meeting: File
    asked: Trace
    given: Trace


async def advised(office: Office, asked: Trace, given: Trace) -> Story:
    group = office.groups["emerging"]
    partner = await office.registers(f"{secrets.token_hex(6)} Universidade", "BR")
    agreement = await office.drafts(partner)
    await office.negotiates(agreement, partner)
    meeting = await office.schedules(group, office.today + timedelta(days=9))
    question = {"question": {"fr": "Le groupe est-il favorable ?"}}
    await office.officer.traced(asked.header).does(agreement, "request-advice", question)
    secretary = office.secretary(group)
    await secretary.sees(meeting, lambda shown: shown["items"])
    await office.convenes(meeting, group)
    await office.campus.step(days=9)
    await secretary.reads(group)
    await office.holds(meeting, group)
    advice = {"item_id": meeting["items"][0]["item_id"], "outcome": "favourable", "reasoning": {"fr": "Oui."}}
    await secretary.traced(given.header).does(meeting, "give-advice", advice)
    await office.officer.sees(agreement, lambda shown: shown["advice"])
    return Story(office, agreement, meeting, asked, given)


@pytest.fixture(scope="module")
async def story(office: Office) -> Story:
    return await advised(office, Trace.begun(), Trace.begun())


async def edges(story: Story, trace: Trace, *wanted: tuple[str, str]) -> set[tuple[str, str]]:
    spans = story.office.campus.spans

    async def seen() -> set[tuple[str, str]]:
        return spans.edges(trace.id)

    return await eventually(seen, lambda found: set(wanted) <= found)


async def test_a_request_for_advice_goes_from_the_gateway_over_kafka_to_events_and_back_to_the_views(
    story: Story,
) -> None:
    await edges(
        story,
        story.asked,
        ("gateway", "agreements"),
        ("agreements", "events"),
        ("agreements", "gateway"),
        ("events", "gateway"),
    )


async def test_an_advice_goes_from_the_gateway_to_events_and_over_kafka_to_agreements_and_the_views(
    story: Story,
) -> None:
    await edges(story, story.given, ("gateway", "events"), ("events", "agreements"), ("agreements", "gateway"))


async def test_the_view_of_an_advice_leads_back_by_parents_to_who_asked(story: Story) -> None:
    await edges(story, story.given, ("agreements", "gateway"))
    spans = {span.id: span for span in story.office.campus.spans.of(story.given.id)}

    chains = [services(span, spans) for span in spans.values() if span.service == "gateway"]

    assert ["gateway", "events", "agreements", "gateway"] in chains, chains


def services(span: Span, spans: dict[str, Span]) -> list[str]:
    """The services on the way from the beginning of the trace to this span, each once where it follows itself."""
    way: list[str] = []
    current: Span | None = span
    while current is not None:
        if not way or way[0] != current.service:
            way.insert(0, current.service)
        current = spans.get(current.parent)
    return way


async def test_every_service_of_a_trace_that_a_person_begins_belongs_to_it(office: Office) -> None:
    both = Trace.begun()
    story = await advised(office, both, both)

    found = await edges(
        story,
        both,
        ("gateway", "agreements"),
        ("agreements", "events"),
        ("events", "agreements"),
        ("agreements", "gateway"),
        ("events", "gateway"),
    )

    assert {teller for teller, _ in found} == {"gateway", "agreements", "events"}


async def test_records_carry_the_trace_that_they_were_made_in(story: Story) -> None:
    records = await heard(story.office.campus.bootstrap, "passerelle.agreement.events.v1", story.agreement.id)
    made_in = {record.type.split(".")[2]: record.headers.get("ce_traceparent", "").split("-") for record in records}
    assert made_in["advice_requested"][1] == story.asked.id
    assert made_in["advice_recorded"][1] == story.given.id


async def test_what_is_not_sampled_costs_no_span(office: Office) -> None:
    silent, told = Trace.begun(UNSAMPLED), Trace.begun()
    await advised(office, silent, silent)
    story = await advised(office, told, told)
    await edges(story, told, ("agreements", "gateway"), ("events", "gateway"), ("events", "agreements"))

    assert office.campus.spans.of(silent.id) == []


async def test_nothing_personal_is_written_into_a_step(story: Story) -> None:
    names: set[str] = set()
    for trace in (story.asked, story.given):
        names |= {name for span in story.office.campus.spans.of(trace.id) for name in span.attributes}
    assert names == {f"passerelle.{name}" for name in ("command", "aggregate", "reaction", "type", "view", "version")}
