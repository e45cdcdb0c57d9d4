"""Path: a list as long as the Commission's, 6,142 creations, until the view has them. Floor: as many bare transactions with
an aggregate and two outbox rows, eight at a time."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from services.partners.tests.partner_house import SPREADSHEET, row, spreadsheet
from tests.bench.bare import told as outbox_row
from tests.bench.bare import transaction
from tests.bench.bench_ground import Ground, snapshot
from tests.bench.interleaved import Figures
from tests.bench.served import served

from chassis import topics
from chassis.auth import Signer
from chassis.decide import Caller
from chassis.mongo import Store
from contracts.roles import DIR, OFF, OPS

ROWS, AT_ONCE = 6_142, 8
WITHIN_SECONDS, LOOK_SECONDS = 120.0, 0.05
SYLLABLES = ("ba", "co", "du", "fe", "gi", "lo", "ma", "nu", "pe", "ri", "so", "ta", "ve", "xi", "zo")
KINDS = ("Universität", "Universidad", "Haute école", "Politechnika", "Högskolan", "Università", "Institute of")
LISTED = {"ES": 1883, "FR": 1761, "DE": 381, "IT": 349, "PL": 302, "TR": 207, "SI": 86, "PT": 85, "BE": 83, "AT": 82}
LISTED |= dict.fromkeys(("RO", "CZ", "NL", "HU", "BG", "RS", "HR", "LV", "SE", "NO", "CY", "DK", "FI", "GR", "SK"), 48)
"""Institutions by country, as in the list of 2026: names are compared within a country."""
CODES = {"ES": "E", "FR": "F", "DE": "D", "IT": "I", "PT": "P", "BE": "B", "AT": "A"}
UNSAMPLED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}


async def run(ground: Ground, times: int) -> list[Figures]:
    await topics.create(ground.bootstrap)
    rate = Figures(f"import of {ROWS:,}, until the view has them", "creations/s", {"passerelle": 0.6})
    cost = Figures("import, per creation", "ms", {"all rows": 1.2}, lower_is_better=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for _ in range(max(1, times // 2)):
            half = await passerelle(ground, folder, ROWS // 2)
            rate.repetitions.setdefault("floor", []).append(ROWS / await floor(ground))
            seconds = await passerelle(ground, folder, ROWS)
            rate.repetitions.setdefault("passerelle", []).append(ROWS / seconds)
            cost.repetitions.setdefault("half of the rows", []).append(half / (ROWS // 2) * 1_000)
            cost.repetitions.setdefault("all rows", []).append(seconds / ROWS * 1_000)
    return [rate, cost]


def listed(rows: int) -> bytes:
    """Institutions whose names differ as much as real ones do."""
    chance = random.Random(rows)
    lines = []
    for number, country in enumerate(chance.choices(list(LISTED), list(LISTED.values()), k=rows)):
        place = "".join(chance.choices(SYLLABLES, k=4)).capitalize()
        name = f"{chance.choice(KINDS)} {place} {''.join(chance.choices(SYLLABLES, k=2))}"
        code = f"{CODES.get(country, country):<3}{place.upper()[:6]}{number % 90 + 10}"
        lines.append(row(name, Erasmus_Code=code, City=place, Country_Cd=country))
    return spreadsheet(lines)


async def floor(ground: Ground) -> float:
    client, name = ground.motor(), f"eche_{uuid4().hex[:8]}"
    here: Any = client[name]
    await here.items.insert_one({"_id": "first"})
    await here.outbox.insert_one({"_id": "first"})
    rows = [(snapshot(number, 1)[0], outbox_row(number, 1), outbox_row(number, 2)) for number in range(ROWS)]
    left = iter(rows)

    async def create() -> None:
        for key, fact, state in left:

            async def work(session: Any, key: bytes = key, told: Any = (fact, state)) -> None:
                aggregate = {"_id": key.decode(), "version": 1, "text": "x" * 900}
                await here.items.insert_one(aggregate, session=session)
                await here.outbox.insert_many(told, session=session)

            await transaction(client, work)

    started = time.perf_counter()
    await asyncio.gather(*(create() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - started
    await client.drop_database(name)
    client.close()
    return seconds


async def passerelle(ground: Ground, folder: Path, rows: int) -> float:
    """Seconds from handing the list in until the gateway's view has every institution, on databases of its own."""
    content, mark = listed(rows), uuid4().hex[:8]
    view = Store(ground.mongo_url, f"eche_gateway_{mark}")
    told = {
        **ground.environment(folder),
        "PARTNERS_DATABASE": f"eche_partners_{mark}",
        "GATEWAY_DATABASE": view.name,
    }
    signer = Signer(folder / "keys" / "gateway.private.json")
    token = signer.token(Caller("officer-1", {OFF: {}, DIR: {}, OPS: {}}), "partners", seconds=7_200)
    async with AsyncExitStack() as stack:
        stack.callback(view.close)
        partners, _ = [
            await stack.enter_async_context(
                served(folder, name, port_variable=f"{name.upper()}_PORT", path="/ready", **told)
            )
            for name in ("partners", "gateway")
        ]
        headers = {"authorization": f"Bearer {token}", **UNSAMPLED}
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=partners, headers=headers, timeout=60))
        await _done(client.post("/api/v1/partners/initialise"))
        await _until(view, 1)
        started = time.perf_counter()
        told_type = {"content-type": SPREADSHEET}
        await _done(client.post("/api/v1/partners/imports/eche?add=all", content=content, headers=told_type))
        await _until(view, rows + 1)
        return time.perf_counter() - started


async def _done(asking: Any) -> None:
    answer = await asking
    assert answer.is_success, answer.text


async def _until(view: Store, partners: int) -> None:
    """The count that the store keeps, asked now and then: to count them costs it more than to import ten."""
    until, found = time.monotonic() + WITHIN_SECONDS, 0
    while found < partners:
        assert time.monotonic() < until, f"the view has {found} of {partners} partners"
        await asyncio.sleep(LOOK_SECONDS)
        found = await view["partners"].estimated_document_count()
