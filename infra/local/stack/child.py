"""A child process that is waited for until it answers, and that can be killed, frozen and started again.

Tests use it for the broker, the store and the services; nothing here restarts by itself.
"""

import atexit
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from stack.failure import StackFailure, last_lines


@dataclass
class Child:
    """One process of a test's stack. As a context manager it is stopped at the end."""

    name: str
    command: Sequence[str]
    log: Path
    address: str
    answers: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int:
        """The process id of the running child."""
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether the process exists, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self, within_seconds: float = 30) -> Self:
        """Starts the process and waits until it answers; raises StackFailure with the end of its log."""
        self.launch()
        self.wait_until_it_answers(within_seconds)
        return self

    def launch(self) -> None:
        """Starts the process without waiting for it."""
        if self.alive:
            raise StackFailure(f"{self.name} is already running.")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment
            )
        atexit.register(self.kill)

    def wait_until_it_answers(self, within_seconds: float = 30) -> None:
        """Polls until the child answers; raises StackFailure when it ends first or takes too long."""
        deadline = time.monotonic() + within_seconds
        while not self.answers():
            if not self.alive:
                self._fail("ended while starting")
            if time.monotonic() > deadline:
                self._fail(f"did not answer within {within_seconds:g} s")
            time.sleep(0.05)

    def stop(self, within_seconds: float = 20) -> None:
        """Asks the process to end (SIGTERM), and kills it when it does not in time."""
        if not self.alive:
            return
        process = self._running()
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        atexit.unregister(self.kill)

    def kill(self) -> None:
        """Ends the process at once (SIGKILL); it gets no chance to finish anything."""
        if self.alive:
            process = self._running()
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """Stops the process in its tracks (SIGSTOP); its connections stay open and silent."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen process go on (SIGCONT)."""
        self._running().send_signal(signal.SIGCONT)

    def restart(self, within_seconds: float = 30) -> Self:
        """Stops it in good order and starts it again on the same data."""
        self.stop()
        return self.start(within_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise StackFailure(f"{self.name} was not started.")
        return self._process

    def _fail(self, what: str) -> None:
        self.kill()
        raise StackFailure(f"{self.name} {what}. The end of {self.log}:\n{last_lines(self.log)}")
