"""The meeting's rules, its scope, and the plain titles of what it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from chassis.decide import Found, Reach, Refusal, Text, refuse
from contracts.agenda import ItemKind
from contracts.committee import Committee, CommitteeState
from contracts.meeting import Item, ItemState, Meeting
from contracts.types import AdviceOutcome
from events.meeting.bodies import GiveAdvice, Votes
from events.meeting.private import MeetingPrivate

PROBLEMS: Final[Mapping[str, Text]] = {
    "committee-dissolved": Text(
        "Ce comité n'est pas en fonction à cette date.", "This committee is not in office at that date."
    ),
    "slot-in-past": Text("Cette heure est déjà passée.", "That time is already past."),
    "agenda-closed": Text(
        "L'ordre du jour est clos\u00a0: l'heure de la séance est passée.",
        "The agenda is closed: the time of the sitting is past.",
    ),
    "item-not-pending": Text(
        "Ce point n'est pas en attente dans ce comité.", "This item is not pending at this committee."
    ),
    "item-not-on-agenda": Text(
        "Ce point n'attend pas d'avis à cette réunion.", "This item does not wait for an outcome at this meeting."
    ),
    "agenda-empty": Text("L'ordre du jour est vide.", "The agenda is empty."),
    "agenda-too-late": Text(
        "L'ordre du jour part plus tard que le règlement ne le prévoit.",
        "The agenda goes out later than the rules say.",
    ),
    "quorum-not-met": Text("Le quorum n'est pas atteint.", "There is no quorum."),
    "not-a-member-on-date": Text(
        "Cette personne ne siège pas dans ce comité le jour de la réunion.",
        "This person does not serve in this committee on the day of the meeting.",
    ),
    "advice-already-given": Text("L'avis sur ce point est déjà rendu.", "The advice on this item is already given."),
    "conflicted-vote-counted": Text(
        "Des voix comptées ne sont pas celles de membres présents et sans conflit d'intérêts sur ce point.",
        "Votes are counted that are not those of members present and free of a conflict of interest on this item.",
    ),
    "conditions-missing": Text(
        "Un avis favorable avec conditions énonce au moins une condition.",
        "A favourable advice with conditions states at least one condition.",
    ),
    "item-withdrawn": Text(
        "Le dossier a été retiré\u00a0: il peut seulement en être pris acte.",
        "The file was withdrawn: it can only be noted.",
    ),
}

AGENDA_TOO_LATE: Final = Text(
    "Le règlement demande {wanted} jours entre l'envoi de l'ordre du jour et la séance\u00a0; il en reste {left}.",
    "The rules ask for {wanted} days between the sending of the agenda and the sitting; {left} are left.",
)
QUORUM_NOT_MET: Final = Text(
    "{present} présents, quorum {quorum}\u00a0: un avis ne peut pas être rendu.",
    "{present} present, quorum {quorum}: no advice can be given.",
)

NO_ADVICE_ASKED: Final = frozenset({ItemKind.INFORMATION, ItemKind.OTHER})


def reach(state: Meeting | None, private: Any, body: Any, found: Found) -> Reach:
    if state is None:
        return {"committee_ids": frozenset({body.committee_id})}
    subjects = {subject for each in state.items for subject in (each.promoter, each.submitted_by)}
    return {
        "committee_ids": frozenset({state.committee_id}),
        "subjects": frozenset(each for each in subjects if each),
    }


def in_office(committee: Committee, day: date) -> Refusal | None:
    if committee.state is CommitteeState.DISSOLVED or not committee.sits_on(day):
        return refuse("committee-dissolved")
    return None


def agenda_late(state: Meeting, committee: Committee, today: date) -> Refusal | None:
    wanted, left = committee.rules_on(state.day).agenda_days, (state.day - today).days
    if left >= wanted:
        return None
    return refuse("agenda-too-late", AGENDA_TOO_LATE.filled(wanted=wanted, left=max(left, 0)))


def quorum_on(committee: Committee, day: date) -> int:
    """How many members are needed: reckoned on those in office that day, and never none."""
    return max(1, committee.rules_on(day).quorum.needed(len(committee.voters_on(day))))


def no_quorum(present: int, quorum: int) -> Refusal | None:
    if present >= quorum:
        return None
    return refuse("quorum-not-met", QUORUM_NOT_MET.filled(present=present, quorum=quorum))


def only_noted(item: Item) -> bool:
    """Taking note of what asks for no advice, or of a withdrawn file, needs no quorum."""
    return item.kind in NO_ADVICE_ASKED or item.state is ItemState.WITHDRAWN


def not_waiting(item: Item) -> Iterable[Refusal]:
    if item.state is ItemState.DEFERRED:
        yield refuse("item-not-on-agenda")
    elif item.outcome is not None:
        yield refuse("advice-already-given")


def against_advice(item: Item, state: Meeting, private: MeetingPrivate, body: GiveAdvice) -> Iterable[Refusal]:
    """G2, G3 and G4."""
    yield from not_waiting(item)
    if item.state is ItemState.WITHDRAWN and body.outcome is not AdviceOutcome.NOTED:
        yield refuse("item-withdrawn")
    voters = private.voters_on(item.item_id)
    if not (only_noted(item) and body.outcome is AdviceOutcome.NOTED):
        lacking = no_quorum(len(voters), state.quorum or 1)
        if lacking:
            yield lacking
    if body.outcome is AdviceOutcome.FAVOURABLE_WITH_CONDITIONS and not body.conditions:
        yield refuse("conditions-missing", pointer="/conditions")
    if body.votes and _counts_others(body.votes, voters):
        yield refuse("conflicted-vote-counted", pointer="/votes")


def _counts_others(votes: Votes, voters: frozenset[str]) -> bool:
    return votes.cast > len(voters) or any(each.member_id not in voters for each in votes.by_name)


def free_number(state: Meeting, sittings: Iterable[Meeting]) -> int:
    """G7: the lowest number that no other sitting of the year has: a cancelled one's is given again."""
    taken = {each.sitting_no for each in sittings if each.id != state.id and each.day.year == state.day.year}
    return next(no for no in range(1, len(taken) + 2) if no not in taken)


def earliest(meetings: Iterable[Meeting], committee: Committee, today: date) -> Meeting | None:
    """The next scheduled meeting whose agenda can still take an item: it goes out agenda_days before, after today."""
    ahead = [each for each in meetings if (each.day - today).days > committee.rules_on(each.day).agenda_days]
    return min(ahead, key=lambda each: each.starts_at, default=None)
