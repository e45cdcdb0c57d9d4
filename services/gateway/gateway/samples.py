"""A body that shows what a JSON Schema wants: its required members, each with the plainest value that the schema admits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

TEXTS: Final = (
    "Exemple",
    "exemple",
    "01900000-0000-7000-8000-000000000001",
    "BE",
    "BEL",
    "fr",
    "056",
    "0912",
    "officer-01",
    "exemple@example.org",
    "+32 2 555 00 00",
    "0000-0002-1825-0097",
    "2026/2027",
    "1000.00",
    "EUR",
    "/city",
    "/cooperation_periods/0",
    "https://www.example.org",
    "0" * 64,
)
"""Tried in this order where a text has a pattern."""
FORMATS: Final = {"date": "2026-11-02", "date-time": "2026-11-02T13:00:00Z", "uuid": TEXTS[2]}
BOTH_LANGUAGES: Final = {"fr": "Exemple", "en": "Example"}
MORE: Final[Mapping[str, Mapping[str, Any]]] = {
    "agreement.edit_agreement": {"end_on": "2031-10-31"},
    "committee.appoint_member": {"subject": "committee-member-01"},
    "committee.edit_committee": {"acronym": "CRI"},
    "country.edit_country": {"languages": ["fr"]},
    "country.set_classification": {"class": "lmic"},
    "meeting.give_advice": {"reasoning": BOTH_LANGUAGES},
    "meeting.reschedule_meeting": {"ends_at": "2026-11-02T15:00:00Z"},
    "meeting.schedule_meeting": {"ends_at": "2026-11-02T15:00:00Z"},
    "partner.amend_block": {"scope": "institutional"},
    "partner.edit_partner": {"city": "Bruxelles"},
    "stay.announce_stay": {"person": {"given_name": "Prénom", "family_name": "Nom"}},
}
"""What a body needs that its schema cannot say."""


def body(name: str, schema: Schema) -> dict[str, Any]:
    """An example of a command's body; `name` is `<aggregate>.<command>`."""
    return {**sample(schema, schema.get("$defs", {})), **MORE.get(name, {})}


def sample(schema: Schema, defs: Mapping[str, Schema]) -> Any:
    """The plainest value; raises ValueError where none is found."""
    if "$ref" in schema:
        return sample(defs[schema["$ref"].rpartition("/")[2]], defs)
    for choice in ("const", "default"):
        if schema.get(choice) is not None:
            return schema[choice]
    if "enum" in schema:
        return schema["enum"][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return sample(next(each for each in schema[choices] if each.get("type") != "null"), defs)
    return _by_type(schema, defs)


def _by_type(schema: Schema, defs: Mapping[str, Schema]) -> Any:
    match schema.get("type"):
        case "object":
            return _object(schema, defs)
        case "array":
            items = schema.get("items", {})
            return [sample(items, defs) for _ in range(schema.get("minItems", 0))]
        case "string":
            return _text(schema)
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case _:
            return None


def _object(schema: Schema, defs: Mapping[str, Schema]) -> dict[str, Any]:
    members = schema.get("properties", {})
    if BOTH_LANGUAGES.keys() == members.keys():
        return dict(BOTH_LANGUAGES)
    return {name: sample(members[name], defs) for name in schema.get("required", ())}


def _text(schema: Schema) -> str:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    longest, pattern = schema.get("maxLength", 10_000), schema.get("pattern", "")
    for text in TEXTS:
        if len(text) <= longest and re.search(pattern, text):
            return text
    raise ValueError(f"no example for {pattern}")
