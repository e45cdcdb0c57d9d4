"""The peer of a command: Beanie behind FastAPI, a document read, changed and saved; no event, no transaction. Runs in the
environment of the peers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from beanie import Document, init_beanie
from fastapi import FastAPI
from pydantic import BaseModel
from pymongo import AsyncMongoClient


class Item(Document):  # type: ignore[misc]
    id: str
    version: int
    text: str
    city: str = ""

    class Settings:
        name = "items"


class Edit(BaseModel):
    city: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        os.environ["PASSERELLE_MONGO_URL"], w="majority", journal=True
    )
    await init_beanie(database=client[os.environ["FLOOR_DATABASE"]], document_models=[Item])
    yield
    await client.close()


app = FastAPI(lifespan=lifespan)


@app.post("/items/{id_}")
async def edit(id_: str, body: Edit) -> dict[str, object]:
    item = await Item.get(id_)
    assert item
    item.city, item.version = body.city, item.version + 1
    await item.save()
    return {"id": id_, "version": item.version}


if __name__ == "__main__":
    port = int(os.environ["FLOOR_PORT"])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False)
