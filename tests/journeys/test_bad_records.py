"""Records that nobody should have written stand on a topic: they are put aside, and the partition goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from tests.support.campus import Campus
from tests.support.coast import records_of
from tests.support.office import Office
from tests.support.people import File
from tests.support.watching import eventually

from chassis.auth import Signer
from chassis.decide import Caller
from contracts.envelope import Envelope

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVENTS, STATE = "passerelle.agreement.events.v1", "passerelle.partner.state.v1"
Headers = list[tuple[str, bytes]]


def envelope(campus: Campus, type_: str, aggregate: str = "agreement") -> Headers:
    """Headers in good order, about an aggregate that there is not."""
    key = str(uuid4())
    campus.strangers.add(key)
    return Envelope(
        id=str(uuid4()),
        type=f"passerelle.{aggregate}.{type_}.v1",
        source=f"/passerelle/{aggregate}s",
        subject=f"{aggregate}/{key}",
        time=datetime.now(UTC),
        sequence=1,
        key=key,
        actor="stranger",
        cause=str(uuid4()),
        factno=1,
    ).headers()


NO_KEY = "no-key"


def key_of(headers: Headers) -> bytes:
    return dict(headers).get("ce_partitionkey", NO_KEY.encode())


def bad(campus: Campus) -> dict[str, tuple[Headers, bytes | None]]:
    shaped, null = envelope(campus, "advice_requested"), envelope(campus, "advice_requested")
    return {
        "not JSON": (envelope(campus, "advice_requested"), b"bonjour"),
        "JSON of another shape": (shaped, b'{"version": 1, "occurred_on": "2026-02-02", "colour": "red"}'),
        "no headers": ([], b'{"version": 1}'),
        "nothing": (null, None),
        "a megabyte": (envelope(campus, "advice_requested"), b"x" * 1_000_000),
        "an unknown type": (envelope(campus, "danced"), b'{"version": 1, "occurred_on": "2026-02-02"}'),
    }


@pytest.fixture
async def pen(campus: Campus) -> AsyncIterator[AIOKafkaProducer]:
    campus.strangers.add(NO_KEY)
    producer = AIOKafkaProducer(bootstrap_servers=campus.bootstrap, max_request_size=2_000_000)
    await producer.start()
    yield producer
    await producer.stop()


async def parked(campus: Campus, service: str) -> list[dict[str, Any]]:
    """What the service shows to operators."""
    signer = Signer(campus.folder / "keys" / "gateway.private.json")
    token = signer.token(Caller("ops-01", {"ops": {}}), service)
    async with httpx.AsyncClient(base_url=campus.services[service].address) as client:
        answer = await client.get("/ops/parked", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


async def partition_of(campus: Campus, agreement: File) -> int:
    """Where the agreement's facts stand."""
    records = await records_of(campus.bootstrap, EVENTS)
    return next(int(record.partition) for record in records if record.key == agreement.id.encode())


async def test_bad_facts_are_parked_and_the_facts_behind_them_are_heard(office: Office, pen: AIOKafkaProducer) -> None:
    campus, group = office.campus, office.groups["emerging"]
    partner = await office.registers("Universidade Paciente", "BR")
    agreement = await office.drafts(partner)
    await office.negotiates(agreement, partner)
    partition = await partition_of(campus, agreement)
    offsets = {}
    for name, (headers, value) in bad(campus).items():
        sent = await pen.send_and_wait(EVENTS, value=value, key=key_of(headers), headers=headers, partition=partition)
        offsets[name] = sent.offset

    await office.asks_advice(agreement)

    await office.officer.sees(
        group, lambda shown: agreement.id in {item["ref"]["id"] for item in shown["pending_items"]}
    )
    unreadable = {offset for name, offset in offsets.items() if name != "an unknown type"}
    for service in ("events", "gateway"):
        rows = await eventually(partial(parked, campus, service), lambda seen: len(seen) >= len(unreadable))
        here = [row for row in rows if row["topic"] == EVENTS and row["partition"] == partition]
        assert {row["offset"] for row in here} == unreadable, service
        assert all(row["reason"] and row["handler"] for row in here)
        assert campus.services[service].answers(), f"{service} is not ready"
        waiting = await records_of(campus.bootstrap, f"{EVENTS}.dlq.{service}")
        told = {dict(record.headers)["passerelle_from"].decode() for record in waiting}
        assert {f"{EVENTS}/{partition}/{offset}" for offset in unreadable} <= told
    await counted(campus, "events", "unknown type")
    await counted(campus, "gateway", "unknown type")


async def counted(campus: Campus, service: str, effect: str) -> None:
    async with httpx.AsyncClient(base_url=campus.services[service].address) as client:
        said = (await client.get("/metrics")).text
    lines = [line for line in said.splitlines() if EVENTS in line and effect in line]
    assert lines, f"{service} counts no {effect}"


async def test_bad_states_are_parked_and_views_and_copies_go_on(office: Office, pen: AIOKafkaProducer) -> None:
    campus = office.campus
    partner = await office.registers("Universidade Serena", "BR")
    records = await records_of(campus.bootstrap, STATE)
    partition = next(record.partition for record in records if record.key == partner.id.encode())
    junk: list[tuple[Headers, bytes | None]] = [([], b"bonjour"), (envelope(campus, "snapshot", "partner"), b"[1, 2]")]
    for headers, value in junk:
        await pen.send_and_wait(STATE, value=value, key=key_of(headers), headers=headers, partition=partition)

    await office.officer.does(partner, "edit-partner", {"city": "Recife"})

    assert (await office.reader.sees(partner, lambda shown: shown.get("city") == "Recife"))["version"] == 2
    agreement = await office.drafts(partner, kind="mou")
    assert agreement["state"] == "draft"
    for service in ("gateway", "agreements", "mobility"):
        rows = await eventually(partial(parked, campus, service), lambda seen: len(seen) >= 2)
        assert [row["topic"] for row in rows].count(STATE) == 2, service
