"""What a decision is tied to beside its facts: keys and copies it conflicts on, claims, documents, other aggregates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chassis.decide import Decision, Gone

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def ties(decision: Decision, known: Mapping[str, str], body: Mapping[str, Any]) -> set[str]:
    """One line each; ids stand under the name they are known by or have in the body, any other as `<other>`."""
    names = {value: name for name, value in body.items() if isinstance(value, str)} | dict(known)
    return {ID.sub(lambda found: f"<{names.get(found[0], 'other')}>", line) for line in _lines(decision)}


def _lines(decision: Decision) -> Iterator[str]:
    yield from (f"guard {key}" for key in decision.guards)
    yield from (f"rests on {collection}/{id_}" for collection, id_ in decision.relies_on)
    yield from (f"attaches {id_}" for id_ in decision.attaches)
    for also in decision.also:
        yield from (f"{also.aggregate}/{also.id} {fact.short_name()}" for fact in also.facts)
    for row in decision.rows:
        if isinstance(row, Gone):
            yield f"frees {row.collection}/{row.id}"
        else:
            yield f"puts {row.collection}/{row.document['_id']}"
