"""Traces, metrics and logs of a process: chosen by the standard `OTEL_*` variables, nothing leaves it by default.

Spans are made by hand where they are worth their cost. The names of all own measures stand here and nowhere else.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, SpanContext, SpanKind, StatusCode, TraceFlags
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from structlog.typing import Processor

SAMPLED: Final = frozenset("13579bdf")
"""The last digit of a traceparent whose sampled bit is set (the next bit may be set too: random trace id)."""
SCOPE: Final = InstrumentationScope("passerelle", "")
NEW_IDS: Final = RandomIdGenerator()


@dataclass
class Exports:
    """Where the spans of this process go, nowhere by default; `as_sampled`: all that was sampled upstream does."""

    processors: list[SpanProcessor] = field(default_factory=list)
    as_sampled: bool = True
    resource: Resource = field(default_factory=Resource.get_empty)


_exports = Exports()


class Measures:
    """The process's own measures, under `passerelle_…` at `/metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        make: dict[str, Any] = {"registry": self.registry}
        self.commands = Counter("passerelle_commands", "Commands by outcome", ["command", "outcome"], **make)
        self.command_seconds = Histogram("passerelle_command_seconds", "Time of a command", **make)
        self.outbox_pending = Gauge("passerelle_outbox_pending", "Rows waiting for Kafka", **make)
        self.outbox_age_seconds = Gauge("passerelle_outbox_age_seconds", "Age of the oldest waiting row", **make)
        self.published = Counter("passerelle_published_records", "Records acknowledged by Kafka", **make)
        self.publish_seconds = Histogram("passerelle_relay_publish_seconds", "From commit to acknowledgement", **make)
        self.heard = Counter("passerelle_heard_records", "Records heard", ["topic", "effect"], **make)
        self.lag_records = Gauge("passerelle_projection_lag_records", "Records not read yet", ["topic"], **make)
        self.lag_seconds = Gauge(
            "passerelle_projection_lag_seconds",
            "Age of the last record read where more waits, as of the last batch",
            ["topic"],
            **make,
        )
        self.parked = Counter("passerelle_parked_records", "Records put aside", ["topic", "reason"], **make)
        self.echoed = Counter("passerelle_echoed_snapshots", "Snapshots sent again after an older one", **make)
        self.deadlines = Gauge("passerelle_deadline_backlog", "Aggregates with something due", **make)


UNREAD: Final = Measures()
"""For whoever is given none: nobody reads these."""


def set_up(service: str, processors: tuple[SpanProcessor, ...] = ()) -> TracerProvider:
    """The process's tracer provider; exporters as `OTEL_TRACES_EXPORTER` says (none, otlp, zipkin, console).

    Where nothing is exported nothing is sampled either, so that no record carries a flag that makes its readers work.
    """
    named = [_exporter(name.strip()) for name in os.environ.get("OTEL_TRACES_EXPORTER", "none").split(",")]
    exporting = [
        BatchSpanProcessor(exporter, schedule_delay_millis=500, export_timeout_millis=2_000)
        for exporter in named
        if exporter is not None
    ]
    resource = Resource.create({"service.name": service, "service.namespace": "passerelle"})
    wanted = [*exporting, *processors]
    provider = TracerProvider(resource=resource, sampler=None if wanted else ParentBased(ALWAYS_OFF))
    for processor in wanted:
        provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    switched_off = isinstance(provider.get_tracer(SCOPE.name), NoOpTracer)
    _exports.processors, _exports.resource = [] if switched_off else wanted, resource
    _exports.as_sampled = isinstance(provider.sampler, ParentBased)
    _set_up_logs(service)
    return provider


def _exporter(name: str) -> SpanExporter | None:
    if name == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(timeout=2)
    if name == "zipkin":
        from opentelemetry.exporter.zipkin.json import ZipkinExporter

        return ZipkinExporter(timeout=2)
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter(out=sys.stderr)
    return None


def _with_trace(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _set_up_logs(service: str) -> None:
    """One JSON line an event, those of the libraries too, from their warnings upwards."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    line = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*before, line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, line],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[of_libraries])


tracer = trace.get_tracer(SCOPE.name)
log: Any = structlog.get_logger()


def traceparent() -> str | None:
    """The W3C header of the current span; None outside any trace.
    Proved by `test_the_trace_of_a_request_goes_on_in_its_command_and_its_records`."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def parent(header: str | None) -> Context | None:
    """The context that a `traceparent` names, to start a span under; None when it names none."""
    spot = _named(header)
    return trace.set_span_in_context(NonRecordingSpan(spot)) if spot else None


def _named(header: str | None) -> SpanContext | None:
    if not header or len(header) != 55:
        return None
    try:
        spot = SpanContext(
            trace_id=int(header[3:35], 16),
            span_id=int(header[36:52], 16),
            is_remote=True,
            trace_flags=TraceFlags(int(header[53:55], 16)),
        )
    except ValueError:
        return None
    return spot if spot.is_valid else None


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    context: Context | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """A span under `context` or the current one. Where that trace is not sampled it only goes on, which costs little.
    Proved by `test_the_trace_of_a_request_goes_on_in_its_command_and_its_records`."""
    before = trace.get_current_span(context).get_span_context()
    if not before.is_valid or before.trace_flags.sampled:
        with _own_span(name, kind, context, attributes):
            yield
    elif context is None:
        yield
    else:
        token = attach(context)
        try:
            yield
        finally:
            detach(token)


@contextmanager
def _own_span(
    name: str, kind: SpanKind, context: Context | None, attributes: Mapping[str, str | int] | None
) -> Iterator[None]:
    """What went wrong in it is named by its type alone: the text may repeat what was said of people."""
    with tracer.start_as_current_span(
        name, context, kind, attributes, record_exception=False, set_status_on_exception=False
    ) as own:
        try:
            yield
        except Exception as fault:
            own.set_status(StatusCode.ERROR, type(fault).__name__)
            raise


@contextmanager
def heard_span(name: str, header: str | None, attributes: Mapping[str, str | int]) -> Iterator[None]:
    """A consumer span under the record's creation context; looks at the flag byte first and costs nothing unsampled.
    Proved by `test_an_unsampled_or_malformed_header_makes_no_span`."""
    context = parent(header) if header and header[-1] in SAMPLED else None
    if context is None:
        yield
        return
    with _own_span(name, SpanKind.CONSUMER, context, attributes):
        yield


def heard_since(begun_ns: int, name: str, header: str, attributes: Mapping[str, str | int]) -> None:
    """A consumer span that began then and ends now, under the record's creation context. It is made as it is exported: one
    that could still be changed costs three times as much, and a batch makes a thousand.
    Proved by `test_a_span_that_is_made_at_its_end_is_exported_like_any_other`."""
    before = _named(header)
    if before is None or not _exports.processors:
        return
    if not _exports.as_sampled:
        tracer.start_span(name, parent(header), SpanKind.CONSUMER, dict(attributes), start_time=begun_ns).end()
        return
    own = SpanContext(before.trace_id, NEW_IDS.generate_span_id(), is_remote=False, trace_flags=before.trace_flags)
    made = ReadableSpan(
        name,
        own,
        before,
        _exports.resource,
        attributes,
        kind=SpanKind.CONSUMER,
        start_time=begun_ns,
        end_time=time.time_ns(),
        instrumentation_scope=SCOPE,
    )
    for processor in _exports.processors:
        processor.on_end(made)
