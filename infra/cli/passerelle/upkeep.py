"""Keeping an installation whole: views built anew, lost records sent again, and whether everything agrees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from chassis import topics
from chassis.archive import Unreadable
from chassis.mongo import Store
from chassis.republish import Republished
from chassis.republish import republish as send_missing
from chassis.verify import Houses, Report
from chassis.verify import verify as compare
from contracts.record import Contract
from contracts.refusal import refusal_contract
from contracts.registry import CONTRACTS
from contracts.roles import Role
from passerelle.door import door
from passerelle.failure import Failure
from passerelle.surroundings import SERVICES, Surroundings, surroundings

BRUSSELS: Final = ZoneInfo("Europe/Brussels")
SHOWN: Final = 50
REBUILD_SECONDS: Final = 3_600


def rebuild(view: Annotated[str, typer.Argument(help="partners, agreements, meetings… or timeline")]) -> None:
    """Build a view of the gateway anew from Kafka while the old one goes on being read."""
    columns = TextColumn(view), BarColumn(), MofNCompleteColumn()
    with door(surroundings(), "gateway", Role.OPS) as gateway, Progress(*columns) as progress:
        shown: dict[str, Any] = gateway.post("/ops/rebuild", {"view": view})
        task = progress.add_task(view, total=None)
        until = time.monotonic() + REBUILD_SECONDS
        while shown["state"] == "running" and time.monotonic() < until:
            time.sleep(0.2)
            shown = next(row for row in gateway.get("/ops/rebuild")["rebuilds"] if row["view"] == view)
            progress.update(task, completed=shown["read"], total=shown["of"] or None)
    if shown["state"] != "done":
        raise Failure(f"The view {view} was not rebuilt: {shown.get('fault', shown['state'])}.")
    print(f"{view}: rebuilt" + (f", {shown['documents']} documents." if "documents" in shown else "."))


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
    """Compare facts, owners, last snapshots, views and local copies; 1 when anything differs."""
    report = asyncio.run(_verify(surroundings(), patience))
    for each in report.differences[:SHOWN]:
        print(f"{each.aggregate}/{each.key}  {each.where}: {each.what}")
    if len(report.differences) > SHOWN:
        print(f"… and {len(report.differences) - SHOWN} more")
    counted = ", ".join(f"{number} {what}" for what, number in report.counted.items())
    print(f"Compared {counted}: {len(report.differences) or 'no'} differences.")
    if report.differences:
        raise typer.Exit(1)


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
