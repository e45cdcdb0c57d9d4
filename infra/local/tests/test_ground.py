"""The broker and the store as the tests of every service use them: real, killed, frozen and started again."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from stack import kafka, ports, store
from stack.child import Child
from stack.failure import StackFailure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with kafka.start(tmp_path_factory.mktemp("broker")) as child:
        yield child


@pytest.fixture(params=[store.PLAIN, store.FAST])
def a_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Child]:
    if store.executable(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    (tmp_path / "data" / request.param).mkdir(parents=True)
    with store.start(tmp_path) as child:
        yield child


@asynccontextmanager
async def client_of(child: Child) -> AsyncIterator[AsyncIOMotorClient[dict[str, Any]]]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(child.address, serverSelectionTimeoutMS=5000)
    try:
        yield client
    finally:
        client.close()


async def make_topic(broker: Child, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(broker: Child, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.address, enable_idempotence=True, acks="all", max_request_size=2_000_000
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def first_values(broker: Child, topic: str, count: int) -> list[bytes | None]:
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.address, auto_offset_reset="earliest", group_id=None
    ) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_acknowledged_records_outlive_a_killed_broker(broker: Child) -> None:
    await make_topic(broker, "killed")
    await send(broker, "killed", b"one", b"two")

    broker.kill()
    broker.start()

    assert await first_values(broker, "killed", 2) == [b"one", b"two"]


async def test_a_frozen_broker_answers_again_after_the_thaw(broker: Child) -> None:
    await make_topic(broker, "frozen")

    broker.freeze()
    silent = not broker.answers()
    broker.thaw()
    broker.wait_until_it_answers()

    assert silent
    await send(broker, "frozen", b"after")
    assert await first_values(broker, "frozen", 1) == [b"after"]


async def test_a_topic_that_nobody_made_does_not_appear_by_itself(broker: Child) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.address, request_timeout_ms=1500) as producer:
        with pytest.raises(Exception, match=r"Unknown|Timeout|not"):
            await producer.send_and_wait("nobody-made-this", b"lost")


async def test_a_record_of_just_under_one_mebibyte_is_taken(broker: Child) -> None:
    await make_topic(broker, "large")

    await send(broker, "large", b"x" * 1_000_000)

    assert [len(value or b"") for value in await first_values(broker, "large", 1)] == [1_000_000]


async def test_a_transaction_is_all_or_nothing(a_store: Child) -> None:
    async with client_of(a_store) as client:
        rows = client["ground"]["rows"]
        await rows.insert_one({"_id": "before"})
        async with await client.start_session() as session:
            with pytest.raises(ZeroDivisionError):
                async with session.start_transaction():
                    await rows.insert_one({"_id": "undone"}, session=session)
                    raise ZeroDivisionError
            async with session.start_transaction():
                await rows.insert_one({"_id": "kept"}, session=session)

        assert await rows.distinct("_id") == ["before", "kept"]


async def test_acknowledged_commits_outlive_a_killed_store(a_store: Child) -> None:
    async with client_of(a_store) as client:
        rows = client["ground"]["rows"]
        for number in range(20):
            async with await client.start_session() as session, session.start_transaction():
                await rows.insert_one({"_id": number}, session=session)
                await rows.update_one({"_id": 0}, {"$set": {"last": number}}, session=session)
        a_store.kill()
        a_store.start()

        assert await rows.count_documents({}) == 20
        assert await rows.find_one({"_id": 0}) == {"_id": 0, "last": 19}


async def test_a_change_stream_tells_of_an_insert(a_store: Child) -> None:
    async with client_of(a_store) as client:
        rows = client["ground"]["rows"]
        await rows.insert_one({"_id": "before"})
        async with rows.watch(max_await_time_ms=2000) as changes:
            await rows.insert_one({"_id": "seen"})

            change = await changes.next()

    assert change["documentKey"] == {"_id": "seen"}


def test_a_broker_loads_the_classes_that_were_kept_at_install(tmp_path: Path) -> None:
    if not kafka.classes().exists():
        pytest.skip("this Java keeps no classes")
    java, *told = kafka.prepare(tmp_path, ports.free_port(), ports.free_port())[:-2]

    tried = [java, "-Xshare:on", *told, "kafka.tools.StorageTool", "random-uuid"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)

    again = "another Java than at install: `python -m stack.kafka` keeps its classes"
    assert done.returncode == 0, f"{done.stdout}\n{again}"


def test_a_taken_port_is_refused_before_the_broker_starts(broker: Child, tmp_path: Path) -> None:
    taken = int(broker.address.split(":")[1])

    with pytest.raises(StackFailure, match=rf"Port {taken} \(kafka\) is in use"):
        kafka.start(tmp_path, taken)


def test_the_end_of_the_log_is_shown_when_a_child_cannot_start(tmp_path: Path) -> None:
    child = Child("talker", ["sh", "-c", "echo no such luck; exit 3"], tmp_path / "log", "", lambda: False)

    with pytest.raises(StackFailure, match=r"talker ended while starting[^$]*no such luck"):
        child.start()
