"""The chassis' own guards: which piece of code each is, and what stands there when it is off."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Guard:
    """A statement or an expression of one function, and what takes its place."""

    about: str
    module: str
    function: str
    code: str
    instead: str

    def stands_at(self, module: str, function: str, node: ast.AST) -> bool:
        if (module, function) != (self.module, self.function) or not isinstance(node, ast.expr | ast.stmt):
            return False
        return ast.unparse(node) == self.code


def _in(module: str, *guards: tuple[str, str, str, str]) -> Iterator[Guard]:
    for about, function, code, instead in guards:
        yield Guard(about, f"chassis.{module}", function, code, instead)


GUARDS: Final[tuple[Guard, ...]] = (
    *_in(
        "shelf",
        ("a version is written over the one that was read", "Shelf._save",
         "{'_id': id_, 'version': loaded.state.version}", "{'_id': id_}"),
        ("a row's time never goes back for its key", "Shelf._save",
         "max(time.time_ns() // 1000, loaded.at + 1 if loaded else 0)", "time.time_ns() // 1_000"),
        ("decisions under one guard conflict", "Shelf.write", "guard(writes, key)", ""),
        ("a decision conflicts with the copy it rests on", "Shelf.write",
         "touch(writes, collection, copy_id)", ""),
        ("what is gone is deleted", "Shelf.write", "writes.delete(row.collection, row.id)", ""),
        ("numbers of a refused command go back", "Shelf.put_back",
         "await self._store['counters'].update_one({'_id': counter[0]}, back, session=session)", ""),
    ),
    *_in(
        "command",
        ("a repeated key is answered from what was kept", "Desk._once",
         "await self.answers.of(asked, session)", "None"),
        ("an answer is kept for its key", "Desk._once",
         "await self.answers.keep(asked, taken.state.version, session)", ""),
        ("an answer stands in the row that was told", "Desk._decide", "answer_told(asked)", "None"),
        ("a refusal is told once for a key", "Desk._refuse.work", "await self.answers.of(asked, session)", "None"),
        ("a refusal stands in the row that was told", "Desk._tell", "answer_told(asked, refusal)", "None"),
        ("a refusal is kept for its key", "Desk._tell", "await self.answers.keep(asked, 0, session, refusal)", ""),
        ("a policy refusal is told", "Desk._refuse.work", "await self._tell(asked, refusal, session)", ""),
        ("what is hidden keeps its version hidden", "Desk._once",
         "await self._seen(asked, loaded, session)", "None"),
        ("a person names the version read", "Desk._once", "_check_version(asked, loaded.state.version)", ""),
        ("numbers are put back", "Desk._decide", "await self.shelf.put_back(context.found, session)", ""),
    ),
    *_in(
        "reaction",
        ("a record takes effect once", "Reactor.once.work",
         "tried and await inbox.find_one(row, session=session)", "False"),
        ("a repeated record is done even if it is not possible any more", "Reactor.once.work",
         "raise DoneBefore from fault", "pass"),
        ("the effect is noted in the inbox", "Reactor.once.work",
         "doing.writes.insert(INBOX, {**row, **done})", ""),
        ("what comes behind a parked record is parked", "Reactor._hear_one",
         "(reaction.name, key) in behind and await self.parking.waiting(reaction.name, key)", "False"),
        ("a key whose record failed is waited for within its batch", "Reactor._hear_one",
         "behind.add((reaction.name, key))", ""),
        ("parked records of earlier batches are known", "Reactor.hear",
         "await self.parking.keys_waiting(names, records)", "set()"),
        ("a reaction waits until its copy is that new", "Work.copy",
         "found is None or found['version'] < at_least", "found is None"),
        ("a reaction conflicts with the copy it rests on", "Work.copy",
         "touch(self.writes, collection, id_)", ""),
        ("a partition waits from the record that misses something", "Reactor._hear_part", "return part[at:]", "pass"),
    ),
    *_in(
        "projection",
        ("an older version of a batch gives way", "Projector._newest",
         "places = sorted(places, key=_version, reverse=True)", ""),
        ("a rival's newer version stays", "Projector.replace",
         "{'_id': d['_id'], 'version': {than: d['version']}}", "{'_id': d['_id']}"),
        ("a rival's newer first version stays", "Projector._one_by_one",
         "{'_id': document['_id'], 'version': {'$lt': document['version']}}", "{'_id': document['_id']}"),
    ),
    *_in(
        "relay",
        ("only the holder of the lease marks", "Relay._mark.work", "self.lease.hold(writes)", ""),
        ("rows go in the order they were written", "Relay._waiting", "[('pending', 1)]", "[('pending', -1)]"),
        ("a row behind a refused one of its key waits", "Relay._publish", "row['key'] in failed or of_row", "of_row"),
        ("a refused key is held back", "Relay._publish", "self._hold_back(key, fault)", ""),
        ("a published row is marked", "Relay._mark.work",
         "writes.update_all(OUTBOX, ids, {'$unset': {'pending': ''}})", ""),
        ("a batch is sent only under the lease", "Relay._tell", "raise LeaseLost", "pass"),
        ("a key that failed waits with all its rows", "Relay._tell", "row['key'] not in failed", "True"),
        ("what came late is told before what follows", "Relay._following",
         "any((row['_id'] not in known for row in before))", "False"),
    ),
    *_in(
        "lease",
        ("a lease that runs is another's", "Lease.take.work",
         "now < kept['until'] <= now + 2 * kept.get('seconds', self._seconds)", "False"),
        ("a new owner brings a new token", "Lease.take.work",
         "self._token if mine else kept['token'] + 1 if kept else 1", "1"),
        ("a lease is held by its token", "Lease.hold", "LeaseLost(self._name)", "None"),
    ),
    *_in(
        "echo",
        ("an old snapshot after a newer one is answered", "Echo._hear",
         "await self._answer({key for key in back if key in behind and behind[key].whole})", ""),
        ("a first old snapshot is answered when nothing newer comes", "Echo._settle",
         "await self._answer({key for key in lacking if suspects[key] in read})", ""),
        ("what still waits for Kafka is no reason to answer", "Echo._hear",
         "key in behind and behind[key].whole", "key in behind"),
        ("what still waits for Kafka is no reason to settle", "Echo._settle",
         "told.whole and self._last.get(key, 0) < told.version", "self._last.get(key, 0) < told.version"),
        ("what another heard meanwhile is not known", "Echo._follow",
         "self._since[record.partition] = record.offset", "self._since.setdefault(record.partition, record.offset)"),
        ("suspects outlive who suspects them", "Echo._hear",
         "await self._keep_in_mind({key: (suspects[key], heard[key][0]) for key in behind if key in heard})", ""),
    ),
    *_in(
        "parking",
        ("a record is parked once", "Parking.park", "await self._store[PARKED].find_one({'_id': id_})", "False"),
        ("too many in a row stop the topic", "Parking.park",
         "self._row.get((record.topic, handler), 0) >= IN_A_ROW", "False"),
        ("a success ends the row", "Parking.went_well", "self._row.pop((topic, handler), None)", ""),
        ("a replay ends at the first that fails", "Parking.redrive", "return (done, reason)", "continue"),
    ),
    *_in(
        "consumer",
        ("a partition is set back to what waits", "Ear._wait", "consumer.seek(partition, offset)", ""),
        ("a fault sends the batch back", "Ear._hear", "return from_the_start(records)", "return {}"),
        ("a stopped topic waits whole", "Ear.heard",
         "from_the_start(records) if self.stopped else await self._hear(records)", "await self._hear(records)"),
        ("a batch that failed as a whole is set back", "Ear.seek", "self._wait(partition, offset)", ""),
        ("what a hearer gave up is heard again", "Ear._hear",
         "(task := asyncio.current_task()) is None or task.cancelling()", "True"),
    ),
    *_in(
        "reading",
        ("what was read beside a fault is gone back for", "Reader.read", "self._must_go_back = True", ""),
    ),
    *_in(
        "broker",
        ("an end that was given up is waited for by the next", "Consumer.stop",
         "await asyncio.shield(self._ending)", "await self._ending"),
    ),
    *_in(
        "deadlines",
        ("a deadline is looked at again before its step", "Scanner._step.work",
         "due is None or due > self._desk.clock.today()", "False"),
    ),
)  # fmt: skip
