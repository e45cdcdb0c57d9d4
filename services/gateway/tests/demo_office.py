"""A small office on paper, for the pages alone: files in the states that pages show, and a door onto them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, cast

import jsonschema
from services.gateway.tests.demo_papers import READ_OUT
from starlette.datastructures import UploadFile

from contracts.agreement import AGREEMENT
from contracts.committee import COMMITTEE
from contracts.country import COUNTRY
from contracts.meeting import MEETING
from contracts.partner import PARTNER
from contracts.record import Contract
from contracts.stay import STAY
from gateway.pages.door import Action, Away, Done, Item, Listing, Person, Problem
from gateway.pages.forms.schemas import schema_of

Json = dict[str, Any]
TODAY: Final = date(2026, 11, 2)
PEOPLE: Final = (
    Person("officer-1", "Gestionnaire RI", ["officer"], "fr"),
    Person("director-1", "Directrice RI", ["director"], "fr"),
    Person("vice-rector-1", "Vice-recteur RI", ["vice_rector"], "fr"),
    Person("secretary-1", "Secrétaire CDRI", ["committee_secretary"], "fr"),
    Person("adviser-1", "Conseillère mobilité", ["mobility_adviser"], "en"),
    Person("promoter-7", "Promotrice A7", ["promoter"], "fr"),
    Person("reader-1", "Membre du personnel", ["reader"], "en"),
)
DECISION: Final = {"body": {"kind": "academic_council"}, "decided_on": "2025-03-10", "reference": "CA/2025/3"}


def uuid(number: int) -> str:
    return f"01930000-0000-7000-8000-{number:012d}"


OWN, LUBUMBASHI, FOZ, BURUNDI, YAOUNDE, UNICA = (uuid(number) for number in range(1, 7))
COUNCIL, GROUP = uuid(11), uuid(12)
DRAFT, NEGOTIATING, SIGNING, ACTIVE, ADVISED, ENDED = (uuid(number) for number in range(21, 27))
CONVENED, HELD, EMPTY = uuid(41), uuid(42), uuid(43)
STAY_ID, UNIT, REQUEST, ITEM, MEMBER = uuid(51), uuid(61), uuid(71), uuid(81), uuid(91)
SHA: Final = "9f2c" + "0" * 56 + "b71e"


def partner(id: str, name: str, country: str, city: str, standing: str = "active", **more: Any) -> Json:
    found = {"id": id, "version": 3, "standing": standing, "kind": "university", "country": country, "city": city}
    return {**found, "name": {"display": name}, "governance": "public_service", **more}


def agreement(id: str, title: str, state: str, partner_id: str = LUBUMBASHI, **more: Any) -> Json:
    parties = [{"no": 1, "partner_id": OWN, "role": "own"}, {"no": 2, "partner_id": partner_id, "role": "partner"}]
    found = {"id": id, "version": 4, "state": state, "kind": "framework", "plurality": "bilateral", "lineage_id": id}
    said = {"title": {"fr": title}, "purpose": {"fr": "Recherche et formation en santé publique."}}
    people = {"responsible_officer": "officer-1", "promoter": "promoter-7"}
    return {**found, **said, **people, "parties": parties, **more}


DATES: Final[Json] = {
    "start_on": "2027-02-01",
    "end_on": "2032-01-31",
    "renewal_mode": "express",
    "notice_months": 6,
    "notice_on": "2031-07-31",
}
REVIEWS: Final = [
    {"review_id": uuid(101), "kind": "rights", "outcome": "positive", "on": "2026-03-02"},
    {"review_id": uuid(102), "kind": "legal", "outcome": "positive_with_remarks", "on": "2026-03-10"},
    {"review_id": uuid(103), "kind": "faculty", "outcome": "pending"},
]
ADVICE: Final = {
    "request_id": REQUEST,
    "committee_id": GROUP,
    "meeting_id": HELD,
    "item_id": ITEM,
    "outcome": "favourable_with_conditions",
    "given_on": "2026-10-01",
    "conditions": [
        {"no": 1, "text": {"fr": "Joindre une annexe budgétaire."}, "answered_on": "2026-10-05"},
        {"no": 2, "text": {"fr": "Nommer une coordination par site."}},
    ],
}
SIGNATURES: Final = [
    {"signature_no": 1, "party_no": 1, "required": True, "signed_on": "2026-10-30", "method": "handwritten"},
    {"signature_no": 2, "party_no": 2, "required": True},
]


def documents() -> dict[str, dict[str, Json]]:
    """Every view, as the language's own models write it."""
    views: dict[str, tuple[Contract[Any], list[Json]]] = {
        "partners": (PARTNER, _partners()),
        "countries": (COUNTRY, _countries()),
        "agreements": (AGREEMENT, _agreements()),
        "committees": (COMMITTEE, _committees()),
        "meetings": (MEETING, _meetings()),
        "stays": (STAY, _stays()),
    }
    told = {
        name: [
            contract.state.model_validate(each).model_dump(mode="json", by_alias=True, exclude_none=True)
            for each in found
        ]
        for name, (contract, found) in views.items()
    }
    return {
        name: {each["id"]: {**each, "state": each.get("state", each.get("standing"))} for each in found}
        for name, found in told.items()
    }


def _partners() -> list[Json]:
    unit = {
        "unit_id": UNIT,
        "name": {"fr": "École de santé publique", "en": "School of Public Health"},
        "kind": "school",
    }
    contacts = [{"contact_id": uuid(201), "role": "signatory", "function": {"fr": "Recteur", "en": "Rector"}}]
    codes = [{"scheme": "erasmus", "value": "P  LISBOA109"}, {"scheme": "pic", "value": "999866883"}]
    block = {"scope": "institutional", "from": "2025-03-10", "transition": {"rule": "end_by", "until": "2027-03-09"}}
    local = [{"lang": "pt", "value": "Universidade da Foz"}]
    return [
        partner(OWN, "Université libre de Bruxelles", "BE", "Bruxelles") | {"kind": "own_institution", "units": [unit]},
        partner(
            LUBUMBASHI, "Université de Lubumbashi", "CD", "Lubumbashi", "privileged",
            contacts=contacts, relation_owner="officer-1", promoters=["promoter-7"], website="https://www.unilu.ac.cd",
            privilege={"since": "2020-01-01", "review_on": "2027-01-01", "decision_ref": DECISION},
            memberships=[{
                "membership_id": uuid(301), "network_id": UNICA, "role": "member", "period": {"from": "2019-01-01"},
            }],
        ),
        partner(FOZ, "Universidade da Foz", "PT", "Figueira da Foz", identifiers=codes)
        | {"name": {"display": "Universidade da Foz", "local": local, "acronym": "UFoz"}},
        partner(BURUNDI, "Université du Burundi", "BI", "Bujumbura", "blocked",
                block={**block, "decision_ref": DECISION, "re_evaluation_on": "2027-03-10"}),
        partner(YAOUNDE, "Université de Yaoundé II", "CM", "Yaoundé", "prospect"),
        partner(UNICA, "UNICA", "BE", "Bruxelles") | {"kind": "network", "network_theme": {"type": "institutional"}},
    ]  # fmt: skip


def _countries() -> list[Json]:
    group = {"group_code": "developing", "period": {"from": "2019-01-01"}}
    listed = {"list_label": "CDRI 2024", "period": {"from": "2024-01-01"}, "decision_ref": DECISION}
    congo = {"id": "CD", "version": 3, "iso3": "COD", "region": "Africa", "subregion": "Middle Africa"}
    return [
        {**congo, "name": {"fr": "République démocratique du Congo", "en": "Democratic Republic of the Congo"},
         "group_assignments": [{**group, "decision_ref": DECISION, "entered_on": "2019-01-01"}],
         "cooperation_periods": [{**listed, "entered_on": "2024-01-01"}],
         "income_classes": [{"class": "low", "period": {"from": "2024-07-01"}, "source": "2025"}]},
        {"id": "PT", "version": 1, "iso3": "PRT", "name": {"fr": "Portugal", "en": "Portugal"}, "region": "Europe"},
    ]  # fmt: skip


def _agreements() -> list[Json]:
    pending = {"request_id": REQUEST, "committee_id": GROUP, "requested_on": "2026-10-12"}
    condition = {
        "no": 1, "mobility_kind": "student_studies", "sending_party": 1, "receiving_party": 2,
        "first_academic_year": "2026/2027", "last_academic_year": "2028/2029", "mobilities_per_year": 4,
        "languages": [{"lang": "pt", "cefr": "B1"}],
    }  # fmt: skip
    return [
        agreement(DRAFT, "Accord-cadre avec l’Université de Yaoundé II", "draft", YAOUNDE),
        agreement(
            NEGOTIATING, "Convention spécifique Eau et santé", "negotiating", kind="specific", framework_id=SIGNING,
            reviews=REVIEWS, rounds=[{"no": 1, "direction": "sent", "on": "2026-10-02"}], advice=[ADVICE],
            sdgs=[3, 6], subject_areas=["0912"], languages=["fr"], **DATES,
        ),
        agreement(
            SIGNING, "Accord-cadre de coopération 2027–2032", "signing", reviews=REVIEWS[:2], signatures=SIGNATURES,
            text={"sha256": SHA}, approval={"by_role": "director", "on": "2026-10-19"}, advice=[ADVICE], **DATES,
        ),
        agreement(
            ACTIVE, "Convention d’échange avec l’Universidade da Foz", "active", FOZ, kind="exchange",
            number="ULB-2025-0388", registered_on="2025-01-20", conditions=[condition],
            documents=[{"id": uuid(401), "kind": "signed_copy", "sha256": SHA, "audience": "staff"}],
            **(DATES | {"start_on": "2025-02-01", "end_on": "2030-01-31"}),
        ),
        agreement(ADVISED, "Convention de codiplomation", "awaiting_advice", kind="joint_degree",
                  pending_advice=pending),
        agreement(ENDED, "Protocole d’intention avec l’Université du Burundi", "withdrawn", BURUNDI, kind="mou",
                  ending={"on": "2026-09-01", "reason": "Sans suite"}),
    ]  # fmt: skip


def _committees() -> list[Json]:
    rules = {"quorum": {"kind": "fraction", "value": 0.5}, "meetings_per_year": 3}
    member = {"member_id": MEMBER, "subject": "vice-rector-1", "role": "chair", "discipline_group": "human"}
    term = {"from": "2026-01-01", "to": "2027-12-31"}
    waiting = {
        "item_id": uuid(82), "kind": "advice_on_agreement", "title": {"fr": "Convention de codiplomation"},
        "question": {"fr": "Avis sur la conclusion ?"}, "origin": "requested", "submitted_on": "2026-10-12",
        "ref": {"type": "agreement", "id": ADVISED}, "request_id": REQUEST,
    }  # fmt: skip
    office = {"version": 5, "state": "in_office", "in_office": {"from": "2019-01-01"}}
    dated = [{"from": "2019-01-01", "rules": rules}]
    names = (
        {"fr": "Conseil des relations internationales", "en": "Committee of International Relations"},
        {"fr": "Groupe Pays en développement", "en": "Developing countries group"},
    )
    return [
        {"id": COUNCIL, **office, "kind": "council", "name": names[0], "acronym": "CDRI", "rules": dated},
        {"id": GROUP, **office, "kind": "regional_group", "name": names[1], "group_code": "developing",
         "parent_id": COUNCIL, "rules": dated, "pending_items": [waiting],
         "members": [{**member, "term": term}, {"member_id": uuid(92), "role": "expert", "term": term}]},
    ]  # fmt: skip


def _meetings() -> list[Json]:
    item = {
        "item_id": ITEM, "no": 1, "kind": "advice_on_agreement", "title": {"fr": "Accord-cadre de coopération"},
        "question": {"fr": "Avis sur la conclusion ?"}, "origin": "requested", "submitted_on": "2026-09-01",
        "ref": {"type": "agreement", "id": SIGNING},
    }  # fmt: skip
    other = {**item, "item_id": uuid(83), "no": 2, "title": {"fr": "Convention de codiplomation"}}
    advised = {"state": "advised", "outcome": "favourable_with_conditions", "given_on": "2026-10-01"}
    verdict = {"authority": "vice_rector", "followed": "partly", "decided_on": "2026-10-19", "reference": "VR/26/9"}
    place = {"mode": "hybrid", "place": "Salle du Conseil", "committee_id": GROUP}
    times = {"starts_at": "2026-12-03T13:00:00Z", "ends_at": "2026-12-03T15:00:00Z"}
    past = {"starts_at": "2026-10-01T12:00:00Z", "ends_at": "2026-10-01T14:00:00Z"}
    sat = {"present": 11, "quorum": 9, "quorum_met": True, "held_on": "2026-10-01", "sitting_no": 2}
    conditions = [{"no": 1, "text": {"fr": "Joindre une annexe budgétaire."}}]
    return [
        {"id": CONVENED, "version": 4, "state": "convened", **place, **times, "items": [item, other], "sitting_no": 3},
        {"id": HELD, "version": 6, "state": "held", **place, **past, **sat,
         "items": [{**item, **advised, "conditions": conditions, "decision": verdict, "state": "decided"}, other]},
        {"id": EMPTY, "version": 1, "state": "scheduled", **place, "starts_at": "2027-02-04T13:00:00Z",
         "ends_at": "2027-02-04T15:00:00Z"},
    ]  # fmt: skip


def _stays() -> list[Json]:
    where = {"host_unit_id": UNIT, "home_partner_id": LUBUMBASHI, "agreement_id": ACTIVE, "academic_year": "2026/2027"}
    return [{"id": STAY_ID, "version": 1, "state": "announced", "category": "postdoc", **where}]


def fact(number: int, aggregate: str, id: str, short: str, on: str, actor: str = "officer-1", /, **data: Any) -> Json:
    return {
        "id": uuid(900 + number), "type": f"passerelle.{aggregate}.{short}.v1", "subject": f"{aggregate}/{id}",
        "aggregate": aggregate, "time": f"{on}T09:00:00+00:00", "occurred_on": on, "actor": actor, "data": data,
    }  # fmt: skip


FACTS: Final = (
    fact(1, "stay", STAY_ID, "announced", "2026-11-01", category="postdoc"),
    fact(2, "agreement", SIGNING, "signed", "2026-10-30", signature_no=1, partner_id=OWN),
    fact(3, "agreement", SIGNING, "signing_opened", "2026-10-20"),
    fact(4, "agreement", SIGNING, "approved", "2026-10-19", "director-1"),
    fact(5, "meeting", HELD, "advice_given", "2026-10-01", "secretary-1", outcome="favourable_with_conditions"),
    fact(6, "agreement", SIGNING, "advice_requested", "2026-09-01"),
    fact(7, "agreement", SIGNING, "round_recorded", "2026-06-20", no=1, direction="sent", on="2026-06-20"),
    fact(8, "agreement", SIGNING, "negotiation_opened", "2026-06-11"),
    fact(9, "agreement", SIGNING, "review_recorded", "2026-03-20", kind="legal", outcome="positive"),
    fact(10, "agreement", SIGNING, "submitted_for_review", "2026-03-01"),
    fact(11, "partner", LUBUMBASHI, "rights_assessed", "2026-03-02", outcome="clear", assessed_on="2026-03-02"),
    fact(12, "agreement", SIGNING, "drafted", "2026-02-03"),
    fact(
        13, "partner", LUBUMBASHI, "privileged", "2020-01-01", "somebody-gone", reason={"fr": "Partenariat de 20 ans"}
    ),
)
HELD_BACK: Final = {"code": "signed-text-missing", "fr": "L’enregistrement attend une signature.",
                    "en": "Registration waits for a signature."}  # fmt: skip
RULES: Final = {"code": "rights-assessment-missing", "fr": "Le test des droits fondamentaux est absent.",
                "en": "The fundamental-rights test is missing."}  # fmt: skip
REFUSAL: Final = {
    "id": uuid(501), "time": "2026-10-20T09:12:00+00:00", "actor": "officer-1", "aggregate": "agreement",
    "aggregate_id": DRAFT, "command": "draft_agreement", "rule": "POL-03", "slug": "partner-blocked",
    "reason_fr": "Collaborations institutionnelles suspendues.", "reason_en": "Institutional partnerships are blocked.",
    "refs": {"partners": [BURUNDI]}, "partners": [BURUNDI],
}  # fmt: skip
FILE: Final = {
    "id": STAY_ID, "state": "registered",
    "person": {"given_name": "Bourse", "family_name": "23", "nationalities": ["CD"]},
    "period": {"from": "2026-12-01", "to": "2027-10-31"}, "host": {"unit_id": UNIT, "supervisor": "promoter-7"},
    "open_items": ["/email"],
}  # fmt: skip


@dataclass
class PaperOffice:
    """A `Door` onto the documents; commands are checked against their schema, noted in `asked`, and answered."""

    views: dict[str, dict[str, Json]] = field(default_factory=documents)
    asked: list[tuple[str, str | None, str | None, Mapping[str, Any], int | None]] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    problem: Problem | None = None
    away: bool = False
    facts: Sequence[Json] = FACTS

    async def page(self, who: Person, collection: str, query: Mapping[str, str]) -> Listing:
        wanted = {name: set(value.split(",")) for name, value in query.items() if name not in PAGING}
        found = [each for each in self.views[collection].values() if _fits(each, wanted)]
        found = [each for each in found if query.get("q", "").casefold() in str(each).casefold()]
        limit, start = int(query.get("limit", "50")), int(query.get("cursor", "0"))
        following = str(start + limit) if start + limit < len(found) else None
        return Listing(found[start : start + limit], following, len(found))

    async def one(self, who: Person, collection: str, id: str, min_version: int | None = None) -> Item | None:
        return self.views[collection].get(id)

    async def several(self, who: Person, collection: str, ids: Collection[str]) -> Mapping[str, Item]:
        return {id: self.views[collection][id] for id in ids if id in self.views[collection]}

    async def timeline(self, who: Person, partner_id: str, cursor: str | None) -> Listing:
        return Listing(self.facts if partner_id == LUBUMBASHI else ())

    async def history(self, who: Person, about: str, cursor: str | None) -> Listing:
        return Listing([each for each in self.facts if each["subject"] == about])

    async def actions(self, who: Person, collection: str, id: str) -> Sequence[Action] | Away:
        return Away() if self.away else OFFERED.get(collection, ())

    async def command(
        self, who: Person, collection: str, id: str | None, command: str | None, body: Mapping[str, Any],
        if_match: int | None, key: str,
    ) -> Done | Problem:  # fmt: skip
        self.asked.append((collection, id, command, body, if_match))
        if self.problem:
            return self.problem
        errors = _faults(collection, command, body)
        if errors:
            return Problem(422, {"type": "urn:passerelle:problem:invalid-input", "errors": errors})
        return Done(id or LUBUMBASHI, (if_match or 0) + 1)

    async def upload(
        self, who: Person, collection: str, id: str, file: UploadFile, key: str
    ) -> Mapping[str, Any] | Problem:
        self.uploads.append(str(file.filename))
        return {"document_id": uuid(701), "sha256": SHA}

    async def personal(self, who: Person, path: str, purpose: str) -> Mapping[str, Any] | Problem | Away:
        if self.away:
            return Away()
        collection, _, part = path.split("/")
        return READ_OUT.get((collection, part), FILE)

    async def today(self) -> date:
        return TODAY

    async def people(self) -> Sequence[Person]:
        return PEOPLE

    async def register(self, who: Person, query: Mapping[str, str]) -> Listing:
        numbered = [each for each in self.views["agreements"].values() if each.get("number")]
        return Listing(numbered, None, len(numbered))

    async def refusals(self, who: Person, query: Mapping[str, str]) -> Listing:
        return Listing([REFUSAL])


PAGING: Final = ("q", "cursor", "limit", "count")
OFFERED: Final[Mapping[str, Sequence[Action]]] = {
    "agreements": (
        Action("record_signature", True),
        Action("register_agreement", False, (HELD_BACK, RULES)),
        Action("edit_agreement", False, ({"code": "transition-not-allowed", "fr": "", "en": ""},)),
        Action("approve_agreement", False, ({"code": "not-permitted", "fr": "", "en": ""},)),
        Action("attach_document", True),
    ),
    "partners": (Action("edit_partner", True), Action("add_contact", True), Action("record_rights_assessment", True)),
    "committees": (Action("submit_item", True), Action("appoint_member", True)),
    "meetings": (Action("give_advice", True), Action("defer_item", True), Action("record_attendance", True)),
    "stays": (Action("register_stay", True),),
    "countries": (Action("assign_group", True),),
}


def _fits(item: Json, wanted: Mapping[str, set[str]]) -> bool:
    for name, values in wanted.items():
        if name == "partner_id":
            have = {party["partner_id"] for party in item.get("parties", ())}
        else:
            have = {str(item.get(name))}
        if not have & values:
            return False
    return True


CREATORS: Final = {
    "partners": ("partner", "register_partner"), "agreements": ("agreement", "draft_agreement"),
    "meetings": ("meeting", "schedule_meeting"), "committees": ("committee", "set_up_committee"),
    "stays": ("stay", "announce_stay"), "countries": ("country", "add_country"),
}  # fmt: skip


def _faults(collection: str, command: str | None, body: Mapping[str, Any]) -> list[Json]:
    """Null takes a value away; whether it may is the owner's to say."""
    aggregate, creator = CREATORS[collection]
    body = {name: value for name, value in body.items() if value is not None}
    schema = schema_of(aggregate, command or creator)
    assert schema is not None
    return [
        {
            "pointer": "/" + "/".join(str(part) for part in (*error.absolute_path, *_missing(error))),
            "code": _code(error),
        }
        for error in jsonschema.Draft202012Validator(schema).iter_errors(body)
    ]


def _missing(error: jsonschema.ValidationError) -> list[str]:
    if error.validator != "required":
        return []
    required: list[str] = list(error.validator_value)  # type: ignore[arg-type]
    return [name for name in required if name not in cast("Json", error.instance)][:1]


def _code(error: jsonschema.ValidationError) -> str:
    return {"required": "missing", "format": "date_parsing"}.get(str(error.validator), "other")
