"""`python -m contracts.check [--write | --release]`: says what is wrong with the committed contracts.

`--write` regenerates schemas and asyncapi.yaml and adds golden records that are missing. `--release` keeps today's
schemas and examples as the next release, which every later version is held against.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from contracts.check import asyncapi, evolution, golden, schemas, topic_files
from contracts.check.tree import EXAMPLES, SCHEMA_SUFFIX, SCHEMAS, released


def problems() -> list[str]:
    """Everything that is wrong, one sentence each."""
    today = schemas.record_schemas()
    return [
        *schemas.stale(today),
        *schemas.personal_data(today),
        *evolution.broken(today),
        *golden.unreadable(),
        *topic_files.incomplete(),
        *asyncapi.stale(),
    ]


def write() -> None:
    schemas.write(schemas.record_schemas())
    for name in golden.write_missing():
        print(f"examples/{name} is new: read it before you commit it")
    asyncapi.write()


def release() -> None:
    """Copies today's schemas and examples; what a release holds is never changed afterwards."""
    name = str(len(released(SCHEMAS)) + 1)
    for folder, pattern in ((SCHEMAS, f"*{SCHEMA_SUFFIX}"), (EXAMPLES, "*.json")):
        _copy(folder, pattern, folder / "released" / name)
    print(f"release {name} is kept")


def _copy(folder: Path, pattern: str, to: Path) -> None:
    to.mkdir(parents=True)
    for file in folder.glob(pattern):
        shutil.copyfile(file, to / file.name)


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"], ["--release"]):
        print(__doc__)
        return 2
    if arguments == ["--write"]:
        write()
    found = problems()
    print("\n".join(found) if found else "The contracts are in order.")
    if found:
        print("\nAfter an intended change: python -m contracts.check --write")
        return 1
    if arguments == ["--release"]:
        release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
