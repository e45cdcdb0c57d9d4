"""The command table of a stay before arrival: announce, register, assess, and end it before it begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.decide import CREATION, Command, Context, Decision, Doc, Find, Found, Outcome, Refusal
from contracts.roles import ADV, PRO, SERVICE
from contracts.stay import AgreementBasisLost, Cancelled, Refused, Stay
from contracts.types import Period
from mobility.stay import announcing, policy
from mobility.stay.bodies import (
    AnnounceStay,
    AssessStay,
    FollowSuccessor,
    LoseAgreementBasis,
    RegisterStay,
    WithReason,
)
from mobility.stay.journal import entry
from mobility.stay.private import LostBasis, Person, Stage, StayFile

BEFORE_ARRIVAL = frozenset({Stage.ANNOUNCED, Stage.REGISTERED, Stage.ASSESSED, Stage.PREPARING, Stage.CLEARED})


def _file_of(private: StayFile) -> tuple[Person, Period]:
    assert private.person is not None, "the file of an erased stay is closed"
    assert private.period is not None, "the file of an erased stay is closed"
    return private.person, private.period


def register(state: Stay, private: StayFile, body: RegisterStay, context: Context) -> Outcome:
    person, _ = _file_of(private)
    given = body.model_dump(exclude_none=True, exclude={"consent_notice_sent_on"})
    completed = Person.model_validate(person.model_dump() | given)
    file = private.model_copy(
        update={
            "stage": Stage.REGISTERED,
            "person": completed,
            "consent_notice_sent_on": body.consent_notice_sent_on or private.consent_notice_sent_on,
        }
    )
    missing = policy.open_items(file)
    if missing:
        return policy.data_missing(missing)
    return Decision(private=file, rows=(entry("registered", state, context),))


def needs_to_assess(state: Any, private: StayFile, body: AssessStay | None, found: Found) -> Iterable[Find]:
    person, _ = _file_of(private)
    yield from (Doc(announcing.COUNTRIES, code) for code in person.nationalities)
    yield from announcing.stays_of(private.holder_id, found)


def held_to_assess(state: Stay, private: StayFile, context: Context) -> Iterable[Refusal]:
    person, period = _file_of(private)
    unknown = [code for code in person.nationalities if context.found.doc(announcing.COUNTRIES, code) is None]
    refusal = policy.undetermined(period, unknown)
    return (refusal,) if refusal else ()


def assess(state: Stay, private: StayFile, body: AssessStay, context: Context) -> Outcome:
    person, period = _file_of(private)
    for refusal in held_to_assess(state, private, context):
        return refusal
    countries = {code: context.found.doc(announcing.COUNTRIES, code) for code in person.nationalities}
    rules: policy.OfficeRules = context.settings
    regime = policy.regime_of(
        any(policy.is_eea_or_swiss(copy, period.from_, rules) for copy in countries.values() if copy),
        body.other_eu_permit,
        period,
        policy.days_in_window(period, announcing.files_of_holder(context.found, context.id)),
        rules,
    )
    legal = policy.legal(regime, period, body.basis, body.other_eu_permit)
    return Decision(
        private=private.model_copy(update={"stage": Stage.ASSESSED, "legal": legal}),
        relies_on=tuple((announcing.COUNTRIES, code) for code in countries),
        rows=(entry("assessed", state, context, length=legal.length),),
    )


def cancel(state: Stay, private: StayFile, body: WithReason, context: Context) -> Outcome:
    file = private.model_copy(update={"stage": Stage.CANCELLED, "reason": body.reason})
    return Decision((Cancelled(),), private=file, rows=(entry("cancelled", state, context),))


def refuse_stay(state: Stay, private: StayFile, body: WithReason, context: Context) -> Outcome:
    file = private.model_copy(update={"stage": Stage.REFUSED, "reason": body.reason})
    return Decision((Refused(),), private=file, rows=(entry("refused", state, context),))


def lose_basis(state: Stay, private: StayFile, body: LoseAgreementBasis, context: Context) -> Outcome:
    told = any(lost.agreement_id == body.agreement_id and lost.cause == body.cause for lost in private.lost_bases)
    if private.agreement_id != body.agreement_id or told:
        return Decision()
    lost = LostBasis(agreement_id=body.agreement_id, cause=body.cause, on=context.today)
    return Decision(
        (AgreementBasisLost(agreement_id=body.agreement_id, cause=body.cause),),
        private=private.model_copy(update={"lost_bases": (*private.lost_bases, lost)}),
        rows=(entry("agreement_basis_lost", state, context, **body.model_dump()),),
    )


def follow_successor(state: Stay, private: StayFile, body: FollowSuccessor, context: Context) -> Outcome:
    if private.agreement_id != body.agreement_id:
        return Decision()
    return Decision(
        private=private.model_copy(update={"agreement_id": body.successor_id}),
        rows=(entry("agreement_followed_successor", state, context, **body.model_dump()),),
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        name="announce_stay",
        model=AnnounceStay,
        from_states=CREATION,
        to=(Stage.ANNOUNCED,),
        roles=(*announcing.FOR_ANYBODY, PRO),
        needs=announcing.needs,
        decide=announcing.announce,
        refusals=("partner-blocked", "supervisor-missing", "stay-overlap", "agreement-not-live"),
    ),
    Command(
        name="register_stay",
        model=RegisterStay,
        from_states=frozenset({Stage.ANNOUNCED}),
        to=(Stage.REGISTERED,),
        roles=(ADV,),
        decide=register,
        refusals=("data-missing",),
    ),
    Command(
        name="assess_stay",
        model=AssessStay,
        from_states=frozenset({Stage.REGISTERED, Stage.PREPARING}),
        to=(Stage.ASSESSED,),
        roles=(ADV,),
        needs=needs_to_assess,
        decide=assess,
        held=held_to_assess,
        refusals=("regime-undetermined",),
    ),
    Command(
        name="cancel_stay",
        model=WithReason,
        from_states=BEFORE_ARRIVAL,
        to=(Stage.CANCELLED,),
        roles=(ADV,),
        decide=cancel,
    ),
    Command(
        name="refuse_stay",
        model=WithReason,
        from_states=BEFORE_ARRIVAL,
        to=(Stage.REFUSED,),
        roles=(ADV,),
        decide=refuse_stay,
    ),
    Command(
        name="lose_agreement_basis",
        model=LoseAgreementBasis,
        from_states=BEFORE_ARRIVAL,
        roles=(SERVICE,),
        decide=lose_basis,
    ),
    Command(
        name="follow_successor",
        model=FollowSuccessor,
        from_states=BEFORE_ARRIVAL,
        roles=(SERVICE,),
        decide=follow_successor,
    ),
)
