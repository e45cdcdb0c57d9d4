"""One trace from the request to whoever hears of it; nothing leaves a process that was not told to export."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.support.lamps import Lamps
from tests.support.spans import remembered

from chassis.outlet import outgoing
from chassis.telemetry import SAMPLED as SAMPLED_DIGITS
from chassis.telemetry import heard_span, parent, traceparent

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    with remembered(monkeypatch) as exporter:
        yield exporter


async def test_the_trace_of_a_request_goes_on_in_its_command_and_its_records(
    door: Lamps, spans: InMemorySpanExporter
) -> None:
    headers = door.client.headers(traceparent=SAMPLED, Idempotency_Key="k")
    await door.client.http.post("/api/v1/lanterns", json={"name": "a"}, headers=headers)

    by_name = {span.name: span for span in spans.get_finished_spans()}
    command, request = by_name["lamps hang_lantern"], by_name["POST lanterns"]
    assert {f"{span.context.trace_id:032x}" for span in by_name.values() if span.context} == {TRACE}
    assert request.parent
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert command.parent
    assert request.context
    assert command.parent.span_id == request.context.span_id
    row = await door.store["outbox"].find_one({})
    assert command.context
    made = f"00-{TRACE}-{command.context.span_id:016x}-"
    said = {dict(record.headers)["ce_traceparent"].decode() for record in outgoing(row)}
    assert {each[:-2] for each in said} == {made}
    assert {each[-1] in SAMPLED_DIGITS for each in said} == {True}


async def test_the_span_of_a_hearer_is_the_child_of_the_record(spans: InMemorySpanExporter) -> None:
    with heard_span("project lanterns", SAMPLED, {"passerelle.version": 3}):
        assert (traceparent() or "").startswith(f"00-{TRACE}-")

    (span,) = spans.get_finished_spans()
    assert span.parent
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert dict(span.attributes or {}) == {"passerelle.version": 3}
    assert span.kind is trace.SpanKind.CONSUMER


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        SAMPLED[:-2] + "00",
        SAMPLED[:-1],
        "é" * 55,
        "00-zz" + "-" * 50,
    ],
)
def test_an_unsampled_or_malformed_header_makes_no_span(header: str | None, spans: InMemorySpanExporter) -> None:
    with heard_span("project lanterns", header, {}):
        assert trace.get_current_span().get_span_context().is_valid is False
    if header != SAMPLED[:-2] + "00":
        assert parent(header) is None

    assert spans.get_finished_spans() == ()


def test_what_goes_wrong_in_a_span_is_named_and_not_repeated(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Vermeiren"), heard_span("react", SAMPLED, {}):
        raise ValueError("Mme Vermeiren")

    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "ValueError")
    assert "Vermeiren" not in span.to_json()


AT_ITS_END = """
import json, sys
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.zipkin.json import JsonV2Encoder, NodeEndpoint
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from chassis import telemetry
memory, header, attributes = InMemorySpanExporter(), sys.argv[1], {"passerelle.view": "lanterns", "passerelle.version": 3}
telemetry.set_up("tests", (SimpleSpanProcessor(memory),))
context = telemetry.parent(header)
usual = telemetry.tracer.start_span("project lanterns", context, SpanKind.CONSUMER, attributes, start_time=1_000)
usual.end()
telemetry.heard_since(1_000, "project lanterns", header, attributes)
telemetry.heard_since(1_000, "project lanterns", "no trace", attributes)
for span in memory.get_finished_spans():
    (of_zipkin,) = json.loads(JsonV2Encoder().serialize([span], NodeEndpoint()))
    of_otlp = MessageToDict(encode_spans([span]))
    print(json.dumps({"zipkin": of_zipkin, "otlp": of_otlp}))
"""


@pytest.mark.parametrize(
    ("told", "spans_made"),
    [
        ({}, 2),
        ({"OTEL_SDK_DISABLED": "true"}, 0),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, 0),
        ({"OTEL_TRACES_SAMPLER": "always_on"}, 2),
        ({"OTEL_TRACES_SAMPLER": "parentbased_always_off"}, 2),
    ],
)
def test_a_span_that_is_made_at_its_end_is_exported_like_any_other(told: dict[str, str], spans_made: int) -> None:
    program = [sys.executable, "-c", AT_ITS_END, SAMPLED]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=told)

    exported, ids = [json.loads(line) for line in done.stdout.splitlines()], set()
    assert len(exported) == spans_made
    for each in exported:
        ids.add(each["zipkin"].pop("id"))
        assert each["zipkin"].pop("duration") > 0
        (span,) = each["otlp"]["resourceSpans"][0]["scopeSpans"][0]["spans"]
        ids.add(base64.b64decode(span.pop("spanId")).hex())
        assert int(span.pop("endTimeUnixNano")) > int(span["startTimeUnixNano"])
        assert each == exported[0]
    assert len(ids) == spans_made


PROGRAM = """
import sys
from chassis import telemetry
provider = telemetry.set_up("tests")
with telemetry.tracer.start_as_current_span("own") as span:
    sampled = telemetry.traceparent()[-1] in telemetry.SAMPLED
    print(span.is_recording(), sampled, len(provider._active_span_processor._span_processors))
print(sorted(name for name in sys.modules if "exporter" in name and "opentelemetry" in name))
"""


def test_nothing_is_exported_nor_sampled_unless_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env={})

    assert done.stdout.splitlines() == ["False False 0", "[]"]


def test_what_is_asked_for_by_the_standard_variable_is_exported() -> None:
    env = {"OTEL_TRACES_EXPORTER": "console"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=env)

    assert done.stdout.splitlines()[0] == "True True 1"
    assert '"name": "own"' in done.stderr


LOGGING = """
import logging
from chassis import telemetry
telemetry.set_up("lamps")
with telemetry.tracer.start_as_current_span("own"):
    telemetry.log.info("said by us", topic="lamps")
    logging.getLogger("library").warning("said by %s", "others")
logging.getLogger("library").info("not worth a line")
"""


def test_log_lines_are_json_and_carry_service_and_trace_whoever_writes_them() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, text=True, check=True, env={})

    ours, others = (json.loads(line) for line in done.stderr.splitlines())
    assert (ours["event"], ours["topic"], ours["level"]) == ("said by us", "lamps", "info")
    assert (others["event"], others["logger"], others["level"]) == ("said by others", "library", "warning")
    assert {ours["service"], others["service"]} == {"lamps"}
    assert ours["trace_id"] == others["trace_id"] != ""
