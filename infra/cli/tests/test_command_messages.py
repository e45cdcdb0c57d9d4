"""What the command says when something is missing: one sentence, status 1, no traceback."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from passerelle.__main__ import app
from passerelle.tracing import trees
from stack import keys, ports

COMMANDS = ("init", "import", "people", "token", "trace", "parked", "resume", "rebuild", "republish", "verify", "demo")


def asked(*words: str, **environment: str) -> Result:
    clean = dict.fromkeys((f"PASSERELLE_{name}" for name in ("RUN_DIR", "GATEWAY_URL", "ZIPKIN_URL", "SIGN_IN")), None)
    return CliRunner().invoke(app, words, env={**clean, "COLUMNS": "200", **environment})


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Addresses at which nobody answers, and a signing key."""
    monkeypatch.chdir(tmp_path)
    address = f"http://127.0.0.1:{ports.free_port()}"
    names = ("GATEWAY", "PARTNERS", "AGREEMENTS", "EVENTS", "MOBILITY", "ZIPKIN")
    found = {f"PASSERELLE_{name}_URL": address for name in names}
    found["PASSERELLE_KAFKA_BOOTSTRAP"] = address.removeprefix("http://")
    found["PASSERELLE_MONGO_URL"] = f"mongodb://{address.removeprefix('http://')}/?serverSelectionTimeoutMS=200"
    return {**found, "PASSERELLE_KEYS_DIR": str(keys.make(tmp_path / "keys"))}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_is_for(command: str) -> None:
    told = asked(command, "--help")

    assert told.exit_code == 0
    assert "Usage" in told.output


@pytest.mark.parametrize(
    "words",
    [
        ("init",),
        ("demo",),
        ("parked", "list"),
        ("resume",),
        ("rebuild", "partners"),
        ("people", "import", "people.csv"),
        ("import", "eche", "list.xlsx", "--add", "all"),
    ],
)
def test_when_nothing_runs_the_message_says_so(words: Sequence[str], nowhere: dict[str, str]) -> None:
    Path("people.csv").write_text("subject,name,roles\na,A,reader\n")
    Path("list.xlsx").write_bytes(b"anything")

    told = asked(*words, **nowhere)

    assert told.exit_code == 1
    assert re.search(r"Nothing answers at http://127.0.0.1:\d+ .* `make up` starts it\.", told.output)
    assert "Traceback" not in told.output


@pytest.mark.parametrize("words", [("verify",), ("republish", "partners")])
def test_when_the_store_is_away_the_message_says_so(words: Sequence[str], nowhere: dict[str, str]) -> None:
    told = asked(*words, **nowhere)

    assert told.exit_code == 1
    assert "The store does not answer" in told.output


def test_a_service_that_is_none_is_named_with_those_there_are(nowhere: dict[str, str]) -> None:
    assert "there are partners, agreements, events, mobility" in asked("republish", "projects", **nowhere).output
    assert "There is no service projects" in asked("parked", "list", "--service", "projects", **nowhere).output


def test_a_list_that_is_not_there_is_one_message(nowhere: dict[str, str]) -> None:
    told = asked("import", "eche", "missing.xlsx", "--add", "none", **nowhere)

    assert told.exit_code == 1
    assert told.output.strip() == "missing.xlsx cannot be read: No such file or directory."


def test_a_trace_without_zipkin_says_how_to_switch_tracing_on(nowhere: dict[str, str]) -> None:
    assert "`make up TRACES=1`" in asked("trace", "0123").output
    assert "Zipkin does not answer" in asked("trace", "0123", **nowhere).output


def test_tokens_are_for_development_sign_in_only(nowhere: dict[str, str]) -> None:
    assert asked("token", "officer", **nowhere).exit_code == 0
    assert "signs in by OIDC" in asked("token", "officer", PASSERELLE_SIGN_IN="oidc", **nowhere).output
    for no_role in ("service", "wizard"):
        assert f"{no_role} is no role of a person; choose one of officer, " in asked("token", no_role, **nowhere).output


def test_a_trace_is_shown_as_who_asked_whom() -> None:
    def span(id_: str, service: str, name: str, parent: str = "") -> dict[str, object]:
        shown = {"id": id_, "name": name, "duration": 1_500, "timestamp": int(id_)}
        return {**shown, "localEndpoint": {"serviceName": service}, **({"parentId": parent} if parent else {})}

    output = StringIO()
    spans = [span("3", "agreements", "command", "2"), span("1", "gateway", "post"), span("2", "gateway", "ask", "1")]
    for tree in trees([*spans, span("4", "events", "react", "9")]):
        Console(file=output, width=80).print(tree)

    assert [line.strip("│├└─ ") for line in output.getvalue().splitlines()] == [
        "gateway  post  1.5 ms",
        "gateway  ask  1.5 ms",
        "agreements  command  1.5 ms",
        "events  react  1.5 ms",
    ]
