"""What time itself makes due: activation, the end of the term, the end of a transition (A4, A20)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from agreements.agreement.blocks import entering
from agreements.agreement.known import Known
from agreements.agreement.private import AgreementPrivate
from chassis.decide import Context, Decision, Nothing, Outcome
from contracts.agreement import (
    Activated,
    Agreement,
    AgreementFact,
    AgreementState,
    Expired,
    Terminated,
)
from contracts.partner import Standing
from contracts.types import LocalizedText

ONE_DAY: Final = timedelta(days=1)
BLOCK_ENDED_IT: Final = LocalizedText(
    fr="Fin de la période de transition après la suspension des collaborations avec le partenaire.",
    en="End of the transition period after partnerships with the partner were blocked.",
)


def next_due(state: Agreement, private: AgreementPrivate) -> date | None:
    """The first day on which something happens by itself."""
    if not state.is_live or state.end_on is None:
        return None
    over = state.end_on + ONE_DAY
    if state.state is AgreementState.REGISTERED and state.start_on:
        return min(state.start_on, over)
    if state.transition:
        return min(state.transition.until + ONE_DAY, over)
    return over


def activation(state: Agreement, today: date) -> Activated | None:
    """A registered agreement whose days include today becomes active."""
    if state.state is not AgreementState.REGISTERED or not (state.start_on and state.end_on and state.number):
        return None
    if not state.start_on <= today <= state.end_on:
        return None
    return Activated(
        number=state.number,
        kind=state.kind,
        parties=state.parties,
        start_on=state.start_on,
        end_on=state.end_on,
        plurality=state.plurality,
        lineage_id=state.lineage_id,
        conditions_count=len(state.conditions),
        due_on=state.start_on,
    )


def advance(state: Agreement, private: AgreementPrivate, body: Nothing, context: Context) -> Outcome:
    return Decision(tuple(_due(state, context)))


def _due(state: Agreement, context: Context) -> Iterator[AgreementFact]:
    today = context.today
    if not state.is_live or state.end_on is None:
        return
    if today > state.end_on:
        yield Expired(on=state.end_on, due_on=state.end_on + ONE_DAY)
    elif state.transition and today > state.transition.until:
        until = state.transition.until
        yield Terminated(on=until, reason=BLOCK_ENDED_IT, mutual=False, due_on=until + ONE_DAY)
    elif activated := activation(state, today):
        yield _in_transition_instead(state, Known.of(context)) or activated


def _in_transition_instead(state: Agreement, known: Known) -> AgreementFact | None:
    """A bilateral agreement whose partner is blocked by now never becomes active (A5)."""
    if state.plurality == "multilateral":
        return None
    for _, partner in known.counterparts(state):
        if partner.standing is Standing.BLOCKED:
            return entering(state, partner)
    return None
