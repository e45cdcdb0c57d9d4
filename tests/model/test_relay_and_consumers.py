"""Whatever fails, freezes, dies or changes hands: nothing is lost, nothing overtakes within its key, nothing takes effect
twice. And code that is broken on purpose is found out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pymongo import ReplaceOne
from tests.model.pretended_world import EFFECTS, FACTS, STATES, VIEW, Consumer, World

from chassis.consumer import Ear
from chassis.echo import Echo
from chassis.lease import Lease
from chassis.projection import Projector
from chassis.reaction import Reactor
from chassis.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KEYS = st.sampled_from(["k1", "k2"])
NAMES = st.sampled_from(["a", "a", "a", "b"])
BEGUN = st.sampled_from(["relay", "relay", FACTS, STATES, "settle"])
OTHER = {"a": "b", "b": "a"}
ENDINGS = st.sampled_from(["done", "done", "done", "lost", "half", "away"])


class Delivery(RuleBasedStateMachine):
    """Any sequence of commits, steps, failures, kills, freezes and rebalances."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.shown: dict[str, int] = {}
        self.calm = False

    def teardown(self) -> None:
        try:
            self.world.quiet()
            holds_at_rest(self.world)
        finally:
            self.world.close()

    @initialize(keys=st.lists(KEYS, min_size=1, max_size=4), calm=st.sampled_from([True, False, False, False]))
    def commands(self, keys: Sequence[str], calm: bool) -> None:
        """On a calm day nothing fails, dies or stands still."""
        self.calm = calm
        for key in keys:
            self.world.commit(key)

    @rule(key=KEYS)
    def command(self, key: str) -> None:
        self.world.commit(key)

    @rule(name=NAMES, what=BEGUN)
    def begins(self, name: str, what: str) -> None:
        self.world.begin(name, what)

    @rule(name=NAMES, how=ENDINGS, which=st.integers(0, 3))
    def one_step(self, name: str, how: str, which: int) -> None:
        self.world.go(name, "done" if self.calm else how, which)

    @rule(name=NAMES, what=BEGUN)
    def does_it_all(self, name: str, what: str) -> None:
        self.world.finish(name)
        self.world.begin(name, what)
        self.world.finish(name)

    @rule(key=KEYS, waiting=NAMES)
    def two_relays_at_once(self, key: str, waiting: str) -> None:
        """One holds rows in its hands while the other looks for some."""
        self._about_to_send(waiting, key)
        self.does_it_all(OTHER[waiting], "relay")
        self.world.finish(waiting)

    @precondition(lambda self: not self.calm)
    @rule(key=KEYS, name=NAMES, how=st.sampled_from(["lost", "half", "away"]))
    def fails_to_send(self, key: str, name: str, how: str) -> None:
        self._about_to_send(name, key)
        self.world.go(name, how)

    @precondition(lambda self: not self.calm)
    @rule(key=KEYS, heard_by_a_newcomer=st.booleans())
    def freezes_past_its_lease(self, key: str, heard_by_a_newcomer: bool) -> None:
        """One stands still with rows in its hands; the other publishes more; then the first wakes and sends its own.
        Who hears that may have begun to listen just then, and may die before it has dealt with it."""
        if self.world.broker.owner[STATES] == "a":
            self.world.rebalance(STATES)
        self._about_to_send("a", key)
        self.world.pass_time(11.0)
        self.world.commit(key)
        self.does_it_all("b", "relay")
        for _ in range(3 if heard_by_a_newcomer else 0):
            self.does_it_all(self.world.broker.owner[STATES], STATES)
        self.world.finish("a")
        if heard_by_a_newcomer:
            self.is_heard_by_a_newcomer_who_dies()

    @precondition(lambda self: not self.calm)
    @rule(name=NAMES, what=BEGUN, steps=st.integers(0, 6))
    def dies_in_the_middle(self, name: str, what: str, steps: int) -> None:
        self.world.begin(name, what)
        for _ in range(steps):
            self.world.go(name)
        self.world.kill(name)

    @precondition(lambda self: not self.calm)
    @rule(key=KEYS, topic=st.sampled_from([FACTS, STATES]), steps=st.integers(0, 3))
    def dies_with_a_batch_in_its_hands(self, key: str, topic: str, steps: int) -> None:
        self.world.commit(key)
        name = self.world.broker.owner[topic]
        self.does_it_all(name, "relay")
        self.dies_in_the_middle(name, topic, steps)

    @precondition(lambda self: not self.calm)
    @rule(seconds=st.sampled_from([6.0, 11.0, 25.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @precondition(lambda self: not self.calm)
    @rule(topic=st.sampled_from([FACTS, STATES]))
    def is_rebalanced(self, topic: str) -> None:
        self.world.rebalance(topic)

    @precondition(lambda self: not self.calm)
    @rule()
    def is_heard_by_a_newcomer_who_dies(self) -> None:
        name = self.world.broker.owner[STATES]
        self.world.kill(name)
        self.does_it_all(name, STATES)
        self.world.kill(name)

    def _about_to_send(self, name: str, key: str) -> None:
        self.world.finish(name)
        self.world.commit(key)
        self.world.begin(name, "relay")
        while self.world.waits_for(name) not in ("", "send"):
            self.world.go(name)

    @invariant()
    def what_is_marked_is_on_kafka(self) -> None:
        told = {id_ for topic in (FACTS, STATES) for *_, id_ in self.world.told(topic)}
        for row in self.world.rows():
            assert "pending" in row or {record["id"] for record in row["records"]} <= told, f"{row['_id']} is lost"

    @invariant()
    def keys_are_told_in_order(self) -> None:
        for topic in (FACTS, STATES):
            first = list(dict.fromkeys(self.world.told(topic)))
            for key in ("k1", "k2"):
                versions = [version for of, version, _ in first if of == key]
                assert versions == list(range(1, len(versions) + 1)), f"{topic} {key}: {versions}"

    @invariant()
    def views_never_go_back(self) -> None:
        for key, row in self.world.tables.of(VIEW).items():
            assert row["version"] >= self.shown.get(key, 0), f"{key} went back to {row['version']}"
            self.shown[key] = row["version"]

    @invariant()
    def effects_are_made_once_in_order(self) -> None:
        for key, row in self.world.tables.of(EFFECTS).items():
            assert row["heard"] == list(range(1, len(row["heard"]) + 1)), f"{key}: {row['heard']}"


def holds_at_rest(world: World) -> None:
    """When everybody has come to rest, all is everywhere."""
    assert not [row["_id"] for row in world.rows() if "pending" in row], "rows still wait"
    for topic in (FACTS, STATES):
        told = world.told(topic)
        for key, version in world.versions.items():
            assert {each for of, each, _ in told if of == key} == set(range(1, version + 1)), f"{topic} {key}"
        assert world.smooth is False or len(told) == len(set(told)), f"told twice without a fault: {told}"
    last = {key: version for key, version, _ in world.told(STATES)}
    assert last == dict(world.versions), f"last records {last}, versions {dict(world.versions)}"
    assert {key: row["version"] for key, row in world.tables.of(VIEW).items()} == dict(world.versions)
    heard = {key: row["heard"] for key, row in world.tables.of(EFFECTS).items()}
    assert heard == {key: list(range(1, version + 1)) for key, version in world.versions.items()}


SOUND = settings(
    max_examples=300,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
BROKEN = settings(
    SOUND,
    max_examples=500,
    phases=[Phase.generate],
    print_blob=False,
    database=None,
    report_multiple_bugs=False,
)


def test_nothing_is_lost_reordered_or_doubled() -> None:
    run_state_machine_as_test(Delivery, settings=SOUND)


@contextmanager
def mark_before_acknowledgement() -> Iterator[None]:
    publish = Relay._publish

    async def hasty(relay: Relay, rows: Any) -> Any:
        await relay._mark([row["_id"] for row in rows])
        return await publish(relay, rows)

    with patch.object(Relay, "_publish", hasty):
        yield


@contextmanager
def mark_what_was_refused() -> Iterator[None]:
    publish = Relay._publish

    async def generous(relay: Relay, rows: Any) -> Any:
        await publish(relay, rows)
        return rows

    with patch.object(Relay, "_publish", generous):
        yield


@contextmanager
def publish_without_lease() -> Iterator[None]:
    async def always(lease: Lease) -> bool:
        return True

    def whatever(lease: Lease, writes: Any) -> None:
        return None

    with patch.object(Lease, "keep", always), patch.object(Lease, "hold", whatever):
        yield


@contextmanager
def commit_offsets_before_the_effect() -> Iterator[None]:
    async def hasty(world: World, ear: Ear, batch: Any, consumer: Consumer) -> None:
        world.broker.committed[consumer.topic] = consumer.position_now
        await ear.heard(batch)

    with patch.object(World, "heard", hasty):
        yield


@contextmanager
def no_inbox_row() -> Iterator[None]:
    async def forgetful(reactor: Reactor, reaction: Any, heard: Any) -> None:
        from chassis.reaction import Work

        async def work(session: Any) -> None:
            await reaction.react(heard, Work(reactor.desk, session, heard.envelope.id))

        await reactor.desk.store.transaction(work)

    with patch.object(Reactor, "once", forgetful):
        yield


@contextmanager
def unguarded_replace() -> Iterator[None]:
    async def blind(projector: Projector, ids: Any) -> dict[str, int]:
        return {}

    async def bold(projector: Projector, newest: Any, versions: Any) -> None:
        replacing = [ReplaceOne({"_id": key}, row, upsert=True) for key, row in newest.items()]
        await projector.store[projector.collection].bulk_write(replacing)

    with patch.object(Projector, "_versions", blind), patch.object(Projector, "_put", bold):
        yield


@contextmanager
def echo_off() -> Iterator[None]:
    async def deaf(echo: Echo, records: Any) -> Any:
        return {}

    async def idle(echo: Echo, ear: Ear) -> None:
        return None

    with patch.object(Echo, "hear", deaf), patch.object(Echo, "settle", idle):
        yield


@contextmanager
def suspects_kept_in_memory_only() -> Iterator[None]:
    async def forgetful(echo: Echo, suspects: Any) -> None:
        return None

    with patch.object(Echo, "_keep_in_mind", forgetful):
        yield


WAYS: list[Callable[[], Any]] = [
    mark_before_acknowledgement,
    mark_what_was_refused,
    publish_without_lease,
    commit_offsets_before_the_effect,
    no_inbox_row,
    unguarded_replace,
    echo_off,
    suspects_kept_in_memory_only,
]


@pytest.mark.parametrize("broken", WAYS, ids=lambda broken: broken.__name__)
def test_code_broken_on_purpose_is_found_out(broken: Callable[[], Any]) -> None:
    with ExitStack() as stack:
        stack.enter_context(broken())
        with pytest.raises(AssertionError):  # a promise that is broken; what merely fails is another error
            run_state_machine_as_test(Delivery, settings=BROKEN)
