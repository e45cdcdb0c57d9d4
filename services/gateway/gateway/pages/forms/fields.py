"""A form as a tree of fields: the schema says what there is, an overlay how it is asked for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.pages import words
from gateway.pages.forms.entries import Entries, indexes
from gateway.pages.forms.schemas import Schema, is_localized, longest
from gateway.pages.rendering import say

LONG_TEXT: Final = 300
LONG_TEXTS: Final = 2_000
FEW: Final = 4
BY_FORMAT: Final[Mapping[str, str]] = {"date": "date", "date-time": "instant"}
BY_TYPE: Final[Mapping[str, str]] = {"object": "group", "integer": "number", "number": "number"}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `kind` names the macro that draws it; `name` is where its value stands in the form."""

    name: str
    kind: str
    label: str = ""
    hint: str = ""
    required: bool = False
    values: Sequence[str] = ()
    options: Sequence[Option] = ()
    fields: Sequence[Field] = ()
    errors: Sequence[str] = ()
    words: str = ""
    searched: bool = False

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")

    def all(self) -> list[Field]:
        return [self, *(inner for each in self.fields for inner in each.all())]


Source = Callable[[str, str, Entries], Awaitable[Sequence[Option]]]
"""(what to choose from, the field's name, the entries) → the options."""


@dataclass(frozen=True)
class Asking:
    """How a form is asked: for which command, in which language, with what typed, refused and to choose from."""

    command: str
    aggregate: str
    language: str
    entries: Entries
    options: Source
    widgets: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    order: Sequence[str] = ()
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    async def members(self, schema: Schema, name: str = "") -> list[Field]:
        """The fields of an object, those of the overlay's order first."""
        properties: Mapping[str, Schema] = schema.get("properties", {})
        path = pattern(name)
        wanted = [each for each in properties if not {each, join(path, each)} & self.hidden]
        if not name:
            wanted.sort(key=lambda member: self.order.index(member) if member in self.order else len(self.order))
        required = schema.get("required", ())
        return [await self.field(properties[each], join(name, each), each in required) for each in wanted]

    async def field(self, schema: Schema, name: str, required: bool) -> Field:
        kind, _, source = self.widget(schema, name, required).partition(":")
        made = Field(
            name,
            kind,
            label=self.label(name),
            hint=self.words_of("hint", name) or self.hint_of(kind),
            required=required,
            values=[text for text in self.entries.get(name, ()) if text != ""],
            errors=self.errors.get(name, ()),
            words=next(iter(self.entries.get(f"{name}.q", ())), ""),
            searched=f"{name}.q" in self.entries,
        )
        match kind:
            case "group":
                return replace(made, fields=await self.members(schema, name))
            case "list":
                rows = [
                    Field(
                        f"{name}.{index}",
                        "row",
                        self.row_label(name),
                        fields=await self.members(schema["items"], f"{name}.{index}"),
                    )
                    for index in indexes(self.entries, name) or [0]
                ]
                return replace(made, fields=rows)
            case "localized" | "localized_long":
                tongues = [
                    Field(
                        f"{name}.{tongue}",
                        tongue,
                        values=self.entries.get(f"{name}.{tongue}", ()),
                        errors=self.errors.get(f"{name}.{tongue}", ()),
                    )
                    for tongue in ("fr", "en")
                ]
                both = set(schema.get("required", ())) == {"fr", "en"}
                hint = self.words_of("hint", name) or self.hint_of("both_languages" if both else kind)
                return replace(made, fields=tongues, hint=hint)
            case "choice" | "radios" | "checks" | "several":
                return replace(made, options=await self.choices(schema, name, source))
            case "lookup":
                return replace(made, options=await self.options(source, name, self.entries))
        return made

    async def choices(self, schema: Schema, name: str, source: str) -> Sequence[Option]:
        if source:
            return await self.options(source, name, self.entries)
        if schema.get("type") == "boolean":
            return [Option(code, say("yes_no", code, self.language)) for code in ("true", "false")]
        codes = schema.get("enum") or schema.get("items", {}).get("enum", ())
        return [Option(str(code), self.value_word(name, str(code))) for code in codes]

    def widget(self, schema: Schema, name: str, required: bool) -> str:
        """The overlay's widget for this place, else for this name, else what the schema's type suggests."""
        path = pattern(name)
        for wanted in (path, path.rpartition(".")[2]):
            if wanted in self.widgets:
                return self.widgets[wanted]
        return suggested(schema, required)

    def label(self, name: str) -> str:
        return self.words_of("field", name) or name.rpartition(".")[2].replace("_", " ").capitalize()

    def row_label(self, name: str) -> str:
        """What one line of a list is called."""
        one = words.singular(name.rpartition(".")[2])
        return say("field", one, self.language) if words.english("field", one) else self.label(name)

    def words_of(self, table: str, name: str) -> str:
        """The words for a member, most particular first: of this command, of what it is part of, of any."""
        for key in self.keys(name):
            if words.english(table, key):
                return say(table, key, self.language)
        return ""

    def value_word(self, name: str, code: str) -> str:
        for table in self.keys(name):
            if words.english(table, code):
                return say(table, code, self.language)
        return code.replace("_", " ")

    def hint_of(self, kind: str) -> str:
        return say("hint", f"of_{kind}", self.language) if words.english("hint", f"of_{kind}") else ""

    def keys(self, name: str) -> list[str]:
        path = [part for part in pattern(name).split(".") if part != "*"]
        member, parent = path[-1], path[-2] if len(path) > 1 else ""
        keys = [f"{self.command}.{'.'.join(path)}", f"{self.command}.{member}"]
        if parent:
            keys += [f"{words.singular(parent)}.{member}"]
        subject = words.subject_of(self.command, self.aggregate)
        return [*keys, f"{subject}.{member}", f"{self.aggregate}.{member}", member]


def suggested(schema: Schema, required: bool) -> str:
    """How something of this type is asked for when nothing particular was said."""
    if is_localized(schema):
        return "localized_long" if longest(schema) > LONG_TEXTS else "localized"
    if "enum" in schema:
        return "radios" if required and len(schema["enum"]) <= FEW else "choice"
    if "const" in schema:
        return "tick"
    match schema:
        case {"type": "array", "items": items}:
            return "list" if items.get("type") == "object" else "checks" if "enum" in items else "lines"
        case {"type": "boolean"}:
            return "radios" if schema.get("nullable") or schema.get("default") else "tick"
        case {"type": "string"}:
            return BY_FORMAT.get(schema.get("format", ""), "long" if longest(schema) > LONG_TEXT else "text")
    return BY_TYPE.get(schema.get("type", ""), "text")


def pattern(name: str) -> str:
    """Where a field stands, whatever its row: `parties.0.partner_id` → `parties.*.partner_id`."""
    return re.sub(r"\.\d+(?=\.|$)", ".*", name)


def join(name: str, member: str) -> str:
    return f"{name}.{member}" if name else member
