"""What changes in the views, as it changes: wakes waiting reads and feeds open pages. What this process itself puts there is
known at once, what others put there by one change stream per process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import orjson

from chassis.mongo import Row, Store
from chassis.telemetry import log
from gateway.views import BY_AGGREGATE, VIEWS, View

KEPT: Final = 2_000
QUEUE: Final = 200
HEARTBEAT_SECONDS: Final = 15.0
LIFE_SECONDS: Final = 15 * 60.0
ON_ITS_WAY_SECONDS: Final = 0.02
LOOK_AGAIN_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class News:
    """A view's document that has just changed."""

    number: int
    aggregate: str
    id: str
    version: int
    document: Row


class Feed:
    """Fans changes out, a version once unless it comes again after two thousand others; keeps the last ones so that a page
    that returns misses nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._boot = uuid4().hex[:12]
        self._number = 0
        self._kept: deque[News] = deque(maxlen=KEPT)
        self._queues: set[asyncio.Queue[News | None]] = set()
        self._newest: OrderedDict[tuple[str, str], News] = OrderedDict()
        self._waiters: dict[tuple[str, str], list[tuple[int, asyncio.Event]]] = {}

    async def run(self) -> None:
        """Until cancelled; a broken stream is opened again, and open pages are told to read afresh."""
        wanted = {
            "$match": {"operationType": {"$in": ["insert", "replace", "update"]}, "ns.coll": {"$in": list(VIEWS)}}
        }
        while True:
            try:
                async with self._store.watch([wanted], full=True) as changes:
                    async for change in changes:
                        self._tell(change)
            except Exception as fault:
                log.warning("the change stream broke", fault=type(fault).__name__)
            self._reset()
            await asyncio.sleep(1)

    def put(self, view: View) -> Callable[[Iterable[Row]], None]:
        """What is to be told of this view's documents once they are put."""

        def told(documents: Iterable[Row]) -> None:
            for document in documents:
                self._news(view, document)

        return told

    def _tell(self, change: Row) -> None:
        view, document = VIEWS.get(change["ns"]["coll"]), change.get("fullDocument")
        if view is not None and document is not None:
            self._news(view, document)

    def _news(self, view: View, document: Row) -> None:
        key = view.contract.aggregate, document["_id"]
        known = self._newest.get(key)
        if known and known.version >= document["version"]:
            return
        self._number += 1
        news = News(self._number, *key, document["version"], document)
        self._kept.append(news)
        self._newest[key] = news
        self._newest.move_to_end(key)
        if len(self._newest) > KEPT:
            self._newest.popitem(last=False)
        for version, event in self._waiters.get(key, ()):
            if news.version >= version:
                event.set()
        for queue in list(self._queues):
            _offer(queue, news)

    def _reset(self) -> None:
        self._boot = uuid4().hex[:12]
        self._kept.clear()
        self._newest.clear()
        for queue in list(self._queues):
            _offer(queue, None)

    def newest(self, aggregate: str, id_: str, version: int) -> Row | None:
        """The view's document, when it changed lately and has this version at least."""
        news = self._newest.get((aggregate, id_))
        return news.document if news and news.version >= version else None

    async def until(self, aggregate: str, id_: str, version: int, seconds: float = 2.0) -> bool:
        """Waits until the view has this version of the aggregate; False when it does not come in time.

        What came lately is known here and what is on its way is heard; the store is asked when neither is so.
        """
        if self.newest(aggregate, id_, version):
            return True
        collection = BY_AGGREGATE[aggregate].collection
        event, key, end = asyncio.Event(), (aggregate, id_), time.monotonic() + seconds
        waiting, pause = (version, event), ON_ITS_WAY_SECONDS
        self._waiters.setdefault(key, []).append(waiting)
        try:
            while (left := end - time.monotonic()) > 0:
                try:
                    await asyncio.wait_for(event.wait(), min(left, pause))
                    return True
                except TimeoutError:
                    kept = await self._store[collection].find_one({"_id": id_}, {"version": 1})
                if kept and kept["version"] >= version:
                    return True
                pause = LOOK_AGAIN_SECONDS
            return False
        finally:
            self._waiters[key].remove(waiting)
            if not self._waiters[key]:
                del self._waiters[key]

    async def stream(self, wanted: Callable[[News], bool], last_id: str | None) -> AsyncGenerator[bytes, None]:
        """Server-sent events of the news that are wanted, from `last_id` on; `reset` tells to read afresh."""
        queue: asyncio.Queue[News | None] = asyncio.Queue(QUEUE)
        self._queues.add(queue)
        ends = time.monotonic() + LIFE_SECONDS
        try:
            yield b"retry: 2000\n\n"
            for news in self._since(last_id):
                yield _event(self._boot, news, wanted)
            while time.monotonic() < ends:
                try:
                    item = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                yield _event(self._boot, item, wanted)
        finally:
            self._queues.discard(queue)

    def _since(self, last_id: str | None) -> list[News | None]:
        if not last_id:
            return []
        boot, _, number = last_id.partition("-")
        oldest = self._kept[0].number if self._kept else self._number + 1
        if boot != self._boot or not number.isdigit() or int(number) + 1 < oldest:
            return [None]
        return [news for news in self._kept if news.number > int(number)]


def _offer(queue: asyncio.Queue[News | None], news: News | None) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        news = None
    queue.put_nowait(news)


def _event(boot: str, news: News | None, wanted: Callable[[News], bool]) -> bytes:
    if news is None:
        return b"event: reset\ndata: {}\n\n"
    if not wanted(news):
        return b""
    document = news.document
    body: dict[str, Any] = {"aggregate": news.aggregate, "id": news.id, "version": news.version}
    body["state"] = document.get("state", document.get("standing"))
    return f"id: {boot}-{news.number}\nevent: changed\ndata: {orjson.dumps(body).decode()}\n\n".encode()
