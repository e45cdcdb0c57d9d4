"""The agreement: its negotiation, registration and life, from the first draft to its end."""

from __future__ import annotations

from typing import Any, Final

from agreements.agreement.commands import COMMANDS
from agreements.agreement.deadlines import advance, next_due
from agreements.agreement.known import COUNTRIES, PARTNERS, partner_ids, partners_and_countries
from agreements.agreement.private import AgreementPrivate
from agreements.agreement.problems import PROBLEMS
from chassis.decide import Aggregate, Command, Found, Nothing, Reach
from contracts.agreement import AGREEMENT, LIVE, Agreement
from contracts.roles import CLOCK


def reach(state: Agreement | None, private: AgreementPrivate | None, body: Any, found: Found) -> Reach:
    """What an agreement lies in: its partners' countries and their regions, its kind, its promoter and author."""
    partners = [found.doc(PARTNERS, each) for each in partner_ids(state, body, own=False)]
    countries = frozenset(str(partner["country"]) for partner in partners if partner)
    known = [found.doc(COUNTRIES, code) for code in countries]
    said = state or body
    units = (party.unit_id for party in getattr(said, "parties", ()))
    subjects = (getattr(said, "promoter", None), private.created_by if private else None)
    return {
        "countries": countries,
        "regions": frozenset(str(country["region"]) for country in known if country and "region" in country),
        "kinds": frozenset({str(said.kind)}) if said else frozenset(),
        "units": frozenset(unit for unit in units if unit),
        "subjects": frozenset(subject for subject in subjects if subject),
    }


AGGREGATE: Final = Aggregate(
    contract=AGREEMENT,
    commands=COMMANDS,
    creator="draft_agreement",
    problems=PROBLEMS,
    private=AgreementPrivate,
    reach=reach,
    needs=partners_and_countries,
    next_due=next_due,
    on_clock=Command("advance_clock", Nothing, frozenset(LIVE), (CLOCK,), advance),
    indexes=(("public.parties.partner_id", "state"), ("public.number",)),
)
