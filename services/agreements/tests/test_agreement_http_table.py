"""Every row of the agreement's table over HTTP, on the real store: done, refused by each slug, elsewhere, by others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from services.agreements.tests.agreement_cases import CASES, Prepare
from services.agreements.tests.agreement_office import (
    AFRICA_OFFICER,
    BUILT,
    OFFICER,
    PLATFORM,
    TOKYO,
    VICE_RECTOR,
    YAOUNDE,
    Office,
    draft,
    number,
    parties,
    signature,
)
from tests.support.served import Served, served, settings_of
from tests.support.tables import (
    DONE,
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

from agreements.agreement import AGGREGATE
from agreements.app import service
from agreements.settings import AgreementsSettings
from chassis.decide import Command, Loaded
from contracts.agreement import AgreementState
from stack.child import Child

AFTER_ITS_END: Final = date(2031, 11, 1)
UNKNOWN: Final = number(4_040)
LEADS_TO: Final = {
    "record_signature": "signing",
    "register_agreement": "active",
    "follow_partner_block": "in_transition",
}
"""Where the case in memory leads, of the rows that can lead to several states."""


def arranged(prepare: Prepare) -> Callable[[Office], Ask]:
    return lambda office: Ask(*prepare(office))


def sign_last(office: Office) -> Ask:
    id_ = office.signing()
    office.done("record_signature", id_, signature(2))
    return Ask(id_, signature(1, document_id=office.document(id_)), OFFICER)


def follow_lifting(office: Office, start_on: str = "2026-11-01", on: date | None = None) -> Ask:
    """What a partner's block had put into transition goes on where its term is."""
    id_ = office.registered(start_on=start_on)
    office.block()
    office.done("follow_partner_block", id_, {"partner_id": YAOUNDE}, PLATFORM)
    office.lift()
    office.today = on or office.today
    return Ask(id_, {"partner_id": YAOUNDE}, PLATFORM)


def agreement_at(office: Office, state: str) -> str:
    """An agreement brought to that state in an office of its own, or put there where no command leads yet."""
    beside = Office(ids=office.ids)
    id_ = beside.at(state if state in BUILT else "active")
    loaded = beside.agreements[id_]
    reached = loaded.state.model_copy(update={"state": AgreementState(state)})
    office.agreements[id_] = Loaded(reached, loaded.private)
    return id_


def world(office: Office) -> World:
    aggregates = {("agreement", id_): loaded for id_, loaded in office.agreements.items()}
    documents = {name: kept.values() for name, kept in office.documents.items()}
    return World(office.today, aggregates, documents, office.counters)


def in_memory(command: str, slug: str, prepare: Prepare) -> Case[Office]:
    row = AGGREGATE.command(command)
    to = LEADS_TO.get(command) or next(iter(row.to), "")
    return Case(command, slug or DONE, arranged(prepare), "" if slug else to)


SEVERAL_WAYS_OUT: tuple[Case[Office], ...] = (
    done("record_signature", sign_last, to="signed"),
    done("register_agreement", lambda o: Ask(o.signed(start_on="2026-12-01"), {}, OFFICER), to="registered"),
    done("follow_partner_block", lambda o: follow_lifting(o, start_on="2026-12-01"), to="registered"),
    done("follow_partner_block", follow_lifting, to="active"),
    done("follow_partner_block", lambda o: follow_lifting(o, on=AFTER_ITS_END), to="expired"),
)

GENERAL: tuple[Case[Office], ...] = (
    *refused("draft_agreement", not_permitted=lambda o: Ask(None, draft(parties=parties(TOKYO)), AFRICA_OFFICER)),
    *refused(
        "attach_document", unknown_id=lambda o: Ask(o.drafted(), {"document_id": UNKNOWN, "kind": "letter"}, OFFICER)
    ),
    *refused("record_signature", unknown_id=lambda o: Ask(o.signing(), signature(9), OFFICER)),
    *refused("approve_agreement", not_permitted=lambda o: Ask(o.approvable(), {}, VICE_RECTOR)),
)

TABLE = Table(
    AGGREGATE,
    Office,
    world,
    agreement_at,
    tuple(AgreementState),
    (*(in_memory(*named, prepare) for named, prepare in CASES.items()), *SEVERAL_WAYS_OUT, *GENERAL),
)


@pytest.fixture(scope="module")
async def agreements(session_documents: Child, signing_keys: Path) -> AsyncIterator[Served]:
    settings = AgreementsSettings.model_validate(settings_of(session_documents, signing_keys))
    async with served(service(settings), signing_keys) as running:
        yield running


def test_every_row_and_every_refusal_of_the_table_has_a_case() -> None:
    assert TABLE.without_case() == []
    assert TABLE.not_in_table() == []


@pytest.mark.parametrize(("table", "case"), each_case(TABLE))
async def test_a_row_over_http(agreements: Served, table: Table[Office], case: Case[Office]) -> None:
    await agreements.proves(table, case)


@pytest.mark.parametrize(("table", "row"), each_row_with_other_states(TABLE))
async def test_a_row_in_a_state_it_does_not_list(agreements: Served, table: Table[Office], row: Command) -> None:
    await agreements.is_not_offered(table, row)


@pytest.mark.parametrize(("table", "row"), each_row(TABLE))
async def test_a_row_asked_for_by_who_has_none_of_its_roles(
    agreements: Served, table: Table[Office], row: Command
) -> None:
    await agreements.is_refused_to_others(table, row)
