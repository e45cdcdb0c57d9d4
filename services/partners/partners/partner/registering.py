"""How a partner enters: registered by the office, brought by a list, or suggested and then accepted."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.decide import Context, Decision, Doc, Find, Found, Gone, New, Outcome, Refusal, refuse
from contracts.identifiers import Identifier, IdentifierScheme, claim_key
from contracts.partner import (
    Origin,
    Partner,
    PartnerKind,
    ReceivedIdentifier,
    ReceivedReason,
    Registered,
    Suggested,
    SuggestionDismissed,
)
from contracts.roles import SERVICE
from partners.partner.bodies import (
    AcceptSuggestion,
    GivenIdentifiers,
    RegisterFromList,
    RegisterPartner,
    SuggestPartner,
    WithReason,
)
from partners.partner.policy import (
    CLAIMS,
    OWN_CLAIM,
    admitted,
    claims_needed,
    held_by_other,
    identifier_refused,
    similar_exists,
    similar_needed,
    why_not_admitted,
)
from partners.partner.private import PartnerPrivate, ReceivedText


def register_needs(
    state: Partner | None, private: PartnerPrivate | None, body: RegisterPartner | None, found: Found
) -> Iterable[Find]:
    if body is None:
        return
    yield from claims_needed(body.identifiers)
    if body.kind is PartnerKind.OWN_INSTITUTION:
        yield Doc(CLAIMS, OWN_CLAIM)
    if not isinstance(body, RegisterFromList):
        yield from similar_needed(body.country, body.identifiers)


def register_partner(state: None, private: None, body: RegisterPartner, context: Context) -> Outcome:
    refusal = _own_institution_stands(body, context)
    if refusal:
        return refusal
    if isinstance(body, RegisterFromList):
        return _taken_from_list(body, context)
    refusal = identifiers_refused(body.identifiers, context) or similar_exists(
        body.name.all, body.confirmed_distinct_from, context
    )
    return refusal or _registered(body, body.identifiers, (), Origin(), context)


def _own_institution_stands(body: RegisterPartner, context: Context) -> Refusal | None:
    """P3: there is one own institution, and the platform registers it itself."""
    if body.kind is not PartnerKind.OWN_INSTITUTION:
        return None
    if context.caller.has(SERVICE) and context.found.doc(CLAIMS, OWN_CLAIM) is None:
        return None
    return refuse("own-institution-fixed", pointer="/kind")


def identifiers_refused(identifiers: GivenIdentifiers, context: Context) -> Refusal | None:
    for number, one in enumerate(identifiers):
        pointer = f"/identifiers/{number}"
        if refusal := identifier_refused(one.scheme, one.value, context.id, context.found, pointer):
            return refusal
    return None


def _taken_from_list(body: RegisterFromList, context: Context) -> Decision:
    """A list never fails for one code: what P1 or P2 does not admit is kept as received."""
    reasons = {
        one.scheme: why_not_admitted(one.scheme, one.value, context.id, context.found) for one in body.identifiers
    }
    received = tuple(
        _received(one.scheme, one.value, reason, body.source, context)
        for one in body.identifiers
        if (reason := reasons[one.scheme])
    )
    fit = tuple(one for one in body.identifiers if reasons[one.scheme] is None)
    return _registered(body, fit, received, body.origin, context)


def _received(
    scheme: IdentifierScheme, text: str, reason: ReceivedReason, source: str, context: Context
) -> ReceivedIdentifier:
    value = admitted(scheme, text)
    holder = held_by_other(scheme, value, context.id, context.found) if value else None
    return ReceivedIdentifier(
        scheme=scheme,
        text=text,
        source=source,
        reason=reason,
        partner_id=holder,
        received_on=context.today,
    )


def _registered(
    body: RegisterPartner,
    identifiers: GivenIdentifiers,
    received: tuple[ReceivedIdentifier, ...],
    origin: Origin,
    context: Context,
) -> Decision:
    values, texts, rows = claimed(identifiers, context.id)
    if body.kind is PartnerKind.OWN_INSTITUTION:
        rows = (*rows, New(CLAIMS, {"_id": OWN_CLAIM, "partner_id": context.id}))
    fact = Registered(
        kind=body.kind,
        level=body.level,
        governance=body.governance,
        name=body.name,
        country=body.country,
        city=body.city,
        geo=body.geo,
        website=body.website,
        identifiers=values,
        identifiers_received=received,
        eche=body.eche if isinstance(body, RegisterFromList) else None,
        network_theme=body.network_theme,
        recognised_diplomas=body.recognised_diplomas,
        tags=body.tags,
        promoters=body.promoters,
        origin=origin,
        confirmed_distinct_from=body.confirmed_distinct_from,
    )
    private = PartnerPrivate(address=body.address, origin=origin, received=texts)
    return Decision((fact,), private, rows=rows)


def claimed(
    identifiers: GivenIdentifiers, partner_id: str
) -> tuple[tuple[Identifier, ...], tuple[ReceivedText, ...], tuple[New | Gone, ...]]:
    """The values of admitted identifiers, the texts they came from, and the claims that keep them (P1)."""
    values = tuple(Identifier(scheme=one.scheme, value=one.value) for one in identifiers)
    texts = tuple(ReceivedText(scheme=one.scheme, text=one.value) for one in identifiers)
    return values, texts, tuple(claim(value, partner_id) for value in values)


def claim(identifier: Identifier, partner_id: str) -> New:
    key = claim_key(identifier.scheme, identifier.value)
    return New(CLAIMS, {"_id": key, "partner_id": partner_id})


def suggest_needs(
    state: Partner | None, private: PartnerPrivate | None, body: SuggestPartner | None, found: Found
) -> Iterable[Find]:
    return similar_needed(body.country) if body else ()


def suggest_partner(state: None, private: None, body: SuggestPartner, context: Context) -> Outcome:
    refusal = similar_exists(body.name.all, body.confirmed_distinct_from, context)
    if refusal:
        return refusal
    promoters = (context.caller.subject,) if context.caller.is_person else ()
    fact = Suggested(
        name=body.name,
        country=body.country,
        city=body.city,
        website=body.website,
        promoters=promoters,
    )
    return Decision((fact,), PartnerPrivate(suggestion=body.reason))


def accept_needs(
    state: Partner | None, private: PartnerPrivate | None, body: AcceptSuggestion | None, found: Found
) -> Iterable[Find]:
    return claims_needed(body.identifiers) if body else ()


def accept_suggestion(state: Partner, private: PartnerPrivate, body: AcceptSuggestion, context: Context) -> Outcome:
    if body.kind is PartnerKind.OWN_INSTITUTION:
        return refuse("own-institution-fixed", pointer="/kind")
    if refusal := identifiers_refused(body.identifiers, context):
        return refusal
    values, texts, rows = claimed(_newly_given(state, body), state.id)
    schemes = {value.scheme for value in values}
    kept = tuple(one for one in state.identifiers if one.scheme not in schemes)
    replaced = (one for one in state.identifiers if one.scheme in schemes)
    fact = Registered(
        kind=body.kind,
        level=body.level,
        governance=body.governance if "governance" in body.model_fields_set else state.governance,
        name=state.name,
        country=state.country,
        city=state.city,
        geo=state.geo,
        website=state.website,
        identifiers=(*kept, *values),
        identifiers_received=state.identifiers_received,
        network_theme=body.network_theme,
        recognised_diplomas=state.recognised_diplomas,
        tags=state.tags,
        promoters=state.promoters,
        origin=private.origin,
    )
    received = (*(one for one in private.received if one.scheme not in schemes), *texts)
    freed = (Gone(CLAIMS, claim_key(one.scheme, one.value)) for one in replaced)
    return Decision((fact,), private.model_copy(update={"received": received}), rows=(*freed, *rows))


def _newly_given(state: Partner, body: AcceptSuggestion) -> GivenIdentifiers:
    return tuple(one for one in body.identifiers if state.identifier(one.scheme) != admitted(one.scheme, one.value))


def dismiss_suggestion(state: Partner, private: PartnerPrivate, body: WithReason, context: Context) -> Outcome:
    return Decision((SuggestionDismissed(reason=body.reason),))
