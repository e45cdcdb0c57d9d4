"""Words that several sentences share: days, lists, and the office's names for kinds and reviews."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from chassis.decide import Text
from contracts.agreement import AgreementKind, ReviewKind
from contracts.types import BothLanguages

MONTHS_FR: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
MONTHS_EN: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

KINDS: Final = {
    AgreementKind.FRAMEWORK: Text("il s'agit d'un accord-cadre", "it is a framework agreement"),
    AgreementKind.JOINT_DEGREE: Text("il s'agit d'une convention de codiplomation", "it is a joint degree agreement"),
}
REVIEWS: Final = {
    ReviewKind.RIGHTS: Text("droits fondamentaux", "fundamental rights"),
    ReviewKind.LEGAL: Text("juridique", "legal"),
    ReviewKind.FACULTY: Text("faculté", "faculty"),
    ReviewKind.FINANCE: Text("finances", "finance"),
    ReviewKind.DATA_PROTECTION: Text("protection des données", "data protection"),
    ReviewKind.DUAL_USE: Text("double usage", "dual use"),
    ReviewKind.TEACHING: Text("enseignement", "teaching"),
}


def day(on: date) -> Text:
    """`1er mars 2026`, `1 March 2026`."""
    first = "1er" if on.day == 1 else str(on.day)
    return Text(f"{first} {MONTHS_FR[on.month - 1]} {on.year}", f"{on.day} {MONTHS_EN[on.month - 1]} {on.year}")


def same(word: str) -> Text:
    """A name that both languages write alike."""
    return Text(word, word)


def both(name: BothLanguages) -> Text:
    return Text(name.fr, name.en)


def listed(texts: Iterable[Text], separator: str = ", ") -> Text:
    kept = list(texts)
    return Text(separator.join(text.fr for text in kept), separator.join(text.en for text in kept))


def say(sentence: Text, **words: Text | str | int) -> Text:
    """The sentence with its words filled in, each in its own language."""
    texts = {name: word if isinstance(word, Text) else same(str(word)) for name, word in words.items()}
    return sentence.filled(
        fr={name: text.fr for name, text in texts.items()},
        en={name: text.en for name, text in texts.items()},
    )
