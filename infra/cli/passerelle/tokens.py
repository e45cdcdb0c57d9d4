"""Tokens made with the signing key of the stack: for development sign-in, and for the command itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from chassis.auth import Signer
from chassis.decide import Caller
from contracts.roles import FIXED_SCOPES, Role
from passerelle.failure import Failure
from passerelle.surroundings import EVERYONE, Surroundings, surroundings

OWN_SUBJECT: Final = "command-line"
LONGEST_MINUTES: Final = 24 * 60
OF_PEOPLE: Final = tuple(role for role in Role if role not in (Role.SERVICE, Role.CLOCK, Role.HOLDER))


def token(
    role: Annotated[str, typer.Argument(metavar="ROLE", help=f"one of {', '.join(OF_PEOPLE)}")],
    as_: Annotated[str, typer.Option("--as", help="the subject; by default the first person of the role")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=LONGEST_MINUTES, help="how long it is good for")] = 60,
) -> None:
    """Print a bearer token for the gateway and the services (development sign-in only)."""
    around = surroundings()
    if (around.get("SIGN_IN") or "development") != "development":
        raise Failure("Tokens are made here for development sign-in only; this installation signs in by OIDC.")
    if role not in OF_PEOPLE:
        raise Failure(f"{role} is no role of a person; choose one of {', '.join(OF_PEOPLE)}.")
    print(bearer(around, [Role(role)], as_ or first_of(Role(role)), minutes=minutes))


def bearer(around: Surroundings, roles: Iterable[Role], subject: str = OWN_SUBJECT, *, minutes: int = 60) -> str:
    """A token with these roles, each with the scope that comes with it; raises `Failure` without a signing key."""
    file = Path(around["KEYS_DIR"]) / "gateway.private.json"
    if not file.is_file():
        raise Failure(f"There is no signing key at {file}; tokens are made where the gateway's keys are.")
    held = {str(role): scope_of(role, subject) for role in roles}
    return Signer(file).token(Caller(subject, held), list(EVERYONE), seconds=minutes * 60)


def scope_of(role: Role, subject: str) -> dict[str, frozenset[str]]:
    if role is Role.PROMOTER:
        return {"subjects": frozenset({subject})}
    return dict(FIXED_SCOPES.get(role, {}))


def first_of(role: Role) -> str:
    """The subject under which the first person of a role stands in the directory."""
    return f"{role.replace('_', '-')}-01"
