"""A partner is blocked: what runs is in transition, nothing new begins, individuals stay free; lifting undoes it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import httpx
import pytest
from tests.support.office import Office
from tests.support.people import File, Json, Refused
from tests.support.watching import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SEEDS = range(8)
COUNTRY = "SN"


@dataclass
class Pair:
    partner: File
    agreement: File


@pytest.fixture(scope="module")
async def signed(office: Office) -> list[Pair]:
    """One framework agreement a seed, each with a partner of its own, signed; every second one begins later."""
    pairs = []
    for seed in SEEDS:
        partner = await office.registers(f"{chr(ord('A') + seed) * 7} Université de Ziguinchor", COUNTRY)
        start_on = office.today + timedelta(days=60 if seed % 2 else 0)
        agreement = await office.drafts(partner, start_on=start_on.isoformat())
        await office.negotiates(agreement, partner)
        pairs.append(Pair(partner, agreement))
    group = await office.competent(*(pair.partner for pair in pairs))
    await office.hears_advice(*(pair.agreement for pair in pairs), committee=group)
    for pair in pairs:
        await office.brings_to_signed(pair.agreement)
        await office.officer.reads(pair.partner)
    return pairs


async def raced(office: Office, pair: Pair, seed: int) -> tuple[httpx.Response, httpx.Response]:
    """The vice-rector decides the block while the officer registers; who comes first is the seed's."""
    await office.proposes_block(pair.partner)
    rng = random.Random(seed)

    async def blocks() -> httpx.Response:
        await asyncio.sleep(rng.uniform(0, 0.04))
        return await office.vice_rector.asks_for(pair.partner, "decide-block", office.block())

    async def registers() -> httpx.Response:
        await asyncio.sleep(rng.uniform(0, 0.04))
        return await office.officer.asks_for(pair.agreement, "register-agreement")

    return await asyncio.gather(blocks(), registers())


async def test_a_registration_raced_by_a_block_is_refused_or_ends_in_transition(
    office: Office, signed: list[Pair]
) -> None:
    seen = []
    for seed, pair in zip(SEEDS, signed, strict=True):
        blocked, registered = await raced(office, pair, seed)
        assert blocked.status_code == 200, blocked.text
        if registered.status_code == 200:
            shown = await office.officer.sees(pair.agreement, lambda agreement: agreement["state"] == "in_transition")
            assert shown["transition"]["partner_id"] == pair.partner.id
            assert shown["transition"]["until"] == shown["end_on"]
            assert shown["number"]
            seen.append("in transition")
        else:
            assert Refused.of(registered).slug == "partner-blocked"
            assert (await office.officer.reads(pair.agreement))["state"] == "signed"
            seen.append("refused")
    print(f"block against register: {seen}")
    audit = await office.audit()
    assert audit["gap_free"], audit


async def test_a_lifted_block_gives_each_agreement_back_its_state(office: Office, signed: list[Pair]) -> None:
    for pair in signed:
        before = await office.officer.reads(pair.agreement)
        await office.officer.reads(pair.partner)
        await office.lifts_block(pair.partner)
        if before["state"] == "signed":
            await eventually_registered(office, pair.agreement)
        begins_later = pair.agreement["start_on"] > office.today.isoformat()
        state = "registered" if begins_later else "active"
        shown = await office.officer.sees(pair.agreement, partial(is_in, state))
        assert "transition" not in shown or shown["transition"] is None
        assert shown["number"] == before.get("number", shown["number"])


def is_in(state: str, shown: Json) -> bool:
    return bool(shown["state"] == state)


async def eventually_registered(office: Office, agreement: File) -> None:
    """Once agreements knows that the block is lifted."""

    async def registered() -> httpx.Response:
        return await office.officer.asks_for(agreement, "register-agreement")

    answer = await eventually(registered, lambda seen: seen.status_code == 200)
    agreement.version = answer.json()["version"]


async def test_a_blocked_partner_takes_no_new_agreement_and_its_guests_stay_welcome(
    office: Office, signed: list[Pair]
) -> None:
    partner, agreement = signed[0].partner, signed[0].agreement
    guest = await office.adviser.creates("stays", announcement(office, partner, agreement))
    await office.officer.reads(partner)
    await office.blocks(partner, "institutional")
    await office.officer.sees(agreement, lambda shown: shown["state"] == "in_transition")

    refused = await eventually(lambda: refused_draft(office, partner), lambda seen: seen.slug == "partner-blocked")
    assert refused.body["detail"].startswith(
        f"Collaborations institutionnelles suspendues avec {partner['name']['display']}"
    )
    assert refused.body["detail"].endswith("Les relations académiques individuelles restent possibles.")
    other = await office.adviser.creates("stays", announcement(office, partner))
    assert other["state"] == "announced"
    assert (await office.adviser.reads(guest))["state"] == "announced"

    await office.officer.reads(partner)
    scope = office.block("institutional_and_individual")
    await office.vice_rector.does(
        partner, "amend-block", {"scope": scope["scope"], "decision_ref": scope["decision_ref"]}
    )
    refused = await eventually(lambda: refused_stay(office, partner), lambda seen: seen.slug == "partner-blocked")
    assert "individuelles" not in refused.body["detail"]

    async def rows() -> list[Json]:
        return await office.director.lists("/api/v1/refusals", rule="POL-03", partner_id=partner.id)

    told = await eventually(rows, lambda seen: {"draft_agreement", "announce_stay"} <= {row["command"] for row in seen})
    assert all(row.get("aggregate_id") is None for row in told if row["aggregate"] == "stay")


async def refused_draft(office: Office, partner: File) -> Refused:
    terms = office.draft(partner, kind="mou")
    return await office.officer.tries_to_create("agreements", terms)


async def refused_stay(office: Office, partner: File) -> Refused:
    answer = await office.adviser.asks(
        "POST", "/api/v1/stays", json=announcement(office, partner), headers={"Idempotency-Key": str(random.random())}
    )
    if answer.status_code == 201:  # mobility has not heard of the new scope yet
        return Refused(201, "", {}, {})
    return Refused.of(answer)


def announcement(office: Office, partner: File, agreement: File | None = None) -> Json:
    begins = office.today + timedelta(days=30)
    body = {
        "person": {"given_name": "Aïssatou", "family_name": "Diop"},
        "nationalities": [COUNTRY],
        "category": "postdoc",
        "host": {"unit_id": office.own_id, "supervisor": office.promoter.subject},
        "period": {"from": begins.isoformat(), "to": (begins + timedelta(days=400)).isoformat()},
        "home_partner_id": partner.id,
    }
    return body | ({"agreement_id": agreement.id} if agreement else {})


async def test_a_stay_loses_its_basis_when_its_agreement_ends_with_the_transition(
    office: Office, signed: list[Pair]
) -> None:
    partner, agreement = signed[2].partner, signed[2].agreement
    await office.officer.sees(agreement, lambda shown: shown["state"] == "active")
    stay = await office.adviser.creates("stays", announcement(office, partner, agreement))
    assert (await office.adviser.reads(stay))["agreement_id"] == agreement.id

    await office.officer.reads(partner)
    await office.blocks(partner, until=office.today + timedelta(days=2))
    await office.officer.sees(agreement, lambda shown: shown["state"] == "in_transition")
    await office.campus.step(days=3)

    ended = await office.officer.sees(agreement, lambda shown: shown["state"] == "terminated")
    assert ended["ending"]["reason"]["en"].startswith("End of the transition period")

    async def lost() -> list[Json]:
        file = await office.adviser.asks("GET", f"{stay.path}/file", headers={"Access-Purpose": "suivi du dossier"})
        assert file.status_code == 200, file.text
        bases: list[Json] = file.json().get("lost_bases", [])
        return bases

    assert [(each["agreement_id"], each["cause"]) for each in await eventually(lost)] == [(agreement.id, "terminated")]
    assert (await office.adviser.sees(stay, lambda shown: shown["version"] > 1))["state"] == "announced"


async def test_whoever_has_no_right_is_told_that_there_is_no_such_stay(office: Office, signed: list[Pair]) -> None:
    stay = await office.adviser.creates("stays", announcement(office, signed[3].partner))
    await office.adviser.reads(stay)
    for somebody in (office.officer, office.director, office.reader):
        for path in (stay.path, f"{stay.path}/file", f"{stay.path}/commands"):
            refused = await somebody.tries("GET", path, headers={"Access-Purpose": "nothing in particular"})
            assert (refused.status, refused.slug) == (404, "unknown-id")
        refused = await somebody.tries_to(stay, "cancel-stay", {"reason": "aucune"})
        assert (refused.status, refused.slug) in ((404, "unknown-id"), (403, "not-permitted"))
