"""Parked records of every service, and subscriptions that were stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from contracts.roles import Role
from passerelle.door import Door, Refused, door
from passerelle.failure import Failure
from passerelle.surroundings import EVERYONE, surroundings

Service = Annotated[str, typer.Option("--service", help=f"one of {', '.join(EVERYONE)}; all by default")]
RecordId = Annotated[str, typer.Argument(help="as `passerelle parked list` shows it")]
ALL: Final = ""


def list_(service: Service = ALL) -> None:
    """List the records that wait in the parking lots, oldest first."""
    found = 0
    for name in _chosen(service):
        with _operator(name) as asked:
            for row in asked.get("/ops/parked")["items"]:
                found += 1
                since = str(row["parked_at"])[:19].replace("T", " ")
                behind = ", behind another of its key" if row["behind"] else ""
                print(f"{row['id']}\n    {name}, key {row['key'] or '–'}, since {since}{behind}: {row['reason']}")
    print(f"{found} parked records.")


def show(record: RecordId, service: Service = ALL) -> None:
    """Show one parked record: where it came from, why it was parked, its headers and its value."""
    console = Console(highlight=False)
    _, row = _found(record, service)
    for name, value in row.items():
        if name not in ("headers", "value"):
            console.print(f"{name:<10} {value}", markup=False, soft_wrap=True)
    for name, value in row["headers"].items():
        console.print(f"  {name}: {value}", markup=False, soft_wrap=True)
    console.print(row["value"], markup=False, soft_wrap=True)


def redrive(record: RecordId, service: Service = ALL) -> None:
    """Replay a parked record and, in order, those of its key that wait behind it."""
    name, _ = _found(record, service)
    with _operator(name) as asked:
        answer = asked.ask("POST", "/ops/parked/redrive", params={"id": record})
    print(f"{name}: {answer['redriven']} redriven, {answer['dropped']} closed without effect.")


def resume(service: Service = ALL) -> None:
    """Let subscriptions go on that stopped because too many records in a row had to be parked."""
    for name in _chosen(service):
        with _operator(name) as asked:
            topics = asked.post("/ops/resume")["resumed"]
        print(f"{name}: {', '.join(topics) or 'nothing was stopped'}")


def _chosen(service: str) -> tuple[str, ...]:
    if service and service not in EVERYONE:
        raise Failure(f"There is no service {service}; there are {', '.join(EVERYONE)}.")
    return (service,) if service else EVERYONE


def _found(record: str, service: str) -> tuple[str, Any]:
    for name in _chosen(service):
        with _operator(name) as asked:
            try:
                return name, asked.get("/ops/parked/one", id=record)
            except Refused as refused:
                if refused.slug != "unknown-id":
                    raise
    raise Failure(f"No service has a parked record {record}.")


@contextmanager
def _operator(service: str) -> Iterator[Door]:
    with door(surroundings(), service, Role.OPS) as opened:
        yield opened
