"""Reading the views: lists, single documents, timelines and registers, each cut to what the reader may see."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chassis.decide import Caller
from chassis.mongo import Row, Store
from chassis.problems import Problem
from contracts.roles import AFR, AFRICA, DIR, PRO, VR
from gateway.horizon import Horizon, value_of
from gateway.journal import REFUSALS, TIMELINE
from gateway.views import BY_AGGREGATE, VIEWS, View, fold, shown
from gateway.visible import EVERYTHING, Known, matches, may_see_pending_items, visible

PAGE: Final = 50
LARGEST_PAGE: Final = 200
CREATIONS: Final = (
    "passerelle.partner.suggested.v1",
    "passerelle.agreement.drafted.v1",
    "passerelle.stay.announced.v1",
)
REFUSED_BY: Final = ("rule", "slug", "aggregate")
KNOWN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Row]
    next: str | None = None
    total: int | None = None

    def json(self) -> Row:
        return {"items": self.items, "next": self.next} | ({} if self.total is None else {"total": self.total})


class Reads:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[float, Known]] = {}
        self._horizons: dict[str, Horizon] = {}

    async def page(self, view: View, who: Caller, query: Mapping[str, str]) -> Page:
        """One page of a list; raises Problem `invalid-input` for a filter, limit or cursor that there is not."""
        asked = _filter(view, query)
        may = await self.visible(view.contract.aggregate, who)
        member, direction = view.order
        limit, after = _limit(query), _cursor(query.get("cursor"))
        conditions = [each for each in (may, asked) if each]
        beyond: list[Mapping[str, Any]] = []
        if after:
            op = "$gt" if direction > 0 else "$lt"
            beyond = [{"$or": [{member: {op: after[0]}}, {member: after[0], "_id": {op: after[1]}}]}]

        async def read(asked: Sequence[Mapping[str, Any]]) -> list[Row]:
            cursor = self._store[view.collection].find(_all(asked)).sort([(member, direction), ("_id", direction)])
            found: list[Row] = await cursor.limit(limit + 1).to_list(limit + 1)
            return found

        horizon = self._horizons.setdefault(view.collection, Horizon())
        rows = await horizon.page([*conditions, *beyond], view.order, limit + 1, read)
        total = None
        if query.get("count") == "true":
            total = await self._store[view.collection].count_documents(_all(conditions))
        following = _next(rows, limit, member)
        return Page([self._shown(view, who, row) for row in rows[:limit]], following, total)

    async def one(self, view: View, who: Caller, id_: str, lately: Row | None = None) -> Row | None:
        """A document, or None when there is none that `who` may read; `lately` is it when it is at hand."""
        may = await self.visible(view.contract.aggregate, who)
        if lately is not None:
            return self._shown(view, who, lately) if matches(may, lately) and not lately.get("erased") else None
        row = await self._store[view.collection].find_one(_all([each for each in (may, {"_id": id_}) if each]))
        return self._shown(view, who, row) if row and not row.get("erased") else None

    async def several(self, view: View, who: Caller, ids: Collection[str]) -> dict[str, Row]:
        may = await self.visible(view.contract.aggregate, who)
        asked = _all([each for each in (may, {"_id": {"$in": list(ids)}}) if each])
        rows = await self._store[view.collection].find(asked).to_list(len(ids))
        return {row["_id"]: self._shown(view, who, row) for row in rows}

    def _shown(self, view: View, who: Caller, row: Row) -> Row:
        document = shown(row)
        if view.contract.aggregate == "committee" and not may_see_pending_items(who, row["_id"]):
            document.pop("pending_items", None)
        return document

    async def visible(self, aggregate: str, who: Caller) -> Mapping[str, Any]:
        return visible(aggregate, who, await self.known(who))

    async def known(self, who: Caller) -> Known:
        """What the rights of two roles rest on; a few seconds old at most."""
        if not who.has(AFR, PRO):
            return Known()
        kept = self._known.get(who.subject)
        if kept and kept[0] > time.monotonic():
            return kept[1]
        known = Known(own=frozenset(await self._own(who)) if who.has(PRO) else frozenset())
        if who.has(AFR):
            countries = await self._store["countries"].find({"region": AFRICA}, {"_id": 1}).to_list(None)
            codes = [row["_id"] for row in countries]
            partners = await self._store["partners"].find({"country": {"$in": codes}}, {"_id": 1}).to_list(None)
            known = Known(frozenset(row["_id"] for row in partners), frozenset(codes), known.own)
        self._known[who.subject] = (time.monotonic() + KNOWN_SECONDS, known)
        return known

    async def _own(self, who: Caller) -> list[str]:
        begun = {"actor": who.subject, "type": {"$in": list(CREATIONS)}}
        rows = await self._store[TIMELINE].find(begun, {"subject": 1}).to_list(None)
        return [row["subject"].partition("/")[2] for row in rows]

    async def timeline(self, who: Caller, asked: Mapping[str, Any], query: Mapping[str, str]) -> Page:
        """Facts, newest first; those of aggregates that `who` may not read are left out."""
        only(query, ("cursor", "limit"))
        limit, after = _limit(query), _cursor(query.get("cursor"))
        rows: list[Row] = []
        while len(rows) <= limit:
            beyond = {"at": {"$lt": after[0]}} if after else {}
            batch = (
                await self._store[TIMELINE]
                .find({**asked, **beyond})
                .sort([("at", -1)])
                .limit(limit + 1)
                .to_list(limit + 1)
            )
            rows += await self._readable(who, batch)
            if len(batch) <= limit:
                break
            after = (batch[-1]["at"], "")
        following = _next(rows, limit, "at")
        return Page([_told(row) for row in rows[:limit]], following)

    async def _readable(self, who: Caller, rows: Sequence[Row]) -> list[Row]:
        wanted: dict[str, set[str]] = {}
        for row in rows:
            wanted.setdefault(row["aggregate"], set()).add(row["subject"].partition("/")[2])
        readable: set[str] = set()
        for aggregate, ids in wanted.items():
            view = BY_AGGREGATE.get(aggregate)
            if view is not None:
                found = await self.several(view, who, ids)
                readable |= {f"{aggregate}/{id_}" for id_ in found}
        return [row for row in rows if row["subject"] in readable]

    async def register(self, who: Caller, query: Mapping[str, str]) -> Page:
        """Numbered agreements, newest number first."""
        view = VIEWS["agreements"]
        may = await self.visible("agreement", who)
        conditions: list[Mapping[str, Any]] = [{"number": {"$gt": ""}}, *([may] if may else [])]
        rest = {name: value for name, value in query.items() if name != "year"}
        if query.get("year"):
            conditions.append({"view.year": query["year"]})
        asked, after, limit = _filter(view, rest), _cursor(query.get("cursor")), _limit(query)
        if asked:
            conditions.append(asked)
        beyond = [{"number": {"$lt": after[0]}}] if after else []
        found = self._store[view.collection].find(_all([*conditions, *beyond])).sort([("number", -1)])
        rows = await found.limit(limit + 1).to_list(limit + 1)
        total = None
        if query.get("count") == "true":
            total = await self._store[view.collection].count_documents(_all(conditions))
        return Page([shown(row) for row in rows[:limit]], _next(rows, limit, "number"), total)

    async def refusals(self, who: Caller, query: Mapping[str, str]) -> Page:
        """Policy refusals, newest first; director and vice-rector read all, others those of what they may read."""
        only(query, (*REFUSED_BY, "partner_id", "cursor", "limit", "count"))
        limit, after = _limit(query), _cursor(query.get("cursor"))
        asked: Row = {member: query[member] for member in REFUSED_BY if query.get(member)}
        if query.get("partner_id"):
            asked["partners"] = query["partner_id"]
        if after:
            asked["at"] = {"$lt": after[0]}
        rows = await self._store[REFUSALS].find(asked).sort([("at", -1)]).limit(limit + 1).to_list(limit + 1)
        following = _next(rows, limit, "at")
        rows = rows[:limit]
        if not who.has(DIR, VR):
            rows = await self._refused(who, rows)
        items = [{"id": row["_id"], **{n: v for n, v in row.items() if n not in ("_id", "at")}} for row in rows]
        return Page(items, following)

    async def _refused(self, who: Caller, rows: Sequence[Row]) -> list[Row]:
        """What was refused to be created can be read by who asked for it, and by who may read all of its kind."""
        begun = [{**row, "subject": f"{row['aggregate']}/{row['aggregate_id']}"} for row in rows if row["aggregate_id"]]
        kinds = {row["aggregate"] for row in rows if not row["aggregate_id"]}
        whole = {kind for kind in kinds if await self.visible(kind, who) == EVERYTHING}
        readable = {row["_id"] for row in await self._readable(who, begun)} | {
            row["_id"]
            for row in rows
            if not row["aggregate_id"] and (row["actor"] == who.subject or row["aggregate"] in whole)
        }
        return [row for row in rows if row["_id"] in readable]


def _told(row: Row) -> Row:
    return {"id": row["_id"], **{name: value for name, value in row.items() if name not in ("_id", "at", "partners")}}


def _all(conditions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not conditions:
        return EVERYTHING
    return conditions[0] if len(conditions) == 1 else {"$and": list(conditions)}


def _filter(view: View, query: Mapping[str, str]) -> Mapping[str, Any]:
    conditions: list[Mapping[str, Any]] = []
    for name, value in query.items():
        if name in ("cursor", "limit", "count") or not value:
            continue
        if name == "q":
            conditions += [
                {"view.words": {"$elemMatch": {"$gte": word, "$lt": word + "\uffff"}}} for word in fold(value)[:8]
            ]
        elif name in view.filters:
            values = [each for each in value.split(",") if each]
            conditions.append({view.filters[name]: values[0] if len(values) == 1 else {"$in": values}})
        else:
            only(query, ["q", "cursor", "limit", "count", *view.filters])
    return _all(conditions)


def only(query: Mapping[str, str], offered: Collection[str]) -> None:
    """Raises Problem `invalid-input` for what is asked and not offered: a filter that is not heard would mislead."""
    for name in query:
        if name not in offered:
            raise _invalid(name, f"there is no such filter; there are {', '.join(offered)}")


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit") or str(PAGE)
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise _invalid("limit", f"a number from 1 to {LARGEST_PAGE}")
    return int(text)


def _cursor(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    try:
        value, id_ = orjson.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error) as fault:
        raise _invalid("cursor", "not a cursor of this list") from fault
    return str(value), str(id_)


def _next(rows: Sequence[Row], limit: int, member: str) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return base64.urlsafe_b64encode(orjson.dumps([value_of(last, member), last["_id"]])).decode()


def _invalid(name: str, detail: str) -> Problem:
    return Problem("invalid-input", errors=[{"pointer": f"?{name}", "detail": detail}])
