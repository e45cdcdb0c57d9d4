"""What stands on a meeting's agenda: each item's outcome, and what the authorities decided after it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.agenda import FileRef, ItemKind, Question
from contracts.types import AdviceOutcome, Condition, Id, LocalizedText, Shape, Text80

Authority = Literal["rector", "vice_rector", "academic_council", "board", "director"]
Followed = Literal["yes", "partly", "no"]
ItemNo = Annotated[int, Field(ge=1)]


class ItemState(StrEnum):
    """`pending` is the state of an item that waits at its committee."""

    PENDING = "pending"
    ON_AGENDA = "on_agenda"
    ADVISED = "advised"
    DEFERRED = "deferred"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Verdict(Shape):
    """What the authorities decided after an advice: the advice is theirs to follow or not."""

    authority: Authority
    followed: Followed
    reason: LocalizedText | None = None
    decided_on: date
    reference: Text80


class Item(Question):
    """A question on an agenda. A deferred one went back to its committee; a withdrawn one is only noted."""

    no: ItemNo
    state: ItemState = ItemState.ON_AGENDA
    outcome: AdviceOutcome | None = None
    conditions: tuple[Condition, ...] = ()
    given_on: date | None = None
    decision: Verdict | None = None

    @property
    def is_open(self) -> bool:
        """It still waits for an outcome here."""
        return self.state is ItemState.ON_AGENDA


class AgendaLine(Shape):
    """An item as the agenda that goes out names it."""

    item_id: Id
    no: ItemNo
    kind: ItemKind
    ref: FileRef | None = None
