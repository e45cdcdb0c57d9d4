"""Where the files of the contracts lie in the source tree, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SCHEMAS: Final = ROOT / "schemas"
EXAMPLES: Final = ROOT / "examples"
TOPICS: Final = ROOT / "topics"
ASYNCAPI: Final = ROOT / "asyncapi.yaml"

SCHEMA_SUFFIX: Final = ".schema.json"
Json = Mapping[str, Any]


def file_name(type_: str) -> str:
    """`partner.registered.v1` for the type `passerelle.partner.registered.v1`."""
    return type_.removeprefix("passerelle.")


def released(folder: Path) -> list[Path]:
    """One folder for each release, oldest first."""
    return sorted((each for each in (folder / "released").glob("*") if each.is_dir()), key=lambda each: each.name)


def read(file: Path) -> Json:
    found: Json = json.loads(file.read_text(encoding="utf-8"))
    return found


def written(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
