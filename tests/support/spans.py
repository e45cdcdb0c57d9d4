"""Spans kept in memory: those that this process makes, and those that services export to an OTLP/HTTP receiver in it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.telemetry import Exports


@contextmanager
def remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """All that this process makes meanwhile."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    processor = SimpleSpanProcessor(exporter)
    provider.add_span_processor(processor)
    monkeypatch.setattr("chassis.telemetry.tracer", provider.get_tracer("tests"))
    monkeypatch.setattr("chassis.telemetry._exports", Exports([processor]))
    yield exporter
    provider.shutdown()


@dataclass(frozen=True)
class Span:
    """One step of a trace; `parent` is empty for the first."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]
    exported: bytes = field(repr=False)


@dataclass
class Receiver:
    address: str
    spans: list[Span] = field(default_factory=list)

    def take(self, content: bytes) -> None:
        for of_process in ExportTraceServiceRequest.FromString(content).resource_spans:
            said = {each.key: each.value.string_value for each in of_process.resource.attributes}
            for scope in of_process.scope_spans:
                self.spans += [
                    Span(
                        service=said["service.name"],
                        name=span.name,
                        trace=span.trace_id.hex(),
                        id=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        attributes={each.key: each.value.string_value for each in span.attributes},
                        exported=span.SerializeToString(),
                    )
                    for span in scope.spans
                ]

    def of(self, trace: str) -> list[Span]:
        return [span for span in list(self.spans) if span.trace == trace]

    def edges(self, trace: str) -> set[tuple[str, str]]:
        """From which service to which the trace goes, by parents: only steps over a border."""
        spans = {span.id: span for span in self.of(trace)}
        pairs = ((spans[span.parent].service, span.service) for span in spans.values() if span.parent in spans)
        return {(here, there) for here, there in pairs if here != there}


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listens on a free port until the end."""
    found = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found.take(gzip.decompress(content) if self.headers.get("Content-Encoding") == "gzip" else content)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
