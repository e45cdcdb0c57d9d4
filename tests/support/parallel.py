"""How a run of tests is divided among several processes: each has a broker and a store of its own, and starts what is costly
once."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

CAMPUS = ("tests/journeys/", "tests/traces/")
"""What is tried on the one campus."""
LONGEST = (*CAMPUS, "tests/chaos/", "services/gateway/tests/test_pages_accessible", "tests/delivery/")
"""They begin first, so that at the end no process waits for another."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay together, and so do all that share the campus."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "campus" if file.startswith(CAMPUS) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""

    def place(item: pytest.Item) -> int:
        return next((n for n, folder in enumerate(LONGEST) if item.nodeid.startswith(folder)), len(LONGEST))

    items.sort(key=place)
