"""What the services of one stack are told through their environment, and what a person may source."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack import ports, store

CLOCKS = {True: "demo", False: "real"}


@dataclass(frozen=True)
class Stack:
    """One stack: its folder, its ports, and the choices of the person who starts it."""

    folder: Path
    ports: Mapping[str, int]
    demo: bool
    traces: bool

    def url(self, program: str) -> str:
        """The HTTP address of a service or of Zipkin."""
        return f"http://{ports.HOST}:{self.ports[program]}"


def addresses(stack: Stack) -> dict[str, str]:
    """Where everything of the stack is reached: the content of `.run/env`."""
    found = {f"PASSERELLE_{service.upper()}_URL": stack.url(service) for service in ports.SERVICES}
    found["PASSERELLE_KAFKA_BOOTSTRAP"] = f"{ports.HOST}:{stack.ports['kafka']}"
    found["PASSERELLE_MONGO_URL"] = store.url(stack.ports["store"])
    found["PASSERELLE_KEYS_DIR"] = str(stack.folder / "keys")
    if stack.traces:
        found["PASSERELLE_ZIPKIN_URL"] = stack.url("zipkin")
    return found


def choices(stack: Stack) -> dict[str, str]:
    """What a person's own settings may override."""
    return {"PASSERELLE_CLOCK": CLOCKS[stack.demo], "PASSERELLE_SIGN_IN": "development"}


def of_services(stack: Stack, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of every service: the caller's own settings, then what this stack decides.

    Each has an instance name, so that after a kill it is back in its consumer groups at once.
    """
    prefixes = ("PASSERELLE_", "OTEL_", *(f"{service.upper()}_" for service in ports.SERVICES))
    given = {name: value for name, value in caller.items() if name.startswith(prefixes)}
    told = {**choices(stack), **given, **addresses(stack)}
    for service in ports.SERVICES:
        own = {"HOST": ports.HOST, "PORT": str(stack.ports[service]), "INSTANCE": f"{service}-1"}
        told |= {f"{service.upper()}_{name}": value for name, value in own.items()}
    if stack.traces:
        told |= {
            "OTEL_TRACES_EXPORTER": "zipkin",
            "OTEL_EXPORTER_ZIPKIN_ENDPOINT": f"{stack.url('zipkin')}/api/v2/spans",
            "OTEL_TRACES_SAMPLER": "parentbased_always_on",
        }
    return told


def write(stack: Stack) -> None:
    """Writes `env` into the stack's folder, as assignments that any shell reads."""
    chosen = {name: os.environ.get(name, value) for name, value in choices(stack).items()}
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in (addresses(stack) | chosen).items()]
    (stack.folder / "env").write_text("".join(lines))
