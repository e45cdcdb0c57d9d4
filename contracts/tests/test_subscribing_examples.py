"""The programs printed in docs/subscribing.md run as they stand, against a real broker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.check.golden import as_received
from contracts.check.tree import EXAMPLES, ROOT, read
from stack import kafka
from stack.child import Child

PAGE = ROOT.parent / "docs" / "subscribing.md"
WITH_PACKAGE, WITH_CLIENT_ONLY = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with kafka.start(tmp_path_factory.mktemp("broker")) as child:
        admin = AdminClient({"bootstrap.servers": child.address})
        topics = ("passerelle.agreement.events.v1", "passerelle.partner.state.v1")
        for made in admin.create_topics([NewTopic(topic, num_partitions=6) for topic in topics]).values():
            made.result(30)
        producer = Producer({"bootstrap.servers": child.address})
        for name in ("agreement.drafted", "agreement.registered", "partner.snapshot"):
            example = read(EXAMPLES / f"{name}.v1.json")
            headers, value = as_received(example)
            producer.produce(example["topic"], key=example["key"], value=value, headers=[*headers])
        producer.produce(topics[1], key="gone", value=None, headers=[("ce_type", b"passerelle.partner.snapshot.v1")])
        producer.flush(30)
        yield child


def first_lines(program: str, bootstrap: str, lines: int) -> list[str]:
    """What the program prints first; it is ended then, as it would go on for ever."""
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PASSERELLE_KAFKA_BOOTSTRAP": bootstrap},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    with running.stdout as said:
        try:
            return [said.readline().strip() for _ in range(lines)]
        finally:
            running.kill()
            running.wait()


@pytest.mark.slow
def test_the_program_with_the_package_hears_a_registration(broker: Child) -> None:
    assert first_lines(WITH_PACKAGE, broker.address, 1) == ["ULB-2026-0042 2026-11-02 2031-11-01"]


@pytest.mark.slow
def test_the_program_with_a_kafka_client_alone_reads_partners_and_erasures(broker: Child) -> None:
    lines = first_lines(WITH_CLIENT_ONLY, broker.address, 2)

    assert sorted(lines) == [
        "0192f0a0-11a0-7c3e-9d10-5d2c8a4be001 6 Université de Yaoundé I active",
        "gone is erased",
    ]


def test_the_page_names_every_header_of_a_record() -> None:
    said = set(re.findall(r"^\| `((?:ce_|content)[a-z-]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert said == set(read(EXAMPLES / "agreement.registered.v1.json")["headers"])


def test_the_page_names_every_topic_that_campus_may_read() -> None:
    from contracts.topics import CAMPUS, load

    readable = {topic.name for topic in load().values() if CAMPUS in topic.readers}

    assert (
        set(re.findall(r"^\| `(passerelle\.[a-z.0-9]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == readable
    )
