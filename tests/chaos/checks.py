"""What must be true of every recording, whatever was killed or frozen meanwhile. Each check names the promise it holds to."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from tests.chaos.recording import Fault, Json, Outcome, Recording, Told

from contracts.record import Contract
from contracts.registry import CONTRACTS

Check = Callable[[Recording], Iterator[Fault]]
OWNED: Final[Mapping[str, Contract[Any]]] = {name: each for name, each in CONTRACTS.items() if name != "refusal"}
STATE_TOPICS: Final = tuple(contract.state_topic for contract in OWNED.values())
BESIDE: Final = frozenset({"_id", "view", "touched"})

HEARS: Final[Mapping[str, tuple[str, str, frozenset[str]]]] = {
    "CH-01": ("events", "agreement", frozenset({"advice_requested"})),
    "CH-02": ("agreements", "meeting", frozenset({"advice_given"})),
    "CH-03": ("events", "agreement", frozenset({"advice_request_withdrawn", "rejected", "withdrawn"})),
    "CH-04": ("agreements", "partner", frozenset({"blocked", "block_amended"})),
    "CH-05": ("agreements", "partner", frozenset({"rights_assessed", "referral_closed"})),
    "CH-06": ("agreements", "partner", frozenset({"block_lifted"})),
    "CH-11": (
        "mobility",
        "agreement",
        frozenset({"expired", "terminated", "suspended", "transition_left", "renewed", "amended"}),
    ),
    "CH-28": ("partners", "agreement", frozenset({"registered", "activated"})),
}
"""Every reaction of the services: who reacts, to whose facts, to which."""

ALWAYS_TELLS: Final[Mapping[str, tuple[str, str]]] = {
    "CH-01": ("committee", "item_submitted"),
    "CH-02": ("agreement", "advice_recorded"),
}
"""Reactions that tell exactly one such fact whenever they were possible."""


def faults(recording: Recording) -> list[Fault]:
    return sorted({fault for check in CHECKS for fault in check(recording)})


def acknowledged_commands_are_there(recording: Recording) -> Iterator[Fault]:
    """An acknowledged version stands, and was written by who was answered; no version was given to two commands."""
    told = {
        (contract.aggregate, record.key, record.version): record.headers.get("ce_actor")
        for contract in OWNED.values()
        for record in recording.records.get(contract.events_topic, ())
    }
    given: dict[tuple[str, str, int], str] = {}
    for answer in recording.answers:
        if answer.outcome is not Outcome.ACKNOWLEDGED:
            continue
        said = f"{answer.command} was acknowledged as version {answer.version}"
        owner = recording.owners.get(answer.aggregate, {}).get(answer.id)
        if owner is None or owner["version"] < answer.version:
            has = f"version {owner['version']}" if owner else "nothing"
            yield Fault("acknowledged is kept", answer.aggregate, answer.id, f"{said}, the owner has {has}")
            continue
        if answer.version == answer.before or OWNED[answer.aggregate].personal:
            continue  # it changed nothing that is public
        place = (answer.aggregate, answer.id, answer.version)
        if told.get(place) != answer.subject:
            actor = told.get(place, "nobody")
            yield Fault("acknowledged is kept", answer.aggregate, answer.id, f"{said}, {actor} is told to have done it")
        if given.setdefault(place, answer.key) != answer.key:
            yield Fault("acknowledged is kept", answer.aggregate, answer.id, f"{said} to two commands")


def every_unknown_answer_was_resolved(recording: Recording) -> Iterator[Fault]:
    known = {answer.key for answer in recording.answers if answer.outcome is not Outcome.UNKNOWN}
    for answer in recording.answers:
        if answer.key not in known:
            yield Fault("unknown is resolved", answer.aggregate, answer.id, f"{answer.command} {answer.key}")


def an_id_is_one_record(recording: Recording) -> Iterator[Fault]:
    """Redelivery repeats a record as it was."""
    first: dict[str, Told] = {}
    for topic, records in recording.records.items():
        for record in records:
            known = first.setdefault(record.id, record)
            same = (known.topic, known.key, known.value, known.headers) == (
                topic,
                record.key,
                record.value,
                record.headers,
            )
            if not same:
                yield Fault("an id is one record", topic, record.key, f"{record.id} says two things")


def each_place_is_told_once(recording: Recording) -> Iterator[Fault]:
    """Facts of a version are numbered without a gap, each has one id, and a snapshot follows them."""
    for contract in OWNED.values():
        ids = _ids_by_place(recording, contract)
        for (key, version), places in ids.items():
            for number, found in places.items():
                if len(found) > 1:
                    what = f"version {version}, number {number} was told under {len(found)} ids"
                    yield Fault("told once", contract.aggregate, key, what)
            facts = sorted(number for number in places if number)
            if facts != list(range(1, len(facts) + 1)) or not facts:
                yield Fault("told once", contract.aggregate, key, f"version {version} has facts {facts}")
            if 0 not in places and contract.aggregate in recording.owners:
                yield Fault("told once", contract.aggregate, key, f"version {version} has no snapshot")


def _ids_by_place(recording: Recording, contract: Contract[Any]) -> dict[tuple[str, int], dict[int, set[str]]]:
    ids: dict[tuple[str, int], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for topic in (contract.events_topic, contract.state_topic):
        for record in recording.records.get(topic, ()):
            ids[record.key, record.version][record.factno].add(record.id)
    return ids


def versions_have_no_gap(recording: Recording) -> Iterator[Fault]:
    """No fact without state, no state without fact; versions of personal aggregates may skip."""
    for contract in OWNED.values():
        told: dict[str, set[int]] = defaultdict(set)
        for record in recording.records.get(contract.events_topic, ()):
            told[record.key].add(record.version)
        owners = recording.owners.get(contract.aggregate, {})
        for key in told.keys() - owners.keys():
            yield Fault("no fact without state", contract.aggregate, key, f"versions {sorted(told[key])} are told")
        for key, public in owners.items():
            versions, end = told[key], public["version"]
            if beyond := sorted(version for version in versions if version > end):
                yield Fault("no fact without state", contract.aggregate, key, f"{beyond} are told, it has {end}")
            missing = sorted(set(range(1, end + 1)) - versions)
            if missing and not (contract.personal and versions):
                yield Fault("no state without fact", contract.aggregate, key, f"versions {missing} are not told")


def keys_are_in_order(recording: Recording) -> Iterator[Fault]:
    """What is met for the first time is newer than all that was met before; a key stays in its partition."""
    for topic, records in recording.records.items():
        newest: dict[str, tuple[int, int]] = {}
        partition: dict[str, int] = {}
        seen: set[str] = set()
        for record in sorted(records, key=lambda each: (each.partition, each.offset)):
            if partition.setdefault(record.key, record.partition) != record.partition:
                yield Fault("order per key", topic, record.key, "stands in two partitions")
            if record.id in seen:
                continue
            seen.add(record.id)
            if record.place <= newest.get(record.key, (0, -1)):
                what = f"{record.place} was told first after {newest[record.key]}"
                yield Fault("order per key", topic, record.key, what)
            newest[record.key] = max(record.place, newest.get(record.key, (0, -1)))


def facts_make_the_state(recording: Recording) -> Iterator[Fault]:
    """Folded with the contracts alone, the facts give each snapshot that was told, and at the end the owner's state."""
    for contract in OWNED.values():
        snapshots = {(each.key, each.version): each for each in recording.records.get(contract.state_topic, ())}
        facts: dict[str, dict[tuple[int, int], Told]] = defaultdict(dict)
        for record in recording.records.get(contract.events_topic, ()):
            facts[record.key].setdefault(record.place, record)
        for key, told in facts.items():
            yield from _folded(contract, key, [told[place] for place in sorted(told)], snapshots, recording)


def _folded(
    contract: Contract[Any],
    key: str,
    told: Sequence[Told],
    snapshots: Mapping[tuple[str, int], Told],
    recording: Recording,
) -> Iterator[Fault]:
    state: Any = None
    for at, record in enumerate(told):
        try:
            fact = contract.fact_types[record.type].model_validate_json(record.value or b"")
            state = contract.fold(state, [fact])
        except (KeyError, ValidationError, ValueError, AttributeError, AssertionError) as fault:
            yield Fault(
                "facts make the state", contract.aggregate, key, f"{record.place} {record.type}: {fault!r:.120}"
            )
            return
        whole = at + 1 == len(told) or told[at + 1].version > record.version
        snapshot = snapshots.get((key, record.version))
        if whole and snapshot and _differ(contract, _json(state), json.loads(snapshot.value or b"{}")):
            yield Fault("facts make the state", contract.state_topic, key, f"snapshot {record.version} says otherwise")
    owner = recording.owners.get(contract.aggregate, {}).get(key)
    if owner is not None and (differ := _differ(contract, _json(state), owner)):
        yield Fault("facts make the state", contract.aggregate, key, f"the owner's {', '.join(differ)} differ")


def _json(state: Any) -> Json:
    document: Json = state.model_dump(mode="json", by_alias=True, exclude_none=True)
    return document


def _differ(contract: Contract[Any], one: Json, other: Json) -> list[str]:
    skipped = {"version"} if contract.personal else set()
    return sorted(name for name in {*one, *other} - skipped if one.get(name) != other.get(name))


def all_that_was_promised_is_told(recording: Recording) -> Iterator[Fault]:
    """The outbox is empty; what it held is on Kafka, and Kafka holds nothing else."""
    for aggregate, left in recording.waiting.items():
        if left:
            yield Fault("promised is told", aggregate, "", f"{left} rows of the outbox still wait")
    told = {record.id for records in recording.records.values() for record in records}
    promised = set().union(*recording.promised.values())
    for aggregate, ids in recording.promised.items():
        for id_ in ids - told:
            yield Fault("promised is told", aggregate, "", f"record {id_} is not on Kafka")
    for id_ in told - promised:
        yield Fault("promised is told", "", "", f"record {id_} was promised by nobody")


def last_records_are_the_owners(recording: Recording) -> Iterator[Fault]:
    """What compaction leaves of each key is its owner's newest state."""
    for contract in OWNED.values():
        owners = recording.owners.get(contract.aggregate, {})
        last = recording.last.get(contract.state_topic)
        if last is None:
            continue
        for key in last.keys() - owners.keys():
            yield Fault("last record", contract.state_topic, key, "the owner has nothing")
        for key, public in owners.items():
            record = last.get(key)
            if record is None or record.value is None:
                yield Fault("last record", contract.state_topic, key, "is missing")
            elif differ := _differ(contract, json.loads(record.value), public):
                what = f"of version {record.version}, the owner has {public['version']}: {', '.join(differ)}"
                yield Fault("last record", contract.state_topic, key, what)


def views_and_copies_are_their_source(recording: Recording) -> Iterator[Fault]:
    for kept in recording.kept:
        contract, owners = OWNED[kept.aggregate], recording.owners.get(kept.aggregate, {})
        for key in kept.rows.keys() - owners.keys():
            yield Fault("views are their source", kept.where, key, "the owner has nothing")
        for key, public in owners.items():
            row = kept.rows.get(key)
            if row is None:
                yield Fault("views are their source", kept.where, key, "is missing")
                continue
            names = kept.members or (set(public) | set(row)) - BESIDE - {"id"}
            shown = {name: row[name] for name in {*names, "version"} if name in row}
            wanted = {name: public[name] for name in {*names, "version"} if name in public}
            if differ := _differ(contract, shown, wanted):
                what = f"version {row.get('version')} for {public['version']}: {', '.join(differ)}"
                yield Fault("views are their source", kept.where, key, what)


def journals_hold_each_fact_once(recording: Recording) -> Iterator[Fault]:
    for topic, ids in recording.journals.items():
        told = {record.id for record in recording.records.get(topic, ())}
        if missing := told - ids:
            yield Fault("journals are whole", topic, "", f"{len(missing)} facts are missing")
        if ids - told:
            yield Fault("journals are whole", topic, "", f"{len(ids - told)} entries have no fact")


def every_reaction_was_made_once(recording: Recording) -> Iterator[Fault]:
    """Each fact that somebody reacts to has its inbox row, each inbox row its fact."""
    for name, (service, aggregate, types) in HEARS.items():
        if service not in recording.inbox:
            continue
        records = recording.records.get(OWNED[aggregate].events_topic, ())
        called = {f"{name}:{record.id}" for record in records if record.fact in types}
        done = {row for row in recording.inbox[service] if row.startswith(f"{name}:")}
        for row in called - done:
            yield Fault("reactions happen once", service, row, "was not reacted to")
        for row in done - called:
            yield Fault("reactions happen once", service, row, "nothing told called for it")


def effects_stand_once(recording: Recording) -> Iterator[Fault]:
    """A fact caused by a record has an inbox row for its cause, and no other version of its key repeats it."""
    effects: Counter[tuple[str, str, str]] = Counter()
    told = {record.id for records in recording.records.values() for record in records}
    for contract in OWNED.values():
        seen: dict[tuple[str, str, str, str], int] = {}
        for record in {each.id: each for each in recording.records.get(contract.events_topic, ())}.values():
            actor, cause = record.headers.get("ce_actor", ""), record.headers.get("ce_cause", "")
            if not actor.startswith("service:") or contract.personal:
                continue
            effects[contract.aggregate, record.fact, cause] += 1
            causes = {row.partition(":")[2] for row in recording.inbox.get(actor.removeprefix("service:"), {})}
            if cause in told and cause not in causes:
                yield Fault("effects stand once", contract.events_topic, record.key, f"{record.fact} has no inbox row")
            said = json.loads(record.value or b"{}")
            payload = json.dumps({name: said[name] for name in said if name != "version"}, sort_keys=True)
            version = seen.setdefault((cause, record.key, record.fact, payload), record.version)
            if version != record.version:
                what = f"{record.fact} stands in versions {version} and {record.version}"
                yield Fault("effects stand once", contract.events_topic, record.key, what)
    for name, (aggregate, fact) in ALWAYS_TELLS.items():
        for row, not_possible in recording.inbox.get(HEARS[name][0], {}).items():
            cause = row.removeprefix(f"{name}:")
            if row != cause and not not_possible and effects[aggregate, fact, cause] != 1:
                what = f"told {effects[aggregate, fact, cause]} times {fact}"
                yield Fault("effects stand once", HEARS[name][0], row, what)


def stays_lose_a_basis_once(recording: Recording) -> Iterator[Fault]:
    """Causes of personal facts are not told: their effect must be one for each agreement and cause."""
    facts = {record.id: record for record in recording.records.get(OWNED["stay"].events_topic, ())}
    lost: Counter[tuple[str, str, str]] = Counter()
    for record in facts.values():
        if record.fact == "agreement_basis_lost":
            said = json.loads(record.value or b"{}")
            lost[record.key, said["agreement_id"], said["cause"]] += 1
    for (stay, agreement, cause), times in lost.items():
        if times > 1:
            yield Fault("effects stand once", "stay", stay, f"lost {agreement} by {cause} {times} times")


def register_numbers_have_no_gap(recording: Recording) -> Iterator[Fault]:
    by_year: dict[str, set[int]] = defaultdict(set)
    for number in recording.register:
        year, _, count = number.partition("-")
        by_year[year].add(int(count))
    for year, numbers in by_year.items():
        if missing := sorted(set(range(1, max(numbers) + 1)) - numbers):
            yield Fault("register has no gap", "register", year, f"{missing} are missing")
        drawn = recording.counters.get(f"register:{year}", 0)
        if drawn != max(numbers):
            yield Fault("register has no gap", "register", year, f"{drawn} were drawn, the last is {max(numbers)}")
    given = {
        public["number"].partition("-")[2]: id_
        for id_, public in recording.owners.get("agreement", {}).items()
        if public.get("number")
    }
    for number, id_ in {**recording.register, **given}.items():
        if not recording.register.get(number) == given.get(number) == id_:
            yield Fault("register has no gap", "register", number, "entry and agreement are not each other's")


def nothing_is_parked(recording: Recording) -> Iterator[Fault]:
    for what in recording.parked:
        yield Fault("nothing parked", "parked", "", what)


CHECKS: Final[tuple[Check, ...]] = (
    acknowledged_commands_are_there,
    every_unknown_answer_was_resolved,
    an_id_is_one_record,
    each_place_is_told_once,
    versions_have_no_gap,
    keys_are_in_order,
    facts_make_the_state,
    all_that_was_promised_is_told,
    last_records_are_the_owners,
    views_and_copies_are_their_source,
    journals_hold_each_fact_once,
    every_reaction_was_made_once,
    effects_stand_once,
    stays_lose_a_basis_once,
    register_numbers_have_no_gap,
    nothing_is_parked,
)
