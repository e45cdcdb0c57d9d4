"""A problem as a person reads it: a summary at the top, the fields concerned, and the way forward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.pages import words
from gateway.pages.door import Problem
from gateway.pages.forms.fields import Field
from gateway.pages.visit import Visit
from gateway.pages.ways import Way, ways_from

REFUSED: Final = words.msg("This cannot be done now")
INCOMPLETE: Final = words.msg("Some entries need your attention")
TO_CONFIRM: Final = words.msg("Your confirmation is needed")
WARNINGS: Final = frozenset({"similar-partner-exists"})
"""Not refused for good: the form says what to confirm, and is sent again."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    field: str = ""
    label: str = ""
    ways: Sequence[Way] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    title: str
    lines: Sequence[Line]


def field_errors(visit: Visit, problem: Problem) -> Mapping[str, list[str]]:
    """By field name: what its entry was refused for."""
    errors: dict[str, list[str]] = {}
    for error in problem.body.get("errors", ()):
        errors.setdefault(_name(error.get("pointer")), []).append(_why(visit, error.get("code", "")))
    for reason in problem.body.get("reasons", ()):
        if reason.get("pointer") and problem.slug not in WARNINGS:
            errors.setdefault(_name(reason["pointer"]), []).append(visit.reason(reason))
    return errors


def placed(errors: Mapping[str, list[str]], names: Iterable[str]) -> Mapping[str, list[str]]:
    """Each error at the field that the form has: the member itself, else what it is part of."""
    known = set(names)
    found: dict[str, list[str]] = {}
    for name, texts in errors.items():
        place = name
        while place and place not in known:
            place = place.rpartition(".")[0]
        found.setdefault(place, []).extend(texts)
    return found


def summary(visit: Visit, problem: Problem, fields: Sequence[Field], context: Mapping[str, Any]) -> Summary:
    inside = [each for top in fields for each in top.all()]
    at_fields = [Line(text, each.id, each.label or _label(each, fields)) for each in inside for text in each.errors]
    shown = {line.text for line in at_fields}
    said = [text for text in _reasons(visit, problem) if text not in shown]
    if problem.slug == "invalid-input" and at_fields:
        said = []
    ways = ways_from(visit, problem.slug, context)
    general = [Line(text, ways=ways if number == 0 else ()) for number, text in enumerate(said)]
    return Summary(visit.said(_title(problem, at_fields, general)), [*general, *at_fields])


def _title(problem: Problem, at_fields: Sequence[Line], general: Sequence[Line]) -> str:
    if problem.slug in WARNINGS:
        return TO_CONFIRM
    return INCOMPLETE if at_fields and not general else REFUSED


def _reasons(visit: Visit, problem: Problem) -> list[str]:
    """The owner's sentences in the page's language; general slugs have the page's own."""
    if words.english("refusal", problem.slug):
        said = visit.say("refusal", problem.slug)
        return [said, *(_roles(visit, problem))]
    reasons = [
        visit.reason(reason)
        for reason in problem.body.get("reasons", ())
        if not reason.get("pointer") or problem.slug in WARNINGS
    ]
    return reasons or [str(problem.body.get("detail") or problem.body.get("title") or problem.slug)]


def _roles(visit: Visit, problem: Problem) -> list[str]:
    if problem.slug != "not-permitted" or not problem.body.get("roles"):
        return []
    roles = ", ".join(visit.say("role", role) for role in problem.body["roles"])
    return [visit.said(words.msg("It belongs to: %(roles)s."), roles=roles)]


def _label(field: Field, fields: Sequence[Field]) -> str:
    """A part without a label of its own is called as the whole."""
    return next((top.label for top in fields if field in top.all()), "")


def _name(pointer: object) -> str:
    return str(pointer or "").strip("/").replace("/", ".")


def _why(visit: Visit, code: str) -> str:
    known = code if words.english("entry", code) else "other"
    return visit.say("entry", known)
