"""The peer of a projection: Quix Streams with its own MongoDB sink, which asks no version. Runs in the environment of the
peers and prints the seconds from its first record to its last write."""

from __future__ import annotations

import sys
import time
from typing import Any

from quixstreams import Application
from quixstreams.sinks.community.mongodb import MongoDBSink


class Timed(MongoDBSink):  # type: ignore[misc]
    first, last = 0.0, 0.0

    def add(self, *record: Any, **named: Any) -> None:
        self.first = self.first or time.perf_counter()
        super().add(*record, **named)

    def write(self, batch: Any) -> None:
        super().write(batch)
        self.last = time.perf_counter()


def main(bootstrap: str, topic: str, host: str, port: str, database: str, records: str) -> None:
    app = Application(
        broker_address=bootstrap,
        consumer_group=database,
        auto_offset_reset="earliest",
        loglevel="ERROR",
        commit_interval=0.5,
        auto_create_topics=False,
    )
    sink = Timed(
        host,
        database,
        "view",
        port=int(port),
        update_method="ReplaceOne",
        document_matcher=lambda record: {"_id": record.key.decode()},
        replicaSet="secantus",
        w="majority",
        journal=True,
    )
    app.dataframe(app.topic(topic, value_deserializer="json")).sink(sink)
    app.run(count=int(records), timeout=30)
    print(sink.last - sink.first)


if __name__ == "__main__":
    main(*sys.argv[1:])
