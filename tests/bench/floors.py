"""The bare form of a command and of a page: a route, the driver, and nothing of the product. Run by `bench_server`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import uvicorn
from bson import ObjectId
from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import AsyncMongoClient
from starlette.requests import Request
from starlette.responses import Response
from tests.bench.bare import FACT_BYTES, settled, transaction
from tests.bench.bench_ground import snapshot

HEADERS = [dict(snapshot(0, 1)[2])] * 2
"""Of a fact and of a snapshot."""


DRIVERS: dict[str, Any] = {"motor": AsyncIOMotorClient, "pymongo": AsyncMongoClient}


def application(mongo_url: str, database: str, driver: str) -> FastAPI:
    client = DRIVERS[driver](mongo_url, w="majority", journal=True)
    here = client[database]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await settled(client.close())

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{id_}")
    async def command(request: Request, id_: str) -> Response:
        """Finds the item, then one transaction: versioned update and insert of fact and snapshot into the outbox."""
        body = orjson.loads(await request.body())
        versions = []

        async def work(session: Any) -> None:
            found = await here.items.find_one({"_id": id_})
            value = orjson.dumps({**found, **body, "version": found["version"] + 1})
            row = {"_id": ObjectId(), "key": id_, "done": False, "headers": HEADERS}
            row |= {"fact": value[:FACT_BYTES], "state": value}
            updated = await here.items.update_one(
                {"_id": id_, "version": found["version"]},
                {"$inc": {"version": 1}, "$set": {"city": body["city"]}},
                session=session,
            )
            if updated.matched_count:
                await here.outbox.insert_one(row, session=session)
            versions.append(found["version"] + 1)

        await transaction(client, work)
        return Response(orjson.dumps({"id": id_, "version": versions[-1]}), media_type="application/json")

    @app.get("/page")
    async def page(request: Request) -> Response:
        rows = await here.view.find({"country": request.query_params["country"]}).sort([("order", 1)]).to_list(50)
        return Response(orjson.dumps(rows), media_type="application/json")

    @app.get("/one/{id_}")
    async def one(id_: str) -> Response:
        return Response(orjson.dumps(await here.view.find_one({"_id": id_})), media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(os.environ["PASSERELLE_MONGO_URL"], os.environ["FLOOR_DATABASE"], os.environ["FLOOR_DRIVER"]),
        port=int(os.environ["FLOOR_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
