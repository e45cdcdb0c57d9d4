"""Every process is killed at once, in the middle of work: what was acknowledged is there, and everything agrees."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import httpx
import pytest
from tests.support.office import Office
from tests.support.people import Json, Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COUNTRIES = ("AR", "BO", "CL", "CO", "EC", "PY", "UY", "VE")
ENOUGH = 60


@dataclass
class Ledger:
    """What was asked for, by key, and what was acknowledged, by id."""

    asked: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, id_: str, version: int) -> None:
        self.versions[id_] = version
        if len(self.versions) >= ENOUGH:
            self.enough.set()


class NobodyAnswers(Exception):
    """The gateway is gone, or it says that the owner is."""


async def answered(officer: Person, path: str, body: dict[str, object], **headers: str) -> Json:
    try:
        answer = await officer.asks("POST", path, json=body, headers=headers)
    except httpx.TransportError as gone:
        raise NobodyAnswers from gone
    if answer.status_code == 503:
        raise NobodyAnswers
    assert answer.status_code in (200, 201), answer.text
    found: Json = answer.json()
    return found


async def works(officer: Person, country: str, ledger: Ledger) -> None:
    """Registers partners and edits each, until nobody answers any more."""
    for number in count():
        key = str(uuid4())
        body: dict[str, object] = {"kind": "ngo", "name": {"display": f"{uuid4().hex} {number}"}, "country": country}
        ledger.asked[key] = ("/api/v1/partners", body)
        try:
            made = await answered(officer, "/api/v1/partners", body, **{"Idempotency-Key": key})
            ledger.note(made["id"], 1)
            path = f"/api/v1/partners/{made['id']}/edit-partner"
            await answered(officer, path, {"city": f"Ville {number}"}, **{"If-Match": '"1"'})
            ledger.note(made["id"], 2)
        except NobodyAnswers:
            return


async def test_after_sigkill_of_every_process_nothing_acknowledged_is_lost_and_everything_agrees(
    office: Office,
) -> None:
    campus, ledger = office.campus, Ledger()
    working = [asyncio.create_task(works(office.officer, country, ledger)) for country in COUNTRIES]
    await asyncio.wait_for(ledger.enough.wait(), 60)

    campus.kill()
    await asyncio.gather(*working)
    assert not any(child.alive for child in campus.everything)
    campus.start()

    report = await campus.verified(60)
    assert report.differences == (), report.differences[:5]
    shown = {
        each["id"]: each
        for country in COUNTRIES
        for each in await office.officer.lists("/api/v1/partners", country=country)
    }
    lost = {
        id_: version for id_, version in ledger.versions.items() if shown.get(id_, {"version": 0})["version"] < version
    }
    assert lost == {}
    assert len(ledger.versions) >= ENOUGH

    await asks_again(office.officer, ledger)
    after = await campus.verified(60)
    assert after.differences == ()


async def asks_again(officer: Person, ledger: Ledger) -> None:
    """Whoever got no answer repeats with the same key: each was or is done once."""
    path, body = next(reversed(ledger.asked.values()))
    key = next(reversed(ledger.asked))
    answers = [await officer.asks("POST", path, json=body, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
    assert answers[0].json()["id"] == answers[1].json()["id"]
