"""The journals: what happened, kept once per record. Facts are found again by their aggregate and by the partners they
concern; policy refusals have a register of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from pymongo import ReplaceOne

from chassis.mongo import Row, Store, ascending
from chassis.parking import Parking
from chassis.projection import FEW
from chassis.reading import Record, Waiting
from chassis.telemetry import UNREAD, Measures
from contracts.envelope import Envelope, EnvelopeError, read_envelope
from contracts.record import Contract

TIMELINE: Final = "timeline"
LINKS: Final = "timeline_links"
REFUSALS: Final = "refusals"
PARTNER_MEMBERS: Final = frozenset({"partner_id", "partner_ids", "loser_id", "survivor_id", "home_partner_id"})


async def prepare(store: Store) -> None:
    await store.index(TIMELINE, ascending("partners", "at"), ascending("subject", "at"), ascending("actor", "type"))
    await store.index(REFUSALS, ascending("at"), ascending("rule", "at"), ascending("partners", "at"))


class Journal:
    """Hears one facts topic; appends with the record's id, so that a repeated record changes nothing."""

    def __init__(self, store: Store, contract: Contract[Any], parking: Parking, measures: Measures = UNREAD) -> None:
        self._store, self._contract, self._parking, self._measures = store, contract, parking, measures
        self._is_refusals = contract.aggregate == "refusal"
        self.topic = contract.events_topic
        self.name = f"journal {self.topic}"

    async def hear(self, records: Sequence[Record]) -> Waiting:
        read: list[tuple[Envelope, Row]] = []
        for record in records:
            try:
                entry = self._read(record)
            except (ValueError, TypeError, KeyError, AttributeError) as fault:
                await self._parking.park(record, self.name, f"{type(fault).__name__}: {fault}")
                continue
            if entry:
                read.append(entry)
                self._parking.went_well(record.topic, self.name)
        await self._note(read)
        return {}

    async def _note(self, read: Sequence[tuple[Envelope, Row]]) -> None:
        if read:
            rows = [_refusal(*each) for each in read] if self._is_refusals else await self._entries(read)
            await self._append(REFUSALS if self._is_refusals else TIMELINE, rows)

    async def again(self, record: Record) -> None:
        """A parked record once more; raises when it still cannot be read."""
        entry = self._read(record)
        await self._note([entry] if entry else [])

    def _read(self, record: Record) -> tuple[Envelope, Row] | None:
        if record.value is None:
            raise ValueError("a facts topic has no empty records")
        envelope = read_envelope(record.headers)
        model = self._contract.fact_types.get(envelope.type)
        if model is None:
            self._measures.heard.labels(record.topic, "unknown type").inc()
            return None
        if not record.key or record.key.decode() != envelope.key:
            raise EnvelopeError("the key is not the aggregate's")
        if model.model_validate_json(record.value).version != envelope.sequence:
            raise EnvelopeError("the record's version is not its envelope's")
        return envelope, orjson.loads(record.value)

    async def _entries(self, read: Sequence[tuple[Envelope, Row]]) -> list[Row]:
        """The entries, each with every partner its aggregate has been told to concern so far."""
        subjects = list({envelope.subject for envelope, _ in read})
        kept = await self._store[LINKS].find({"_id": {"$in": subjects}}).to_list(None)
        links = {row["_id"]: set(row["partners"]) for row in kept}
        before = {subject: len(partners) for subject, partners in links.items()}
        rows = []
        for envelope, fact in read:
            partners = links.setdefault(envelope.subject, set())
            partners |= set(_partners(fact))
            if envelope.aggregate == "partner":
                partners.add(envelope.key)
            rows.append(_entry(envelope, fact, sorted(partners)))
        replacing = [
            ReplaceOne({"_id": subject}, {"_id": subject, "partners": sorted(partners)}, upsert=True)
            for subject, partners in links.items()
            if len(partners) != before.get(subject, 0)
        ]
        if replacing:
            await self._store[LINKS].bulk_write(replacing, ordered=False)
        return rows

    async def _append(self, collection: str, rows: list[Row]) -> None:
        """Those that are not there yet; a few are nearly always new, which needs no asking."""
        fresh = {row["_id"]: row for row in rows}
        if len(fresh) > FEW:
            there = self._store[collection].find({"_id": {"$in": list(fresh)}}, {"_id": 1})
            for known in await there.to_list(None):
                del fresh[known["_id"]]
        noted = await self._store.insert_new(collection, list(fresh.values())) if fresh else 0
        self._measures.heard.labels(self.topic, "noted").inc(noted)


def _partners(value: object, member: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if member in PARTNER_MEMBERS:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _partners(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _partners(inner, member)


def _entry(envelope: Envelope, fact: Row, partners: list[str]) -> Row:
    return {
        "_id": envelope.id,
        "at": f"{envelope.time.isoformat()}:{envelope.sequence:09d}:{envelope.factno:03d}",
        "type": envelope.type,
        "aggregate": envelope.aggregate,
        "subject": envelope.subject,
        "version": envelope.sequence,
        "time": envelope.time.isoformat(),
        "occurred_on": fact.get("occurred_on"),
        "actor": envelope.actor,
        "cause": envelope.cause,
        "partners": partners,
        "data": fact,
    }


def _refusal(envelope: Envelope, fact: Row) -> Row:
    wanted = ("aggregate", "command", "rule", "slug", "reason_fr", "reason_en", "refs", "handed_to", "occurred_on")
    refs = fact.get("refs", {})
    partners = refs.get("partners", [])
    return {
        "_id": envelope.id,
        "at": f"{envelope.time.isoformat()}:{envelope.id}",
        "time": envelope.time.isoformat(),
        "actor": envelope.actor,
        "aggregate_id": fact.get("id"),
        "partners": [partners] if isinstance(partners, str) else partners,
        **{name: fact[name] for name in wanted if name in fact},
    }
