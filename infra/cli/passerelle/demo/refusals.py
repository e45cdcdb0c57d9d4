"""Drafts that office policy refuses: what remains of them is the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from passerelle.demo.agreements import NO_RESOURCES
from passerelle.demo.stage import READER, Stage
from passerelle.demo.tables import Row, Step, chosen, day, first, table
from passerelle.door import Refused
from passerelle.failure import Failure


def steps() -> Iterator[Step]:
    for key, row in table("refusals.toml").items():
        yield Step(day(row["on"]), 15, partial(be_refused, key, row))


def be_refused(key: str, row: Row, stage: Stage) -> None:
    """Drafts once; what policy says against it stands in the register of refusals."""
    partner = stage.ids[row["partner"]]
    known = stage.door(READER).get("/api/v1/refusals", rule=row["rule"], partner_id=partner)["items"]
    if first(known, rule=row["rule"]):
        return
    parties = [{"partner_id": stage.own, "role": "own"}, {"partner_id": partner, "role": "partner"}]
    body = chosen(row, "kind", "title") | {"purpose": row["title"], "parties": parties, "resources": NO_RESOURCES}
    body["responsible_officer"] = row["by"]
    stage.until(
        "partners", partner, lambda state: state["kind"] == "funder" or state["standing"] == "blocked", "the block"
    )
    if "in_transition" in row:
        blocked = stage.ids[row["in_transition"]]
        stage.until("agreements", blocked, lambda state: state["state"] == "in_transition", "the block's effect")
    try:
        stage.create(row["by"], "agreements", f"refusal {key}", body)
    except Refused as refused:
        if refused.status == 409:
            return
        raise
    raise Failure(f"A draft of the demonstration that {row['rule']} refuses was taken.")
