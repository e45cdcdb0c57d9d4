"""Keeping an installation whole: views built anew, lost records sent again, and whether everything agrees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from chassis import topics
from chassis.mongo import Store
from chassis.upkeep.archive import Unreadable
from chassis.upkeep.republish import Republished
from chassis.upkeep.republish import republish as send_missing
from chassis.upkeep.verify import Houses, Report
from chassis.upkeep.verify import verify as compare
from contracts.record import Contract
from contracts.refusal import refusal_contract
from contracts.registry import CONTRACTS
from contracts.roles import Role
from passerelle.door import Door, Refused, door
from passerelle.failure import Failure
from passerelle.surroundings import SERVICES, Surroundings, surroundings

BRUSSELS: Final = ZoneInfo("Europe/Brussels")
SHOWN: Final = 50
REBUILD_SECONDS: Final = 3_600


def rebuild(view: Annotated[str, typer.Argument(help="partners, agreements, meetings… or timeline")]) -> None:
    """Build a view of the gateway anew from Kafka while the old one goes on being read."""
    columns = TextColumn(view), BarColumn(), MofNCompleteColumn()
    with door(surroundings(), "gateway", Role.OPS) as gateway:
        try:
            shown: dict[str, Any] = gateway.post("/ops/rebuild", {"view": view})
        except Refused as refused:
            if refused.slug == "invalid-input":
                raise Failure(f"There is no view {view}; it is {refused.body['errors'][0]['detail']}.") from refused
            raise
        with Progress(*columns) as progress:
            shown = _followed(gateway, view, shown, progress)
    if shown["state"] != "done":
        raise Failure(f"The view {view} was not rebuilt: {shown.get('fault', shown['state'])}.")
    print(f"{view}: rebuilt" + (f", {shown['documents']} documents." if "documents" in shown else "."))


def _followed(gateway: Door, view: str, shown: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Draws the bar until the rebuild has ended; what the gateway said last."""
    task = progress.add_task(view, total=None)
    until = time.monotonic() + REBUILD_SECONDS
    while True:
        progress.update(task, completed=shown["read"], total=shown["of"] or None)
        if shown["state"] != "running" or time.monotonic() > until:
            return shown
        time.sleep(0.2)
        shown = next(row for row in gateway.get("/ops/rebuild")["rebuilds"] if row["view"] == view)


def republish(
    service: Annotated[str, typer.Argument(help=", ".join(SERVICES))],
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="leave out what was told before this day")
    ] = None,
) -> None:
    """Send again, with the same ids, what Kafka has lost of a service's topics."""
    if service not in SERVICES:
        raise Failure(f"There is no service {service}; there are {', '.join(SERVICES)}.")
    day = since.replace(tzinfo=BRUSSELS) if since else None
    done = asyncio.run(_republish(surroundings(), service, day))
    for topic in done:
        print(f"{topic.topic}: {topic.told} told, {topic.sent} sent again")
    print(f"{service}: {sum(topic.sent for topic in done)} records sent again.")


def verify(
    patience: Annotated[float, typer.Option(min=0, help="seconds that what is on its way may take")] = 10.0,
) -> None:
    """Compare facts, owners, last snapshots, views, local copies and the register; 1 when anything differs."""
    around = surroundings()
    report = asyncio.run(_verify(around, patience))
    entries, astray = register(around)
    differences = [f"{each.aggregate}/{each.key}  {each.where}: {each.what}" for each in report.differences] + astray
    for line in differences[:SHOWN]:
        print(line)
    if len(differences) > SHOWN:
        print(f"… and {len(differences) - SHOWN} more")
    counted = ", ".join(f"{number} {what}" for what, number in report.counted.items())
    print(f"Compared {counted}, {entries} entries of the register: {_differences(len(differences))}.")
    if differences:
        raise typer.Exit(1)


def _differences(number: int) -> str:
    return f"{number or 'no'} difference{'' if number == 1 else 's'}"


def register(around: Surroundings) -> tuple[int, list[str]]:
    """What agreements says of its register: how many entries, and each that is missing or has no agreement."""
    with door(around, "agreements", Role.OPS) as asked:
        years = asked.get("/api/v1/agreements/audit/register")["years"]
    return sum(year["entries"] for year in years), [line for year in years for line in _astray(year)]


def _astray(audit: Mapping[str, Any]) -> Iterator[str]:
    year = audit["year"]
    for number in audit["missing_numbers"]:
        yield f"register/{year}-{number:04d}  entry: missing"
    for number in audit["entries_without_agreement"]:
        yield f"register/{year}-{number:04d}  entry: no agreement has this number"
    for agreement in audit["agreements_without_entry"]:
        yield f"agreement/{agreement}  register: its number of {year} has no entry"


async def _republish(around: Surroundings, service: str, since: datetime | None) -> list[Republished]:
    async with _store(around, service) as store:
        await topics.create(around["KAFKA_BOOTSTRAP"])
        sending = send_missing(_contracts(service), around["KAFKA_BOOTSTRAP"], store, since)
        return [topic async for topic in sending]


async def _verify(around: Surroundings, patience_seconds: float) -> Report:
    async with _store(around, "gateway") as store:
        databases = {service: around.database(service) for service in SERVICES}
        houses = Houses(store, databases, store.name)
        contracts = [contract for service in SERVICES for contract in _contracts(service)]
        return await compare(contracts, around["KAFKA_BOOTSTRAP"], houses, patience_seconds=patience_seconds)


def _contracts(service: str) -> list[Contract[Any]]:
    """What a service tells: its aggregates and its policy refusals."""
    own = [contract for contract in CONTRACTS.values() if contract.service == service]
    return [*own, refusal_contract(service)]


@asynccontextmanager
async def _store(around: Surroundings, service: str) -> AsyncIterator[Store]:
    """A service's database; raises `Failure` when the store or Kafka does not answer."""
    store = Store(around["MONGO_URL"], around.database(service))
    try:
        try:
            await store.ping()
        except Exception as fault:
            raise Failure(f"The store does not answer at {around['MONGO_URL']}. `make up` starts it.") from fault
        yield store
    except Unreadable as fault:
        raise Failure(f"{fault}. `make up` starts it.") from fault
    finally:
        store.close()
