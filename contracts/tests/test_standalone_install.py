"""A campus developer installs the package alone and reads every golden record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.check.tree import EXAMPLES

CONTRACTS = Path(__file__).parents[1]

READS_ALL = """
import json, pathlib, sys
from contracts.bodies import load as bodies
from contracts.decode import decode
from contracts.topics import load as topics

read = 0
for file in pathlib.Path(sys.argv[1]).glob("*.json"):
    example = json.loads(file.read_text(encoding="utf-8"))
    headers = [(name, value.encode()) for name, value in example["headers"].items()]
    record = decode(headers, json.dumps(example["value"]).encode())
    assert not record.is_tombstone
    read += 1
import contracts
print(read, len(topics()), len(bodies()), pathlib.Path(contracts.__file__).is_relative_to(sys.prefix))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_package_installs_alone_and_decodes_every_example(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", CONTRACTS], check=True, cwd=tmp_path)

    said = subprocess.run(
        [python, "-c", READS_ALL, EXAMPLES], check=True, cwd=tmp_path, capture_output=True, text=True
    ).stdout.split()

    topics = len(list((CONTRACTS / "topics").glob("*.toml")))
    bodies = len(list((CONTRACTS / "http").glob("*.schema.json")))
    assert said == [str(len(list(EXAMPLES.glob("*.json")))), str(topics), str(bodies), "True"]
