"""Leases: of several processes that could do a thing, one does it."""

from __future__ import annotations

import os
import socket
import time
from typing import Final
from uuid import uuid4

from chassis.mongo import Session, Store, Writes

LEASE_SECONDS: Final = 10.0


class LeaseLost(Exception):
    """Another process owns the lease now; whatever was in hand is left to it.
    Proved by `test_an_owner_that_stood_still_finds_itself_replaced`."""


class Lease:
    """A document that one process owns until a time by its own clock; every new owner brings a new token.

    Clocks that differ or jump only make a lease change hands early: what must not happen twice is done in a transaction that
    `hold`s the token.

    Proved by `test_when_the_clock_of_two_relays_jumps_the_lease_changes_hands_once_at_most`.
    """

    def __init__(self, store: Store, name: str, seconds: float | None = None) -> None:
        self._store, self._name, self._seconds = store, name, seconds or LEASE_SECONDS
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4()}"
        self._token = 0
        self._until = 0.0

    @property
    def ours(self) -> bool:
        """Whether it was when last asked for."""
        return self._token > 0

    async def keep(self) -> bool:
        """True while it is ours, renewing it when half of it is over; False when somebody else has it or had it meanwhile,
        so that what was read under it is read again.
        Proved by `test_what_was_read_under_a_lease_that_was_lost_meanwhile_is_not_published`."""
        if self._token and self._seconds / 2 < self._until - time.time() <= self._seconds:
            return True
        before = self._token
        return await self.take() and before in (0, self._token)

    async def take(self) -> bool:
        """Takes or renews the lease; False when somebody else has it. Proved by `test_one_of_many_gets_it`."""

        async def work(session: Session) -> tuple[int, float]:
            now = time.time()
            kept = await self._store["leases"].find_one({"_id": self._name}, session=session)
            mine = kept is not None and kept["owner"] == self._owner and kept["token"] == self._token
            if kept is not None and not mine and now < kept["until"] <= now + 2 * kept.get("seconds", self._seconds):
                return 0, 0.0  # one that ends much later was taken before the clock was put back
            token = self._token if mine else (kept["token"] + 1 if kept else 1)
            lease = {"owner": self._owner, "token": token, "until": now + self._seconds, "seconds": self._seconds}
            await self._store["leases"].update_one({"_id": self._name}, {"$set": lease}, upsert=True, session=session)
            return token, now + self._seconds

        self._token, self._until = await self._store.transaction(work)
        return self._token > 0

    def hold(self, writes: Writes) -> None:
        """With these writes: they are made only while the lease is ours. Sending them raises `LeaseLost` otherwise.
        Proved by `test_an_owner_that_stood_still_finds_itself_replaced`."""
        owned = {"_id": self._name, "owner": self._owner, "token": self._token}
        renewed = {"$set": {"until": time.time() + self._seconds}}
        writes.update("leases", owned, renewed, otherwise=LeaseLost(self._name))

    def lost(self) -> None:
        """What `hold` met: it is another's now."""
        self._token = 0

    async def give_up(self) -> None:
        """Lets the next one take it at once. Proved by `test_giving_up_what_another_owns_changes_nothing`."""
        if not self._token:
            return
        owned = {"_id": self._name, "owner": self._owner, "token": self._token}

        async def work(session: Session) -> None:
            await self._store["leases"].update_one(owned, {"$set": {"until": 0.0}}, session=session)

        await self._store.transaction(work)
        self._token = 0
