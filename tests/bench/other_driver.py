"""`python -m tests.bench.other_driver partners api`: a service of the product on PyMongo's own asynchronous client."""

from __future__ import annotations

import runpy
import sys

from tests.support.pymongo_driver import on_pymongo

if __name__ == "__main__":
    del sys.argv[0]
    with on_pymongo():
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
