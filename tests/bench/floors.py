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
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response


def application(mongo_url: str, database: str) -> FastAPI:
    client: Any = AsyncIOMotorClient(mongo_url, w="majority", journal=True)
    here = client[database]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        client.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/items/{id_}")
    async def command(request: Request, id_: str) -> Response:
        """Finds the version, then one transaction: versioned update and insert of the snapshot into the outbox."""
        body = orjson.loads(await request.body())
        while True:
            found = await here.items.find_one({"_id": id_}, {"version": 1})
            try:
                async with await client.start_session() as session, session.start_transaction():
                    updated = await here.items.update_one(
                        {"_id": id_, "version": found["version"]},
                        {"$inc": {"version": 1}, "$set": {"city": body["city"]}},
                        session=session,
                    )
                    if updated.matched_count:
                        snapshot = {"_id": ObjectId(), "key": id_, "value": body, "done": False}
                        await here.outbox.insert_one(snapshot, session=session)
                return Response(
                    orjson.dumps({"id": id_, "version": found["version"] + 1}), media_type="application/json"
                )
            except PyMongoError as fault:
                if not fault.has_error_label("TransientTransactionError"):
                    raise

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
        application(os.environ["PASSERELLE_MONGO_URL"], os.environ["FLOOR_DATABASE"]),
        port=int(os.environ["FLOOR_PORT"]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
