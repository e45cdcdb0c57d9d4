"""The partners of the demonstration, and the block of one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from passerelle.demo.office import OFFICE, decision
from passerelle.demo.stage import Stage
from passerelle.demo.tables import PARTNERS_FROM, Row, Step, chosen, day, table

ACTIVATING: Final = ("officer", "africa-officer", "cooperation-officer")
IDENTITY: Final = (
    "kind",
    "level",
    "governance",
    "network_theme",
    "name",
    "country",
    "city",
    "geo",
    "website",
    "promoters",
)


def steps() -> Iterator[Step]:
    yield Step(PARTNERS_FROM, 8, register_partners)
    block = table("partners.toml")["burundi"]["block"]
    yield Step(day(block["proposed_on"]), 8, propose_block)
    yield Step(day(block["decided_on"]), 8, decide_block)


def register_partners(stage: Stage) -> None:
    for key, row in table("partners.toml").items():
        codes = row.get("identifiers", {})
        partner = _registered(stage, row, codes)
        if partner is None:
            body = chosen(row, *IDENTITY) | {"identifiers": [{"scheme": s, "value": v} for s, v in codes.items()]}
            partner = stage.create(OFFICE, "partners", f"partner {key}", body)
        stage.ids[key] = stage.know("partners", partner)["id"]
        _round_off(stage, key, row, partner)


def _registered(stage: Stage, row: Row, codes: Row) -> Row | None:
    if "erasmus" in codes:
        return next(iter(stage.listed("partners", code=codes["erasmus"])), None)
    found = stage.listed("partners", q=row["name"]["display"], country=row["country"])
    return next((each for each in found if each["name"]["display"] == row["name"]["display"]), None)


def _round_off(stage: Stage, key: str, row: Row, partner: Row) -> None:
    """A unit, a contact without a real person's name, and an owner of the relation."""
    if "unit" in row and not partner.get("units"):
        partner = stage.do(OFFICE, "partners", partner["id"], "add-unit", row["unit"])
    if not partner.get("contacts"):
        function = {"fr": "Relations internationales", "en": "International relations"}
        contact = {"given_name": "Contact", "family_name": row["name"]["display"], "function": function}
        contact |= {"email": f"contact-{key.replace('_', '-')}@example.org", "role": "general"}
        partner = stage.do(OFFICE, "partners", partner["id"], "add-contact", contact)
    if "owner" in row and partner["standing"] == "prospect":
        by = row["owner"] if row["owner"].rpartition("-")[0] in ACTIVATING else OFFICE
        stage.do(by, "partners", partner["id"], "activate-partner", {"relation_owner": row["owner"]})


def propose_block(stage: Stage) -> None:
    row, partner = _to_block(stage)
    if partner["standing"] != "blocked":
        stage.do("director-01", "partners", partner["id"], "propose-block", chosen(row, "scope", "reason"))


def decide_block(stage: Stage) -> None:
    row, partner = _to_block(stage)
    if partner["standing"] != "blocked":
        decided = decision("academic_council", row["decided_on"], row["reference"])
        body = chosen(row, "scope", "transition", "re_evaluation_on") | {"decision_ref": decided}
        stage.do("vice-rector-01", "partners", partner["id"], "decide-block", body)


def _to_block(stage: Stage) -> tuple[Row, Row]:
    return table("partners.toml")["burundi"]["block"], stage.now("partners", stage.ids["burundi"])
