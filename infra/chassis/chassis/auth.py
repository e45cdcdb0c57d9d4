"""Identity between gateway and services: short-lived signed tokens (Ed25519), one audience per service.

A service trusts what the token says about roles and scopes and enforces its own tables with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from starlette.requests import Request

from chassis.decide import Caller
from chassis.problems import Problem

ISSUER: Final = "passerelle-gateway"
ALGORITHM: Final = "Ed25519"
LEEWAY_SECONDS: Final = 5
TOKENS_REMEMBERED: Final = 10_000


class Signer:
    """Makes tokens; only the gateway and the command line hold the private key."""

    def __init__(self, key_file: Path) -> None:
        self._key = OKPKey.import_key(json.loads(key_file.read_text()))

    def token(self, caller: Caller, audience: str | list[str], *, seconds: int = 60) -> str:
        """A token that says who asks, for this audience, good for so many seconds."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "sub": caller.subject,
            "iat": now,
            "exp": now + seconds,
            "roles": {
                str(role): {dimension: sorted(values) for dimension, values in reach.items() if values}
                for role, reach in caller.roles.items()
            },
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Reads tokens meant for `audience`. Proved by `test_nobody_without_a_valid_token_gets_in`."""

    def __init__(self, key_file: Path, audience: str) -> None:
        self._key = OKPKey.import_key(json.loads(key_file.read_text()))
        self._read: dict[str, tuple[float, Caller]] = {}
        self._rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    def caller(self, request: Request) -> Caller:
        """The caller of a request; raises Problem `not-signed-in`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem("not-signed-in", headers={"WWW-Authenticate": "Bearer"})
        return self.read(token)

    def read(self, token: str) -> Caller:
        """The caller a token names; a token that was good stays good until it ends, so it is verified once."""
        known = self._read.get(token)
        if known and known[0] > time.time():
            return known[1]
        caller, ends = self._verified(token)
        if len(self._read) >= TOKENS_REMEMBERED:
            self._read.clear()
        self._read[token] = (ends + LEEWAY_SECONDS, caller)
        return caller

    def _verified(self, token: str) -> tuple[Caller, float]:
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            self._rules.validate(claims)
            return Caller(str(claims["sub"]), _roles(claims.get("roles", {}))), float(claims["exp"])
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise Problem("not-signed-in", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from error


def _roles(claim: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, frozenset[str]]]:
    return {role: {name: frozenset(values) for name, values in scope.items()} for role, scope in claim.items()}
