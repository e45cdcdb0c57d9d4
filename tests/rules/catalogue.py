"""Every module that rules are looked for in, with what its functions give: the names by which a rule is recognised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = ("partners", "events", "agreements", "mobility")
PACKAGES: Final = {
    "contracts": ROOT / "contracts/contracts",
    "chassis": ROOT / "infra/chassis/chassis",
    **{name: ROOT / "services" / name / name for name in SERVICES},
}
GIVES: Final = {
    "Refusal": "refusal",
    "Refusal | None": "maybe",
    "Iterator[Refusal]": "many",
    "Iterable[Refusal]": "many",
    "New": "claim",
    "New | Gone": "claim",
}
"""What a function gives, by its annotation: such a function is a rule wherever it is called."""
SLUG: Final = re.compile(r"[a-z]+(-[a-z]+)+")


@dataclass
class Module:
    """A module's tree, where each of its names comes from, and what its functions and constants give."""

    name: str
    path: Path
    tree: ast.Module
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    gives: dict[str, str] = field(default_factory=dict)
    functions: dict[str, ast.AST] = field(default_factory=dict)

    def resolved(self, call: ast.expr) -> tuple[str, str] | None:
        """Module and name of what is called or named, as far as it can be read off."""
        match call:
            case ast.Name(id=name):
                return (self.name, name) if name in self.gives else self.names.get(name)
            case ast.Attribute(value=ast.Name(id=alias), attr=name) if alias in self.names:
                return ".".join(self.names[alias]), name
        return None


@cache
def modules() -> dict[str, Module]:
    read: dict[str, Module] = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join((package, *(part for part in parts if part != "__init__")))
            read[name] = _read(name, path)
    return read


def _read(name: str, path: Path) -> Module:
    module = Module(name, path, ast.parse(path.read_text()))
    for node in module.tree.body:
        match node:
            case ast.ImportFrom(module=str(source), names=names):
                module.names |= {alias.asname or alias.name: (source, alias.name) for alias in names}
            case ast.FunctionDef(name=function, returns=returns) | ast.AsyncFunctionDef(name=function, returns=returns):
                module.functions[function] = node
                given = GIVES.get(ast.unparse(returns)) if returns else None
                if given and (given != "claim" or module.names.get("New") == ("chassis.decide", "New")):
                    module.gives[function] = given
            case ast.Assign(targets=[ast.Name(id=constant)], value=ast.Call(func=ast.Name(id="Refusal" | "refuse"))):
                module.gives[constant] = "constant"
                module.functions[constant] = node
    if name == "chassis.decide":
        module.gives |= {"Refusal": "refusal", "New": "claim", "Gone": "claim"}
    return module


def given(module: Module, call: ast.expr) -> str | None:
    """What a call or name gives: `refusal`, `maybe`, `many`, `claim`, `constant`; None for everything else."""
    found = module.resolved(call)
    if found is None or found[0] not in modules():
        return None
    return modules()[found[0]].gives.get(found[1])


def slugs(module: Module, node: ast.AST, seen: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """The slugs that stand in a piece of code or in the functions of its service that it calls."""
    said = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    found = [text for text in said if SLUG.fullmatch(text)]
    for function in _called(module, node):
        if function not in seen and function[0] in modules():
            body = modules()[function[0]].functions.get(function[1])
            if body is not None:
                found += slugs(modules()[function[0]], body, seen | {function})
    return list(dict.fromkeys(found))


def _called(module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            found = module.resolved(each.func)
            if found is None and isinstance(each.func, ast.Name) and each.func.id in module.functions:
                found = module.name, each.func.id
            if found and found[0].split(".")[0] == module.name.split(".")[0]:
                yield found
