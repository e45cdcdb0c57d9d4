"""Real Apache Kafka as one KRaft node: settings, first formatting, command, and whether it answers."""

import base64
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from stack import java, places, ports
from stack.child import Child
from stack.failure import StackFailure
from stack.ports import HOST

VERSION = "4.1.1"

SETTINGS = Path(__file__).with_name("kafka.properties")


def start(
    run_dir: Path, port: int | None = None, *, within_seconds: float = 60, told_to_java: Sequence[str] = ()
) -> Child:
    """A broker of its own as a child process, answering when this returns; `address` is its bootstrap.

    Started again on the same folder and port it has the same data. Raises StackFailure with the log's end.
    """
    port = port or ports.free_port()
    ports.require_free({"kafka": port}, ["kafka"])
    log = run_dir / "log" / "kafka.log"
    java_itself, *command = prepare(run_dir, port, ports.free_port())
    command = [java_itself, *told_to_java, *command]
    child = Child("kafka", command, log, address=f"{HOST}:{port}", answers=lambda: answers(port))
    return child.start(within_seconds)


def prepare(run_dir: Path, port: int, controller_port: int) -> list[str]:
    """Writes the settings, formats the data folder once, and returns the broker's command line."""
    data = run_dir / "data" / "kafka"
    data.mkdir(parents=True, exist_ok=True)
    settings = run_dir / "kafka.properties"
    filled = SETTINGS.read_text().format(host=HOST, port=port, controller_port=controller_port, data=data)
    settings.write_text(filled)
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


def classes() -> Path:
    """What Java keeps of the classes that a broker loads, so that the next one need not read and check them again."""
    return places.cache_dir() / f"kafka-{VERSION}.jsa"


def keep_classes() -> None:
    """Runs a broker once for its classes; a Java that cannot keep them leaves nothing, and brokers start without."""
    classes().unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), told_to_java=[f"-XX:ArchiveClassesAtExit={classes()}"]).stop()


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
    kept = [f"-XX:SharedArchiveFile={classes()}"] if classes().exists() else []
    return [
        java.executable(),
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        # What one machine asks of a broker never pays for the compiler of long-running servers.
        "-XX:TieredStopAtLevel=1",
        *kept,
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss",
        "-cp",
        f"{libraries()}/*",
    ]


if __name__ == "__main__":
    keep_classes()
