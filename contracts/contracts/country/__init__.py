"""The country: dated facts that decide which committee is competent and who is eligible."""

from __future__ import annotations

from typing import Final

from contracts.country.facts import *  # noqa: F403
from contracts.country.facts import (
    Added,
    Classified,
    CooperationDelisted,
    CooperationListed,
    Edited,
    GroupAssigned,
    GroupAssignmentEnded,
    PeriodCorrected,
)
from contracts.country.state import *  # noqa: F403
from contracts.country.state import Country, evolve
from contracts.country.values import *  # noqa: F403
from contracts.record import Contract

COUNTRY: Final = Contract(
    aggregate="country",
    service="partners",
    collection="countries",
    state=Country,
    facts=(
        Added,
        Edited,
        GroupAssigned,
        GroupAssignmentEnded,
        CooperationListed,
        CooperationDelisted,
        Classified,
        PeriodCorrected,
    ),
    evolve=evolve,
)
