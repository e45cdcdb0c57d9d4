"""Every word people read for a state, a kind, a command, a field or a fact: codes never reach a page.

A table maps codes to English; its name is the gettext context, so that one English word may have several French ones
("Active": a partner's standing, an agreement in force).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.pages.words.agreements import AGREEMENTS
from gateway.pages.words.around import AROUND
from gateway.pages.words.bodies import BODIES
from gateway.pages.words.commands import COMMANDS
from gateway.pages.words.facts import FACTS
from gateway.pages.words.fields import FIELDS, SINGULAR, SUBJECTS
from gateway.pages.words.hints import HINTS
from gateway.pages.words.partners import PARTNERS
from gateway.pages.words.refusals import ENTRIES, REFUSALS
from gateway.pages.words.states import STATES

Tables = Mapping[str, Mapping[str, str]]
VALUES: Tables = {**STATES, **PARTNERS, **AGREEMENTS, **BODIES, **AROUND}


def msg(english: str) -> str:
    """Marks a sentence of the code for the catalogues."""
    return english


def english(table: str, code: str) -> str | None:
    """The English of a code: in the tables of values, of commands, fields, hints, facts or refusals."""
    return tables().get(table, {}).get(code)


def singular(part: str) -> str:
    """What one entry of a list is called: `parties` → `party`, `answers` → `answer`."""
    return SINGULAR.get(part, part.removesuffix("s"))


def subject_of(command: str, aggregate: str) -> str:
    """What a command speaks of: a contact, a review, else the aggregate itself."""
    return SUBJECTS.get(command, aggregate)


def tables() -> Tables:
    return {
        **VALUES,
        "command": COMMANDS,
        "field": FIELDS,
        "hint": HINTS,
        "fact": FACTS,
        "refusal": REFUSALS,
        "entry": ENTRIES,
    }


def every_message() -> Iterator[tuple[str, str]]:
    """(context, English) of every word, for the catalogues."""
    for context, table in tables().items():
        for text in dict.fromkeys(table.values()):
            yield context, text
