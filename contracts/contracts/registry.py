"""Every aggregate's contract in one place, for tools that read all; a service names the few it hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.agreement import AGREEMENT
from contracts.committee import COMMITTEE
from contracts.country import COUNTRY
from contracts.meeting import MEETING
from contracts.partner import PARTNER
from contracts.record import Contract, Fact, State
from contracts.refusal import REFUSAL
from contracts.stay import STAY

CONTRACTS: Final[Mapping[str, Contract[Any]]] = {
    contract.aggregate: contract for contract in (PARTNER, COUNTRY, AGREEMENT, COMMITTEE, MEETING, STAY, REFUSAL)
}

RECORDS: Final[Mapping[str, tuple[Contract[Any], type[Fact] | type[State]]]] = {
    **{type_: (contract, fact) for contract in CONTRACTS.values() for type_, fact in contract.fact_types.items()},
    **{contract.snapshot_type: (contract, contract.state) for contract in CONTRACTS.values() if contract.keeps_state},
}
"""By CloudEvents type: whose record it is, and the model of its value."""
