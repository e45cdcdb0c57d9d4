"""`python -m stack up|down|status|logs|reset`: the embedded stack's own command, used by the Makefile."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from stack import places, ports, store
from stack.environment import Stack
from stack.failure import StackFailure
from stack.supervised import Supervisor
from stack.up import up


def main() -> int:
    """Does one thing; 0 when it went well, else a sentence on standard error and 1."""
    parser = argparse.ArgumentParser(prog="stack", description="The embedded stack.")
    parser.add_argument("action", choices=["up", "down", "status", "logs", "reset"])
    parser.add_argument("--ground", action="store_true", help="up: Kafka and the store only")
    asked = parser.parse_args()
    folder = places.run_dir()
    try:
        match asked.action:
            case "up":
                return _up(folder, services=not asked.ground)
            case "down":
                print("Stopped." if Supervisor(folder).stop(together=ports.SERVICES) else "Nothing was running.")
            case "status":
                return _status(folder)
            case "logs":
                _logs(folder)
            case "reset":
                Supervisor(folder).stop(together=ports.SERVICES)
                shutil.rmtree(folder / "data", ignore_errors=True)
                print(f"The data under {folder} are gone; the next `make up` starts empty.")
    except StackFailure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0


def _up(folder: Path, *, services: bool) -> int:
    stack = Stack(folder, ports.chosen(), demo=_demo(folder), traces=os.environ.get("TRACES", "0") != "0")
    up(stack, services=services)
    if store.program_for(folder) == store.PLAIN:
        print("The plain store is in use; `make store-fast` builds a faster one for the next empty start.")
    if stack.traces:
        print(f"Traces are shown at {stack.url('zipkin')}")
    if services:
        print(f"Passerelle is ready at {stack.url('gateway')}")
    return 0


def _demo(folder: Path) -> bool:
    """`DEMO` when given, else the choice made for these data: an office that began empty stays its own."""
    remembered = folder / "data" / "choices.json"
    given = os.environ.get("DEMO")
    if given:
        demo = given != "0"
    else:
        demo = bool(json.loads(remembered.read_text())["demo"]) if remembered.exists() else True
    remembered.parent.mkdir(parents=True, exist_ok=True)
    remembered.write_text(json.dumps({"demo": demo}))
    return demo


def _status(folder: Path) -> int:
    states = Supervisor(folder).states()
    for name, state in states.items():
        print(f"{name:12}{state.lower()}")
    if not states:
        print("Nothing is running. `make up` starts it.")
    return 0 if states and set(states.values()) == {"RUNNING"} else 1


def _logs(folder: Path) -> None:
    logs = sorted(str(log) for log in (folder / "log").glob("*.log"))
    if not logs:
        raise StackFailure("There are no logs yet.")
    follow = ["-F"] if sys.stdout.isatty() else []
    os.execvp("tail", ["tail", "-n", "40", *follow, *logs])


if __name__ == "__main__":
    sys.exit(main())
