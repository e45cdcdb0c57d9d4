"""Every row of the stay's table over HTTP, on the real store: done, refused by each slug, not offered, not permitted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from services.mobility.tests.stay_builders import (
    ADVISER,
    AGREEMENT,
    OTHER_STAY,
    PLATFORM,
    REGISTRATION,
    STAY_ID,
    SUCCESSOR,
    UNIT,
    Office,
    agreement,
    announcement,
    blocked_partner,
    promoter,
)
from tests.support.served import Served, served, settings_of
from tests.support.tables import (
    Ask,
    Case,
    Table,
    World,
    done,
    each_case,
    each_row,
    each_row_with_other_states,
    refused,
)

from chassis.decide import Caller, Command, Loaded
from contracts.stay import StayState
from mobility.app import service
from mobility.settings import MobilitySettings
from mobility.stay import AGGREGATE
from mobility.stay.private import Stage
from stack.child import Child

REASON = {"reason": "La personne renonce à son séjour."}
LOST = {"agreement_id": AGREEMENT, "cause": "terminated"}
FOLLOWED = {"agreement_id": AGREEMENT, "successor_id": SUCCESSOR}
PUBLIC = {Stage.SETTLED: StayState.ARRIVED, Stage.DEPARTING: StayState.ARRIVED}


def announce(office: Office, caller: Caller = ADVISER, **changes: Any) -> Ask:
    body = {name: value for name, value in announcement(**changes).items() if value is not None}
    return Ask(None, body, caller)


def change(office: Office, stage: str, body: dict[str, Any], caller: Caller = ADVISER, **changes: Any) -> Ask:
    office.stay(stage, **changes)
    return Ask(STAY_ID, body, caller)


def with_copy(office: Office, collection: str, copy: dict[str, Any]) -> Ask:
    office.copies[collection][copy["_id"]] = copy
    return announce(office)


def comes_again(office: Office) -> Ask:
    return announce(office, person=None, holder_id=office.stay().private.holder_id)


def at(office: Office, stage: str) -> str:
    """A stay in that stage, also in those that no command leads to yet."""
    id_ = office.new_id()
    office.done("announce_stay", announcement(), id_=id_)
    stay = office.stays[id_]
    public = PUBLIC.get(Stage(stage)) or next((each for each in StayState if each == stage), StayState.ANNOUNCED)
    office.stays[id_] = Loaded(
        stay.state.model_copy(update={"state": public}), stay.private.model_copy(update={"stage": Stage(stage)})
    )
    return id_


def world(office: Office) -> World:
    documents = {name: copies.values() for name, copies in office.copies.items()}
    return World(office.today, {("stay", id_): stay for id_, stay in office.stays.items()}, documents)


CASES: tuple[Case[Office], ...] = (
    done("announce_stay", announce, to="announced"),
    done("announce_stay", lambda o: announce(o, promoter()), to="announced"),
    *refused(
        "announce_stay",
        partner_blocked=lambda o: with_copy(o, "partner_copies", blocked_partner("institutional_and_individual")),
        supervisor_missing=lambda o: announce(o, host={"unit_id": UNIT}),
        stay_overlap=comes_again,
        agreement_not_live=lambda o: with_copy(o, "agreement_copies", agreement(state="terminated")),
        reference_not_known_yet=lambda o: announce(o, home_partner_id=OTHER_STAY),
        not_permitted=lambda o: announce(o, promoter("promoter-08")),
        unknown_id=lambda o: announce(o, person=None, holder_id=OTHER_STAY),
    ),
    done("register_stay", lambda o: change(o, "announced", dict(REGISTRATION)), to="registered"),
    *refused("register_stay", data_missing=lambda o: change(o, "announced", {"email": "role-23@example.org"})),
    done("assess_stay", lambda o: change(o, "registered", {"basis": "employment"}), to="assessed"),
    *refused(
        "assess_stay",
        regime_undetermined=lambda o: change(o, "registered", {"basis": "grant"}, period={"from": "2027-02-01"}),
    ),
    done("cancel_stay", lambda o: change(o, "assessed", REASON), to="cancelled"),
    done("refuse_stay", lambda o: change(o, "registered", REASON), to="refused"),
    done("lose_agreement_basis", lambda o: change(o, "announced", LOST, PLATFORM)),
    done("follow_successor", lambda o: change(o, "announced", FOLLOWED, PLATFORM)),
)

TABLE = Table(AGGREGATE, Office.open, world, at, tuple(Stage), CASES)


@pytest.fixture(scope="module")
async def mobility(session_documents: Child, signing_keys: Path) -> AsyncIterator[Served]:
    settings = MobilitySettings.model_validate(settings_of(session_documents, signing_keys))
    async with served(service(settings), signing_keys) as running:
        yield running


def test_every_row_and_every_refusal_of_the_table_has_a_case() -> None:
    assert TABLE.without_case() == []
    assert TABLE.not_in_table() == []


@pytest.mark.parametrize(("table", "case"), each_case(TABLE))
async def test_a_row_over_http(mobility: Served, table: Table[Office], case: Case[Office]) -> None:
    await mobility.proves(table, case)


@pytest.mark.parametrize(("table", "row"), each_row_with_other_states(TABLE))
async def test_a_row_in_a_state_it_does_not_list(mobility: Served, table: Table[Office], row: Command) -> None:
    await mobility.is_not_offered(table, row)


@pytest.mark.parametrize(("table", "row"), each_row(TABLE))
async def test_a_row_asked_for_by_who_has_none_of_its_roles(
    mobility: Served, table: Table[Office], row: Command
) -> None:
    await mobility.is_refused_to_others(table, row)
