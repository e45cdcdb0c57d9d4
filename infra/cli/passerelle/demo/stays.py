"""Guests of the mobility centre, without a real person behind them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from passerelle.demo.stage import Stage
from passerelle.demo.tables import Row, Step, chosen, day, table

ADVISER = "mobility-adviser-01"
STAGES = ("announced", "registered", "assessed")


def steps() -> Iterator[Step]:
    for key, row in table("stays.toml").items():
        yield Step(day(row["announced_on"]), 8, partial(welcome, key, row))


def welcome(key: str, row: Row, stage: Stage) -> None:
    home = stage.ids[row["home"]]
    standing = stage.listed("stays", by=ADVISER, home_partner_id=home)
    if any(stay["category"] == row["category"] for stay in standing):
        return
    body = chosen(row, "person", "nationalities", "category", "period") | {"home_partner_id": home}
    body["host"] = {"unit_id": stage.ids["unit"], "supervisor": row["supervisor"]}
    if "agreement" in row:
        body["agreement_id"] = stage.ids[row["agreement"]]
    stay = stage.create(ADVISER, "stays", f"stay {key}", body)
    if STAGES.index(row["reaches"]) >= 1:
        stage.do(ADVISER, "stays", stay["id"], "register-stay", row["registration"])
    if STAGES.index(row["reaches"]) >= 2:
        stage.do(ADVISER, "stays", stay["id"], "assess-stay", row["assessment"])
