"""`make up` and its siblings: brings the parts up in order, waits for each, and says plainly what failed."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from stack import environment, kafka, keys, places, ports, store, zipkin
from stack.environment import Stack
from stack.failure import StackFailure, last_lines
from stack.supervised import RUNNING, Supervisor

PATIENCE_SECONDS = 90


def up(stack: Stack, *, services: bool = True) -> None:
    """Brings the stack up; harmless when it is up already. Data are kept from one time to the next."""
    (stack.folder / "log").mkdir(parents=True, exist_ok=True)
    keys.make(stack.folder / "keys")
    supervisor = Supervisor(stack.folder)
    commands = _commands(stack, services=services)
    told = environment.of_services(stack)
    supervisor.configure(commands, dict.fromkeys(commands.keys() & set(ports.SERVICES), told))
    _require_free_ports(stack, supervisor, list(commands))
    environment.write(stack)

    ground = [name for name in commands if name not in ports.SERVICES]
    _bring_up(stack, supervisor, ground)
    if services:
        _run_step(stack, told, "topics", ["-m", "chassis.topics"])
        _bring_up(stack, supervisor, list(ports.SERVICES))
    if services and stack.demo:
        _run_step(stack, told, "demo", ["-m", "passerelle", "demo"])


def _commands(stack: Stack, *, services: bool) -> dict[str, list[str]]:
    """What runs, in starting order."""
    at = stack.ports
    commands = {
        "kafka": kafka.prepare(stack.folder, at["kafka"], at["kafka_controller"]),
        "store": store.command(stack.folder, at["store"]),
    }
    if stack.traces:
        commands["zipkin"] = zipkin.command(at["zipkin"])
    if services:
        commands |= {service: [places.PYTHON, "-m", service, "all"] for service in ports.SERVICES}
    return commands


def _require_free_ports(stack: Stack, supervisor: Supervisor, names: list[str]) -> None:
    states = supervisor.states()
    running = {name for name, state in states.items() if state in RUNNING}
    needed = [name for name in names if name not in running]
    if "kafka" in needed:
        needed.append("kafka_controller")
    try:
        ports.require_free(stack.ports, needed)
    except StackFailure:
        if not running:
            supervisor.stop()
        raise


def _bring_up(stack: Stack, supervisor: Supervisor, names: list[str]) -> None:
    supervisor.start(names)
    for name in names:
        started = time.monotonic()
        while not _answers(stack, name)():
            state = supervisor.states().get(name, "gone")
            late = time.monotonic() - started > PATIENCE_SECONDS
            if late or state not in RUNNING:
                log = stack.folder / "log" / f"{name}.log"
                told = f"{name} did not come up ({state.lower()}). The end of {log}:"
                raise StackFailure(f"{told}\n{last_lines(log)}")
            time.sleep(0.1)
        print(f"{name}: ready on port {stack.ports[name]}", flush=True)


def _answers(stack: Stack, name: str) -> Callable[[], bool]:
    port = stack.ports[name]
    match name:
        case "kafka":
            return lambda: kafka.answers(port)
        case "store":
            return lambda: store.answers(port)
        case "zipkin":
            return lambda: _says_ok(port, "/health")
        case _:
            return lambda: _says_ok(port, "/ready")


def _says_ok(port: int, path: str) -> bool:
    with closing(HTTPConnection(ports.HOST, port, timeout=2)) as connection:
        try:
            connection.request("GET", path)
            return connection.getresponse().status == HTTPStatus.OK
        except (HTTPException, OSError):
            return False


def _run_step(stack: Stack, told: dict[str, str], name: str, arguments: list[str]) -> None:
    log = stack.folder / "log" / f"{name}.log"
    with log.open("wb") as output:
        command = [places.PYTHON, *arguments]
        done = subprocess.run(
            command, cwd=places.TREE, env=os.environ | told, stdout=output, stderr=output, check=False
        )
    if done.returncode:
        raise StackFailure(f"The step `{name}` failed. The end of {log}:\n{last_lines(log)}")
    print(f"{name}: done", flush=True)
