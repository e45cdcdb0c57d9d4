"""A broker, a store and a gateway for the whole of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from services.gateway.tests.gateway_house import House, gateway

from chassis.topics import create
from stack import kafka, keys, store
from stack.child import Child


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with kafka.start(tmp_path_factory.mktemp("broker")) as child:
        yield child


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with store.start(tmp_path_factory.mktemp("store")) as child:
        yield child


@pytest.fixture(scope="module")
async def house(broker: Child, documents: Child, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    await create(broker.address)
    folder = keys.make(tmp_path_factory.mktemp("keys"))
    async with gateway(broker.address, documents.address, folder) as made:
        yield made
