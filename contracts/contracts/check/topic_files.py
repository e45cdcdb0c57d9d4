"""Topic files are complete: every contract has its topics, every reader a place to park, every setting is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from contracts.registry import CONTRACTS
from contracts.topics import CAMPUS, Topic, TopicError, load

SERVICES: Final = ("partners", "agreements", "events", "mobility")
GATEWAY: Final = "gateway"
READERS: Final = frozenset({*SERVICES, GATEWAY, CAMPUS})
TOPIC_BYTES, PARKING_BYTES = "1048576", "2097152"
THIRTY_DAYS_MS: Final = 30 * 24 * 3_600 * 1_000
PERSONAL_MONTHS_MS: Final = 1_096 * 24 * 3_600 * 1_000
"""36 months, of which one may hold a leap day."""


def incomplete(folder: Path | None = None) -> Iterator[str]:
    """What is missing or wrong in the topic files, one sentence each."""
    try:
        topics = load(folder)
    except TopicError as fault:
        yield str(fault)
        return
    yield from _unknown_or_missing(topics)
    for topic in topics.values():
        yield from _members(topic)
        yield from _settings(topic)


def expected() -> dict[str, str]:
    """The topics of the contracts and who owns them, without the places to park."""
    found: dict[str, str] = {}
    for contract in CONTRACTS.values():
        if contract.keeps_state:
            found[contract.state_topic] = found[contract.events_topic] = contract.service
    return found | {f"passerelle.{service}-refusal.events.v1": service for service in SERVICES}


def _unknown_or_missing(topics: Mapping[str, Topic]) -> Iterator[str]:
    sources = expected()
    parking = {
        topics[name].parking(reader): reader for name in sources if name in topics for reader in topics[name].services
    }
    owners = sources | parking
    for name in sorted(owners.keys() - topics.keys()):
        yield f"topics/{name}.toml is missing"
    for name in sorted(topics.keys() - owners.keys()):
        yield f"topics/{name}.toml is a topic of no contract, or parks for no reader"
    for name in sorted(topics.keys() & owners.keys()):
        if topics[name].owner != owners[name]:
            yield f"topics/{name}.toml: owner is {owners[name]}"


def _members(topic: Topic) -> Iterator[str]:
    where = f"topics/{topic.name}.toml"
    for reader in topic.readers:
        if reader not in READERS:
            yield f"{where}: nobody is called {reader}"
    if topic.owner in topic.readers and not topic.is_parking:
        yield f"{where}: the owner needs no naming as a reader"
    if topic.partitions < 1:
        yield f"{where}: partitions is at least 1"
    if not topic.key or not topic.why:
        yield f"{where}: key and why say something"


def _settings(topic: Topic) -> Iterator[str]:
    where, config = f"topics/{topic.name}.toml", topic.config
    limit = PARKING_BYTES if topic.is_parking else TOPIC_BYTES
    if config.get("max.message.bytes") != limit:
        yield f"{where}: max.message.bytes is {limit}"
    is_state = ".state." in topic.name and not topic.is_parking
    if config.get("cleanup.policy") != ("compact" if is_state else "delete"):
        yield f"{where}: cleanup.policy is {'compact' if is_state else 'delete'}"
    if is_state:
        if int(config.get("delete.retention.ms", 0)) < THIRTY_DAYS_MS:
            yield f"{where}: tombstones stay for 30 days at least"
        return
    personal = any(topic.name == each.events_topic for each in CONTRACTS.values() if each.personal)
    wanted = str(PERSONAL_MONTHS_MS) if personal else "-1"
    if config.get("retention.ms") != wanted:
        yield f"{where}: retention.ms is {wanted}"
