"""The list of institutions with an Erasmus charter, brought in by partners' own commands and followed to the end."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contracts.roles import Role
from passerelle.beginning import total
from passerelle.door import Door, Refused, door
from passerelle.failure import Failure
from passerelle.surroundings import surroundings

SPREADSHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OUTCOMES: Final = ("created", "matched", "unreadable", "unlisted")
REPORTED: Final = ("number", "outcome", "code", "column", "value", "reason_en", "reason_fr", "partner_ids")
SILENT_FOR_SECONDS: Final = 120.0
AGAIN: Final = "The same command takes it up again."

Row = Mapping[str, Any]


class Add(StrEnum):
    ALL = "all"
    NONE = "none"


def import_eche(
    file: Annotated[Path, typer.Argument(help="the list as the Commission publishes it, .xlsx")],
    add: Annotated[Add, typer.Option(help="all: every row that matches no partner becomes one; none: only compare")],
    report: Annotated[Path | None, typer.Option(help="where the reported rows go; beside the file by default")] = None,
) -> None:
    """Import the ECHE list; every row is accounted for by its number, and a second run changes nothing."""
    content = _content(file)
    target = report or _beside(file)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with door(surroundings(), "gateway", Role.OFFICER, Role.OPS) as gateway, Progress(*columns) as progress:
        run = _follow(gateway, _begin(gateway, content, add, file), progress)
        rows = list(_rows(gateway, run["run_id"]))
        _wait_until_shown(gateway, rows, progress)
    written = _write(target, rows)
    counted = [f"{run[outcome]} {outcome}" for outcome in OUTCOMES if run[outcome] or outcome != "unlisted"]
    staged = f"; {run['staged']} differences to decide" if run["staged"] else ""
    print(f"{run['rows']} rows: {', '.join(counted)}{staged}. {written} rows are reported in {target}.")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise Failure(f"{file} cannot be read: {fault.strerror}.") from fault


def _beside(file: Path) -> Path:
    """Next to the file, or here when nothing may be written there."""
    folder = file.resolve().parent
    return (folder if os.access(folder, os.W_OK) else Path.cwd()) / f"{file.stem}-report.csv"


def _begin(gateway: Door, content: bytes, add: Add, file: Path) -> Row:
    try:
        run: Row = gateway.ask(
            "POST",
            "/api/v1/partners/imports/eche",
            params={"add": add.value},
            content=content,
            headers={"Content-Type": SPREADSHEET},
        )
    except Refused as refused:
        if refused.slug in ("import-shape-unknown", "too-large"):
            raise Failure(f"{file} is not the ECHE list; nothing was imported.") from refused
        raise
    return run


def _follow(gateway: Door, run: Row, progress: Progress) -> Row:
    task = progress.add_task("rows", total=run["rows"])
    moved, done = time.monotonic(), -1
    while run["state"] == "running":
        time.sleep(0.3)
        run = gateway.get(f"/api/v1/partners/imports/{run['run_id']}")
        if run["done"] != done:
            moved, done = time.monotonic(), run["done"]
        if time.monotonic() - moved > SILENT_FOR_SECONDS:
            raise Failure(
                f"The import stands still at {done} of {run['rows']} rows. The same command takes it up again."
            )
        progress.update(task, completed=run["done"])
    if run["state"] in ("failed", "interrupted"):
        raise Failure(f"The import {run['state']} after {run['done']} rows. {AGAIN}")
    return run


def _rows(gateway: Door, run_id: str) -> Iterator[Row]:
    after: int | None = 0
    while after is not None:
        page = gateway.get(f"/api/v1/partners/imports/{run_id}/rows", after=str(after), reported="false")
        yield from page["items"]
        after = page["next"]


def _wait_until_shown(gateway: Door, rows: list[Row], progress: Progress) -> None:
    """Until the gateway's list shows every partner of the list."""
    wanted = {row["partner_id"] for row in rows if row.get("partner_id")}
    task = progress.add_task("shown", total=len(wanted))
    moved, before = time.monotonic(), -1
    while (shown := total(gateway, "partners")) < len(wanted):
        if shown != before:
            moved, before = time.monotonic(), shown
        if time.monotonic() - moved > SILENT_FOR_SECONDS:
            raise Failure(f"Imported, but the gateway's list shows {shown} partners and stands still; see `make logs`.")
        progress.update(task, completed=shown)
        time.sleep(0.2)
    missing = wanted
    while missing:
        missing = wanted - {item["id"] for item in gateway.every("/api/v1/partners")}
        if time.monotonic() - moved > SILENT_FOR_SECONDS:
            raise Failure(f"Imported, but {len(missing)} partners are not in the gateway's list; see `make logs`.")
    progress.update(task, completed=len(wanted))


def _write(target: Path, rows: list[Row]) -> int:
    """One line a remark; how many rows have any."""
    reported = [row for row in rows if row["remarks"]]
    try:
        with target.open("w", encoding="utf-8", newline="") as output:
            lines = csv.writer(output)
            lines.writerow(REPORTED)
            for row in reported:
                for remark in row["remarks"]:
                    told = [remark.get(name, "") for name in ("code", "column", "value", "en", "fr")]
                    lines.writerow([row["number"], row["outcome"], *told, " ".join(remark.get("partner_ids", ()))])
    except OSError as fault:
        raise Failure(f"The report cannot be written to {target}: {fault.strerror}.") from fault
    return len(reported)
