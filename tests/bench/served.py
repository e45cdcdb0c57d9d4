"""Processes under load: the bare application and a service of the product, each on a free port."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from stack import ports
from stack.child import Child


@asynccontextmanager
async def served(
    folder: Path,
    *arguments: str,
    port_variable: str,
    path: str,
    python: str | Path = sys.executable,
    **environment: str,
) -> AsyncIterator[str]:
    """`python -m …` with this environment; gives its address once `path` answers."""
    port = ports.free_port()
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            with urllib.request.urlopen(address + path, timeout=1):
                return True
        except OSError as fault:
            return getattr(fault, "code", 0) == 404

    told: Mapping[str, str] = {**os.environ, **environment, port_variable: str(port)}
    command = [str(python), "-m", *arguments]
    child = Child(arguments[0], command, folder / f"{arguments[0]}-{port}.log", address, answers, told)
    await asyncio.to_thread(child.start, 60)
    try:
        yield address
    finally:
        await asyncio.to_thread(child.stop)
