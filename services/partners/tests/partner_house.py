"""The service partners on a real store, asked over HTTP; and lists as the Commission would write them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, Final, cast

import httpx
import openpyxl
from services.partners.tests.partner_office import OFFICER

from chassis import http as web
from chassis.auth import Signer, Verifier
from chassis.clock import Clock
from chassis.command import Desk
from chassis.decide import Caller
from chassis.mongo import Row, Store
from chassis.telemetry import Measures
from partners import queries
from partners.app import service
from partners.imports.eche import COLUMNS
from partners.settings import PartnersSettings

LIST: Final = Path(__file__).parents[3].parent / "shared/data/ref/eche-accredited-heis-08042026.xlsx"
SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StillClock:
    """A day that stays."""

    def now(self) -> datetime:
        return datetime(2026, 11, 2, 9, tzinfo=UTC)

    def today(self) -> date:
        return date(2026, 11, 2)


@dataclass
class House:
    """The service on a database of its own."""

    desk: Desk
    signer: Signer
    client: httpx.AsyncClient
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    async def open(cls, store: Store, keys: Path) -> House:
        settings = PartnersSettings()
        wired = service(settings)
        desk = Desk("partners", store, cast("Clock", StillClock()), wired.aggregates, settings)
        await desk.prepare()
        house = web.House(desk, Verifier(keys / "gateway.public.json", "partners"), Measures())
        app = web.app(house, desk.aggregates, queries.routes(house))
        transport = httpx.ASGITransport(app)
        client = httpx.AsyncClient(transport=transport, base_url="http://partners")
        return cls(desk, Signer(keys / "gateway.private.json"), client)

    def headers(self, caller: Caller, **more: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        key = f"key-{next(self.numbers)}"
        return {"Authorization": f"Bearer {self.signer.token(caller, 'partners')}", "Idempotency-Key": key, **named}

    async def post(self, path: str, body: object = None, caller: Caller = OFFICER, **headers: str) -> httpx.Response:
        return await self.client.post(f"/api/v1/{path}", json=body or {}, headers=self.headers(caller, **headers))

    async def get(self, path: str, caller: Caller = OFFICER, **headers: str) -> httpx.Response:
        return await self.client.get(f"/api/v1/{path}", headers=self.headers(caller, **headers))

    async def registered(self, body: Mapping[str, object]) -> str:
        answer = await self.post("partners", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def command(self, id_: str, command: str, body: object, caller: Caller = OFFICER) -> httpx.Response:
        version = (await self.desk.load("partner", id_)).state.version
        return await self.post(f"partners/{id_}/{command}", body, caller, If_Match=f'"{version}"')

    async def hand_in(self, content: bytes, add: str = "none", caller: Caller = OFFICER) -> httpx.Response:
        headers = self.headers(caller, Content_Type=SPREADSHEET)
        return await self.client.post(f"/api/v1/partners/imports/eche?add={add}", content=content, headers=headers)

    async def imported(self, content: bytes, add: str = "none") -> dict[str, Any]:
        """The run at its end."""
        answer = await self.hand_in(content, add)
        assert answer.status_code == 202, answer.text
        return await self.ended(answer.json()["run_id"])

    async def ended(self, run_id: str) -> dict[str, Any]:
        run: dict[str, Any] = {}
        until = time.monotonic() + 200
        while time.monotonic() < until:
            run = (await self.get(f"partners/imports/{run_id}")).json()
            if run["state"] != "running":
                return run
            await asyncio.sleep(0.02)
        raise AssertionError(f"the run does not end: {run}")

    async def until(self, counted: Callable[[], Awaitable[int]], wanted: int) -> None:
        """Looks again and again until there are as many."""
        until, found = time.monotonic() + 30, 0
        while time.monotonic() < until:
            found = await counted()
            if found >= wanted:
                return
            await asyncio.sleep(0.001)
        raise AssertionError(f"{found} instead of {wanted}")

    async def report(self, run: Mapping[str, Any], *, reported: bool = True) -> list[dict[str, Any]]:
        path = f"partners/imports/{run['run_id']}/rows?reported={'true' if reported else 'false'}"
        items: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = (await self.get(f"{path}&after={after}")).json()
            items += page["items"]
            after = page["next"]
        return items

    async def rows(self, collection: str, asked: Mapping[str, Any] | None = None) -> list[Row]:
        found: list[Row] = await self.desk.store[collection].find(dict(asked or {})).to_list(10_000)
        return found


def row(name: str, **cells: object) -> tuple[object, ...]:
    """A line of the list: everything a row has, with the cells named by column changed."""
    usual: dict[str, object] = {
        "Proposal number": "101000000",
        "Legal Name": name,
        "Street": "Rue Longue 1",
        "Post Cd": "1000",
        "City": "Bruxelles",
        "Country Cd": "BE",
        "Website Url": "www.example.be",
        "Erasmus Eche Start": datetime(2021, 1, 1),  # noqa: DTZ001
        "Erasmus Eche End": datetime(2027, 12, 31),  # noqa: DTZ001
    }
    changed = usual | {column.replace("_", " "): value for column, value in cells.items()}
    return tuple(changed.get(column) for column in COLUMNS)


def spreadsheet(rows: Iterable[tuple[object, ...]], header: Iterable[str] = COLUMNS) -> bytes:
    """The list with its empty first row, its header in the second."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.cell(row=2, column=1)
    for number, line in enumerate((tuple(header), *rows), start=2):
        for column, value in enumerate(line, start=1):
            sheet.cell(row=number, column=column, value=cast("Any", value))
    packed = BytesIO()
    book.save(packed)
    return packed.getvalue()
