"""The form with containers and the form without are one system: the same ports, settings, versions and broker rules."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from stack import environment, kafka, places, ports, zipkin
from stack.environment import Stack

COMPOSE: dict[str, Any] = yaml.safe_load((places.TREE / "docker-compose.yml").read_text())
CONTAINERS: dict[str, Any] = COMPOSE["services"]
IMAGES = places.TREE / "infra" / "docker"


def told_without_containers() -> dict[str, str]:
    stack = Stack(Path("run"), ports.chosen({}), demo=True, traces=True)
    return environment.of_services(stack, caller={})


@pytest.mark.parametrize("service", ports.SERVICES)
def test_a_service_is_told_everything_it_is_told_without_containers(service: str) -> None:
    own = ("HOST", "PORT", "INSTANCE")
    others = {f"{other.upper()}_{what}" for other in ports.SERVICES if other != service for what in own}
    of_the_image = {"PASSERELLE_KEYS_DIR"}

    told = CONTAINERS[service]["environment"].keys() | of_the_image

    assert told_without_containers().keys() - others == told - {"PASSERELLE_SIGN_IN_BEHIND"}


@pytest.mark.parametrize("service", ports.SERVICES)
def test_a_service_listens_where_the_others_look_for_it(service: str) -> None:
    told = CONTAINERS[service]["environment"]

    assert told[f"{service.upper()}_PORT"] == ports.DEFAULTS[service]
    assert told[f"PASSERELLE_{service.upper()}_URL"] == f"http://{service}:{ports.DEFAULTS[service]}"


@pytest.mark.parametrize("service", ports.SERVICES)
def test_a_service_starts_when_its_ground_is_ready(service: str) -> None:
    waits_for = {name: rule["condition"] for name, rule in CONTAINERS[service]["depends_on"].items()}

    assert waits_for == {
        "keys": "service_completed_successfully",
        "topics": "service_completed_successfully",
        "mongo": "service_healthy",
    }


def test_what_is_published_is_published_on_loopback_with_the_usual_settings() -> None:
    published = {name: each["ports"] for name, each in CONTAINERS.items() if "ports" in each}

    assert published == {
        name: [f"127.0.0.1:${{{ports.setting(name)}:-{ports.DEFAULTS[name]}}}:{ports.DEFAULTS[name]}"]
        for name in ("gateway", "kafka", "zipkin")
    }


def test_the_broker_has_the_same_rules() -> None:
    lines = [line for line in kafka.SETTINGS.read_text().splitlines() if line and not line.startswith("#")]
    wanted = {name: value for name, _, value in (line.partition("=") for line in lines)}
    places_and_listeners = {
        name for name in wanted if "listener" in name or name in ("log.dirs", "controller.quorum.voters")
    }

    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for name, value in CONTAINERS["kafka"]["environment"].items()
    }

    assert {name: given.get(name) for name in wanted.keys() - places_and_listeners} == {
        name: wanted[name] for name in wanted.keys() - places_and_listeners
    }


def test_the_command_names_the_address_at_which_the_gateway_is_published() -> None:
    published = CONTAINERS["gateway"]["ports"][0].rpartition(":")[0]

    assert CONTAINERS["cli"]["environment"]["PASSERELLE_PUBLIC_URL"] == f"http://{published}"


def test_the_programs_have_the_same_versions() -> None:
    assert CONTAINERS["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"
    assert CONTAINERS["zipkin"]["image"] == f"openzipkin/zipkin:{zipkin.VERSION}"


@pytest.mark.parametrize("lock", ["services.lock", "build.lock"])
def test_an_image_has_the_versions_of_the_one_lock(lock: str) -> None:
    assert pinned(IMAGES / lock) <= pinned(places.TREE / "requirements.lock")


def test_an_image_has_every_library_its_packages_name() -> None:
    described = [places.TREE / "contracts", places.TREE / "infra" / "chassis"]
    described += [places.TREE / "services" / service for service in ports.SERVICES]
    named = {
        library_name(each)
        for package in described
        for each in tomllib.loads((package / "pyproject.toml").read_text())["project"]["dependencies"]
    }

    locked = {line.partition("==")[0] for line in pinned(IMAGES / "services.lock")}

    assert {name for name in named if not name.startswith("passerelle-")} <= locked, "run `make lock`"


def pinned(lock: Path) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+==[^ ]+", lock.read_text(), re.MULTILINE))


def library_name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
