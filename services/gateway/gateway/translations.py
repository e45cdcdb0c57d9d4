"""The pages' French and English kept complete.

`python -m gateway.translations --check` fails when a message lacks a language or breaks French typography;
`--update` takes new messages into both catalogues (the English of a message is the message itself).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from gateway.pages.catalogues import LANGUAGES, po_file, read_catalogue
from gateway.pages.words import every_message

HERE: Final = Path(__file__).parent
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
JINJA: Final = {"templates/**.html": {"silent": "false", "trimmed": "true", "extensions": "jinja2.ext.do"}}
KEYWORDS: Final = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "msg": None}
BREAKABLE: Final = re.compile(r"[ ](?=[:;?!»])|«[ ]|(?<=\w)'(?=\w)|(?<=\w)(?=[;?!»](?:\s|$))")

Key = tuple[str | None, str | tuple[str, ...]]


def used() -> Iterator[Key]:
    """Every message of the templates, the code and the words, as (context, message)."""
    found = extract_from_dir(HERE, METHODS, JINJA, KEYWORDS)
    for _, _, message, _, context in found:
        yield context, message
    yield from every_message()


def complaints(language: str) -> list[str]:
    """What the catalogue lacks."""
    catalogue = read_catalogue(language)
    wanted = dict.fromkeys(used())
    lines = []
    for context, message in wanted:
        entry = catalogue.get(_id(message), context)
        if entry is None or not _said(entry):
            lines.append(f"{language}: not translated: {_shown(context, message)}")
        elif entry.fuzzy:
            lines.append(f"{language}: fuzzy: {_shown(context, message)}")
        elif language == "fr" and any(BREAKABLE.search(text) for text in _strings(entry)):
            lines.append(f"fr: spaces or apostrophes are not typographic: {_shown(context, message)}")
        else:
            lines += [f"{language}: {error}: {_shown(context, message)}" for error in entry.check(catalogue)]
    known = {(entry.context, _key(entry)) for entry in catalogue if entry.id}
    lines += [f"{language}: not used: {_shown(*key)}" for key in sorted(known - set(wanted), key=str)]
    return lines


def update(language: str) -> None:
    """New messages come in, those no longer used go; what was translated stays."""
    old, new = read_catalogue(language), Catalog(locale=language)
    for context, message in dict.fromkeys(used()):
        entry = old.get(_id(message), context)
        same = message if language == "en" else ("", "") if isinstance(message, tuple) else ""
        new.add(message, entry.string if entry and _said(entry) else same, context=context)
    with po_file(language).open("wb") as file:
        write_po(file, new, width=0, no_location=True, omit_header=True, sort_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when something is not said in both languages")
    parser.add_argument("--update", action="store_true", help="take new messages into both catalogues")
    wanted = parser.parse_args()
    if wanted.update:
        for language in LANGUAGES:
            update(language)
    found = [line for language in LANGUAGES for line in complaints(language)]
    print("\n".join(found) or "Every message is said in French and English.")
    return int(bool(found) and wanted.check)


def _id(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def _key(entry: Message) -> str | tuple[str, ...]:
    return entry.id if isinstance(entry.id, str) else tuple(entry.id or ())


def _strings(entry: Message) -> tuple[str, ...]:
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())


def _said(entry: Message) -> bool:
    return all(_strings(entry))


def _shown(context: str | None, message: str | tuple[str, ...]) -> str:
    return f"[{context}] {_id(message)}" if context else _id(message)


if __name__ == "__main__":
    sys.exit(main())
