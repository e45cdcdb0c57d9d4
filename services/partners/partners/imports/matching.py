"""Which partner a listed institution is, and what the list says differently of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.identifiers import IdentifierScheme, claim_key
from contracts.types import Period
from partners.imports.eche import ListedInstitution
from partners.partner.bodies import Difference
from partners.partner.policy import admitted
from partners.partner.similarity import alike, keys, spellings

FIELDS: Final = (
    "public.kind",
    "public.name",
    "public.country",
    "public.city",
    "public.website",
    "public.identifiers",
    "public.identifiers_received",
    "public.eche",
    "private.address",
)
ERASMUS, PIC, OID = IdentifierScheme.ERASMUS, IdentifierScheme.PIC, IdentifierScheme.OID


@dataclass(frozen=True, slots=True)
class Match:
    """`partner_id` where one partner is meant; `candidates` where several could be."""

    partner_id: str | None = None
    matched_by: str | None = None
    candidates: tuple[str, ...] = ()
    disagree: bool = False


@dataclass
class Register:
    """The partners as they stand before a run, by code and by name."""

    generic_words: frozenset[str]
    same_file: Mapping[int, str] = field(default_factory=dict)
    partners: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _holders: dict[str, str] = field(default_factory=dict)
    _received: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _names: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        documents: Iterable[Mapping[str, Any]],
        generic_words: frozenset[str],
        same_file: Mapping[int, str] | None = None,
    ) -> Register:
        """`same_file` says by number which partner a row became when this very file was read before."""
        register = cls(generic_words, same_file or {})
        for document in documents:
            register.partners[document["_id"]] = document
            public = document["public"]
            for one in public.get("identifiers", ()):
                register._holders[claim_key(one["scheme"], one["value"])] = document["_id"]
            for one in public.get("identifiers_received", ()):
                register._received.setdefault((one["scheme"], one["text"]), set()).add(document["_id"])
            register.remember(document["_id"], public["country"], spellings(public["name"]))
        return register

    def remember(self, partner_id: str, country: str, names: Iterable[str]) -> None:
        """Lets later rows be compared with these names."""
        owners, others = self._names.setdefault(country, ([], []))
        for key in keys(names, self.generic_words):
            owners.append(partner_id)
            others.append(key)

    def similar(self, country: str, name: str) -> tuple[str, ...]:
        """Partners of the country with a similar name (P15), best first."""
        owners, others = self._names.get(country, ([], []))
        near: dict[str, float] = {}
        for key in keys((name,), self.generic_words):
            for position, score in alike(key, others).items():
                near[owners[position]] = max(score, near.get(owners[position], 0.0))
        return tuple(sorted(near, key=lambda id_: -near[id_]))

    def match(self, row: ListedInstitution, *, by_name: bool) -> Match:
        """The first rule with exactly one hit wins.

        The same row of the same file, PIC and Erasmus code, Erasmus code, OID, PIC, a code as received, a similar name.
        """
        if (before := self.same_file.get(row.number)) in self.partners:
            return Match(before, "same_file")
        hits = {scheme: hit for scheme in row.codes if (hit := self._hit(scheme, row.codes[scheme]))}
        disagree = len(set(hits.values())) > 1
        candidates = tuple(dict.fromkeys(hits.values())) if disagree else ()
        if ERASMUS in hits:
            agreeing = hits.get(PIC) == hits[ERASMUS]
            return Match(hits[ERASMUS], "erasmus_and_pic" if agreeing else "erasmus", candidates, disagree)
        if OID in hits:
            return Match(hits[OID], "oid", candidates, disagree)
        if PIC in hits and not self._other_erasmus(hits[PIC], row):
            return Match(hits[PIC], "pic", candidates, disagree)
        received = {id_ for code in row.codes.items() for id_ in self._received.get(code, ())}
        if len(received) == 1 and not hits:
            return Match(received.pop(), "received")
        near = self.similar(row.country, row.name) if by_name else ()
        if len(near) == 1:
            return Match(near[0], "similar_name")
        return Match(candidates=near or candidates, disagree=disagree)

    def _hit(self, scheme: IdentifierScheme, text: str) -> str | None:
        value = admitted(scheme, text)
        return self._holders.get(claim_key(scheme, value)) if value else None

    def _other_erasmus(self, partner_id: str, row: ListedInstitution) -> bool:
        ours = _identifiers(self.partners[partner_id]).get(ERASMUS)
        theirs = admitted(ERASMUS, row.codes.get(ERASMUS, ""))
        return ours is not None and theirs is not None and ours != theirs


def _identifiers(partner: Mapping[str, Any]) -> dict[str, str]:
    return {one["scheme"]: one["value"] for one in partner["public"].get("identifiers", ())}


def differences(row: ListedInstitution, partner: Mapping[str, Any], match: Match) -> tuple[Difference, ...]:
    """One entry a member that differs after normalisation; an empty cell never differs."""
    public = partner["public"]
    found = list(_codes_differ(row, partner, match))
    names = {_plain(name) for name in spellings(public["name"])}
    if _plain(row.name) not in names:
        found.append(Difference(pointer="/name/local", ours=public["name"].get("local"), theirs=row.name))
    texts = (
        ("/address", partner.get("private", {}).get("address"), row.address),
        ("/city", public.get("city"), row.city),
        ("/country", public["country"], row.country),
    )
    found += [
        Difference(pointer=pointer, ours=ours, theirs=theirs)
        for pointer, ours, theirs in texts
        if theirs and _plain(theirs) != _plain(ours or "")
    ]
    if row.website and _address(row.website) != _address(public.get("website") or ""):
        found.append(Difference(pointer="/website", ours=public.get("website"), theirs=row.website))
    ours = Period.model_validate(public["eche"]) if public.get("eche") else None
    if row.eche and row.eche != ours:
        theirs = row.eche.model_dump(mode="json", by_alias=True, exclude_none=True)
        found.append(Difference(pointer="/eche", ours=public.get("eche"), theirs=theirs))
    return tuple(found)


def _codes_differ(row: ListedInstitution, partner: Mapping[str, Any], match: Match) -> Iterable[Difference]:
    ours = _identifiers(partner)
    received = {(one["scheme"], one["text"]) for one in partner["public"].get("identifiers_received", ())}
    for scheme, text in row.codes.items():
        value = admitted(scheme, text)
        if (scheme, text) in received or (value is not None and value == ours.get(scheme)):
            continue
        note = "fails_format" if value is None else "identifiers_disagree" if match.disagree else None
        yield Difference(pointer=f"/identifiers/{scheme}", ours=ours.get(scheme), theirs=value or text, note=note)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _address(url: str) -> str:
    return url.casefold().rstrip("/")
