"""Real Apache Kafka as one KRaft node: settings, first formatting, command, and whether it answers."""

import base64
import subprocess
import uuid
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack import java, places, ports
from stack.child import Child
from stack.failure import StackFailure
from stack.ports import HOST

VERSION = "4.1.1"

# Topics carry their own limit of 1 MiB; the broker's is higher because parked records carry more headers.
# The short session lets a killed broker come back in seconds: its old session must end first.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=2306867
offsets.topic.replication.factor=1
offsets.topic.num.partitions=10
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=10
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""


def start(run_dir: Path, port: int | None = None, *, within_seconds: float = 60) -> Child:
    """A broker of its own as a child process, answering when this returns; `address` is its bootstrap.

    Started again on the same folder and port it has the same data. Raises StackFailure with the log's end.
    """
    port = port or ports.free_port()
    ports.require_free({"kafka": port}, ["kafka"])
    log = run_dir / "log" / "kafka.log"
    command = prepare(run_dir, port, ports.free_port())
    child = Child("kafka", command, log, address=f"{HOST}:{port}", answers=lambda: answers(port))
    return child.start(within_seconds)


def prepare(run_dir: Path, port: int, controller_port: int) -> list[str]:
    """Writes the settings, formats the data folder once, and returns the broker's command line."""
    data = run_dir / "data" / "kafka"
    data.mkdir(parents=True, exist_ok=True)
    settings = run_dir / "kafka.properties"
    settings.write_text(SETTINGS.format(host=HOST, port=port, controller_port=controller_port, data=data))
    if not (data / "meta.properties").exists():
        _format(settings)
    return [*_java(heap="512m"), "kafka.Kafka", str(settings)]


def answers(port: int) -> bool:
    """Whether the broker has joined its cluster and takes requests."""
    admin = AdminClient({"bootstrap.servers": f"{HOST}:{port}", "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False


def libraries() -> Path:
    """The folder of Kafka's jars, filled by `make setup`."""
    return places.cache_dir() / f"kafka-{VERSION}"


def _format(settings: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = [*_java(heap="128m"), "kafka.tools.StorageTool"]
    # With `=`, since an id may begin with a dash.
    command = [*tool, "format", f"--cluster-id={cluster}", "--config", str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise StackFailure(f"Kafka's data folder could not be formatted:\n{done.stdout}{done.stderr}")


def _java(heap: str) -> list[str]:
    if not any(libraries().glob("kafka_*.jar")):
        raise StackFailure("Kafka is not installed. Run `make setup`.")
    return [
        java.executable(),
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss",
        "-cp",
        f"{libraries()}/*",
    ]
