"""Announcing a stay: who comes, to whom, under which agreement, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chassis.decide import Context, Decision, Doc, Find, Found, Other, Outcome, Reach, Refusal, Rows, refuse
from contracts.roles import ADV, AFR, COO, OFF, SERVICE
from contracts.stay import Announced, Stay
from contracts.types import Id
from mobility.stay import policy
from mobility.stay.bodies import AnnounceStay
from mobility.stay.journal import entry
from mobility.stay.private import Host, Person, StayFile

PARTNERS, COUNTRIES, AGREEMENTS = "partner_copies", "country_copies", "agreement_copies"
LINEAGE, HOLDER = "lineage", "stays of the holder"

FOR_ANYBODY = (ADV, COO, AFR, OFF, SERVICE)
"""Who announces for any supervisor; a promoter announces guests of their own."""

NOT_KNOWN_YET = Refusal("reference-not-known-yet", members={"retry_after_seconds": 1})


def stays_of(holder_id: str | None, found: Found) -> Iterable[Find]:
    """All stays of one holder, opened."""
    if holder_id is None:
        return
    yield Rows(HOLDER, "stay", {"private.holder_id": holder_id})
    for document in found.rows(HOLDER):
        yield Other("stay", document["_id"])


def files_of_holder(found: Found, besides: str) -> list[StayFile]:
    opened = (found.other("stay", row["_id"]) for row in found.rows(HOLDER) if row["_id"] != besides)
    return [loaded.private for loaded in opened if loaded]


def needs(state: Any, private: Any, body: AnnounceStay | None, found: Found) -> Iterable[Find]:
    if body is None:
        return
    yield from stays_of(body.holder_id, found)
    if body.agreement_id:
        yield Doc(AGREEMENTS, body.agreement_id)
        named = found.doc(AGREEMENTS, body.agreement_id)
        if named:
            yield Rows(LINEAGE, AGREEMENTS, {"lineage_id": named["lineage_id"]})
            yield from (Doc(PARTNERS, party) for party in _other_parties(named))


def where(state: Any, private: Any, body: Any, found: Found) -> Iterable[Find]:
    """What the scope of a right is tested against: the country the guest comes from."""
    home = _home(state, body)
    if home:
        yield Doc(PARTNERS, home)
    yield from (Doc(COUNTRIES, code) for code in _countries(home, private, body, found))


def reach(state: Stay | None, private: StayFile | None, body: Any, found: Found) -> Reach:
    countries = _countries(_home(state, body), private, body, found)
    copies = (found.doc(COUNTRIES, code) for code in countries)
    host = private.host if private else body.host
    category = state.category if state else body.category
    return {
        "countries": frozenset(countries),
        "regions": frozenset(str(copy["region"]) for copy in copies if copy and copy.get("region")),
        "kinds": frozenset({str(category)}),
        "units": frozenset({host.unit_id} if host else ()),
        "subjects": frozenset({host.supervisor} if host and host.supervisor else ()),
    }


def _home(state: Stay | None, body: Any) -> Id | None:
    return state.home_partner_id if state else getattr(body, "home_partner_id", None)


def _countries(home: Id | None, private: StayFile | None, body: Any, found: Found) -> Sequence[str]:
    partner = found.doc(PARTNERS, home)
    if partner:
        return (str(partner["country"]),)
    if private:
        return private.person.nationalities if private.person else ()
    return getattr(body, "nationalities", ())


def _other_parties(agreement: policy.Copy) -> Sequence[str]:
    return [party["partner_id"] for party in agreement.get("parties") or () if party["role"] != "own"]


def announce(state: None, private: None, body: AnnounceStay, context: Context) -> Outcome:
    found = context.found
    if body.host.supervisor is None:
        return refuse("supervisor-missing", policy.NO_SUPERVISOR, pointer="/host/supervisor")
    if not context.caller.may(FOR_ANYBODY, reach(None, None, body, found)) and _is_of_another(body, context):
        return Refusal("not-permitted", members={"roles": [str(role) for role in FOR_ANYBODY]})
    home = found.doc(PARTNERS, body.home_partner_id)
    named = found.doc(AGREEMENTS, body.agreement_id)
    if (body.home_partner_id and home is None) or (body.agreement_id and named is None):
        return NOT_KNOWN_YET
    others = files_of_holder(found, context.id)
    if body.holder_id and not others:
        return Refusal("unknown-id", members={"pointer": "/holder_id"})
    start_on = body.period.from_
    agreement = policy.agreement_for(named, found.rows(LINEAGE), start_on) if named else None
    if home and (blocked := policy.partner_blocked(home)):
        return blocked
    if named and agreement is None:
        return policy.agreement_not_live(named, _names(named, found), start_on)
    overlap = policy.overlap(body.period, others)
    return overlap or _announced(body, body.host.supervisor, others, agreement, context)


def _is_of_another(body: AnnounceStay, context: Context) -> bool:
    return body.host.supervisor != context.caller.subject


def _names(agreement: policy.Copy, found: Found) -> list[str]:
    parties = (found.doc(PARTNERS, party) for party in _other_parties(agreement))
    return [party["name"]["display"] for party in parties if party]


def _announced(
    body: AnnounceStay,
    supervisor: str,
    others: Sequence[StayFile],
    agreement: policy.Copy | None,
    context: Context,
) -> Decision:
    holder_id = body.holder_id or context.new_id()
    agreement_id = agreement["_id"] if agreement else None
    fact = Announced(
        category=body.category,
        host_unit_id=body.host.unit_id,
        home_partner_id=body.home_partner_id,
        agreement_id=agreement_id,
        project_id=body.project_id,
        academic_year=policy.academic_year(body.period.from_, context.settings.academic_year_begins),
    )
    file = StayFile(
        holder_id=holder_id,
        host=Host(unit_id=body.host.unit_id, supervisor=supervisor),
        period=body.period,
        agreement_id=agreement_id,
        announced_by=context.caller.subject,
        person=_person(body, others),
    )
    copies = [(AGREEMENTS, row["_id"]) for row in context.found.rows(LINEAGE)]
    if body.home_partner_id:
        copies.append((PARTNERS, body.home_partner_id))
    return Decision(
        facts=(fact,),
        private=file,
        guards=(f"stays-of-holder:{holder_id}",),
        relies_on=tuple(copies),
        rows=(entry("announced", None, context, **_payload(fact)),),
    )


def _payload(fact: Announced) -> dict[str, object]:
    return fact.model_dump(mode="json", exclude_none=True, exclude={"stay_id", "version", "occurred_on"})


def _person(body: AnnounceStay, others: Sequence[StayFile]) -> Person:
    known = next((file.person for file in others if file.person), None)
    if known:
        return known.model_copy(update={"nationalities": body.nationalities})
    assert body.person is not None, "a holder is known by a stay, anybody else by name"
    return Person(
        given_name=body.person.given_name,
        family_name=body.person.family_name,
        nationalities=body.nationalities,
    )
