"""What people typed, between the form and the command's body.

A form is flat: `parties.0.partner_id=…`. What cannot be read is passed on as it was typed, so that the owner, who is
the judge, names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from gateway.pages.formats import BRUSSELS, as_date, as_instant
from gateway.pages.forms.schemas import Schema

Entries = dict[str, list[str]]
DAY: Final = re.compile(r"\s*(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})\s*")
TIME: Final = re.compile(r"\s*(\d{1,2})\s*[:hH.]\s*(\d{2})?\s*")
NOTHING: Final = object()


def read(schema: Schema, entries: Entries, name: str = "") -> Any:
    """The JSON that the entries under `name` mean; NOTHING when nothing was entered."""
    if "const" in schema:
        return schema["const"] if any(entries.get(name, ())) else NOTHING
    match schema.get("type"):
        case "object":
            return _object(schema, entries, name)
        case "array":
            return _array(schema, entries, name)
        case "boolean":
            return _boolean(entries.get(name, []))
        case _:
            return _scalar(schema, _first(entries, name))


def _object(schema: Schema, entries: Entries, name: str) -> Any:
    members = {}
    for member, inner in schema.get("properties", {}).items():
        value = read(inner, entries, f"{name}.{member}" if name else member)
        if value is not NOTHING:
            members[member] = value
    return members if members or not name else NOTHING


def _array(schema: Schema, entries: Entries, name: str) -> Any:
    items = schema.get("items", {})
    if items.get("type") == "object":
        rows = (read(items, entries, f"{name}.{index}") for index in indexes(entries, name))
        found = [row for row in rows if row is not NOTHING]
    else:
        given = [part for text in entries.get(name, ()) for part in _parts(text, items)]
        found = [value for part in given if (value := _scalar(items, part)) is not NOTHING]
    return found or NOTHING


def _parts(text: str, items: Schema) -> list[str]:
    """Codes and numbers may stand on one line, parted by commas; texts stand on lines of their own."""
    codes = "pattern" in items or "enum" in items or items.get("type") != "string"
    return [part.strip() for part in re.split(r"[\n;,]" if codes else r"\n", text) if part.strip()]


def _boolean(given: list[str]) -> Any:
    if "true" in given:
        return True
    return False if "false" in given else NOTHING


def _scalar(schema: Schema, text: str) -> Any:
    text = text.strip()
    if not text:
        return NOTHING
    match schema.get("type"), schema.get("format"):
        case ("integer", _):
            return int(text) if re.fullmatch(r"-?\d+", text) else text
        case ("number", _):
            plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
            return float(plain) if re.fullmatch(r"-?\d+(\.\d+)?", plain) else text
        case (_, "date"):
            return iso_day(text) or text
        case (_, "date-time"):
            return iso_instant(text) or text
    if r"\.\d{2}" in str(schema.get("pattern", "")):
        return _amount(text)
    return text


def _amount(text: str) -> str:
    plain = re.sub(r"[\s\u00a0\u202f€]", "", text).replace(",", ".")
    return f"{float(plain):.2f}" if re.fullmatch(r"-?\d+(\.\d{1,2})?", plain) else text


def iso_day(text: str) -> str | None:
    """`23/11/2026`, `1.2.27` or `2026-11-23` as an ISO date."""
    found = DAY.fullmatch(text)
    if found:
        day, month, year = (int(part) for part in found.groups())
        text = f"{year if year > 99 else 2000 + year:04d}-{month:02d}-{day:02d}"
    read_day = as_date(text) if len(text) == 10 else None
    return read_day.isoformat() if read_day else None


def iso_instant(text: str) -> str | None:
    """`23/11/2026 14:00` in Brussels as an instant."""
    day, _, time = text.strip().replace(",", " ").partition(" ")
    found_day, found_time = iso_day(day), TIME.fullmatch(time)
    if not found_day or not found_time:
        already = as_instant(text)
        return already.isoformat() if already and "T" in text else None
    hour, minute = int(found_time[1]), int(found_time[2] or 0)
    if hour > 23 or minute > 59:
        return None
    return datetime.fromisoformat(found_day).replace(hour=hour, minute=minute, tzinfo=BRUSSELS).isoformat()


def written(value: Any, schema: Schema, name: str = "") -> Entries:
    """A body as the form shows it: the inverse of `read`."""
    entries: Entries = {}
    if isinstance(value, Mapping):
        members = schema.get("properties", {})
        for member, inner in value.items():
            if member in members:
                entries |= written(inner, members[member], f"{name}.{member}" if name else member)
    elif isinstance(value, list | tuple) and schema.get("items", {}).get("type") == "object":
        for index, row in enumerate(value):
            entries[f"{name}.{index}"] = [""]
            entries |= written(row, schema["items"], f"{name}.{index}")
    elif isinstance(value, list | tuple):
        entries[name] = [_typed(each, schema.get("items", {})) for each in value]
    elif value is not None:
        entries[name] = [_typed(value, schema)]
    return entries


def _typed(value: Any, schema: Schema) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if schema.get("format") == "date" and (day := as_date(value)):
        return day.strftime("%d/%m/%Y")
    if schema.get("format") == "date-time" and (instant := as_instant(value)):
        return instant.strftime("%d/%m/%Y %H:%M")
    return str(value)


def indexes(entries: Iterable[str], name: str) -> list[int]:
    """Which rows of a list the form has."""
    row = re.compile(rf"{re.escape(name)}\.(\d+)(?:\.|$)")
    return sorted({int(found[1]) for entry in entries if (found := row.match(entry))})


def compacted(entries: Entries, name: str) -> Entries:
    """Rows numbered from 0 without a gap and without the empty ones, as the owner will number them."""
    filled = [
        index
        for index in indexes(entries, name)
        if any(text.strip() for entry in entries for text in entries[entry] if _inside(entry, name, index))
    ]
    kept = {entry: value for entry, value in entries.items() if not entry.startswith(f"{name}.")}
    for number, index in enumerate(filled):
        old, new = f"{name}.{index}", f"{name}.{number}"
        kept |= {new + entry[len(old) :]: entries[entry] for entry in entries if _inside(entry, name, index)}
    return kept


def _inside(entry: str, name: str, index: int) -> bool:
    return entry == f"{name}.{index}" or entry.startswith(f"{name}.{index}.")


def without_row(entries: Entries, name: str, index: int) -> Entries:
    return {entry: value for entry, value in entries.items() if not _inside(entry, name, index)}


def _first(entries: Entries, name: str) -> str:
    return next((text for text in entries.get(name, ()) if text.strip()), "")
