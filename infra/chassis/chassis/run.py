"""A service's process: `python -m <service> api | worker | all`, one event loop, ended by SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import uvicorn
from starlette.middleware.trustedhost import TrustedHostMiddleware

from chassis import telemetry
from chassis.service import Running, Service
from chassis.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)
MODES = ("api", "worker", "all")
KEPT_ALIVE_SECONDS = 75
"""Longer than any client keeps an idle connection, so that none is closed under a request that has just been sent."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(make: Callable[[S], Service], settings: type[S], arguments: list[str] | None = None) -> None:
    """Runs the service that `make` puts together from its settings until it is told to stop.
    Proved by `test_a_service_that_is_asked_to_end_marks_what_it_published`."""
    mode = (arguments if arguments is not None else sys.argv[1:] or ["all"])[0]
    if mode not in MODES:
        raise SystemExit(f"choose one of {', '.join(MODES)}")
    service = make(settings())
    running = Running(service, api=mode != "worker", worker=mode != "api")
    serve(running.application(), service.settings, service.name)


class Settled(uvicorn.Server):
    """Once started, what has been imported stays: it is not looked through for garbage later either (`chassis.starting`),
    which would hold up requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()
        gc.enable()

    async def main_loop(self) -> None:
        """Turns once a second, for the date of its answers, where uvicorn looks ten times whether it was told to end."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(self._told.set)


def serve(app: Any, settings: ServiceSettings, name: str) -> None:
    """Serves the application until SIGTERM."""
    provider = telemetry.set_up(name)
    config = uvicorn.Config(
        guarded(app, settings, name),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEPT_ALIVE_SECONDS,
        server_header=False,
    )
    server = Settled(config)
    # Uvicorn raises the signal that ended it once more, which by default ends the process before its last spans left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.run()
    finally:
        provider.shutdown()
    if not server.started:
        raise SystemExit(3)  # a supervisor tells a failed start from an end that was asked for


def guarded(app: Any, settings: ServiceSettings, name: str) -> Any:
    """The application as it may be served. With development sign-in anyone can be anyone: it is for this machine only.

    It listens on loopback, or in a container whose port is published there by an explicit setting, and answers only who
    calls it by a loopback name or its own; else no process starts.

    Proved by `test_another_name_is_not_answered_while_anyone_can_be_anyone`.
    """
    if settings.sign_in != "development":
        return app
    if settings.host not in LOOPBACK and settings.sign_in_behind != "loopback-published":
        raise SystemExit("development sign-in listens on loopback only; set PASSERELLE_SIGN_IN=oidc")
    return TrustedHostMiddleware(app, allowed_hosts=[*LOOPBACK, "[::1]", name], www_redirect=False)
