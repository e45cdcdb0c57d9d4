"""An office that starts empty: its own institution, every country, and somebody who can sign in."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import Final

from contracts.roles import Role
from passerelle import people
from passerelle.door import Door, door
from passerelle.failure import Failure
from passerelle.surroundings import surroundings

SHOWN_WITHIN_SECONDS: Final = 60.0


def init() -> None:
    """Bring in the own institution and every country; on a second time nothing changes.

    In development sign-in, an empty directory also gets one person a role, so that somebody can sign in.
    """
    around = surroundings()
    with door(around, "gateway", Role.DIRECTOR, Role.OPS) as gateway:
        done = gateway.post("/api/v1/partners/initialise")
        countries, own = done["countries"], done["own_institution"]
        wait_for(gateway, "countries", countries["added"] + countries["present"])
        wait_for(gateway, "partners", 1)
        welcomed = welcome(gateway) if (around.get("SIGN_IN") or "development") == "development" else 0
    print(f"{countries['added']} countries added, {countries['present']} were there.")
    print(f"Own institution {own['id']}: {'registered' if own['registered'] else 'was there'}.")
    if welcomed:
        print(f"{welcomed} people, one a role, can sign in at {around.front()}.")


def wait_for(gateway: Door, collection: str, count: int) -> None:
    """Until the gateway's list shows that many; raises `Failure` when it takes too long."""
    until = time.monotonic() + SHOWN_WITHIN_SECONDS
    while (shown := total(gateway, collection)) < count:
        if time.monotonic() > until:
            raise Failure(f"The gateway shows {shown} of {count} {collection}. Its views are late; see `make logs`.")
        time.sleep(0.1)


def total(gateway: Door, collection: str) -> int:
    return int(gateway.get(f"/api/v1/{collection}", count="true", limit="1")["total"])


def welcome(gateway: Door) -> int:
    """One person a role for an empty directory; how many were added."""
    if gateway.get("/api/v1/people")["items"]:
        return 0
    listed = people.parse(files("passerelle.demo").joinpath("people.csv").read_text(encoding="utf-8"), "people.csv")
    first: dict[str, people.Entry] = {}
    for person in listed.people:
        for role in person["roles"]:
            first.setdefault(role, person)
    chosen = {person["subject"]: person for person in first.values()}
    return int(gateway.post("/api/v1/people/import", {"people": list(chosen.values())})["imported"])
