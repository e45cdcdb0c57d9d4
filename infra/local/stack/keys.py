"""The secrets of one stack, made once: signing key, seal of personal data, session key.

`python -m stack.keys FOLDER` makes them where no stack does.
"""

import json
import os
import secrets
import sys
from pathlib import Path

from joserfc.jwk import OKPKey


def make(folder: Path) -> Path:
    """Makes what is missing, readable by the owner only, and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "gateway.public.json").exists():
        key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
        _write(folder / "gateway.private.json", json.dumps(key.as_dict(private=True)).encode())
        _write(folder / "gateway.public.json", json.dumps(key.as_dict(private=False)).encode())
    for name in ("mobility.master.key", "session.key"):
        if not (folder / name).exists():
            _write(folder / name, secrets.token_bytes(32))
    return folder


def _write(file: Path, content: bytes) -> None:
    # Written beside and renamed: a stop in between never leaves half a key.
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(content)
    unfinished.replace(file)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
