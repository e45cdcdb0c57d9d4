"""A mark in every field that is personal or stays with the office, every command run: the mark is found nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
from bson import json_util
from gridfs import GridFS
from pymongo import MongoClient
from tests.support.canary import MARK, MARKS, Canary
from tests.support.canary_agreements import agreements
from tests.support.office import Office
from tests.support.people import AGGREGATES
from tests.support.subscriber import every_record
from tests.support.watching import eventually

from contracts.bodies import load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OF_THE_PLATFORM = {
    ("agreement", "follow_partner_block"),
    ("agreement", "record_advice"),
    ("meeting", "withdraw_item"),
    ("partner", "stage_change"),
    ("stay", "follow_successor"),
    ("stay", "lose_agreement_basis"),
}
"""What only reactions and imports do; other journeys bring them about."""

CREATED_BY = {
    "partners": "register_partner",
    "countries": "add_country",
    "agreements": "draft_agreement",
    "committees": "set_up_committee",
    "meetings": "schedule_meeting",
    "stays": "announce_stay",
}
CHANGED = re.compile(r"/api/v1/([a-z-]+)(?:/([0-9a-f-]{36}|[A-Z]{2}))?(?:/([a-z-]+))?")


def found_in(text: str | bytes) -> list[str]:
    lowered = (text if isinstance(text, str) else text.decode(errors="replace")).lower()
    return [mark for mark in MARKS if mark in lowered]


@pytest.fixture(scope="module")
async def canary(office: Office) -> AsyncIterator[Canary]:
    """Everything done once; `done` are the commands that were taken."""
    done: set[tuple[str, str]] = set()

    async def note(answer: httpx.Response) -> None:
        if answer.status_code < 300 and answer.request.method == "POST":
            done.update(_command(answer.request.url.path))

    hooks = office.campus.client.event_hooks
    office.campus.client.event_hooks = {**hooks, "response": [*hooks["response"], note]}
    bird = Canary(office, done=done)
    try:
        await bird.partners()
        await bird.countries()
        await bird.committees()
        await agreements(bird)
        await bird.stays()
        await bird.mistakes(await office.registers("Instituto del Canario", "PE"))
        yield bird
    finally:
        office.campus.client.event_hooks = hooks


def _command(path: str) -> Iterable[tuple[str, str]]:
    read = CHANGED.fullmatch(path)
    if read and read[1] in AGGREGATES and read[3] != "documents":
        yield AGGREGATES[read[1]], (read[3] or CREATED_BY[read[1]]).replace("-", "_")


async def test_every_command_was_run(canary: Canary) -> None:
    assert load().keys() - canary.done - OF_THE_PLATFORM == set()


async def test_the_marks_are_with_their_owners_who_give_them_for_a_purpose(canary: Canary) -> None:
    for path, text in canary.read.items():
        if not path.endswith("/access-log"):
            assert found_in(text), f"{path} shows nothing that was planted: {text}"


async def test_no_topic_carries_a_mark(canary: Canary) -> None:
    await everything_arrived(canary)
    records = await every_record(canary.office.campus.bootstrap)
    told = [
        (record.topic, record.key, found)
        for record in records
        if (found := found_in(b"\0".join([record.key or b"", record.value or b"", *map(_header, record.headers)])))
    ]
    assert told == []
    assert len(records) > 200


def _header(pair: tuple[str, bytes]) -> bytes:
    return pair[0].encode() + b"=" + pair[1]


async def everything_arrived(canary: Canary) -> None:
    report = await canary.office.campus.verified()
    assert report.differences == ()


async def test_no_log_names_a_mark(canary: Canary) -> None:
    told = {log.name: found_in(log.read_bytes()) for log in canary.office.campus.logs}
    assert told.keys() >= {"gateway.log", "partners.log", "agreements.log", "events.log", "mobility.log"}
    assert {name: found for name, found in told.items() if found} == {}


async def test_no_span_names_a_mark(canary: Canary) -> None:
    spans = canary.office.campus.spans

    async def exported() -> set[str]:
        return {span.attributes.get("passerelle.command", "") for span in list(spans.spans)}

    ran = {command for _, command in canary.done}
    await eventually(exported, lambda seen: ran <= seen, within_seconds=30)
    assert [(span, span.exported) for span in list(spans.spans) if found_in(span.exported)] == []


async def test_the_gateway_keeps_nothing_of_them(canary: Canary) -> None:
    await everything_arrived(canary)
    kept = in_database(canary.office, "gateway")
    assert {name: found for name, found in kept.items() if found} == {}
    assert {"partners", "agreements", "meetings", "stays", "timeline"} <= kept.keys()


@pytest.mark.parametrize(
    ("service", "collection"), [("partners", "partner"), ("agreements", "agreement"), ("events", "committee")]
)
async def test_an_owner_keeps_them_and_no_copy_of_another_service_does(
    canary: Canary, service: str, collection: str
) -> None:
    kept = in_database(canary.office, service)
    assert kept[collection]
    assert {name: found for name, found in kept.items() if found and name.endswith("_copies")} == {}
    assert kept["outbox"] == []


async def test_the_mobility_centre_keeps_them_sealed(canary: Canary) -> None:
    kept = in_database(canary.office, "mobility")
    assert {name: found for name, found in kept.items() if found} == {}
    assert "holder_keys" in kept


def in_database(office: Office, service: str) -> dict[str, list[str]]:
    """The marks in each collection of a service's database; files are looked into byte by byte."""
    client: MongoClient[dict[str, object]] = MongoClient(office.campus.documents.address)
    with client:
        database = client[f"passerelle_{service}"]
        found = {
            name: found_in(json_util.dumps(list(database[name].find({})))) for name in database.list_collection_names()
        }
        files = GridFS(database)
        bytes_ = b"".join(file.read() for file in files.find({}))
        return found | {"files": found_in(bytes_)}


def test_the_mark_is_searched_for_as_it_was_planted() -> None:
    assert found_in(json.dumps({"name": MARK})) == ["zyxomark"]
