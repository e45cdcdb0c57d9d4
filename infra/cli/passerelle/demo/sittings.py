"""Meetings of the demonstration: scheduled, convened and held, with the advice given there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from passerelle.demo.stage import Stage
from passerelle.demo.tables import Row, Step, chosen, day, first, table

VOTERS = ("chair", "substitute_chair", "expert")


def steps() -> Iterator[Step]:
    told = table("meetings.toml")
    for row in told.pop("question"):
        yield Step(day(row["on"]), 8, partial(submit_question, row))
    for key, row in told.items():
        yield Step(day(row["scheduled_on"]), 9, partial(schedule, key, row))
        if "convened_on" in row:
            yield Step(day(row["convened_on"]), 10, partial(convene, key, row))
        if "excused" in row:
            yield Step(day(row["starts_at"][:10]), 14, partial(hold, key, row))


def secretary(row: Row) -> str:
    seats = table("committees.toml")[row["committee"]]["seats"]
    return str(next(subject for subject, role, *_ in seats if role == "secretary"))


def submit_question(row: Row, stage: Stage) -> None:
    """An item that the office puts to a committee by hand; it waits there, or stands on an agenda."""
    committee = stage.ids[row["committee"]]
    waiting = list(stage.now("committees", committee).get("pending_items", ()))
    for meeting in stage.listed("meetings", committee_id=committee):
        waiting += meeting.get("items", ())
    if first(waiting, title=row["title"]) is None:
        stage.do(row["by"], "committees", committee, "submit-item", chosen(row, "kind", "title", "question"))


def schedule(key: str, row: Row, stage: Stage) -> None:
    committee = stage.ids[row["committee"]]
    standing = stage.listed("meetings", committee_id=committee)
    found = next((each for each in standing if each["starts_at"][:10] == row["starts_at"][:10]), None)
    if found is None:
        body = chosen(row, "starts_at", "ends_at", "mode", "place") | {"committee_id": committee}
        found = stage.create(secretary(row), "meetings", f"meeting {key}", body)
    stage.ids[key] = stage.know("meetings", found)["id"]


def convene(key: str, row: Row, stage: Stage) -> None:
    """The agenda goes out once every file that asked for advice stands on it."""
    if stage.now("meetings", stage.ids[key])["state"] != "scheduled":
        return
    meeting = stage.until(
        "meetings", stage.ids[key], lambda state: len(state.get("items", ())) >= row["items"], "the agenda's items"
    )
    card = stage.upload(secretary(row), "meetings", meeting["id"], f"Ordre du jour {row['starts_at'][:10]}")
    stage.do(secretary(row), "meetings", meeting["id"], "convene-meeting", {"document_id": card["document_id"]})


def hold(key: str, row: Row, stage: Stage) -> None:
    """One member is excused; each file gets the advice that its own table says."""
    meeting = stage.now("meetings", stage.ids[key])
    by = secretary(row)
    if meeting["state"] == "convened":
        meeting = stage.do(by, "meetings", meeting["id"], "record-attendance", {"attendance": _attendance(row, stage)})
    said = {stage.ids[name]: each for name, each in table("agreements.toml").items() if "advice" in each}
    for item in meeting["items"]:
        if "outcome" not in item:
            stage.do(by, "meetings", meeting["id"], "give-advice", _advice(item, said[item["ref"]["id"]]["advice"]))


def _attendance(row: Row, stage: Stage) -> list[dict[str, Any]]:
    members = stage.now("committees", stage.ids[row["committee"]])["members"]
    return [
        {
            "member_id": member["member_id"],
            "present": "excused" if member["subject"] == row["excused"] else "in_person",
        }
        for member in members
        if member["role"] in VOTERS
    ]


def _advice(item: Row, advice: Row) -> Row:
    reasoning = {
        "fr": "Le partenariat est cohérent avec la politique internationale de l’Université.",
        "en": "The partnership fits the University's international policy.",
    }
    return {"item_id": item["item_id"], "reasoning": reasoning, **advice}
