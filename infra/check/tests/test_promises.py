"""What is promised is proved: each test that a promise names is there."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[3]
CHASSIS = sorted((TREE / "infra/chassis/chassis").glob("*.py"))
NAMED = re.compile(r"`(test_\w+)`")


@cache
def there() -> frozenset[str]:
    """The name of every test in the tree."""
    asked = ["git", "ls-files", "-co", "--exclude-standard", "*test_*.py"]
    listed = subprocess.run(asked, cwd=TREE, capture_output=True, text=True, check=True)
    files = [TREE / name for name in listed.stdout.split()]
    return frozenset(
        name for file in files if file.exists() for name in re.findall(r"def (test_\w+)\(", file.read_text())
    )


def test_each_promise_names_tests_that_exist() -> None:
    page = (TREE / "docs/guarantees.md").read_text().partition("## Not promised")[0]
    rows = [
        row.split("|") for row in page.splitlines() if row.startswith("|") and not row.startswith(("| promise", "|---"))
    ]

    unproved = [promise.strip() for _, promise, _, proof, _ in rows if not NAMED.findall(proof)]
    missing = [name for _, _, _, proof, _ in rows for name in NAMED.findall(proof) if name not in there()]

    assert len(rows) > 20
    assert (unproved, missing) == ([], [])


@pytest.mark.parametrize("module", CHASSIS, ids=[module.stem for module in CHASSIS])
def test_each_proof_that_the_chassis_names_exists(module: Path) -> None:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, documented)]

    proofs = [name for node in nodes for name in NAMED.findall(ast.get_docstring(node) or "")]

    assert [name for name in proofs if name not in there()] == []
