"""One worker of a projection in a process of its own: `projecting BOOTSTRAP MONGO_URL DATABASE TOPIC`. It joins the group,
and keeps what it hears from the moment at which the database says so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from chassis.broker import quiet_broker
from chassis.consumer import Ear
from chassis.mongo import Store
from chassis.parking import Parking
from chassis.projection import Projection, Projector
from chassis.reading import Record, Waiting, by_partition
from contracts.partner import PARTNER

LOOK_SECONDS = 0.01
SIGNS, GO, JOINED, HEARD = "signs", "go", "joined", "heard"


class Held:
    """Keeps nothing before the sign, and says how many records it kept since."""

    def __init__(self, inner: Projector, store: Store) -> None:
        self._inner, self._signs, self._going = inner, store[SIGNS], False

    async def hear(self, records: Sequence[Record]) -> Waiting:
        if not self._going:
            await self._signs.insert_one({"kind": JOINED})
            while not await self._signs.find_one({"_id": GO}):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
            self._going = True
            return {partition: part[0].offset for partition, part in by_partition(records).items()}
        waiting = await self._inner.hear(records)
        await self._signs.update_one({"_id": HEARD}, {"$inc": {"records": len(records)}}, upsert=True)
        return waiting


async def main(bootstrap: str, mongo_url: str, database: str, topic: str) -> None:
    store = Store(mongo_url, database)
    projector = Projector(store, Projection(PARTNER, "view"), Parking("bench", store, _never))
    broker = quiet_broker(bootstrap, "bench")
    Ear(topic, database, [Held(projector, store)]).subscribe(broker)
    await broker.start()
    await asyncio.Event().wait()


async def _never(*record: object) -> None:
    raise AssertionError(f"nothing is parked here: {record}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
