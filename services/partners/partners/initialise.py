"""What an office needs before its first day: its own institution and every country, by their own commands."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any, Final

from chassis.command import Desk
from chassis.decide import Caller, Refusal
from chassis.problems import Problem
from contracts.partner import LocalName, PartnerKind, PartnerName
from contracts.roles import SERVICE
from contracts.types import BothLanguages
from partners.country.bodies import AddCountry
from partners.partner.bodies import GivenIdentifier, RegisterPartner
from partners.settings import PartnersSettings

PLATFORM: Final = Caller("service:partners", {SERVICE: {}})
AT_ONCE: Final = 100


def listed_countries() -> list[AddCountry]:
    """ISO 3166-1 and Kosovo, with French and English names, regions of M49 and official languages."""
    text = files("partners").joinpath("countries.csv").read_text(encoding="utf-8")
    return [
        AddCountry(
            iso2=row["iso2"],
            iso3=row["iso3"],
            m49=row["m49"] or None,
            name=BothLanguages(fr=row["fr"], en=row["en"]),
            region=row["region"] or None,
            subregion=row["subregion"] or None,
            languages=tuple(row["languages"].split()),
        )
        for row in csv.DictReader(text.splitlines())
    ]


def own_institution(settings: PartnersSettings) -> RegisterPartner:
    codes = {
        "ror": settings.own_ror,
        "schac": settings.own_schac,
        "erasmus": settings.own_erasmus,
        "pic": settings.own_pic,
        "oid": settings.own_oid,
    }
    return RegisterPartner(
        kind=PartnerKind.OWN_INSTITUTION,
        name=PartnerName(
            display=settings.own_name,
            local=(LocalName(lang="fr", value=settings.own_name),),
            acronym=settings.own_acronym,
        ),
        country=settings.own_country,
        city=settings.own_city,
        website=settings.own_website,
        identifiers=tuple(
            GivenIdentifier.model_validate({"scheme": scheme, "value": value})
            for scheme, value in codes.items()
            if value
        ),
    )


async def initialise(desk: Desk) -> dict[str, Any]:
    """Adds what is missing and says how much; a second time it adds nothing."""
    listed = listed_countries()
    known = {row["_id"] for row in await desk.store["country"].find({}, {"_id": 1}).to_list(None)}
    missing = [(body.iso2, body) for body in listed if body.iso2 not in known]
    for start in range(0, len(missing), AT_ONCE):
        await desk.run_many("country", "add_country", missing[start : start + AT_ONCE], PLATFORM)
    own_id = desk.settings.own_institution_id
    registered = await desk.shelf.load("partner", own_id, None) is None
    if registered:
        item = (own_id, own_institution(desk.settings))
        (outcome,) = await desk.run_many("partner", "register_partner", [item], PLATFORM)
        if isinstance(outcome, Refusal):
            raise Problem.of(outcome)
    return {
        "countries": {"added": len(missing), "present": len(listed) - len(missing)},
        "own_institution": {"id": own_id, "registered": registered},
    }
