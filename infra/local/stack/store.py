"""The MongoDB-protocol store: which program serves it, its command, its address, and whether it answers.

Every commit is synced to disk before it is acknowledged, so that no acknowledged write is lost by a kill.
"""

import os
import shutil
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from stack import places, ports
from stack.child import Child
from stack.failure import StackFailure
from stack.ports import HOST

FAST = "secantusd-rs"
PLAIN = "secantusd-py"
OPLOG_ENTRIES = "1000000"
"""Of `PLAIN`: beyond that many, within its hour, each commit searches what was thrown away before."""
CACHE = {FAST: "256M", PLAIN: "1G"}
"""At most. What `PLAIN` keeps for its hour fills a small one with what cannot be written out, and then it answers nobody."""


def start(run_dir: Path, port: int | None = None, *, within_seconds: float = 30) -> Child:
    """A store of its own as a child process, answering when this returns; `address` is its MongoDB URL.

    Started again on the same folder and port it has the same data. Raises StackFailure with the log's end.
    """
    port = port or ports.free_port()
    ports.require_free({"store": port}, ["store"])
    log = run_dir / "log" / "store.log"
    child = Child("store", command(run_dir, port), log, address=url(port), answers=lambda: answers(port))
    return child.start(within_seconds)


def command(run_dir: Path, port: int) -> list[str]:
    """The store's command line; its data folder is made when missing."""
    program = program_for(run_dir)
    found = executable(program)
    if found is None:
        raise StackFailure(f"{program} is not installed. Run `make setup` (or `make store-fast` for {FAST}).")
    data = _data(run_dir, program)
    data.mkdir(parents=True, exist_ok=True)
    where = ["--host", HOST, "--port", str(port), "--storage-path", str(data)]
    more = ["--oplog-max-entries", OPLOG_ENTRIES] if program == PLAIN else []
    return [found, *where, "--cache-size", CACHE[program], "--log-level", "WARNING", "--sync-on-commit", *more]


def program_for(run_dir: Path) -> str:
    """The program whose data are there (neither reads the other's), else the fast one if installed."""
    for program in (FAST, PLAIN):
        if _data(run_dir, program).exists():
            return program
    return FAST if executable(FAST) else PLAIN


def url(port: int) -> str:
    """The address that services use; the one-member replica set is what allows transactions."""
    return f"mongodb://{HOST}:{port}/?replicaSet=secantus"


def answers(port: int) -> bool:
    """Whether the store takes writes."""
    client: MongoClient[dict[str, object]] = MongoClient(url(port), serverSelectionTimeoutMS=500)
    with client:
        try:
            return bool(client.admin.command("ping")["ok"])
        except PyMongoError:
            return False


def executable(program: str) -> str | None:
    """The path of a store program, if it is installed."""
    if program == PLAIN:
        beside_python = Path(places.PYTHON).with_name(PLAIN)
        return str(beside_python) if beside_python.exists() else None
    cached = places.cache_dir() / "bin" / FAST
    return shutil.which(FAST) or (str(cached) if os.access(cached, os.X_OK) else None)


def _data(run_dir: Path, program: str) -> Path:
    return run_dir / "data" / program
