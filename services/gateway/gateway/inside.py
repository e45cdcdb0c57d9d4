"""The pages' door to the gateway's core: the same reads, rights and owners as the HTTP interface."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote

import orjson
from httpx import Response as OwnersResponse
from starlette.datastructures import UploadFile

from chassis.clock import Clock
from chassis.decide import Caller
from chassis.problems import Problem as Fault
from chassis.problems import problem_body
from gateway.live import Feed
from gateway.owners import COMMAND_SECONDS, UPLOAD_SECONDS, Owners
from gateway.pages.door import Action, Away, Done, Item, Listing, Person, Problem
from gateway.people import Directory
from gateway.reads import Page, Reads
from gateway.views import VIEWS


class InsideDoor:
    """Implements `gateway.pages.door.Door`."""

    def __init__(self, reads: Reads, owners: Owners, feed: Feed, directory: Directory, clock: Clock) -> None:
        self._reads, self._owners, self._feed, self._directory = reads, owners, feed, directory
        self._clock = clock

    async def page(self, who: Person, collection: str, query: Mapping[str, str]) -> Listing:
        view = VIEWS[collection]
        wanted = {
            name: value for name, value in query.items() if name in ("q", "cursor", "limit", "count", *view.filters)
        }
        caller = await self._caller(who)
        return await _from_the_cursor(lambda asked: self._reads.page(view, caller, asked), wanted)

    async def one(self, who: Person, collection: str, id: str, min_version: int | None = None) -> Item | None:
        view = VIEWS[collection]
        if min_version:
            await self._feed.until(view.contract.aggregate, id, min_version)
        lately = self._feed.newest(view.contract.aggregate, id, min_version) if min_version else None
        return await self._reads.one(view, await self._caller(who), id, lately)

    async def several(self, who: Person, collection: str, ids: Collection[str]) -> Mapping[str, Item]:
        return await self._reads.several(VIEWS[collection], await self._caller(who), ids)

    async def timeline(self, who: Person, partner_id: str, cursor: str | None) -> Listing:
        return await self._facts(who, {"partners": partner_id}, cursor)

    async def history(self, who: Person, about: str, cursor: str | None) -> Listing:
        return await self._facts(who, {"subject": about}, cursor)

    async def _facts(self, who: Person, asked: Mapping[str, Any], cursor: str | None) -> Listing:
        caller = await self._caller(who)
        query = {"cursor": cursor} if cursor else {}
        return await _from_the_cursor(lambda from_: self._reads.timeline(caller, asked, from_), query)

    async def actions(self, who: Person, collection: str, id: str) -> Sequence[Action] | Away:
        try:
            answer = await self._owners.ask(
                "GET", f"/api/v1/{collection}/{quote(id)}/commands", await self._caller(who)
            )
        except Fault:
            return Away()
        if answer.status_code != 200:
            return []
        offered = orjson.loads(answer.content)
        version = offered["version"]
        return [Action(each["command"], each["allowed"], each["reasons"], version) for each in offered["commands"]]

    async def command(
        self,
        who: Person,
        collection: str,
        id: str | None,
        command: str | None,
        body: Mapping[str, Any],
        if_match: int | None,
        key: str,
    ) -> Done | Problem:
        parts = [part for part in (collection, id, command.replace("_", "-") if command else None) if part]
        headers = {"idempotency-key": key, "accept-language": who.language}
        if if_match is not None:
            headers["if-match"] = f'"{if_match}"'
        try:
            answer = await self._owners.ask(
                "POST",
                "/api/v1/" + "/".join(quote(part) for part in parts),
                await self._caller(who),
                headers=headers,
                body=body,
                seconds=COMMAND_SECONDS,
            )
        except Fault as fault:
            return _problem(fault, who)
        content = orjson.loads(answer.content)
        if answer.status_code >= 400:
            return Problem(answer.status_code, content)
        return Done(content["id"], content["version"], content)

    async def upload(
        self, who: Person, collection: str, id: str, file: UploadFile, key: str
    ) -> Mapping[str, Any] | Problem:
        try:
            answer = await self._owners.ask(
                "POST",
                f"/api/v1/{collection}/{quote(id)}/documents",
                await self._caller(who),
                headers={"idempotency-key": key, "accept-language": who.language},
                files={
                    "file": (file.filename or "document", file.file, file.content_type or "application/octet-stream")
                },
                seconds=UPLOAD_SECONDS,
            )
        except Fault as fault:
            return _problem(fault, who)
        return _content(answer)

    async def personal(self, who: Person, path: str, purpose: str) -> Mapping[str, Any] | Problem | Away:
        headers = {"access-purpose": quote(purpose), "accept-language": who.language}
        try:
            answer = await self._owners.ask("GET", f"/api/v1/{path}", await self._caller(who), headers=headers)
        except Fault:
            return Away()
        return _content(answer)

    async def today(self) -> date:
        return self._clock.today()

    async def people(self) -> Sequence[Person]:
        rows = await self._directory.everyone()
        return [Person(row["_id"], row["name"], sorted(row["roles"]), (row["languages"] or ["fr"])[0]) for row in rows]

    async def register(self, who: Person, query: Mapping[str, str]) -> Listing:
        offered = ("q", "kind", "state", "year", "cursor", "limit", "count")
        wanted = {name: value for name, value in query.items() if name in offered}
        caller = await self._caller(who)
        return await _from_the_cursor(lambda asked: self._reads.register(caller, asked), wanted)

    async def refusals(self, who: Person, query: Mapping[str, str]) -> Listing:
        caller = await self._caller(who)
        return await _from_the_cursor(lambda asked: self._reads.refusals(caller, asked), query)

    async def _caller(self, who: Person) -> Caller:
        return await self._directory.caller(who.subject) or Caller(who.subject)


async def _from_the_cursor(read: Callable[[Mapping[str, str]], Awaitable[Page]], query: Mapping[str, str]) -> Listing:
    """A cursor that is none any more leads to the first page of the same list."""
    try:
        return _listing(await read(query))
    except Fault:
        return _listing(await read({name: value for name, value in query.items() if name != "cursor"}))


def _listing(page: Page) -> Listing:
    return Listing(page.items, page.next, page.total)


def _content(answer: OwnersResponse) -> Mapping[str, Any] | Problem:
    content: Mapping[str, Any] = orjson.loads(answer.content)
    return Problem(answer.status_code, content) if answer.status_code >= 400 else content


def _problem(fault: Fault, who: Person) -> Problem:
    body = problem_body(fault.refusal, {}, who.language)
    return Problem(body["status"], body)
