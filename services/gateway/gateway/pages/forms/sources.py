"""What a form's choices are made of: people, committees, countries, what a search found, the file's own parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.pages import formats, words
from gateway.pages.door import Item
from gateway.pages.forms.entries import Entries
from gateway.pages.forms.fields import Option
from gateway.pages.forms.parts import PARTS, units
from gateway.pages.names import name_of
from gateway.pages.visit import Visit

AS_A_WHOLE: Final = words.msg("The partner as a whole")
BEFORE_REGISTER: Final = ("draft", "under_review", "negotiating", "awaiting_advice", "approved", "signing", "signed")
FOUND_AT_MOST: Final = 12
TONGUES: Final = ("fr", "en", "nl", "de", "es", "it", "pt", "ar", "zh", "vi", "ja", "sw", "mg", "rw", "tr")


@dataclass
class Sources:
    """The options of one form. `item` is the file it is about, `found` what its searches brought."""

    visit: Visit
    item: Item | None = None
    found: dict[str, Sequence[Item]] = field(default_factory=dict)

    async def options(self, source: str, name: str, entries: Entries) -> Sequence[Option]:
        """A source is `<kind>/<which>`: `people/promoter`, `part/units`; or a collection that is searched."""
        kind, _, which = source.partition("/")
        if kind in LISTED:
            return await LISTED[kind](self, which)
        return await self.looked_up(source, name, entries)

    async def countries(self, _which: str) -> list[Option]:
        return [Option(code, land) for code, land in formats.countries(self.visit.language)]

    async def languages(self, _which: str) -> list[Option]:
        return [Option(code, formats.tongue(code, self.visit.language)) for code in TONGUES]

    async def codes(self, table: str) -> list[Option]:
        return [Option(code, self.visit.say(table, code)) for code in words.VALUES[table]]

    async def sdgs(self, _which: str) -> list[Option]:
        return [Option(code, f"{code}. {self.visit.say('sdg', code)}") for code in words.VALUES["sdg"]]

    async def studies(self, _which: str) -> list[Option]:
        return [Option(code, formats.study(code, self.visit.language)) for code in formats.studies()]

    async def groups(self, _which: str) -> list[Option]:
        bodies = await self.sitting("regional_group")
        return [Option(each["group_code"], name_of(self.visit, "committees", each)) for each in bodies]

    async def parts(self, part: str) -> list[Option]:
        """Of the file itself."""
        return await PARTS[part](self.visit, self.item or {})

    async def parts_of_committee(self, part: str) -> list[Option]:
        """Of the committee whose meeting this is about."""
        committee_id = str((self.item or {}).get("committee_id"))
        return await PARTS[part](
            self.visit, await self.visit.door.one(self.visit.who, "committees", committee_id) or {}
        )

    async def own_units(self, _which: str) -> list[Option]:
        query = {"kind": "own_institution", "limit": "1"}
        own = (await self.visit.door.page(self.visit.who, "partners", query)).items
        return [option for each in own for option in await units(self.visit, each)]

    async def people(self, roles: str) -> list[Option]:
        """Everybody, or those with one of the roles (`officer+director`)."""
        wanted = set(filter(None, roles.split("+")))
        fit = [person for person in self.visit.people.values() if not wanted or wanted & set(person.roles)]
        return [Option(person.subject, person.name) for person in sorted(fit, key=lambda person: person.name)]

    async def committees(self, kind: str) -> list[Option]:
        return [Option(each["id"], self.visit.plain(each["name"])) for each in await self.sitting(kind)]

    async def sitting(self, kind: str) -> Sequence[Item]:
        query = {"limit": "100", "state": "in_office"} | ({"kind": kind} if kind else {})
        return (await self.visit.door.page(self.visit.who, "committees", query)).items

    async def files(self, _which: str) -> list[Option]:
        """What a rights assessment of this partner can be made for: its agreements in preparation, or itself."""
        partner = self.item or {}
        query = {"partner_id": str(partner.get("id")), "state": ",".join(BEFORE_REGISTER), "limit": "100"}
        agreements = (await self.visit.door.page(self.visit.who, "agreements", query)).items
        itself = Option(f"partner:{partner.get('id')}", self.visit.said(AS_A_WHOLE))
        return [*(Option(f"agreement:{each['id']}", self.described("agreements", each)) for each in agreements), itself]

    async def referred(self, _which: str) -> list[Option]:
        """The assessments that wait for the contact point's opinion."""
        facts = (await self.visit.door.history(self.visit.who, f"partner/{(self.item or {}).get('id')}", None)).items
        closed = {each["data"].get("assessment_id") for each in facts if each["type"].endswith("referral_closed.v1")}
        return [
            Option(each["data"]["assessment_id"], formats.day(each["data"]["assessed_on"], self.visit.language))
            for each in facts
            if each["type"].endswith("rights_assessed.v1")
            and each["data"].get("outcome") == "referred"
            and each["data"]["assessment_id"] not in closed
        ]

    async def search(self, source: str, said: str) -> Sequence[Item]:
        """What a lookup offers for some words; the source may carry filters (`partners?kind=network`)."""
        collection, _, given = source.partition("?")
        filters = dict(pair.split("=") for pair in given.split("&") if pair)
        query = {"q": said, "limit": str(FOUND_AT_MOST), **filters}
        return (await self.visit.door.page(self.visit.who, collection, query)).items

    async def looked_up(self, source: str, name: str, entries: Entries) -> list[Option]:
        """What was chosen before, and what the search of this field found."""
        collection, found = source.partition("?")[0], self.found.get(name, ())
        missing = {id for id in entries.get(name, ()) if id} - {each["id"] for each in found}
        chosen = (await self.visit.door.several(self.visit.who, collection, missing)).values() if missing else ()
        return [Option(each["id"], self.described(collection, each)) for each in (*chosen, *found)]

    def described(self, collection: str, item: Item) -> str:
        """A name with what tells it from its namesakes."""
        if collection == "partners":
            place = (item.get("city"), formats.country(item["country"], self.visit.language))
            more = ", ".join(part for part in place if part)
        else:
            more = item.get("number") or self.visit.say(f"{collection[:-1]}.state", item.get("state", ""))
        return f"{name_of(self.visit, collection, item)} ({more})"


LISTED: Final[Mapping[str, Callable[[Sources, str], Awaitable[list[Option]]]]] = {
    "people": Sources.people,
    "committees": Sources.committees,
    "groups": Sources.groups,
    "countries": Sources.countries,
    "languages": Sources.languages,
    "sdgs": Sources.sdgs,
    "studies": Sources.studies,
    "codes": Sources.codes,
    "part": Sources.parts,
    "committee": Sources.parts_of_committee,
    "own_units": Sources.own_units,
    "files": Sources.files,
    "referred": Sources.referred,
}
