"""Within a major only optional additions: the difference between a released schema and today's, rule by rule.

A record written today must satisfy a reader who holds any released schema, and a record of any release must still be
read today, since facts are kept for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from contracts.check.tree import SCHEMA_SUFFIX, SCHEMAS, Json, read, released

SAYS_NOTHING: Final = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})


def broken(schemas: Mapping[str, Json], folder: Path = SCHEMAS) -> Iterator[str]:
    """What today's schemas break of any release in the folder, one sentence each."""
    for release in released(folder):
        for file in sorted(release.glob(f"*{SCHEMA_SUFFIX}")):
            yield from _against(release, file, schemas)


def _against(release: Path, file: Path, schemas: Mapping[str, Json]) -> Iterator[str]:
    today = schemas.get(file.name)
    if today is None:
        yield f"{file.name} of release {release.name} is gone"
        return
    for change in breaking(read(file), today):
        yield f"{file.name} since release {release.name}: {change}"


def breaking(old: Json, new: Json) -> Iterator[str]:
    """Every difference between two schemas of one record that is more than an optional addition."""
    yield from _node(_inlined(old, old, ()), _inlined(new, new, ()), "")


def _inlined(node: Any, root: Json, through: tuple[str, ...]) -> Any:
    """The node with its references replaced by what they refer to, so that a renamed definition is no difference."""
    if isinstance(node, list):
        return [_inlined(each, root, through) for each in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if reference is None:
        return {name: _inlined(each, root, through) for name, each in node.items() if name != "$defs"}
    if reference in through:
        return {"$ref": reference}
    beside = {name: each for name, each in node.items() if name != "$ref"}
    target = root["$defs"][reference.removeprefix("#/$defs/")]
    return {**_inlined(target, root, (*through, reference)), **beside}


def _node(old: Any, new: Any, pointer: str) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield f"{pointer or '/'} was {old!r} and is {new!r}"
        return
    yield from _required(old, new, pointer)
    yield from _properties(old.get("properties", {}), new.get("properties", {}), pointer)
    for name in sorted((old.keys() | new.keys()) - SAYS_NOTHING - {"properties", "required"}):
        if name not in new:
            yield f"{pointer}/{name} is gone"
        elif name not in old:
            yield f"{pointer}/{name} is new"
        elif isinstance(old[name], list) and isinstance(new[name], list):
            yield from _list(old[name], new[name], f"{pointer}/{name}")
        else:
            yield from _node(old[name], new[name], f"{pointer}/{name}")


def _required(old: Json, new: Json, pointer: str) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{pointer}/{name} is required now" for name in sorted(after - before))
    yield from (f"{pointer}/{name} is optional now" for name in sorted(before - after))


def _properties(old: Json, new: Json, pointer: str) -> Iterator[str]:
    for name in old:
        if name in new:
            yield from _node(old[name], new[name], f"{pointer}/{name}")
        else:
            yield f"{pointer}/{name} is gone"


def _list(old: list[Any], new: list[Any], pointer: str) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{pointer} had {len(old)} values and has {len(new)}"
        return
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        yield from _node(before, after, f"{pointer}/{index}")
