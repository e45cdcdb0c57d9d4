"""What each service really hears and tells is what the topic files say."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from chassis.service import Service
from contracts.refusal import refusal_contract
from contracts.topics import load
from gateway.gateway import journaled
from gateway.views import VIEWS

SERVICES = ("partners", "agreements", "events", "mobility")


def put_together(name: str, folder: Path) -> Service:
    (folder / "mobility.master.key").write_bytes(bytes(32))
    settings = getattr(import_module(f"{name}.settings"), f"{name.capitalize()}Settings")
    made: Service = import_module(f"{name}.app").service(settings(PASSERELLE_KEYS_DIR=str(folder)))
    return made


def read_by(reader: str) -> set[str]:
    return {topic.name for topic in load().values() if reader in topic.readers and not topic.is_parking}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_hears_the_topics_that_name_it_as_a_reader(name: str, tmp_path: Path) -> None:
    service = put_together(name, tmp_path)

    copied = {copy.contract.state_topic for copy in service.copies}
    assert copied | {reaction.contract.events_topic for reaction in service.reactions} == read_by(name)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_tells_the_topics_it_owns(name: str, tmp_path: Path) -> None:
    service = put_together(name, tmp_path)
    told = {topic for each in service.aggregates for topic in (each.contract.events_topic, each.contract.state_topic)}
    owned = {topic.name for topic in load().values() if topic.owner == name and not topic.is_parking}

    assert told | {(service.refusals or refusal_contract(name)).events_topic} == owned


def test_the_gateway_reads_the_topics_that_name_it() -> None:
    views = {view.contract.state_topic for view in VIEWS.values()}

    assert views | {contract.events_topic for contract in journaled()} == read_by("gateway")
