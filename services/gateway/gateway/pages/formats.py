"""Dates, times, numbers and names of countries as people in Brussels write them, in French and English."""

from __future__ import annotations

import csv
import re
import unicodedata
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

BRUSSELS = ZoneInfo("Europe/Brussels")
LOCALES = {"fr": Locale("fr", "BE"), "en": Locale("en", "GB")}
TAGS = {"fr": "fr-BE", "en": "en-GB"}
OFFICE_NAMES = {
    "XK": {"fr": "Kosovo", "en": "Kosovo"},
    "CD": {"fr": "République démocratique du Congo", "en": "Democratic Republic of the Congo"},
    "CG": {"fr": "Congo", "en": "Congo"},
    "HK": {"fr": "Hong Kong", "en": "Hong Kong"},
    "MO": {"fr": "Macao", "en": "Macao"},
    "PS": {"fr": "Palestine", "en": "Palestine"},
}
"""Where the office says it otherwise than CLDR."""


def as_date(value: object) -> date | None:
    """The Brussels day of a date or an instant, also when written as JSON; None when it is neither."""
    if isinstance(value, datetime):
        return value.astimezone(BRUSSELS).date()
    if isinstance(value, date):
        return value
    try:
        text = str(value)
        if len(text) == 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).astimezone(BRUSSELS).date()
    except ValueError:
        return None


def as_instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(BRUSSELS)
    try:
        return datetime.fromisoformat(str(value)).astimezone(BRUSSELS)
    except ValueError:
        return None


def day(value: object, language: str) -> str:
    """`23 nov. 2026`, `1er déc. 2026`; `23 Nov 2026`."""
    found = as_date(value)
    return "–" if found is None else _written(found, "d MMM y", language)


def long_day(value: object, language: str) -> str:
    """`lundi 23 novembre 2026`; `Monday 23 November 2026`."""
    found = as_date(value)
    return "–" if found is None else _written(found, "EEEE d MMMM y", language)


def short_day(value: object, language: str) -> str:
    """Without the year: `23 nov.`, `1er oct.`; `23 Nov`."""
    found = as_date(value)
    return "–" if found is None else _written(found, "d MMM", language)


def moment(value: object, language: str) -> str:
    """`23 nov. 2026, 14:00` in Brussels."""
    found = as_instant(value)
    if found is None:
        return day(value, language)
    return f"{_written(found.date(), 'd MMM y', language)}, {clock(found, language)}"


def clock(value: object, language: str) -> str:
    found = as_instant(value)
    if found is None:
        return "–"
    return format_time(found, "HH:mm", tzinfo=BRUSSELS, locale=LOCALES[language])


def sitting(starts_at: object, ends_at: object, language: str) -> str:
    """`jeudi 3 décembre 2026, 14:00–16:00`."""
    start, end = as_instant(starts_at), as_instant(ends_at)
    if start is None:
        return "–"
    until = f"–{clock(end, language)}" if end else ""
    return f"{long_day(start, language)}, {clock(start, language)}{until}"


def month(value: object, language: str) -> str:
    """`novembre 2026`."""
    found = as_date(value)
    if found is None:
        return "–"
    return str(format_datetime(found, "LLLL y", locale=LOCALES[language]))


def number(value: float, language: str) -> str:
    return str(format_decimal(value, locale=LOCALES[language]))


def percent(share: float, language: str) -> str:
    """`50 %`; `50%`."""
    return str(format_percent(share, locale=LOCALES[language]))


def size(bytes_: int, language: str) -> str:
    """`184 Ko`; `184 KB`."""
    unit = ("Ko", "Mo") if language == "fr" else ("KB", "MB")
    if bytes_ < 1_000_000:
        return f"{number(max(1, round(bytes_ / 1_000)), language)}\u00a0{unit[0]}"
    return f"{number(round(bytes_ / 1_000_000, 1), language)}\u00a0{unit[1]}"


def country(code: str, language: str) -> str:
    """The name of a country; its code when it has none."""
    if code in OFFICE_NAMES:
        return OFFICE_NAMES[code][language]
    return str(LOCALES[language].territories.get(code, code))


def countries(language: str) -> list[tuple[str, str]]:
    """(code, name) of every country, in the order of the language."""
    codes = {str(code) for code in LOCALES["en"].territories if str(code).isalpha()} - NOT_COUNTRIES
    named = [(code, country(code, language)) for code in codes]
    return sorted(named, key=lambda pair: _sorted_as(pair[1]))


NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})


def study(code: str, language: str) -> str:
    """The field of education of an ISCED-F code, `0421 Droit`; a code that is none stands alone."""
    fields = studies()
    return f"{code} {fields[code][language]}" if code in fields else code


@cache
def studies() -> dict[str, dict[str, str]]:
    """The fields of education of ISCED-F 2013 in four digits, by code, with their names by language."""
    with Path(__file__).with_name("isced.csv").open(encoding="utf-8", newline="") as rows:
        return {row["code"]: row for row in csv.DictReader(rows)}


def tongue(code: str, language: str) -> str:
    """The name of a language in the page's language."""
    return str(LOCALES[language].languages.get(code, code))


def typeset(text: str, language: str) -> str:
    """Apostrophes as printers set them, and in French the spaces that keep signs with their word."""
    set_ = APOSTROPHE.sub("’", text)
    return NARROW.sub("\u00a0", set_) if language == "fr" else set_


APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")
NARROW = re.compile(r" (?=[:;?!»])|(?<=«) ")


def _written(found: date, pattern: str, language: str) -> str:
    text = str(format_date(found, pattern, locale=LOCALES[language]))
    if language == "fr" and found.day == 1:
        text = text.replace("1 ", "1er ", 1)
    return text


def _sorted_as(name: str) -> str:
    return "".join(
        letter for letter in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(letter)
    )
