"""A real broker and a real store for each file of delivery tests; a test that kills one starts its own."""

from collections.abc import Iterator

import pytest

from stack import kafka, store
from stack.child import Child


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with kafka.start(tmp_path_factory.mktemp("broker")) as child:
        yield child


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with store.start(tmp_path_factory.mktemp("store")) as child:
        yield child
