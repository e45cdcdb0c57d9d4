"""What is put to a committee: the item that waits there, goes onto a meeting's agenda and may come back."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import StringConstraints

from contracts.types import Id, LocalizedText, Shape, Subject, TaxonomyCode


class ItemKind(StrEnum):
    ADVICE_ON_AGREEMENT = "advice_on_agreement"
    ADVICE_ON_PROJECT = "advice_on_project"
    ADVICE_ON_PROGRAMME = "advice_on_programme"
    STRATEGIC_ADVICE = "strategic_advice"
    LIST_OF_COUNTRIES = "list_of_countries"
    INFORMATION = "information"
    OTHER = "other"


class Origin(StrEnum):
    REQUESTED = "requested"
    OWN_INITIATIVE = "own_initiative"
    DEFERRED = "deferred"


class FileRef(Shape):
    """The file that a question is about: an aggregate by its name and id."""

    type: TaxonomyCode
    id: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Competence(Shape):
    """Which committee the rule gave on the day of the request, and why the request went where it did.

    Without `committee_id` no committee in office was competent.
    """

    on: date
    committee_id: Id | None = None
    reason: LocalizedText | None = None


class Question(Shape):
    """An item as it goes between committee and meetings; `item_id` stays the same wherever it is."""

    item_id: Id
    kind: ItemKind
    title: LocalizedText
    question: LocalizedText
    origin: Origin
    submitted_on: date
    submitted_by: Subject | None = None
    promoter: Subject | None = None
    ref: FileRef | None = None
    request_id: Id | None = None
    competence: Competence | None = None

    @classmethod
    def of(cls, other: Question, **more: Any) -> Self:
        """The question that stands in another shape, with what this shape has besides."""
        return cls(**other.asked() | more)

    def asked(self) -> dict[str, Any]:
        """The members that make the question, to be said again in a fact."""
        return {name: getattr(self, name) for name in Question.model_fields}
