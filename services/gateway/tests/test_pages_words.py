"""Nothing that people can meet is without its words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.agreement import AGREEMENT, AgreementState
from contracts.committee import COMMITTEE, CommitteeState
from contracts.country import COUNTRY
from contracts.meeting import MEETING, ItemState, MeetingState
from contracts.partner import PARTNER, Standing
from contracts.record import Contract
from contracts.roles import Role
from contracts.stay import STAY
from gateway import translations
from gateway.pages import words
from gateway.pages.forms.entries import Entries
from gateway.pages.forms.fields import Asking, Option
from gateway.pages.forms.overlays import HIDDEN, WIDGETS, overlay_of
from gateway.pages.forms.schemas import FOLDERS, Schema, is_localized, schema_of

OWN_CHOICE = frozenset({"subject_ref.type", "subject_ref.id"})
"""One choice on the page stands for both."""
CONTRACTS = (PARTNER, COUNTRY, AGREEMENT, COMMITTEE, MEETING, STAY)
BETWEEN_SERVICES = {
    "follow_partner_block", "record_advice", "stage_change", "follow_successor", "lose_agreement_basis",
}  # fmt: skip


def commands() -> list[tuple[str, str]]:
    files = [file for folder in FOLDERS for file in folder.glob("*.schema.json")]
    named = [file.name.removesuffix(".schema.json").split(".") for file in files]
    return sorted((aggregate, command) for aggregate, command in named if command not in BETWEEN_SERVICES)


def members(schema: Schema, hidden: frozenset[str], name: str = "") -> Iterator[tuple[str, Schema]]:
    """Everything that a form asks for, with what is inside it."""
    for member, inner in schema.get("properties", {}).items():
        path = f"{name}.{member}" if name else member
        if {member, path.replace(".0", ".*")} & hidden or is_localized(schema):
            continue
        yield path, inner
        yield from members(inner, hidden, path)
        if inner.get("type") == "array":
            yield from members(inner["items"], hidden, f"{path}.0")


async def no_options(source: str, name: str, entries: Entries) -> list[Option]:
    return []


@pytest.mark.parametrize(("aggregate", "command"), commands())
def test_every_entry_and_every_value_of_a_form_has_its_words(aggregate: str, command: str) -> None:
    schema = schema_of(aggregate, command)
    assert schema is not None
    overlay = overlay_of(command)
    asking = Asking(command, aggregate, "en", {}, no_options, {**WIDGETS, **overlay.widgets})
    hidden = HIDDEN | overlay.hidden | {name for name, kind in asking.widgets.items() if kind == "hidden"} | OWN_CHOICE
    asked = dict(members(schema, frozenset(hidden)))
    wordless = [path for path in asked if not asking.words_of("field", path)]
    wordless += [
        f"{path}={code}"
        for path, inner in asked.items()
        for code in inner.get("enum") or inner.get("items", {}).get("enum", ())
        if not any(words.english(table, str(code)) for table in asking.keys(path))
    ]

    assert words.english("command", command)
    assert not wordless


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.aggregate)
def test_every_fact_is_a_sentence(contract: Contract[Any]) -> None:
    facts = {f"{contract.aggregate}.{fact.short_name()}" for fact in contract.facts}

    assert not {fact for fact in facts if words.english("fact", fact) is None}


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("partner.standing", Standing),
        ("agreement.state", AgreementState),
        ("committee.state", CommitteeState),
        ("meeting.state", MeetingState),
        ("item.state", ItemState),
        ("role", Role),
    ],
)
def test_every_state_and_role_has_its_word(table: str, codes: Any) -> None:
    assert not [code for code in codes if words.english(table, code) is None]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_catalogues_are_complete(language: str) -> None:
    assert translations.complaints(language) == []


def test_a_framework_agreement_is_called_by_its_french_name() -> None:
    from gateway.pages.rendering import say

    assert say("agreement.kind", "framework", "fr") == "Accord-cadre"
    assert say("agreement.kind", "specific", "fr") == "Convention spécifique"


def test_schemas_are_read_from_the_contracts() -> None:
    files = [json.loads(file.read_text()) for folder in FOLDERS for file in folder.glob("*.schema.json")]

    assert len(files) >= 70
