"""One real broker and one real store for a whole run of tests; rooms of their own for every test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from tests.support.coast import Coast, coast, delete_topics, make_topics
from tests.support.lamps import Lamps, LampsSettings, opened, settings_of
from tests.support.lantern import Language, language

from chassis.mongo import Store
from stack import kafka, keys, store
from stack.child import Child

STORE = "PASSERELLE_TEST_STORE"
"""Names the store program to be tried; else the fast one where it is installed."""


def pytest_configure() -> None:
    """What the services log stands beside a test that fails."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def standing(child: Child) -> Child:
    """As the next test expects it, whatever the last one did to it."""
    if not child.alive:
        child.start(120)
    child.thaw()
    child.wait_until_it_answers(120)
    return child


@pytest.fixture(scope="session")
def session_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with kafka.start(tmp_path_factory.mktemp("broker")) as child:
        yield child


def store_in(folder: Path) -> Child:
    """A store of its own, of the program that is to be tried."""
    if os.environ.get(STORE) == store.PLAIN:
        (folder / "data" / store.PLAIN).mkdir(parents=True)
    return store.start(folder, within_seconds=120)


@pytest.fixture(scope="session")
def session_documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with store_in(tmp_path_factory.mktemp("store")) as child:
        yield child


@pytest.fixture
def broker(session_broker: Child) -> Child:
    """Real Kafka; a test may kill or freeze it, the next one finds it standing."""
    return standing(session_broker)


@pytest.fixture
def documents(session_documents: Child) -> Child:
    """The real store; a test may kill or freeze it, the next one finds it standing."""
    return standing(session_documents)


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keys.make(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def database(documents: Child) -> AsyncIterator[Store]:
    """An empty database."""
    kept = Store(documents.address, f"t{uuid4().hex[:10]}")
    yield kept
    kept.close()


@dataclass
class Room:
    """Topics and a database of one test."""

    settings: LampsSettings
    words: Language

    @property
    def bootstrap(self) -> str:
        return self.settings.kafka_bootstrap


@pytest.fixture
async def room(broker: Child, documents: Child, signing_keys: Path) -> AsyncIterator[Room]:
    name = f"r{uuid4().hex[:8]}"
    words = language(name)
    await make_topics(broker.address, words)
    yield Room(settings_of(broker.address, documents.address, signing_keys, name), words)
    if broker.answers():
        await delete_topics(broker.address, words)


@pytest.fixture
async def door(documents: Child, signing_keys: Path) -> AsyncIterator[Lamps]:
    """The service in this process, taking commands only; there is no Kafka."""
    settings = settings_of("127.0.0.1:1", documents.address, signing_keys, f"r{uuid4().hex[:8]}")
    async with opened(settings, worker=False) as service:
        yield service


@pytest.fixture
async def harbourside(room: Room) -> AsyncIterator[Coast]:
    async with coast(room.bootstrap, room.words) as told:
        yield told


@pytest.fixture
async def lamps(room: Room) -> AsyncIterator[Lamps]:
    """The service in this process, api and worker."""
    async with opened(room.settings) as service:
        yield service
