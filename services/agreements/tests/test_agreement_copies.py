"""The local copies carry what the rules read of partners, countries and committees."""

from __future__ import annotations

from typing import Any

from services.agreements.tests.agreement_office import (
    COUNCIL,
    DECISION,
    DEVELOPING,
    KINSHASA,
    MINISTRY,
    OWN,
    YAOUNDE,
    Office,
    draft,
    parties,
)

from agreements.reactions import COPIES
from chassis.taking import public_json
from contracts.committee import Committee
from contracts.country import Country
from contracts.partner import Partner
from contracts.record import State

RULES = {"quorum": {"kind": "fraction", "value": 0.5}, "meetings_per_year": 3}


def partner(id_: str, kind: str, country: str, **said: Any) -> Partner:
    named = {"id": id_, "version": 4, "standing": "active", "kind": kind, "name": {"display": f"Partner of {country}"}}
    return Partner.model_validate({**named, "country": country, **said})


def country(code: str, region: str) -> Country:
    period = {"period": {"from": "2019-01-01"}, "decision_ref": DECISION, "entered_on": "2019-01-01"}
    said = {"id": code, "version": 2, "iso3": f"{code}X", "name": {"fr": f"Pays {code}", "en": f"Country {code}"}}
    assigned = {"group_assignments": [{"group_code": "developing", **period}]}
    return Country.model_validate(
        {**said, **assigned, "region": region, "cooperation_periods": [{"list_label": "2019", **period}]}
    )


def committee(id_: str, kind: str, **said: Any) -> Committee:
    name = {"fr": f"Comité {kind}", "en": f"Committee {kind}"}
    dated = {"in_office": {"from": "2019-01-01"}, "rules": [{"rules": RULES, "from": "2019-01-01"}]}
    return Committee.model_validate({"id": id_, "version": 1, "kind": kind, "name": name, **dated, **said})


def world(*states: State) -> dict[str, dict[str, dict[str, Any]]]:
    """The states as the service's projections keep them."""
    kept: dict[str, dict[str, dict[str, Any]]] = {copy.collection: {} for copy in COPIES}
    for state in states:
        copy = next(each for each in COPIES if isinstance(state, each.contract.state))
        shaped = copy.kept(public_json(state))
        kept[copy.collection][state.id] = {**shaped, "_id": state.id, "version": state.version}
    return kept


def test_copies_of_real_states_are_enough_to_draft_to_ask_for_advice_and_to_refuse() -> None:
    block = {
        "scope": "institutional",
        "from": "2026-10-01",
        "transition": {"rule": "run_to_term"},
        "decision_ref": DECISION,
    }
    office = Office(
        documents=world(
            partner(OWN, "own_institution", "BE"),
            partner(YAOUNDE, "university", "CM"),
            partner(KINSHASA, "university", "CD", standing="blocked", block=block),
            partner(MINISTRY, "public_authority", "CD"),
            country("CM", "Africa"),
            country("CD", "Africa"),
            committee(DEVELOPING, "regional_group", group_code="developing"),
            committee(COUNCIL, "council"),
        )
    )

    id_ = office.awaiting_advice()
    blocked = office.refused("draft_agreement", None, draft(parties=parties(KINSHASA)))
    political = office.refused("draft_agreement", None, draft(parties=parties(MINISTRY)))

    pending = office.state(id_).pending_advice
    assert pending is not None
    assert pending.committee_id == DEVELOPING
    assert "1 October 2026 (VR 2026/31)" in blocked.reasons[0].text.en
    assert "(Country CD)" in political.reasons[0].text.en
