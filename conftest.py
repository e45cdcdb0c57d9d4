"""Imports the package that shares its name with a folder here, before pytest names that folder's tests after it."""

import contracts

__all__ = ["contracts"]
