"""What a run will do with each row, worked out from one reading of the partners before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal

from contracts.identifiers import IdentifierScheme, claim_key
from contracts.partner import LocalName, Origin, OriginType, PartnerKind, PartnerName
from partners.imports.eche import SCHEMES, SOURCE, ListedInstitution
from partners.imports.matching import Register, differences
from partners.imports.report import Remark
from partners.partner.bodies import Difference, GivenIdentifier, RegisterFromList
from partners.partner.policy import admitted

Add = Literal["all", "none"]
CONFIRMED_LIMIT: Final = 100
SHOWN_LIMIT: Final = 20
DUPLICATE: Final = "possible-duplicate"


class Outcome(StrEnum):
    """What becomes of a row; `unlisted` is neither matched nor wanted."""

    CREATED = "created"
    MATCHED = "matched"
    UNREADABLE = "unreadable"
    UNLISTED = "unlisted"


@dataclass(slots=True)
class Planned:
    """A row and its outcome; `partner_id` is the partner matched, or the id a new one will have."""

    row: ListedInstitution
    outcome: Outcome
    partner_id: str | None = None
    matched_by: str | None = None
    candidates: tuple[str, ...] = ()
    diff: tuple[Difference, ...] = ()
    remarks: list[Remark] = field(default_factory=list)

    def learn(self, remarks: Iterable[Remark]) -> bool:
        """Adds what is not said yet; whether there was any."""
        new = [remark for remark in remarks if remark not in self.remarks]
        self.remarks += new
        return bool(new)


def planned(
    rows: Iterable[ListedInstitution],
    register: Register,
    add: Add,
    own_id: str,
    today: date,
    new_id: Callable[[], str],
) -> list[Planned]:
    """Matching rows are compared; with `all`, every other readable one becomes a partner of its own."""
    plan: list[Planned] = []
    for row in rows:
        if not row.readable:
            plan.append(Planned(row, Outcome.UNREADABLE, remarks=list(row.remarks)))
            continue
        match = register.match(row, by_name=add == "none")
        one = Planned(row, Outcome.MATCHED, match.partner_id, match.matched_by, match.candidates)
        one.remarks = [*row.remarks, *_about_codes(row), *_about_charter(row, today)]
        if match.disagree:
            one.remarks.append(Remark("identifiers-disagree", partner_ids=match.candidates))
        if match.partner_id is not None:
            one.diff = differences(row, register.partners[match.partner_id], match)
            if one.diff:
                code = "own-institution-differs" if match.partner_id == own_id else "differs"
                one.remarks.append(Remark(code, value=", ".join(each.pointer for each in one.diff)))
        elif add == "all":
            _create(one, register, new_id())
        else:
            _leave(one)
        plan.append(one)
    return plan


def _create(one: Planned, register: Register, partner_id: str) -> None:
    near = register.similar(one.row.country, one.row.name)
    one.outcome, one.partner_id, one.candidates = Outcome.CREATED, partner_id, near[:CONFIRMED_LIMIT]
    if near:
        one.remarks.append(Remark(DUPLICATE, "Legal Name", one.row.name, near[:SHOWN_LIMIT]))
    register.remember(partner_id, one.row.country, (one.row.name,))


def _leave(one: Planned) -> None:
    one.outcome = Outcome.UNLISTED
    if one.candidates:
        near = one.candidates[:SHOWN_LIMIT]
        one.remarks.append(Remark("several-candidates", "Legal Name", one.row.name, near))


def _about_codes(row: ListedInstitution) -> Iterator[Remark]:
    for scheme, text in row.codes.items():
        if admitted(scheme, text) is None:
            yield Remark("identifier-invalid", SCHEMES[scheme], text)


def _about_charter(row: ListedInstitution, today: date) -> Iterator[Remark]:
    if row.eche and row.eche.to and row.eche.to < today:
        yield Remark("charter-expired", "Erasmus Eche End", row.eche.to.isoformat())


def registration(one: Planned, run_id: str) -> RegisterFromList:
    """The body with which a row becomes a partner."""
    row = one.row
    return RegisterFromList(
        kind=PartnerKind.UNIVERSITY,
        name=PartnerName(display=row.name, local=(LocalName(lang="und", value=row.name),)),
        country=row.country,
        city=row.city,
        address=row.address,
        website=row.website,
        identifiers=tuple(GivenIdentifier(scheme=scheme, value=text) for scheme, text in row.codes.items()),
        confirmed_distinct_from=one.candidates,
        eche=row.eche,
        origin=Origin(type=OriginType.IMPORT, ref=run_id),
        source=SOURCE,
    )


def batches(plan: Sequence[Planned], size: int) -> Iterator[list[Planned]]:
    """Runs of at most `size` rows in which no code stands twice, so that each row sees the claims before it."""
    batch: list[Planned] = []
    claimed: set[str] = set()
    for one in plan:
        keys = {key for scheme, text in one.row.codes.items() if (key := _key(scheme, text))}
        if len(batch) == size or claimed & keys:
            yield batch
            batch, claimed = [], set()
        batch.append(one)
        claimed |= keys
    if batch:
        yield batch


def _key(scheme: IdentifierScheme, text: str) -> str | None:
    value = admitted(scheme, text)
    return claim_key(scheme, value) if value else None


def resume(plan: Sequence[Planned], kept: Mapping[int, Mapping[str, Any]]) -> None:
    """Makes each row again what an interrupted run had planned it to be, or said of it since. Of the partners that a new one is
    told from, those that its remark shows."""
    for one in plan:
        row = kept[one.row.number]
        one.outcome, one.partner_id, one.matched_by = Outcome(row["outcome"]), row["partner_id"], row["matched_by"]
        one.remarks = [Remark.of(each) for each in row["remarks"]]
        if one.outcome is Outcome.CREATED:
            shown = [remark.partner_ids for remark in one.remarks if remark.code == DUPLICATE]
            one.candidates = shown[0] if shown else ()
