"""The ports of one stack on 127.0.0.1, how they are moved, and what is said when one is taken."""

import os
import random
import socket
from collections.abc import Iterable, Mapping

from stack.failure import StackFailure

HOST = "127.0.0.1"
QUIET = (10_100, 32_000)
SERVICES = ("partners", "agreements", "events", "mobility", "gateway")
DEFAULTS = {
    "gateway": 8080,
    "partners": 8081,
    "agreements": 8082,
    "events": 8083,
    "mobility": 8084,
    "kafka": 9092,
    "kafka_controller": 9093,
    "store": 27017,
    "zipkin": 9411,
}


def chosen(environment: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Every port by name: its own setting, else its default moved by `PASSERELLE_PORT_OFFSET`."""
    offset = _number(environment, "PASSERELLE_PORT_OFFSET", 0)
    return {name: _number(environment, setting(name), port + offset) for name, port in DEFAULTS.items()}


def setting(name: str) -> str:
    """The environment variable that moves one port."""
    return f"PASSERELLE_{name.upper()}_PORT"


def require_free(ports: Mapping[str, int], names: Iterable[str]) -> None:
    """Raises StackFailure naming every taken port and the settings that change it."""
    taken = [name for name in names if in_use(ports[name])]
    if taken:
        lines = [f"Port {ports[name]} ({name}) is in use; {setting(name)} changes it." for name in taken]
        raise StackFailure("\n".join([*lines, "PASSERELLE_PORT_OFFSET=n moves all ports by n."]))


def in_use(port: int) -> bool:
    """Whether another process listens on the port."""
    with socket.socket() as probe:
        # Servers set the same option: a port that only lingers after a stop is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_port() -> int:
    """A port that was free a moment ago, for tests; none that the system gives to outgoing connections meanwhile."""
    while in_use(port := random.randrange(*QUIET)):
        continue
    return port


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name)
    if not given:
        return default
    if not given.lstrip("-").isdecimal():
        raise StackFailure(f"{name} must be a whole number, not {given!r}.")
    return int(given)
