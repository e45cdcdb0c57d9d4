"""The public state of a country, and how each fact changes it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, TypeVar

from contracts.country.facts import (
    Added,
    Classified,
    CooperationDelisted,
    CooperationListed,
    CountryFact,
    Edited,
    GroupAssigned,
    GroupAssignmentEnded,
    PeriodCorrected,
)
from contracts.country.values import (
    M49,
    ClassificationScheme,
    CooperationPeriod,
    CountryState,
    DacClass,
    DacPeriod,
    Dated,
    ErasmusPeriod,
    ErasmusRole,
    GroupAssignment,
    IncomeClass,
    IncomePeriod,
    Iso3,
    Membership,
)
from contracts.record import State
from contracts.types import BothLanguages, Geo, Lang, LocalizedText, Period, Shape, Text80


class Country(State):
    state: CountryState = CountryState.LISTED
    iso3: Iso3
    m49: M49 | None = None
    name: BothLanguages
    region: Text80 | None = None
    subregion: Text80 | None = None
    geo: Geo | None = None
    languages: tuple[Lang, ...] = ()
    eu_member: tuple[Period, ...] = ()
    eea_or_swiss: tuple[Period, ...] = ()
    erasmus_role: tuple[ErasmusPeriod, ...] = ()
    group_assignments: tuple[GroupAssignment, ...] = ()
    cooperation_periods: tuple[CooperationPeriod, ...] = ()
    dac_classes: tuple[DacPeriod, ...] = ()
    income_classes: tuple[IncomePeriod, ...] = ()
    dial_notes: LocalizedText | None = None


DATED_MEMBERS: Final = (
    "eu_member",
    "eea_or_swiss",
    "erasmus_role",
    "group_assignments",
    "cooperation_periods",
    "dac_classes",
    "income_classes",
)
CLASSIFIED_IN: Final[dict[ClassificationScheme, str]] = {
    ClassificationScheme.DAC: "dac_classes",
    ClassificationScheme.INCOME: "income_classes",
    ClassificationScheme.ERASMUS: "erasmus_role",
    ClassificationScheme.EU: "eu_member",
    ClassificationScheme.EEA: "eea_or_swiss",
}

Entry = Dated | Period
E = TypeVar("E", bound=Shape)


def period_of(entry: Shape) -> Period:
    return entry.period if isinstance(entry, Dated) else Period.model_validate(entry)


def entries_of(state: Country, member: str) -> tuple[Entry, ...]:
    """The dated entries of one member, named as in `DATED_MEMBERS`."""
    entries: tuple[Entry, ...] = getattr(state, member)
    return entries


def open_entry(entries: tuple[E, ...]) -> E | None:
    """The entry without an end, of which there is at most one."""
    return next((entry for entry in entries if period_of(entry).to is None), None)


def _with_period(entry: E, period: Period) -> E:
    changed = {"from_": period.from_, "to": period.to} if isinstance(entry, Period) else {"period": period}
    return entry.model_copy(update=changed)


def _ended(entries: tuple[E, ...], to: date) -> tuple[E, ...]:
    return tuple(
        _with_period(entry, Period(from_=period_of(entry).from_, to=to)) if period_of(entry).to is None else entry
        for entry in entries
    )


def _opened(entries: tuple[E, ...], entry: E) -> tuple[E, ...]:
    """With the new entry; the open one ends on the day before it begins."""
    return (*_ended(entries, period_of(entry).from_ - timedelta(days=1)), entry)


def evolve(state: Country | None, fact: CountryFact) -> Country:
    """The country after the fact; it begins with `added`."""
    if isinstance(fact, Added):
        return Country(
            id=fact.country_id,
            iso3=fact.iso3,
            m49=fact.m49,
            name=fact.name,
            region=fact.region,
            subregion=fact.subregion,
            geo=fact.geo,
            languages=fact.languages,
        )
    if state is None:
        raise ValueError(f"a country does not begin with {fact.short_name()}")
    match fact:
        case Edited():
            return state.with_changes(fact.changes)
        case PeriodCorrected():
            return _corrected(state, fact)
        case Classified():
            return _classified(state, fact)
        case _:
            return state.model_copy(update=_dated(state, fact))


def _dated(state: Country, fact: CountryFact) -> dict[str, object]:
    match fact:
        case GroupAssigned():
            assignment = GroupAssignment(
                group_code=fact.group_code,
                period=Period(from_=fact.from_),
                decision_ref=fact.decision_ref,
                entered_on=fact.happened_on,
            )
            return {"group_assignments": _opened(state.group_assignments, assignment)}
        case GroupAssignmentEnded():
            return {"group_assignments": _ended(state.group_assignments, fact.to)}
        case CooperationListed():
            listed = CooperationPeriod(
                period=Period(from_=fact.from_),
                list_label=fact.list_label,
                decision_ref=fact.decision_ref,
                entered_on=fact.happened_on,
            )
            return {"cooperation_periods": _opened(state.cooperation_periods, listed)}
        case CooperationDelisted():
            return {"cooperation_periods": _ended(state.cooperation_periods, fact.to)}
        case _:
            return {}


def _classified(state: Country, fact: Classified) -> Country:
    entries = entries_of(state, CLASSIFIED_IN[fact.scheme])
    entry = _classification(fact)
    changed = _opened(entries, entry) if entry else _ended(entries, fact.from_ - timedelta(days=1))
    return state.model_copy(update={CLASSIFIED_IN[fact.scheme]: changed})


def _classification(fact: Classified) -> Entry | None:
    """None where the country leaves: it is no member any more."""
    period = Period(from_=fact.from_)
    match fact.scheme:
        case ClassificationScheme.DAC:
            return DacPeriod(period=period, class_=DacClass(fact.class_), edition=fact.edition)
        case ClassificationScheme.INCOME:
            return IncomePeriod(period=period, class_=IncomeClass(fact.class_), source=fact.edition)
        case ClassificationScheme.ERASMUS:
            return ErasmusPeriod(period=period, role=ErasmusRole(fact.class_))
        case ClassificationScheme.EU | ClassificationScheme.EEA:
            return period if fact.class_ == Membership.MEMBER else None


def _corrected(state: Country, fact: PeriodCorrected) -> Country:
    member, index = fact.pointer.strip("/").split("/")
    entries = list(entries_of(state, member))
    entries[int(index)] = _with_period(entries[int(index)], fact.new)
    return state.model_copy(update={member: tuple(entries)})
