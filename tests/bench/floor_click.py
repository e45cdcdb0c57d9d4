"""Click to view with nothing of the product, in two processes as the product has it: an owner (route, transaction,
woken relay) and a view (consumer, write, change stream, a read that waits for its news)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import orjson
import uvicorn
from aiokafka import AIOKafkaConsumer
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from starlette.requests import Request
from starlette.responses import Response
from tests.bench.bare import FACT_BYTES, told, transaction

from chassis.outlet import producer

NUDGED, POLLED = "nudged", "polled"
POLL_SECONDS = 0.02


class Owner:
    """`relay` says how it learns of a commit: nudged in its process, or by a look every 20 ms."""

    def __init__(self, client: Any, database: str, topic: str, relay: str) -> None:
        self._client, self._here, self._topic = client, client[database], topic
        self._polls, self._woken, self._number = relay == POLLED, asyncio.Event(), 0
        self._kafka: Any = None

    @asynccontextmanager
    async def open(self, _: FastAPI) -> AsyncIterator[None]:
        await self._here.outbox.create_index([("done", 1), ("at", 1)])
        await self._here.items.insert_one({"_id": "first"})
        self._kafka = producer(os.environ["PASSERELLE_KAFKA_BOOTSTRAP"], "click")
        await self._kafka.start()
        relay = asyncio.create_task(self._relay())
        yield
        relay.cancel()
        await self._kafka.stop()

    async def command(self, request: Request) -> Response:
        """Finds the version, then one transaction: versioned update and insert of the outbox row."""
        id_, body = request.path_params["id"], orjson.loads(await request.body())
        self._number += 1
        found = await self._here.items.find_one({"_id": id_})
        version = found["version"] + 1 if found else 1
        row = told(self._number, version)
        row["key"] = id_.encode()

        async def work(session: Any) -> None:
            changed = {"_id": id_, "version": version, "text": "x" * 600, **body}
            await self._here.items.replace_one({"_id": id_}, changed, upsert=not found, session=session)
            await self._here.outbox.insert_one(row, session=session)

        await transaction(self._client, work)
        self._woken.set()
        return Response(orjson.dumps({"id": id_, "version": version}), media_type="application/json")

    async def _relay(self) -> None:
        waiting = self._here.outbox.find
        while True:
            if self._polls:
                await asyncio.sleep(POLL_SECONDS)
            else:
                await self._woken.wait()
                self._woken.clear()
            rows = await waiting({"done": False}).sort([("at", 1)]).limit(500).to_list(500)
            sendings = []
            for row in rows:
                headers = list(row["headers"].items())
                sendings += [
                    await self._kafka.send(self._topic, key=row["key"], value=value, headers=headers)
                    for value in (row["fact"], row["state"])
                ]
            await asyncio.gather(*sendings)
            ids = [row["_id"] for row in rows]
            if ids:
                await self._here.outbox.update_many({"_id": {"$in": ids}}, {"$set": {"done": True}})


class View:
    def __init__(self, client: Any, database: str, topic: str) -> None:
        self._here, self._changed = client[database], dict[str, asyncio.Event]()
        self._topic, self._group, self._consumer = topic, database, cast("Any", None)

    @asynccontextmanager
    async def open(self, _: FastAPI) -> AsyncIterator[None]:
        await self._here.view.insert_one({"_id": "first"})
        self._consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=os.environ["PASSERELLE_KAFKA_BOOTSTRAP"],
            group_id=self._group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await self._consumer.start()
        running = [asyncio.create_task(self._project()), asyncio.create_task(self._notice())]
        yield
        for task in running:
            task.cancel()
        await self._consumer.stop()

    async def wait(self, request: Request) -> Response:
        """Answers when the view has the version, woken by the change stream."""
        id_, version = request.path_params["id"], int(request.query_params["version"])
        while True:
            changed = self._changed[id_] = self._changed.get(id_) or asyncio.Event()
            found = await self._here.view.find_one({"_id": id_})
            if found and found["version"] >= version:
                return Response(orjson.dumps(found), media_type="application/json")
            await changed.wait()

    async def _project(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=60_000)).values():
                for record in records:
                    if len(record.value) > FACT_BYTES:
                        state = {**orjson.loads(record.value), "_id": record.key.decode()}
                        older = {"_id": state["_id"], "version": {"$lt": state["version"]}}
                        await self._here.view.replace_one(older, state, upsert=True)
            await self._consumer.commit()

    async def _notice(self) -> None:
        async with self._here.view.watch([]) as changes:
            async for change in changes:
                changed = self._changed.pop(change["documentKey"]["_id"], None)
                if changed:
                    changed.set()


def application(mode: str) -> FastAPI:
    client: Any = AsyncIOMotorClient(os.environ["PASSERELLE_MONGO_URL"], w="majority", journal=True)
    database, topic = os.environ["FLOOR_DATABASE"], os.environ["FLOOR_TOPIC"]
    if mode == "owner":
        owner = Owner(client, database, topic, os.environ["FLOOR_RELAY"])
        app = FastAPI(lifespan=owner.open)
        app.add_api_route("/items/{id}", owner.command, methods=["POST"])
    else:
        view = View(client, database, topic)
        app = FastAPI(lifespan=view.open)
        app.add_api_route("/view/{id}", view.wait, methods=["GET"])
    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1]),
        port=int(os.environ["FLOOR_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
