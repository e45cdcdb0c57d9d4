"""A load from a process of its own (`wrk`, from Debian): requests per second and latencies at a number of connections."""

from __future__ import annotations

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

UNITS = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


async def load(url: str, script: str, folder: Path, connections: int, seconds: int = 4) -> Load:
    """Runs a wrk script (Lua) against `url`."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    file = folder / "load.lua"
    await asyncio.to_thread(file.write_text, script)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(file), url]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out = (await process.communicate())[0].decode()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return Load(
        float(_found(r"Requests/sec:\s+([\d.]+)", out)),
        _milliseconds(_found(r"^\s+50%\s+(\S+)", out)),
        _milliseconds(_found(r"^\s+99%\s+(\S+)", out)),
        int(refused[1]) if refused else 0,
    )


def _found(pattern: str, out: str) -> str:
    match = re.search(pattern, out, re.MULTILINE)
    if match is None:
        raise AssertionError(out)
    return match[1]


def _milliseconds(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    assert match, text
    return float(match[1]) * UNITS[match[2]]


def posting(path: str, ids: list[str], body: str, token: str = "", seed: int = 1) -> str:
    """A script that posts `body` (its `%s` is another text each time) to `path` (its `%s` is an id), under a new key."""
    listed = ",".join(f'"{each}"' for each in ids)
    headers = f'["authorization"]="Bearer {token}",' if token else ""
    return f"""
local ids = {{{listed}}}
local n = 0
math.randomseed({seed})
request = function()
  n = n + 1
  local headers = {{{headers} ["content-type"]="application/json", ["idempotency-key"]="{seed}-" .. n}}
  local body = string.format([[{body}]], "{seed}-" .. n)
  return wrk.format("POST", string.format("{path}", ids[math.random(#ids)]), headers, body)
end
"""


def reading(path: str, values: list[str], token: str = "") -> str:
    listed = ",".join(f'"{each}"' for each in values)
    headers = f'["authorization"]="Bearer {token}"' if token else ""
    return f"""
local values = {{{listed}}}
request = function()
  return wrk.format("GET", string.format("{path}", values[math.random(#values)]), {{{headers}}})
end
"""
