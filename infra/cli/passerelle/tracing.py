"""One trace as a tree: who asked whom, and how long each step took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.tree import Tree

from passerelle.failure import Failure
from passerelle.surroundings import surroundings

Span = Mapping[str, Any]

HOW = "Tracing is switched on by `make up TRACES=1`; Zipkin then runs beside the services."


def trace(
    trace_id: Annotated[str, typer.Argument(metavar="ID", help="a trace id, or the traceparent of a record")],
) -> None:
    """Show the tree of a trace: service, step, milliseconds."""
    zipkin = surroundings().get("ZIPKIN_URL")
    if not zipkin:
        raise Failure(f"No traces are kept here. {HOW}")
    id_ = trace_id.split("-")[1] if trace_id.count("-") == 3 else trace_id
    try:
        answer = httpx.get(f"{zipkin.rstrip('/')}/api/v2/trace/{id_}", timeout=10, trust_env=False)
    except httpx.TransportError as fault:
        raise Failure(f"Zipkin does not answer at {zipkin}. {HOW}") from fault
    spans: Sequence[Span] = answer.json() if answer.status_code == 200 else []
    if not spans:
        raise Failure(f"There is no trace {id_} in Zipkin, which keeps only the newest, and those that were sampled.")
    console = Console(highlight=False)
    for tree in trees(spans):
        console.print(tree)


def trees(spans: Sequence[Span]) -> list[Tree]:
    """The spans under their parents, in order of time; a span whose parent is unknown stands at the top."""
    known = {span["id"] for span in spans}
    under: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda each: each.get("timestamp", 0)):
        parent = span.get("parentId")
        under.setdefault(parent if parent in known else None, []).append(span)

    def grown(span: Span, into: Tree | None = None) -> Tree:
        branch = into.add(_line(span)) if into else Tree(_line(span))
        for child in under.get(span["id"], ()):
            grown(child, branch)
        return branch

    return [grown(span) for span in under.get(None, ())]


def _line(span: Span) -> str:
    service = span.get("localEndpoint", {}).get("serviceName", "?")
    return f"[bold]{service}[/bold]  {span.get('name', '?')}  {span.get('duration', 0) / 1_000:.1f} ms"
