"""Every row of both tables of events over HTTP, on the real store: done, refused by each slug, elsewhere, by others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from services.events.tests import committee_cases, meeting_cases
from services.events.tests.events_office import AGGREGATES, Office
from tests.support.served import Served, served, settings_of
from tests.support.tables import Case, Table, World, each_case, each_row, each_row_with_other_states

from chassis.decide import Command
from contracts.committee import CommitteeState
from contracts.meeting import MeetingState
from events.app import service
from events.settings import EventsSettings
from stack.child import Child


def world(office: Office) -> World:
    aggregates = {(name, id_): loaded for name, shelf in office.shelf.items() for id_, loaded in shelf.items()}
    documents: dict[str, list[dict[str, Any]]] = {}
    for (collection, _), document in office.documents.items():
        documents.setdefault(collection, []).append(document)
    return World(office.today, aggregates, documents)


COMMITTEES = Table(
    AGGREGATES["committee"], Office, world, committee_cases.committee_at, tuple(CommitteeState), committee_cases.CASES
)
MEETINGS = Table(
    AGGREGATES["meeting"], Office, world, meeting_cases.meeting_at, tuple(MeetingState), meeting_cases.CASES
)
TABLES = (COMMITTEES, MEETINGS)


@pytest.fixture(scope="module")
async def events(session_documents: Child, signing_keys: Path) -> AsyncIterator[Served]:
    settings = EventsSettings.model_validate(settings_of(session_documents, signing_keys))
    async with served(service(settings), signing_keys) as running:
        yield running


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.aggregate.name)
def test_every_row_and_every_refusal_of_a_table_has_a_case(table: Table[Office]) -> None:
    assert table.without_case() == []
    assert table.not_in_table() == []


@pytest.mark.parametrize(("table", "case"), each_case(*TABLES))
async def test_a_row_over_http(events: Served, table: Table[Office], case: Case[Office]) -> None:
    await events.proves(table, case)


@pytest.mark.parametrize(("table", "row"), each_row_with_other_states(*TABLES))
async def test_a_row_in_a_state_it_does_not_list(events: Served, table: Table[Office], row: Command) -> None:
    await events.is_not_offered(table, row)


@pytest.mark.parametrize(("table", "row"), each_row(*TABLES))
async def test_a_row_asked_for_by_who_has_none_of_its_roles(events: Served, table: Table[Office], row: Command) -> None:
    await events.is_refused_to_others(table, row)
