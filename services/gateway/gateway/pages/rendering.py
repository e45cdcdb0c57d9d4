"""The pages' templates: one environment per language, with the words, dates and names of that language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from gateway.pages import formats, words
from gateway.pages.catalogues import translations
from gateway.pages.looks import look
from gateway.pages.sections import sections

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
BUILT: Final = Path(__file__).parent.parent / "static" / "built"
OTHER: Final = {"fr": "en", "en": "fr"}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "HX-Request, Accept-Language, Cookie",
}
"""Of every page: nothing from elsewhere, no script or style in line, nothing kept."""


@cache
def environment(language: str) -> Environment:
    """Everything a template of this language may call."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    for write in (
        formats.day,
        formats.long_day,
        formats.short_day,
        formats.moment,
        formats.clock,
        formats.month,
        formats.number,
        formats.percent,
        formats.size,
        formats.country,
        formats.tongue,
        formats.study,
        formats.typeset,
    ):
        env.filters[write.__name__] = lambda value, write=write: write(value, language)
    env.filters["text"] = lambda value: text(value, language)
    env.filters["plain"] = lambda value: plain(value, language)
    env.filters["initials"] = lambda name: "".join(part[0] for part in name.split()[:2]).upper()
    env.filters["lower_first"] = lambda words: words[:1].lower() + words[1:]
    env.globals.update(
        language=language,
        other_language=OTHER[language],
        tag=formats.TAGS[language],
        say=lambda table, code: say(table, code, language),
        sitting=lambda start, end: formats.sitting(start, end, language),
        asset=asset,
        look=look,
        sections=sections,
    )
    return env


def say(table: str, code: object, language: str) -> str:
    """A code in words; an unknown code loses at least its underscores."""
    english = words.english(table, str(code))
    if english is None:
        return str(code).replace("_", " ")
    return str(translations(language).pgettext(table, english))


def said(message: str, language: str, **members: object) -> str:
    """A sentence of the catalogues (marked `msg` where it is written), with its members filled in."""
    sentence = str(translations(language).gettext(message))
    return sentence % members if members else sentence


def plain(value: object, language: str) -> str:
    """A localized text as one string: the page's language, else the other."""
    if isinstance(value, Mapping):
        return str(value.get(language) or value.get(OTHER[language]) or "")
    return "" if value is None else str(value)


def text(value: object, language: str) -> Markup:
    """A localized text for a page; one that exists only in the other language says so and is marked as such."""
    if not isinstance(value, Mapping) or value.get(language):
        return escape(plain(value, language))
    other = OTHER[language]
    if not value.get(other):
        return Markup("")
    note = say("text_language", other, language)
    return Markup('<span lang="{}">{}</span> <small class="pa-in">({})</small>').format(other, value[other], note)


@cache
def _manifest() -> Mapping[str, str]:
    file = BUILT / "manifest.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def asset(name: str) -> str:
    """The address of a built file, under the name that changes with its content."""
    return f"/static/{_manifest().get(name, name)}"


def built_files() -> frozenset[str]:
    """What may be served under /static."""
    return frozenset(file.name for file in BUILT.glob("*") if file.is_file())


def rendered(template: str, language: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A page, with the headers of every page."""
    return HTMLResponse(environment(language).get_template(template).render(context), status, HEADERS)
