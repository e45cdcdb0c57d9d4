"""The partner: an organisation the university deals with, its identity, people, standing and rights tests."""

from __future__ import annotations

from typing import Final

from chassis.decide import Aggregate, Found, Reach
from contracts.partner import PARTNER, Partner
from partners.partner.commands import COMMANDS
from partners.partner.policy import country_of, region_needed
from partners.partner.private import PartnerPrivate
from partners.partner.problems import PROBLEMS


def reach(state: Partner | None, private: PartnerPrivate | None, body: object, found: Found) -> Reach:
    """The country and its region, the kind, and the promoters whose own file it is."""
    code = state.country if state else country_of(body, None)
    country = found.other("country", code)
    region = country.state.region if country else None
    kind = state.kind if state else getattr(body, "kind", None)
    return {
        "countries": frozenset({code} if code else ()),
        "regions": frozenset({region} if region else ()),
        "kinds": frozenset({str(kind)} if kind else ()),
        "subjects": frozenset(state.promoters if state else ()),
    }


AGGREGATE: Final = Aggregate(
    contract=PARTNER,
    commands=COMMANDS,
    creator="register_partner",
    problems=PROBLEMS,
    private=PartnerPrivate,
    reach=reach,
    scope_needs=region_needed,
    indexes=(("public.country",), ("public.identifiers_received.text",)),
)
