"""Imports the product's packages with their switches; nothing of it is written anywhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

from tests.rules.catalogue import PACKAGES, modules
from tests.rules.switches import switched


class Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        return compile(switched(fullname)[0], self.path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds as everybody else does, and gives what was found to the loader with the switches."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.split(".", maxsplit=1)[0] not in PACKAGES or fullname not in modules():
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None and spec.origin == str(modules()[fullname].path):
                spec.loader = Loader(fullname, spec.origin)
                return spec
        return None


def install() -> None:
    """Raises RuntimeError when something was imported without its switches before."""
    early = sorted(name for name in sys.modules if name.split(".")[0] in PACKAGES)
    if early:
        raise RuntimeError(f"imported already: {', '.join(early)}")
    sys.meta_path.insert(0, Finder())
