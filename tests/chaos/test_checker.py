"""The checker proves itself: it finds nothing in a sound recording, and each of its faults in doctored ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.chaos.checks import ALWAYS_TELLS, HEARS, faults
from tests.chaos.recording import Answer, Json, Kept, Outcome, Recording, Told

from agreements.reactions import REACTIONS as AGREEMENTS
from contracts.country import COUNTRY, Added
from contracts.envelope import Envelope
from contracts.record import Fact
from contracts.types import Change
from events.reactions import REACTIONS as EVENTS
from mobility.reactions import REACTIONS as MOBILITY
from partners.reactions import REACTIONS as PARTNERS

EVENTS_TOPIC, STATE_TOPIC = COUNTRY.events_topic, COUNTRY.state_topic
KEYS = ("BE", "CM", "SN")
VERSIONS = 3


def facts_of(key: str) -> list[Fact]:
    added = Added.model_validate({"iso3": f"{key}X", "name": {"fr": key, "en": key}})
    edited = [
        COUNTRY.fact_types["passerelle.country.edited.v1"].model_validate({"changes": [_region(n)]}) for n in "ab"
    ]
    return [COUNTRY.stamp(fact, key, no, date(2026, 2, 2)) for no, fact in enumerate([added, *edited], start=1)]


def _region(name: str) -> Json:
    return Change.model_validate({"pointer": "/region", "new": f"Region {name}"}).model_dump(mode="json")


def sound() -> Recording:
    """Three countries of three versions each, told, kept and shown as they are."""
    made = Recording(owners={"country": {}}, promised={"country": set()}, waiting={"country": 0})
    made.records = {EVENTS_TOPIC: [], STATE_TOPIC: []}
    for key in KEYS:
        state = None
        for version, fact in enumerate(facts_of(key), start=1):
            state = COUNTRY.fold(state, [fact])
            public = json.loads(state.model_dump_json(by_alias=True, exclude_none=True))
            value = fact.model_dump_json(by_alias=True, exclude_none=True).encode()
            _tell(made, EVENTS_TOPIC, key, version, 1, COUNTRY.fact_type(type(fact)), value)
            _tell(made, STATE_TOPIC, key, version, 0, COUNTRY.snapshot_type, json.dumps(public).encode())
            made.owners["country"][key] = public
            made.answers.append(_acknowledged(key, version))
    made.last = {STATE_TOPIC: {record.key: record for record in made.records[STATE_TOPIC]}}
    rows = {key: {**public, "_id": key} for key, public in made.owners["country"].items()}
    made.kept = [Kept("gateway.countries", "country", rows)]
    made.journals = {EVENTS_TOPIC: {record.id for record in made.records[EVENTS_TOPIC]}}
    return made


def _tell(made: Recording, topic: str, key: str, version: int, factno: int, type_: str, value: bytes) -> None:
    id_ = f"{key}-{version}-{factno}"
    told = Envelope(id_, type_, "/passerelle/partners", f"country/{key}", NOON, version, key, "anna", "c", factno)
    headers = {name: text.decode() for name, text in told.headers()}
    made.records[topic].append(Told(topic, 0, len(made.records[topic]), key, headers, value))
    made.promised["country"].add(id_)


NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)


def _acknowledged(key: str, version: int) -> Answer:
    return Answer(
        Outcome.ACKNOWLEDGED, f"{key}{version}", "anna", "edit_country", "country", "/", {}, version - 1, key, version
    )


def renumbered(made: Recording, topic: str) -> None:
    made.records[topic] = [replace(record, offset=at) for at, record in enumerate(made.records[topic])]


def lost(made: Recording) -> None:
    made.records[EVENTS_TOPIC].pop(4)


def doubled(made: Recording) -> None:
    """The same version once more, under an id of its own."""
    record = made.records[EVENTS_TOPIC][4]
    again = replace(record, offset=99, headers={**record.headers, "ce_id": "another"})
    made.records[EVENTS_TOPIC].append(again)


def swapped(made: Recording) -> None:
    records = made.records[STATE_TOPIC]
    records[3], records[4] = records[4], records[3]
    renumbered(made, STATE_TOPIC)


def stale_last(made: Recording) -> None:
    """An old snapshot repeated at the end, which compaction keeps."""
    old = replace(made.records[STATE_TOPIC][0], offset=99)
    made.records[STATE_TOPIC].append(old)
    made.last[STATE_TOPIC][old.key] = old


def orphan_fact(made: Recording) -> None:
    fact = COUNTRY.stamp(facts_of("BE")[1], "BE", VERSIONS + 1, date(2026, 2, 2))
    value = fact.model_dump_json(by_alias=True, exclude_none=True).encode()
    _tell(made, EVENTS_TOPIC, "BE", VERSIONS + 1, 1, COUNTRY.fact_type(type(fact)), value)
    _tell(made, STATE_TOPIC, "BE", VERSIONS + 1, 0, COUNTRY.snapshot_type, b"{}")
    made.journals[EVENTS_TOPIC].add(f"BE-{VERSIONS + 1}-1")


def wrong_content(made: Recording) -> None:
    """Redelivered with the same id and another value."""
    record = made.records[EVENTS_TOPIC][4]
    made.records[EVENTS_TOPIC].append(replace(record, offset=99, value=(record.value or b"").replace(b"n a", b"n z")))


def never_written(made: Recording) -> None:
    made.answers.append(_acknowledged("CM", VERSIONS + 1))


def never_resolved(made: Recording) -> None:
    made.answers.append(replace(_acknowledged("CM", 0), outcome=Outcome.UNKNOWN))


def stale_view(made: Recording) -> None:
    made.kept = [replace(made.kept[0], rows={**made.kept[0].rows, "SN": {"_id": "SN", "version": 1}})]


def never_reacted(made: Recording) -> None:
    made.inbox["events"] = {}
    headers = {
        "ce_id": "x",
        "ce_type": "passerelle.agreement.advice_requested.v1",
        "ce_sequence": "1",
        "ce_factno": "1",
    }
    made.records["passerelle.agreement.events.v1"] = [Told("passerelle.agreement.events.v1", 0, 0, "a", headers, b"{}")]
    made.promised["agreement"] = {"x"}


def lost_snapshot(made: Recording) -> None:
    """One that a newer follows."""
    made.records[STATE_TOPIC].pop(0)


def never_told(made: Recording) -> None:
    made.promised["country"].add("never")


def forgotten_in_the_journal(made: Recording) -> None:
    made.journals[EVENTS_TOPIC].pop()


def another_state(made: Recording) -> None:
    made.owners["country"]["SN"] = {**made.owners["country"]["SN"], "region": "elsewhere"}


def put_aside(made: Recording) -> None:
    made.parked.append("a record")


def effect_without_inbox(made: Recording) -> None:
    """Told by a service because of a record that it never wrote down."""
    made.inbox["partners"] = {}
    caused_by(made, made.records[EVENTS_TOPIC][0].id)


def caused_by(made: Recording, cause: str) -> None:
    """The last fact as if a service had told it because of this."""
    fact = made.records[EVENTS_TOPIC][-1]
    headers = {**fact.headers, "ce_actor": "service:partners", "ce_cause": cause}
    made.records[EVENTS_TOPIC][-1] = replace(fact, headers=headers)
    made.answers = [answer for answer in made.answers if (answer.id, answer.version) != (fact.key, fact.version)]


def hole_in_the_register(made: Recording) -> None:
    made.register = {"2026-0001": "a", "2026-0003": "b"}
    made.counters = {"register:2026": 3}
    made.owners["agreement"] = {}


DOCTORED: dict[str, Callable[[Recording], None]] = {
    "no state without fact": lost,
    "told once": doubled,
    "order per key": swapped,
    "last record": stale_last,
    "no fact without state": orphan_fact,
    "an id is one record": wrong_content,
    "acknowledged is kept": never_written,
    "unknown is resolved": never_resolved,
    "views are their source": stale_view,
    "reactions happen once": never_reacted,
    "register has no gap": hole_in_the_register,
    "promised is told": never_told,
    "journals are whole": forgotten_in_the_journal,
    "facts make the state": another_state,
    "nothing parked": put_aside,
    "effects stand once": effect_without_inbox,
}


def test_nothing_is_wrong_with_a_sound_recording() -> None:
    assert faults(sound()) == []


def test_redelivery_of_the_same_records_is_no_fault() -> None:
    made = sound()
    for topic in (EVENTS_TOPIC, STATE_TOPIC):
        made.records[topic] += copy.deepcopy(made.records[topic])
        renumbered(made, topic)

    assert faults(made) == []


@pytest.mark.parametrize("promise", DOCTORED)
def test_a_doctored_recording_is_found_out(promise: str) -> None:
    made = sound()

    DOCTORED[promise](made)

    assert promise in {fault.promise for fault in faults(made)}


def test_a_superseded_snapshot_is_missed_too() -> None:
    made = sound()

    lost_snapshot(made)

    assert "told once" in {fault.promise for fault in faults(made)}


def test_what_a_service_told_because_of_a_command_needs_no_inbox_row() -> None:
    """As countries at the beginning: their cause is no record."""
    made = sound()

    caused_by(made, "a command")

    assert faults(made) == []


def test_the_checker_knows_every_reaction_of_the_services() -> None:
    tables = {"agreements": AGREEMENTS, "events": EVENTS, "mobility": MOBILITY, "partners": PARTNERS}
    declared = {
        row.name: (service, row.contract.aggregate, frozenset(fact.short_name() for fact in row.facts))
        for service, rows in tables.items()
        for row in rows
    }

    assert declared == HEARS
    assert ALWAYS_TELLS.keys() <= HEARS.keys()
