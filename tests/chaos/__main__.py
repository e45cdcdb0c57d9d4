"""`python -m tests.chaos --minutes 10 [--seed N]`: ends with 1 when a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two blows, on average")
    parser.add_argument("--keep", type=Path, default=None, help="where data, logs and answers stay")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(100_000)
    sys.stdout.write(f"SEED={seed}\n")
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        folder = given.keep or Path(temporary)
        report = asyncio.run(run(folder, seed, given.minutes * 60, given.every))
    sys.stdout.write(report.line + "\n")
    raise SystemExit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
