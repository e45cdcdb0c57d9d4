"""What each reader sees of a stay's file: the mobility centre all, a supervisor what receiving takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.stay import Stay
from mobility.stay.policy import open_items
from mobility.stay.private import StayFile

Shown = dict[str, object]


def whole_file(state: Stay, private: StayFile, journal: Iterable[Mapping[str, Any]]) -> Shown:
    """Public state, private part and journal, for an adviser."""
    return {
        **state.model_dump(mode="json", exclude_none=True),
        **private.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"stage"}),
        "state": private.stage,
        "open_items": list(open_items(private)),
        "journal": [_told(row) for row in journal],
    }


def supervisors_view(state: Stay, private: StayFile) -> Shown:
    """S11: name, dates, state and open items; no documents, no family, no amounts, no regime."""
    person, period = private.person, private.period
    return {
        "id": state.id,
        "version": state.version,
        "state": private.stage,
        "person": {"given_name": person.given_name, "family_name": person.family_name} if person else None,
        "period": period.model_dump(mode="json", by_alias=True, exclude_none=True) if period else None,
        "open_items": list(open_items(private)),
    }


def _told(row: Mapping[str, Any]) -> Shown:
    return {name: row[name] for name in ("fact", "version", "occurred_on", "actor", "payload")}
