"""Where the demonstration plays: people act through the gateway, on a clock that is stepped only when somebody acts.

The stage is patient: versions that moved on are read again, and what travels over Kafka is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from contracts.roles import Role
from passerelle.beginning import wait_for
from passerelle.demo.paper import pdf
from passerelle.demo.tables import Row
from passerelle.door import Door, Refused
from passerelle.failure import Failure
from passerelle.surroundings import Surroundings
from passerelle.tokens import bearer

PATIENCE_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 0.05
MORNING, NOON, AFTERNOON = 8, 12, 14
"""In UTC; each step of the clock costs every service a look at its deadlines."""
READER: Final = "director-01"
ON_ITS_WAY: Final = frozenset({"reference-not-known-yet", "owner-away", "group-unknown"})


class Stage:
    """What the steps of the story have at hand; `ids` are the demonstration's own keys and what they became."""

    def __init__(self, around: Surroundings, roles: Mapping[str, Sequence[Role]]) -> None:
        self._around, self._roles = around, roles
        self._doors: dict[str, Door] = {}
        self._known: dict[tuple[str, str], Row] = {}
        self._moment: datetime | None = None
        self._stepped: datetime | None = None
        self.ids: dict[str, str] = {}
        self.own = ""
        self.acts = 0

    def move(self, on: date, hour: int) -> None:
        """The next act happens on this morning or afternoon; the clock itself is stepped when there is one."""
        self._moment = datetime(on.year, on.month, on.day, MORNING if hour < NOON else AFTERNOON, tzinfo=UTC)

    def door(self, subject: str) -> Door:
        if subject not in self._doors:
            token = bearer(self._around, self._roles[subject], subject)
            self._doors[subject] = Door(self._around.url("gateway"), token)
        return self._doors[subject]

    def listed(self, collection: str, by: str = READER, **query: str) -> list[Row]:
        """What the gateway's list shows, all pages."""
        return list(self.door(by).every(f"/api/v1/{collection}", **query))

    def know(self, collection: str, document: Row) -> Row:
        """Keeps what was read or answered, if it is newer than what is known; gives the newest."""
        place = collection, document["id"]
        known = self._known.get(place)
        if known is None or known["version"] <= document["version"]:
            self._known[place] = known = document
        return known

    def now(self, collection: str, id_: str, by: str = READER) -> Row:
        """The newest state known, read when there is none."""
        return self._known.get((collection, id_)) or self.know(collection, self._read(collection, id_, by))

    def _read(self, collection: str, id_: str, by: str) -> Row:
        """As the gateway shows it, once it does."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                found: Row = self.door(by).get(f"/api/v1/{collection}/{id_}")
                return found
            except Refused as refused:
                if refused.slug != "unknown-id" or time.monotonic() > until:
                    raise
                time.sleep(AGAIN_SECONDS)

    def create(self, by: str, collection: str, key: str, body: Row, command: str = "") -> Row:
        """A creating command; `key` names it for ever, so that an interrupted run repeats nothing."""
        path = f"/api/v1/{collection}" + (f"/{command}" if command else "")
        made = self._patiently(by, path, body, {"Idempotency-Key": f"demonstration {key}"})
        # A repeated key is answered with id and version only.
        return self.know(collection, made if "state" in made else self._read(collection, made["id"], by))

    def do(self, by: str, collection: str, id_: str, command: str, body: Row | None = None) -> Row:
        """A command on what exists, on whatever version it has."""
        path = f"/api/v1/{collection}/{id_}/{command}"
        version = int(self.now(collection, id_, by)["version"])
        while True:
            try:
                return self.know(collection, self._patiently(by, path, body or {}, {"If-Match": f'"{version}"'}))
            except Refused as refused:
                if refused.slug != "version-stale":
                    raise
                version = int(refused.body["version"])

    def first_day(self) -> str:
        """The own institution and every country come in; the institution's id once the gateway shows both."""
        self._step()
        done = self.door("director-01").post("/api/v1/partners/initialise")
        wait_for(self.door("ops-01"), "countries", done["countries"]["added"] + done["countries"]["present"])
        wait_for(self.door("ops-01"), "partners", 1)
        return str(done["own_institution"]["id"])

    def import_people(self, people: Sequence[Row]) -> None:
        self.door("ops-01").post("/api/v1/people/import", {"people": list(people)})

    def upload(self, by: str, collection: str, id_: str, title: str) -> Row:
        """A document of one page; the same title for the same aggregate is the same document."""
        self._step()
        card: Row = self.door(by).ask(
            "POST",
            f"/api/v1/{collection}/{id_}/documents",
            files={"file": (f"{title}.pdf", pdf(title), "application/pdf")},
            headers={"Idempotency-Key": f"demonstration {id_} {title}"[:200].encode("ascii", "replace").decode()},
        )
        return card

    def until(self, collection: str, id_: str, holds: Callable[[Row], bool], what: str, by: str = READER) -> Row:
        """The state once it holds, as the gateway comes to show it; raises `Failure` when it does not in time."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not holds(state := self.now(collection, id_, by)):
            if time.monotonic() > until:
                raise Failure(f"Waited {PATIENCE_SECONDS:.0f} s for {what} ({collection}/{id_}); see `make logs`.")
            time.sleep(AGAIN_SECONDS)
            self.know(collection, self._read(collection, id_, by))
        return state

    def _patiently(self, by: str, path: str, body: Row, headers: Mapping[str, str]) -> Row:
        """A command, given again while what it rests on is still on its way."""
        self._step()
        answer = self._post(by, path, body, headers)
        self.acts += 1
        return answer

    def _step(self) -> None:
        if self._moment is None or self._moment == self._stepped:
            return
        try:
            self._post(READER, "/demo/clock", {"now": self._moment.isoformat()}, {})
        except Refused as refused:
            if refused.slug == "no-such-route":
                raise Failure("The demonstration needs the demonstration clock: PASSERELLE_CLOCK=demo.") from refused
            raise
        self._stepped = self._moment

    def _post(self, by: str, path: str, body: Row, headers: Mapping[str, str]) -> Row:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer: Row = self.door(by).ask("POST", path, json=body, headers=headers)
                return answer
            except Refused as refused:
                if refused.slug not in ON_ITS_WAY or time.monotonic() > until:
                    raise
                time.sleep(AGAIN_SECONDS)

    def close(self) -> None:
        for door in self._doors.values():
            door.close()
