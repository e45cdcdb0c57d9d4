import json
import os
import shlex
import socket
from pathlib import Path

import pytest

from stack import environment, keys, ports
from stack.environment import Stack
from stack.failure import StackFailure


def stack_in(folder: Path, **choices: bool) -> Stack:
    return Stack(folder, ports.chosen({}), demo=choices.get("demo", True), traces=choices.get("traces", False))


def test_one_offset_moves_every_port() -> None:
    moved = ports.chosen({"PASSERELLE_PORT_OFFSET": "100"})

    assert moved == {name: port + 100 for name, port in ports.DEFAULTS.items()}


def test_a_port_of_its_own_wins_over_the_offset() -> None:
    moved = ports.chosen({"PASSERELLE_PORT_OFFSET": "100", "PASSERELLE_GATEWAY_PORT": "9999"})

    assert (moved["gateway"], moved["partners"]) == (9999, 8181)


def test_an_offset_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(StackFailure, match="PASSERELLE_PORT_OFFSET must be a whole number, not 'ten'"):
        ports.chosen({"PASSERELLE_PORT_OFFSET": "ten"})


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.create_server((ports.HOST, 0)) as other:
        taken = other.getsockname()[1]

        with pytest.raises(StackFailure) as refused:
            ports.require_free({"gateway": taken}, ["gateway"])

    assert f"Port {taken} (gateway) is in use; PASSERELLE_GATEWAY_PORT changes it." in str(refused.value)


def test_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    folder = keys.make(tmp_path / "keys")
    made = {file.name: file.read_bytes() for file in folder.iterdir()}

    keys.make(folder)

    assert made == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert len(made["mobility.master.key"]) == 32


def test_the_public_key_does_not_hold_the_private_part(tmp_path: Path) -> None:
    folder = keys.make(tmp_path / "keys")

    private, public = (json.loads((folder / f"gateway.{part}.json").read_text()) for part in ("private", "public"))

    assert private["kid"] == public["kid"]
    assert "d" in private
    assert "d" not in public


def test_the_written_addresses_are_shell_assignments(tmp_path: Path) -> None:
    stack = stack_in(tmp_path)

    environment.write(stack)

    lines = (tmp_path / "env").read_text().splitlines()
    read = dict(shlex.split(line)[0].split("=", 1) for line in lines)
    assert read == environment.addresses(stack) | environment.choices(stack)
    assert read["PASSERELLE_GATEWAY_URL"] == "http://127.0.0.1:8080"


@pytest.mark.parametrize(("demo", "clock"), [(True, "demo"), (False, "real")])
def test_an_empty_office_lives_on_the_real_clock(tmp_path: Path, demo: bool, clock: str) -> None:
    told = environment.of_services(stack_in(tmp_path, demo=demo), caller={})

    assert told["PASSERELLE_CLOCK"] == clock


def test_the_caller_chooses_the_clock_but_not_the_addresses(tmp_path: Path) -> None:
    caller = {"PASSERELLE_CLOCK": "real", "PASSERELLE_MONGO_URL": "mongodb://elsewhere", "HOME": "/nowhere"}

    told = environment.of_services(stack_in(tmp_path), caller)

    assert told["PASSERELLE_CLOCK"] == "real"
    assert told["PASSERELLE_MONGO_URL"].startswith("mongodb://127.0.0.1:27017/")
    assert "HOME" not in told


def test_tracing_sends_every_span_to_zipkin(tmp_path: Path) -> None:
    told = environment.of_services(stack_in(tmp_path, traces=True), caller=os.environ)

    assert told["OTEL_TRACES_EXPORTER"] == "zipkin"
    assert told["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] == "http://127.0.0.1:9411/api/v2/spans"
