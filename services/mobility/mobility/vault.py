"""How personal data lie in the store: each field sealed with its holder's own key, which erasure destroys.

A holder's key is 32 random bytes, kept in `holder_keys` wrapped by the master key file. A field is sealed by
AES-256-GCM with a fresh nonce, bound to its stay and its name, so that it opens nowhere else. Once the row in
`holder_keys` is gone, what it sealed stays closed for ever, also with the master key and a copy of the stays.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.decide import Document, Drawer
from chassis.problems import Problem

COLLECTION: Final = "holder_keys"
MASTER_FILE: Final = "mobility.master.key"
KEY_BYTES, NONCE_BYTES = 32, 12


class Vault:
    """Seals and opens the private part of a stay; rules search by the members `in_clear`, which lie open."""

    def __init__(self, master: bytes, in_clear: frozenset[str]) -> None:
        if len(master) != KEY_BYTES:
            raise ValueError(f"{MASTER_FILE} holds {len(master)} bytes instead of {KEY_BYTES}")
        self._master, self._in_clear = master, in_clear

    @classmethod
    def from_folder(cls, folder: Path, in_clear: frozenset[str]) -> Vault:
        """Reads the master key; raises FileNotFoundError naming the file that is wanted."""
        return cls((folder / MASTER_FILE).read_bytes(), in_clear)

    async def seal(self, drawer: Drawer, id_: str, private: Document) -> Document:
        """The private part as it is stored; the first of a holder makes the holder's key."""
        secret = {name: value for name, value in private.items() if name not in self._in_clear}
        if not secret:
            return private
        key = await self._key_or_new(drawer, private["holder_id"])
        sealed = {name: _lock(key, orjson.dumps(value), _place(id_, name)) for name, value in secret.items()}
        return {name: private[name] for name in private if name in self._in_clear} | {"sealed": sealed}

    async def unseal(self, drawer: Drawer, id_: str, stored: Document) -> Document:
        """The private part as it was; raises Problem `retention-elapsed` when the holder's key is gone."""
        sealed: Mapping[str, str] = stored.get("sealed", {})
        if not sealed:
            return stored
        key = await self._key(drawer, stored["holder_id"])
        if key is None:
            raise Problem("retention-elapsed")
        opened = {name: orjson.loads(_open(key, value, _place(id_, name))) for name, value in sealed.items()}
        return {name: stored[name] for name in stored if name != "sealed"} | opened

    async def _key(self, drawer: Drawer, holder_id: str) -> bytes | None:
        row = await drawer.document(COLLECTION, holder_id)
        return _open(self._master, row["wrapped"], holder_id.encode()) if row else None

    async def _key_or_new(self, drawer: Drawer, holder_id: str) -> bytes:
        key = await self._key(drawer, holder_id)
        if key is None:
            key = secrets.token_bytes(KEY_BYTES)
            wrapped = _lock(self._master, key, holder_id.encode())
            await drawer.insert(COLLECTION, {"_id": holder_id, "wrapped": wrapped})
        return key


def _place(id_: str, name: str) -> bytes:
    return f"stay/{id_}/{name}".encode()


def _lock(key: bytes, plain: bytes, bound_to: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, plain, bound_to)).decode()


def _open(key: bytes, text: str, bound_to: bytes) -> bytes:
    raw: Any = b64decode(text)
    return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to)
