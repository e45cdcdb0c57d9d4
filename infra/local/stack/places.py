"""Where things lie: the tree, the folder of one stack, and the user's cache of third-party programs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
PYTHON = sys.executable


def run_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of this stack's data, logs and settings: `PASSERELLE_RUN_DIR`, or `.run` in the tree."""
    return Path(environment.get("PASSERELLE_RUN_DIR") or TREE / ".run").resolve()


def cache_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder shared by all trees of this user for programs that are slow to fetch or build."""
    home = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "passerelle"
