"""Fixtures that every suite may use; and the package that shares its name with a folder here is imported before pytest
names that folder's tests after it."""

import contracts

__all__ = ["contracts"]

pytest_plugins = ["tests.support.ground", "tests.support.parallel"]
