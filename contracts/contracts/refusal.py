"""What the office refused and why: each policy refusal is recorded in a stream of its service."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.record import Contract, Fact, State
from contracts.types import TaxonomyCode

Refs = dict[str, str | list[str]]
"""What the refusal is about, by kind: `partners`, `agreements`, `calls`, `committee`, `promoter`…"""


class Recorded(Fact):
    """`id` is the refused aggregate's, when it exists; `handed_to` names who takes the matter over."""

    refusal_id: str = ""
    aggregate: TaxonomyCode
    id: str | None = None
    command: TaxonomyCode
    rule: str
    slug: str
    reason_fr: str
    reason_en: str
    refs: Refs
    handed_to: TaxonomyCode | None = None


class PolicyRefusal(State):
    """A refusal never changes, so its state is what was recorded."""

    state: str = "recorded"
    aggregate: TaxonomyCode
    command: TaxonomyCode
    rule: str
    slug: str


def evolve(refusal: PolicyRefusal | None, fact: Recorded) -> PolicyRefusal:
    if refusal is not None:
        return refusal
    return PolicyRefusal(
        id=fact.refusal_id,
        aggregate=fact.aggregate,
        command=fact.command,
        rule=fact.rule,
        slug=fact.slug,
    )


@dataclass(frozen=True)
class RefusalContract(Contract[PolicyRefusal]):
    """One stream per service and no state topic; the record's type is the same for all."""

    @property
    def events_topic(self) -> str:
        return f"passerelle.{self.service}-refusal.events.v1"


def refusal_contract(service: str) -> RefusalContract:
    """The refusals of one service."""
    return RefusalContract(
        aggregate="refusal",
        service=service,
        collection="refusals",
        state=PolicyRefusal,
        facts=(Recorded,),
        evolve=evolve,
        keeps_state=False,
    )


REFUSAL = refusal_contract("passerelle")
"""For readers of every service's stream, which differ only in their topic."""
