"""What a caller sends with each command, as JSON Schemas: for forms, clients and tests; the services do the judging.

Generated from the services' command tables; an installed wheel carries them as `contracts/_http`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SUFFIX = ".schema.json"


def load(folder: Path | None = None) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The schema of every body, by aggregate and command as the table spells it: `("agreement", "draft_agreement")`."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for file in sorted((folder or _folder()).glob(f"*{SUFFIX}")):
        aggregate, _, command = file.name.removesuffix(SUFFIX).partition(".")
        found[aggregate, command] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _folder() -> Path:
    here = Path(__file__).parent
    packed = here / "_http"
    return packed if packed.is_dir() else here.parent / "http"
