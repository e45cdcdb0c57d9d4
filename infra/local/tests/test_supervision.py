"""The whole way of `make up` with the ground alone: one real supervisord, one broker, one store."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack import kafka, ports, store
from stack.supervised import Supervisor

pytestmark = pytest.mark.slow


class Ground:
    """A stack of its own in a folder of its own, driven as the Makefile drives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.supervisor = Supervisor(folder)
        self.ports = {name: ports.free_port() for name in ports.DEFAULTS}

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        own = {ports.setting(name): str(port) for name, port in self.ports.items()}
        told = os.environ | own | {"PASSERELLE_RUN_DIR": str(self.folder)} | settings
        command = [sys.executable, "-m", "stack", *words]
        return subprocess.run(command, env=told, capture_output=True, text=True, timeout=100, check=False)

    def pids(self) -> dict[str, int]:
        found = (self.supervisor.ask("pid", name).strip() for name in ("kafka", "store"))
        return dict(zip(("kafka", "store"), map(int, found), strict=True))

    def answers(self) -> bool:
        return kafka.answers(self.ports["kafka"]) and store.answers(self.ports["store"])


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("stack"))
    came_up = ground.run("up", "--ground")
    assert came_up.returncode == 0, came_up.stderr
    yield ground
    ground.run("down")


def wait_until_it_answers(ground: Ground) -> None:
    deadline = time.monotonic() + 30
    while not ground.answers():
        assert time.monotonic() < deadline, ground.run("status").stdout
        time.sleep(0.1)


def test_coming_up_twice_restarts_nothing(ground: Ground) -> None:
    before = ground.pids()

    again = ground.run("up", "--ground")

    assert (again.returncode, ground.pids()) == (0, before)


def test_what_is_killed_is_started_again(ground: Ground) -> None:
    before = ground.pids()

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    wait_until_it_answers(ground)

    assert ground.run("status").returncode == 0
    assert not set(before.values()) & set(ground.pids().values())


def test_a_killed_supervisor_leaves_nothing_in_the_way(ground: Ground) -> None:
    left = ground.pids()
    os.kill(int((ground.folder / "supervisord.pid").read_text()), signal.SIGKILL)

    again = ground.run("up", "--ground")

    assert again.returncode == 0, again.stderr
    assert ground.answers()
    assert not any(psutil.pid_exists(pid) for pid in left.values())


def test_a_changed_port_moves_only_its_own_program(ground: Ground) -> None:
    before = ground.pids()
    ground.ports["store"] = ports.free_port()

    again = ground.run("up", "--ground")

    assert again.returncode == 0, again.stderr
    assert ground.pids()["kafka"] == before["kafka"]
    assert ground.answers()


def test_a_taken_port_stops_it_before_anything_is_started(tmp_path: Path) -> None:
    other = Ground(tmp_path)
    with socket.create_server((ports.HOST, other.ports["gateway"])):
        refused = other.run("up")

    assert refused.returncode == 1
    assert f"Port {other.ports['gateway']} (gateway) is in use" in refused.stderr
    assert not other.supervisor.alive()


def test_down_ends_every_process_and_keeps_the_data(ground: Ground) -> None:
    running = ground.pids()

    ground.run("down")

    assert not any(psutil.pid_exists(pid) for pid in running.values())
    assert (ground.folder / "data" / "kafka" / "meta.properties").exists()
    assert ground.run("down").stdout == "Nothing was running.\n"
