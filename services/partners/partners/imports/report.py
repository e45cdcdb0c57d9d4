"""What an import says about a row: a code, where it stands in the file, and a sentence in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chassis.decide import Text

SENTENCES: Final[Mapping[str, Text]] = {
    "name-missing": Text("Le nom officiel manque.", "The legal name is missing."),
    "name-too-long": Text("Le nom officiel dépasse 300 caractères.", "The legal name is longer than 300 characters."),
    "country-unknown": Text("Ce code de pays n'existe pas.", "There is no such country code."),
    "address-too-long": Text(
        "L'adresse dépasse 300 caractères et n'est pas reprise.",
        "The address is longer than 300 characters and was left out.",
    ),
    "city-too-long": Text(
        "La ville dépasse 300 caractères et n'est pas reprise.",
        "The city is longer than 300 characters and was left out.",
    ),
    "website-unreadable": Text(
        "Ce n'est pas une adresse de site ; elle n'est pas reprise.",
        "This is no website address; it was left out.",
    ),
    "period-unreadable": Text(
        "La période de la charte ne se lit pas ; elle n'est pas reprise.",
        "The charter's period cannot be read; it was left out.",
    ),
    "charter-expired": Text("La charte est échue.", "The charter has expired."),
    "identifier-invalid": Text(
        "Le code n'a pas la forme prévue ; il est gardé tel que reçu.",
        "The code does not have the expected form; it is kept as received.",
    ),
    "identifier-taken": Text(
        "Le code appartient déjà à un autre partenaire ; il est gardé tel que reçu.",
        "The code belongs to another partner already; it is kept as received.",
    ),
    "possible-duplicate": Text(
        "Un partenaire du même pays porte un nom semblable.",
        "A partner of the same country has a similar name.",
    ),
    "several-candidates": Text("Plusieurs partenaires pourraient correspondre.", "Several partners could be the one."),
    "identifiers-disagree": Text(
        "Les identifiants de la ligne désignent des partenaires différents.",
        "The identifiers of the row name different partners.",
    ),
    "differs": Text("La liste dit autre chose que notre fiche.", "The list says otherwise than our record."),
    "own-institution-differs": Text(
        "La liste dit autre chose que la fiche de notre établissement.",
        "The list says otherwise than the record of our own institution.",
    ),
    "not-created": Text("La ligne n'a pas pu être créée.", "The row could not be created."),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know about a row."""

    code: str
    column: str | None = None
    value: str | None = None
    partner_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Remark:
        """From its JSON."""
        return cls(said["code"], said.get("column"), said.get("value"), tuple(said.get("partner_ids", ())))

    def json(self) -> dict[str, Any]:
        said = SENTENCES[self.code]
        shown = {"code": self.code, "column": self.column, "value": self.value}
        shown = {name: value for name, value in shown.items() if value is not None}
        listed = {"partner_ids": list(self.partner_ids)} if self.partner_ids else {}
        return {**shown, **listed, "fr": said.fr, "en": said.en}
