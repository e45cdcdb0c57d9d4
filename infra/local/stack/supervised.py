"""The processes of one stack under supervisord: what it runs, and the few questions put to it.

supervisord restarts what ends, keeps the logs, and stops everything in reverse order of priority.
"""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from stack import places
from stack.failure import StackFailure

# Every supervised process carries this, so that those left behind by a killed supervisord are found again.
MARK = "PASSERELLE_STACK"

RUNNING = frozenset({"RUNNING", "STARTING"})

LAUNCH_SECONDS = 10.0

HEAD = Path(__file__).with_name("supervisord.conf")
PROGRAM = Path(__file__).with_name("program.conf")


class Supervisor:
    """The supervisord of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "supervisord.conf"

    def configure(self, commands: Mapping[str, list[str]], environments: Mapping[str, dict[str, str]]) -> None:
        """Writes what is to run, in starting order, and has a running supervisord take it over.

        Programs whose command or environment changed are stopped; nothing is started.
        """
        parts = [
            HEAD.read_text().format(tree=places.TREE, folder=_literal(self.folder), socket=_literal(self._socket()))
        ]
        for priority, (name, command) in enumerate(commands.items()):
            environment = {MARK: str(self.folder), **environments.get(name, {})}
            parts.append(
                PROGRAM.read_text().format(
                    name=name,
                    command=" ".join(_quoted(word) for word in command),
                    environment=",".join(f"{key}={_quoted(value)}" for key, value in environment.items()),
                    priority=priority,
                    folder=_literal(self.folder),
                )
            )
        self.configuration.write_text("".join(parts))
        if self.alive():
            self.ask("update")
            return
        self.stop_left_behind()
        self._launch()

    def alive(self) -> bool:
        """Whether this folder's supervisord runs."""
        try:
            pid = int((self.folder / "supervisord.pid").read_text())
            return str(self.configuration) in psutil.Process(pid).cmdline()
        except (OSError, ValueError, psutil.Error):
            return False

    def states(self) -> dict[str, str]:
        """Each program and its state, as supervisord names them; empty when it does not run."""
        if not self.alive():
            return {}
        return {each["name"]: each["statename"] for each in self._remote().getAllProcessInfo()}

    def start(self, names: Iterable[str]) -> None:
        """Starts the programs that do not run yet, side by side, without waiting for them."""
        states = self.states()
        for name in names:
            if states.get(name) == "BACKOFF":
                # It waits before its next try; a person who asks again does not want to.
                self._remote().stopProcess(name)
            if states.get(name) not in RUNNING:
                self._remote().startProcess(name, False)

    def stop(self, together: Collection[str] = ()) -> bool:
        """Stops every program and supervisord itself; tells whether there was anything to stop.

        Those named go side by side and first, the others one by one, last started first.
        """
        if not self.alive():
            return self.stop_left_behind()
        supervisord = psutil.Process(int((self.folder / "supervisord.pid").read_text()))
        for name, state in self.states().items():
            if name in together and state in RUNNING:
                self._remote().stopProcess(name, False)
        self.ask("shutdown")
        supervisord.wait(timeout=120)
        self.stop_left_behind()
        return True

    def stop_left_behind(self) -> bool:
        """Ends processes of this stack that no supervisord watches; tells whether there were any."""
        left = [process for process in psutil.process_iter() if self._is_mine(process)]
        for process in left:
            process.terminate()
        _, stubborn = psutil.wait_procs(left, timeout=10)
        for process in stubborn:
            process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        return bool(left)

    def ask(self, *words: str) -> str:
        """One question to supervisorctl; what it printed."""
        command = [places.PYTHON, "-m", "supervisor.supervisorctl", "-c", str(self.configuration), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout

    def _remote(self) -> Any:
        # The host is a formality: the transport goes through the socket.
        transport = SupervisorTransport(None, None, f"unix://{self._socket()}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def _launch(self) -> None:
        # The choices of one `make up` must not outlive it in the environment of every later child,
        # and without bytecode every restart would take more than twice the time.
        chosen = ("PASSERELLE_", "OTEL_", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(chosen)}
        command = [places.PYTHON, "-m", "supervisor.supervisord", "-c", str(self.configuration)]
        subprocess.run(command, env=kept, timeout=60, check=True)
        until = time.monotonic() + LAUNCH_SECONDS
        while not self.alive():  # it says who it is a moment after its parent has ended
            if time.monotonic() > until:
                raise StackFailure(f"supervisord did not come up; see {self.folder / 'log'}")
            time.sleep(0.01)

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == str(self.folder) and process.pid != os.getpid()
        except psutil.Error:
            return False

    def _socket(self) -> str:
        beside = str(self.folder / "supervisor.sock")
        if len(beside) < 100:
            return beside
        # The system allows about 100 characters in a socket's name.
        short = hashlib.sha256(beside.encode()).hexdigest()[:16]
        return f"{tempfile.gettempdir()}/passerelle-{short}.sock"


def _quoted(text: str) -> str:
    quote = "'" if '"' in text else '"'
    return f"{quote}{_literal(text)}{quote}"


def _literal(text: str | Path) -> str:
    # supervisord expands `%(name)s` in every value.
    return str(text).replace("%", "%%")
