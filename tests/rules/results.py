"""What a run found out about each rule, kept until the rule's module or the test that guards it changes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.rules.catalogue import ROOT, modules
from tests.rules.switches import Rule

FOLDER: Final = ROOT / ".cache/rules"


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's outcome: the test that fails without it (empty: none), and whether that test names it."""

    rule: str
    test: str = ""
    named: bool = False
    reached_by: int = 0
    module: str = ""
    file: str = ""

    @property
    def guarded(self) -> bool:
        return bool(self.test) and self.named

    def holds_for(self, rule: Rule) -> bool:
        """Still true, because neither the rule's module nor the test's file changed since."""
        path = ROOT / self.test.split("::")[0]
        return self.guarded and self.module == digest(modules()[rule.module].path) and self.file == digest(path)


def outcome(rule: Rule, test: str, named: bool, reached_by: int) -> Found:
    file = digest(ROOT / test.split("::", maxsplit=1)[0]) if test else ""
    return Found(rule.id, test, named, reached_by, digest(modules()[rule.module].path), file)


@cache
def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


def kept(group: str) -> dict[str, Found]:
    path = FOLDER / f"{group}.json"
    return {each["rule"]: Found(**each) for each in json.loads(path.read_text())} if path.exists() else {}


def keep(group: str, found: dict[str, Found]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = FOLDER / f"{group}.json.new"
    written.write_text(json.dumps([asdict(each) for each in found.values()], indent=1))
    written.replace(FOLDER / f"{group}.json")
