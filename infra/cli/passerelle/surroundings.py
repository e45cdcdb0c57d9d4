"""Which installation the command speaks to: the environment, else the `.run/env` of the checkout it is called in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from passerelle.failure import Failure

SERVICES: Final = ("partners", "agreements", "events", "mobility")
EVERYONE: Final = (*SERVICES, "gateway")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Addresses and choices by their environment names."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """A setting that the command cannot do without; raises `Failure` with what to do."""
        found = self.values.get(f"PASSERELLE_{name}")
        if not found:
            raise Failure(
                f"PASSERELLE_{name} is not set and no .run/env was found from here upwards. "
                "Run `make up` first, or set it."
            )
        return found

    def get(self, name: str) -> str | None:
        return self.values.get(f"PASSERELLE_{name}")

    def url(self, service: str) -> str:
        return self[f"{service.upper()}_URL"].rstrip("/")

    def front(self) -> str:
        """The gateway's address as people reach it, which from inside a container is another one."""
        return self.get("PUBLIC_URL") or self.url("gateway")

    def database(self, service: str) -> str:
        """The service's database, as its own settings name it."""
        return self.values.get(f"{service.upper()}_DATABASE") or f"passerelle_{service}"


def surroundings(environment: Mapping[str, str] = os.environ, folder: Path | None = None) -> Surroundings:
    """The environment's settings; what it leaves out is read from the nearest stack's own file."""
    file = _nearest(environment, folder or Path.cwd())
    return Surroundings({**(_assignments(file) if file else {}), **environment})


def _nearest(environment: Mapping[str, str], folder: Path) -> Path | None:
    chosen = environment.get("PASSERELLE_RUN_DIR")
    places = [Path(chosen)] if chosen else [above / ".run" for above in (folder, *folder.parents)]
    return next((place / "env" for place in places if (place / "env").is_file()), None)


def _assignments(file: Path) -> dict[str, str]:
    words = shlex.split(file.read_text(), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)
