"""What only the whole can show is tried on one campus: started once, with an office that has its committees."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.campus import Campus, started
from tests.support.office import Office


@pytest.fixture(scope="session")
async def campus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campus]:
    """Real Kafka, real store and the five services as processes; traces come to a receiver in this process."""
    async with started(tmp_path_factory.mktemp("campus")) as running:
        yield running


@pytest.fixture(scope="session")
async def office(campus: Campus) -> Office:
    """The office on its first day: own institution, countries, council and regional groups."""
    opened = Office(campus)
    await opened.begins()
    return opened
