"""Every row of both tables of partners over HTTP, on the real store: done, refused by each slug, elsewhere, by others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from services.partners.tests import country_cases, partner_cases
from services.partners.tests.partner_office import AGGREGATES, Office
from tests.support.served import Served, served, settings_of
from tests.support.tables import Case, Table, World, each_case, each_row, each_row_with_other_states

from chassis.decide import Command
from contracts.country import CountryState
from contracts.partner import Standing
from partners.app import service
from partners.settings import PartnersSettings
from stack.child import Child


def world(office: Office) -> World:
    return World(office.today, office.held, {name: rows.values() for name, rows in office.rows.items()})


PARTNERS = Table(
    AGGREGATES["partner"], Office.open, world, partner_cases.partner_at, tuple(Standing), partner_cases.CASES
)
COUNTRIES = Table(
    AGGREGATES["country"],
    country_cases.with_committees,
    world,
    lambda office, state: "CM",
    tuple(CountryState),
    country_cases.CASES,
)
TABLES = (PARTNERS, COUNTRIES)


@pytest.fixture(scope="module")
async def partners(session_documents: Child, signing_keys: Path) -> AsyncIterator[Served]:
    settings = PartnersSettings.model_validate(settings_of(session_documents, signing_keys))
    async with served(service(settings), signing_keys) as running:
        yield running


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.aggregate.name)
def test_every_row_and_every_refusal_of_a_table_has_a_case(table: Table[Office]) -> None:
    assert table.without_case() == []
    assert table.not_in_table() == []


@pytest.mark.parametrize(("table", "case"), each_case(*TABLES))
async def test_a_row_over_http(partners: Served, table: Table[Office], case: Case[Office]) -> None:
    await partners.proves(table, case)


@pytest.mark.parametrize(("table", "row"), each_row_with_other_states(*TABLES))
async def test_a_row_in_a_state_it_does_not_list(partners: Served, table: Table[Office], row: Command) -> None:
    await partners.is_not_offered(table, row)


@pytest.mark.parametrize(("table", "row"), each_row(*TABLES))
async def test_a_row_asked_for_by_who_has_none_of_its_roles(
    partners: Served, table: Table[Office], row: Command
) -> None:
    await partners.is_refused_to_others(table, row)
