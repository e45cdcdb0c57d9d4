"""What a run found out, kept until the code changes: of each rule the test that guards it, of each test the rules it asks."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.rules.catalogue import ROOT, modules
from tests.rules.switches import Rule

FOLDER: Final = ROOT / ".cache/rules"
DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's outcome: the test that fails without it (empty: none), and whether that test names it. `tried` is how many
    stages of the tests `among` were gone through in vain."""

    rule: str
    test: str = ""
    named: bool = False
    reached_by: int = 0
    module: str = ""
    file: str = ""
    tried: int = 0
    among: str = ""

    @property
    def guarded(self) -> bool:
        return bool(self.test) and self.named

    def holds_for(self, rule: Rule, *, named: bool = True) -> bool:
        """Still true, because neither the rule's module nor the test's file changed since."""
        path = ROOT / self.test.split("::")[0]
        code = modules()[rule.module].path
        same = self.module in (meaning(code), digest(code)) and self.file == digest(path)
        return same and (self.guarded or not named)


@dataclass(frozen=True, slots=True)
class Looked:
    """A test's first run: how long it took, and the rules of the package (as it was then) that it asked about."""

    test: str
    seconds: float
    rules: tuple[str, ...]
    code: str

    @classmethod
    def read(cls, row: dict[str, Any]) -> Looked:
        return cls(row["test"], row["seconds"], tuple(row["rules"]), row["code"])


def outcome(rule: Rule, test: str, named: bool, reached_by: int) -> Found:
    file = digest(ROOT / test.split("::", maxsplit=1)[0]) if test else ""
    return Found(rule.id, test, named, reached_by, meaning(modules()[rule.module].path), file)


@cache
def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


@cache
def meaning(path: Path) -> str:
    """The digest of a module whatever its docstrings and comments say."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
            node.body[0] = ast.Pass()
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]


def of_files(paths: Iterable[Path]) -> str:
    """One digest of many files."""
    return hashlib.sha256("".join(digest(path) for path in sorted(set(paths))).encode()).hexdigest()[:12]


def code_of(group: str) -> str:
    """The digest of a package's code."""
    mine = [meaning(module.path) for name, module in sorted(modules().items()) if name.split(".")[0] == group]
    return hashlib.sha256("".join(mine).encode()).hexdigest()[:12]


def kept(group: str) -> dict[str, Found]:
    return {each["rule"]: Found(**each) for each in _read(group)}


def keep(group: str, found: Mapping[str, Found]) -> None:
    _write(group, found.values())


def looked(group: str) -> dict[str, Looked]:
    return {each["test"]: Looked.read(each) for each in _read(f"{group}-tests")}


def keep_looked(group: str, found: Mapping[str, Looked]) -> None:
    _write(f"{group}-tests", found.values())


def _read(name: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else []


def _write(name: str, rows: Iterable[Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = FOLDER / f"{name}.json.new"
    written.write_text(json.dumps([asdict(each) for each in rows], indent=1))
    written.replace(FOLDER / f"{name}.json")
