"""The gateway's views: one row an aggregate says where its states are kept, by what they are found and in which order.

A view's document is the public state as it was told, and under `view` what only the gateway derives from it: words to
search by, the order, and the ids that rights and filters ask for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chassis.mongo import Row
from chassis.projection import Projection
from contracts.agreement import AGREEMENT
from contracts.committee import COMMITTEE
from contracts.country import COUNTRY
from contracts.meeting import MEETING
from contracts.partner import PARTNER
from contracts.record import Contract
from contracts.stay import STAY

Derived = Callable[[Row], Row]


@dataclass(frozen=True)
class View:
    """`filters`: the query's names and the members they ask; `order`: the member a list is sorted by (-1 newest first)."""

    contract: Contract[Any]
    derive: Derived
    filters: Mapping[str, str]
    order: tuple[str, int]

    @property
    def collection(self) -> str:
        return self.contract.collection

    def projection(self) -> Projection:
        def shape(state: Row) -> Row:
            return {**state, "view": self.derive(state)}

        field = self.order[0]
        indexes = [(member, field, "_id") for member in dict.fromkeys(self.filters.values())]
        return Projection(self.contract, self.collection, shape, ((field, "_id"), ("view.words",), *indexes))


def words(*texts: object) -> list[str]:
    """The folded words of the texts, each once: no accents, no case, letters and digits only."""
    return sorted({word for text in _texts(texts) for word in fold(text)})


def fold(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, (list, tuple)):
            yield from _texts(value)


def _partner(state: Row) -> Row:
    codes = [identifier["value"] for identifier in state.get("identifiers", ())]
    joined = [re.sub(r"\W", "", code) for code in codes]
    name = state["name"]
    return {
        "words": words(name.get("display"), name.get("acronym"), name.get("aliases"), state.get("city"), codes, joined)
        + words([each["value"] for each in name.get("local", ())]),
        "order": " ".join(fold(name["display"])),
        "codes": codes,
    }


def _country(state: Row) -> Row:
    return {"words": words(state["id"], state["iso3"], state["name"]), "order": " ".join(fold(state["name"]["fr"]))}


def _agreement(state: Row) -> Row:
    asked = [state["pending_advice"]] if state.get("pending_advice") else []
    return {
        "words": words(state["title"], state.get("number"), state.get("legacy_number")),
        "order": state["id"],
        "committees": sorted({each["committee_id"] for each in [*asked, *state.get("advice", ())]}),
        "year": (state.get("registered_on") or "")[:4],
    }


def _committee(state: Row) -> Row:
    found = words(state["name"], state.get("acronym"), state.get("group_code"))
    return {"words": found, "order": " ".join(fold(state["name"]["fr"]))}


def _meeting(state: Row) -> Row:
    items = state.get("items", ())
    return {
        "words": words([item["title"] for item in items], state.get("place")),
        "order": state["starts_at"],
        "refs": sorted({item["ref"]["id"] for item in items if item.get("ref")}),
    }


def _stay(state: Row) -> Row:
    return {"words": words(state["category"], state["academic_year"]), "order": state["id"]}


VIEWS: Final[Mapping[str, View]] = {
    view.collection: view
    for view in (
        View(
            PARTNER,
            _partner,
            {"state": "standing", "standing": "standing", "kind": "kind", "country": "country", "code": "view.codes"},
            ("view.order", 1),
        ),
        View(COUNTRY, _country, {"region": "region", "group": "group_assignments.group_code"}, ("view.order", 1)),
        View(
            AGREEMENT,
            _agreement,
            {
                "state": "state",
                "kind": "kind",
                "partner_id": "parties.partner_id",
                "responsible_officer": "responsible_officer",
                "promoter": "promoter",
                "committee_id": "view.committees",
                "lineage_id": "lineage_id",
                "year": "view.year",
            },
            ("view.order", -1),
        ),
        View(COMMITTEE, _committee, {"state": "state", "kind": "kind", "group_code": "group_code"}, ("view.order", 1)),
        View(
            MEETING,
            _meeting,
            {"state": "state", "committee_id": "committee_id", "ref": "view.refs"},
            ("view.order", -1),
        ),
        View(
            STAY,
            _stay,
            {
                "state": "state",
                "category": "category",
                "home_partner_id": "home_partner_id",
                "agreement_id": "agreement_id",
                "academic_year": "academic_year",
            },
            ("view.order", -1),
        ),
    )
}
BY_AGGREGATE: Final[Mapping[str, View]] = {view.contract.aggregate: view for view in VIEWS.values()}


def shown(document: Row) -> Row:
    """A view's document as it is answered: `id` and `state` by these names, nothing derived."""
    found = {"id": document["_id"], "state": document.get("state", document.get("standing")), **document}
    for name in ("_id", "view", "touched"):
        found.pop(name, None)
    return found
