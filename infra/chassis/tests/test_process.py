"""A service's process as it starts, turns and is told to end."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import uvicorn

from chassis.run import Settled

SERVICES = ("partners", "agreements", "events", "mobility", "gateway")
MADE = """
from chassis.starting import begin
begin()
import gc, sys, chassis.run, {name}.app, {name}.settings
settings = {name}.settings.{settings}()
if "{name}" == "gateway":
    {name}.app.application(settings)
else:
    chassis.run.Running({name}.app.service(settings), api=True, worker=True).application()
never = ("rich.", "pygments.", "pydantic.v1.")
print(gc.isenabled(), [module for module in sys.modules if module.startswith(never)])
"""


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_starts_without_what_it_never_uses(name: str, signing_keys: Path) -> None:
    script = MADE.format(name=name, settings=f"{name.capitalize()}Settings")
    told = {**os.environ, "PASSERELLE_KEYS_DIR": str(signing_keys), "PASSERELLE_SIGN_IN": "development"}
    said = subprocess.run([sys.executable, "-c", script], env=told, capture_output=True, text=True, check=False)
    assert said.stdout.split() == ["False", "[]"], said.stderr


async def test_a_process_that_has_started_looks_for_garbage_again() -> None:
    server = served()
    gc.disable()
    try:
        await server.startup()
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
        await server.shutdown()


async def test_a_process_that_is_told_to_end_does_not_wait_for_its_next_turn() -> None:
    server = served()
    turning = asyncio.create_task(server.main_loop())
    await asyncio.sleep(0)
    assert server.server_state.default_headers[0][0] == b"date"
    server.handle_exit(signal.SIGTERM, None)
    await asyncio.wait_for(turning, 0.5)


def served() -> Settled:
    async def nothing(scope: object, receive: object, send: object) -> None: ...

    config = uvicorn.Config(nothing, port=0, log_level="warning", lifespan="off")
    config.load()
    server = Settled(config)
    server.lifespan = config.lifespan_class(config)
    return server
