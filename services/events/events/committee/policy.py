"""The committee's rules over several documents, its scope, and the plain titles of what it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from chassis.decide import Document, Found, Reach, Refusal, Text, refuse
from contracts.agenda import Competence, ItemKind, Question
from contracts.committee import Committee, CommitteeKind
from contracts.competence import competent_group
from contracts.roles import AFRICA
from contracts.types import Period
from events.committee.bodies import SetUpCommittee, SubmitItem

PROBLEMS: Final[Mapping[str, Text]] = {
    "group-code-in-use": Text(
        "Un groupe régional en fonction à cette date porte déjà ce code.",
        "A regional group in office at that date already has this code.",
    ),
    "council-exists": Text(
        "Un conseil est déjà en fonction à cette date.", "A council is already in office at that date."
    ),
    "parent-missing": Text(
        "Un groupe régional relève d'un conseil en fonction.", "A regional group belongs to a council in office."
    ),
    "rules-retroactive": Text("Un règlement ne change pas pour le passé.", "Rules are not changed for the past."),
    "member-already-serving": Text(
        "Cette personne siège déjà dans ce comité pendant ce mandat.",
        "This person already serves in this committee during that term.",
    ),
    "term-not-two-years": Text(
        "Un mandat dure exactement le temps fixé par le règlement, en principe deux ans moins un jour.",
        "A term lasts exactly as long as the rules say, normally two years less one day.",
    ),
    "second-chair": Text(
        "Le comité a déjà une présidence pendant ce mandat.", "The committee already has a chair during that term."
    ),
    "last-chair": Text(
        "Le comité resterait sans présidence ni suppléance.",
        "The committee would be left without a chair or a substitute.",
    ),
    "member-not-serving": Text(
        "Cette personne ne siège pas dans ce comité à cette date.",
        "This person does not serve in this committee at that date.",
    ),
    "committee-dissolved": Text(
        "Ce comité n'est pas en fonction à cette date.", "This committee is not in office at that date."
    ),
    "item-duplicate": Text(
        "Un point est déjà ouvert sur la même question pour ce dossier.",
        "An item on the same question is already open for this file.",
    ),
    "item-not-pending": Text(
        "Ce point n'est pas en attente dans ce comité.", "This item is not pending at this committee."
    ),
}

FILE_TYPES: Final[Mapping[ItemKind, str]] = {
    ItemKind.ADVICE_ON_AGREEMENT: "agreement",
    ItemKind.ADVICE_ON_PROGRAMME: "programme",
    ItemKind.ADVICE_ON_PROJECT: "project",
}


def reach(state: Committee | None, private: Any, body: Any, found: Found) -> Reach:
    """A committee has no region of its own: items come from everywhere, those of Africa's officer too."""
    if state is None:
        return {}
    promoters = {body.promoter} if isinstance(body, SubmitItem) else _promoters(state.pending_items)
    return {
        "committee_ids": frozenset({state.id}),
        "regions": frozenset({AFRICA}),
        "subjects": frozenset(each for each in promoters if each),
    }


def _promoters(items: Iterable[Question]) -> set[str | None]:
    return {subject for each in items for subject in (each.promoter, each.submitted_by)}


def seat_taken(body: SetUpCommittee, committees: Iterable[Document]) -> Refusal | None:
    """K1 and K2: one council in office at a date, above every regional group; one group a code."""
    known = [Committee.model_validate(row["public"]) for row in committees]
    same_kind = [each for each in known if each.kind is body.kind and each.in_office.overlaps(body.in_office)]
    if body.kind is CommitteeKind.COUNCIL and same_kind:
        return refuse("council-exists")
    if body.kind is not CommitteeKind.REGIONAL_GROUP:
        return None
    if any(each.group_code == body.group_code for each in same_kind):
        return refuse("group-code-in-use")
    parents = (each for each in known if each.id == body.parent_id and each.kind is CommitteeKind.COUNCIL)
    if not any(each.sits_on(body.in_office.from_) for each in parents):
        return refuse("parent-missing")
    return None


def full_term(from_: date, years: int) -> Period:
    """K3: so many years less one day; a term that begins on 29 February ends as if it began on the 28th."""
    try:
        anniversary = from_.replace(year=from_.year + years)
    except ValueError:
        anniversary = from_.replace(year=from_.year + years, day=28)
    return Period(from_=from_, to=anniversary - timedelta(days=1))


def already_open(body: SubmitItem, items: Iterable[Question]) -> Refusal | None:
    """K7: one open item for a question on a file; what the file itself asks for goes before what was put on by hand."""
    for item in items:
        same = (item.ref, item.kind) == (body.ref, body.kind)
        if same and (body.request_id is None or item.request_id is not None):
            return refuse("item-duplicate")
    return None


def competence(
    body: SubmitItem, today: date, countries: Iterable[Document], committees: Iterable[Document]
) -> Competence:
    """POL-07 on the day of the request, noted beside the committee that was asked (G8)."""
    on = body.requested_on or today
    file_type = FILE_TYPES.get(body.kind, "cooperation")
    states = (row["public"] for row in committees)
    committee_id = competent_group(file_type, countries, states, on)
    return Competence(on=on, committee_id=committee_id, reason=body.competence_reason)
