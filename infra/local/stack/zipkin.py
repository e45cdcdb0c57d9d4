"""Zipkin, which keeps and shows traces in memory; it runs only when asked for (`make up TRACES=1`)."""

from pathlib import Path

from stack import java, places
from stack.failure import StackFailure
from stack.ports import HOST

VERSION = "3.5.1"


def command(port: int) -> list[str]:
    """Zipkin's command line, listening on this machine only."""
    if not jar().exists():
        raise StackFailure("Zipkin is not installed. Run `make setup TRACES=1`.")
    listen = [f"--armeria.ports[0].{key}={value}" for key, value in _listener(port).items()]
    return [java.executable(), "-Xmx256m", "-jar", str(jar()), *listen, "--logging.level.root=WARN"]


def jar() -> Path:
    """The one file that is Zipkin, fetched by `make setup TRACES=1`."""
    return places.cache_dir() / f"zipkin-{VERSION}" / f"zipkin-server-{VERSION}-exec.jar"


def _listener(port: int) -> dict[str, str]:
    return {"ip": HOST, "port": str(port), "protocols[0]": "http"}
