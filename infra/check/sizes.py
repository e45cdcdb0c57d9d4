"""A file is one thought: code over 250 lines is listed, code over 400 lines fails."""

import subprocess
import sys
from pathlib import Path

ALARM = 250
LIMIT = 400


def code_files() -> list[Path]:
    """Every Python file that git knows or would take, tests left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    files = (Path(line) for line in listed.stdout.splitlines())
    return [file for file in files if file.exists() and "tests" not in file.parts]


def main() -> int:
    """Prints the long files, longest first; 1 when one is over the limit."""
    lengths = {file: len(file.read_text().splitlines()) for file in code_files()}
    long = sorted((file for file in lengths if lengths[file] > ALARM), key=lambda file: -lengths[file])
    for file in long:
        print(f"{lengths[file]:5} {file}{'  (over the limit of 400)' if lengths[file] > LIMIT else ''}")
    return int(any(lengths[file] > LIMIT for file in long))


if __name__ == "__main__":
    sys.exit(main())
