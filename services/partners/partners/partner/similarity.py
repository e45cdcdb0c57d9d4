"""When two names may be the same institution: P15, a warning that a person can set aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

THRESHOLD: Final = 0.88
WORD = re.compile(r"[^\W_]+")


def folded(name: str, generic_words: Collection[str]) -> str:
    """The name without case, diacritics, punctuation and the words that any institution may bear."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(word for word in WORD.findall(letters) if word not in generic_words)


def keys(names: Iterable[str], generic_words: Collection[str]) -> tuple[str, ...]:
    """What is compared of a partner's names: each spelling once, nothing of those made of generic words alone."""
    return tuple(dict.fromkeys(filter(None, (folded(name, generic_words) for name in names))))


def alike(key: str, others: Sequence[str]) -> dict[int, float]:
    """Positions in `others` that come near enough, with their score."""
    near = process.extract(key, others, scorer=JaroWinkler.normalized_similarity, score_cutoff=THRESHOLD, limit=None)
    return {position: round(score, 3) for _, score, position in near}


def similar(
    names: Iterable[str], partners: Iterable[Mapping[str, Any]], generic_words: Collection[str]
) -> dict[str, float]:
    """Ids of the stored partners whose names come near, best first, each with its best score."""
    owners: list[str] = []
    others: list[str] = []
    for partner in partners:
        for key in keys(spellings(partner["public"]["name"]), generic_words):
            owners.append(partner["_id"])
            others.append(key)
    best: dict[str, float] = {}
    for key in keys(names, generic_words):
        for position, score in alike(key, others).items():
            best[owners[position]] = max(score, best.get(owners[position], 0.0))
    return dict(sorted(best.items(), key=lambda pair: -pair[1]))


def spellings(name: Mapping[str, Any]) -> tuple[str, ...]:
    """Every spelling in a stored name."""
    local = (one["value"] for one in name.get("local", ()))
    acronym = (name["acronym"],) if name.get("acronym") else ()
    return (name["display"], *local, *acronym, *name.get("aliases", ()))
