"""From a Kafka record to what it says: headers and value in, envelope and fact or state out.

Needs no Kafka client: every client gives headers as pairs of a name and bytes, and a value of bytes or none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.envelope import Envelope, EnvelopeError, read_envelope
from contracts.record import Fact, State
from contracts.registry import RECORDS


class UnknownType(ValueError):
    """A type that this version of the contracts does not know: acknowledge it, count it, go on."""

    def __init__(self, type_: str) -> None:
        super().__init__(f"no record type {type_} in these contracts")
        self.type = type_


class Malformed(ValueError):
    """A value that is not what its type says; `errors` names each member by its path."""

    def __init__(self, type_: str, errors: tuple[str, ...]) -> None:
        super().__init__(f"{type_}: {'; '.join(errors)}")
        self.type, self.errors = type_, errors


@dataclass(frozen=True, slots=True)
class Record:
    """What was read: a fact or a state; neither, when the aggregate was erased (a tombstone)."""

    envelope: Envelope
    fact: Fact | None = None
    state: State | None = None

    @property
    def is_tombstone(self) -> bool:
        return self.fact is None and self.state is None


def decode(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Record:
    """The record of any topic of the platform.

    Raises `EnvelopeError` (headers), `UnknownType`, or `Malformed` (value); all are `ValueError`.
    """
    envelope = read_envelope(headers)
    if envelope.type not in RECORDS:
        raise UnknownType(envelope.type)
    if not value:
        return Record(envelope)
    _, model = RECORDS[envelope.type]
    try:
        said = model.model_validate_json(value)
    except ValidationError as invalid:
        raise Malformed(envelope.type, _paths(invalid)) from invalid
    if said.version != envelope.sequence:
        raise Malformed(envelope.type, (f"version {said.version}, but ce_sequence {envelope.sequence}",))
    if isinstance(said, Fact):
        return Record(envelope, fact=said)
    return Record(envelope, state=said)


def _paths(invalid: ValidationError) -> tuple[str, ...]:
    found = invalid.errors(include_url=False, include_context=False, include_input=False)
    return tuple(f"{'/'.join(map(str, error['loc'])) or '(value)'}: {error['msg']}" for error in found)


__all__ = ["EnvelopeError", "Malformed", "Record", "UnknownType", "decode"]
