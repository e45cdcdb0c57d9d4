"""The one error of the embedded stack: a sentence that says what is wrong and what to do about it."""

from pathlib import Path


class StackFailure(Exception):
    """Shown to the person as it is, without a traceback."""


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log, indented, or a word that there is none."""
    if not log.exists():
        return "  (no log was written)"
    lines = log.read_text(errors="replace").splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"
