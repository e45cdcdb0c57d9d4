"""The first agreement, from contact to register and campus: every step through the gateway, by whoever may take it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from tests.support.office import Office, pdf
from tests.support.people import File, Json, Person, Refused
from tests.support.subscriber import Heard, heard, kcat
from tests.support.watching import eventually

from contracts.agreement import AGREEMENT
from contracts.decode import decode
from contracts.roles import DIR, OFF

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVENTS = "passerelle.agreement.events.v1"
STATE = "passerelle.agreement.state.v1"
STEPS = (
    "drafted", "submitted_for_review", "review_recorded", "negotiation_opened", "round_recorded", "advice_requested",
    "advice_recorded", "advice_conditions_answered", "approved", "signing_opened", "signed", "fully_signed",
    "registered", "activated",
)  # fmt: skip


@dataclass
class Story:
    """The first agreement when everything has been done."""

    office: Office
    partner: File
    similar: Refused
    agreement: File
    meeting: File
    refused: dict[str, Refused]
    offered: dict[str, dict[str, Json]]
    registered_before: int


@pytest.fixture(scope="module")
async def story(office: Office) -> Story:
    registered_before = (await office.audit())["entries"]
    second = await office.registers("Université de Yaoundé II", "CM", city="Soa")
    partner, similar = await _registers_the_first(office, second)
    agreement = await office.drafts(partner, title=TITLE)
    refused: dict[str, Refused] = {}
    await office.negotiates(agreement, partner)
    await _exchanges_texts(office, agreement)
    offered = {who.subject: await office_offers(who, agreement) for who in (office.officer, office.director)}
    refused["without-advice"] = await office.director.tries_to(agreement, "approve-agreement")
    meeting = await _advised(office, agreement)
    await _answers(office, agreement, refused)
    refused["by-officer"] = await office.officer.tries_to(agreement, "approve-agreement")
    both = office.campus.person("officer-01", OFF, DIR)
    refused["one-person"] = await both.tries_to(agreement, "approve-agreement")
    await office.director.does(agreement, "approve-agreement")
    await _signed(office, agreement, refused)
    await office.registered(agreement)
    return Story(office, partner, similar, agreement, meeting, refused, offered, registered_before)


async def office_offers(who: Person, agreement: File) -> dict[str, Json]:
    """What this person may do now with the agreement, and what holds the rest back."""
    listed = await who.gets(f"{agreement.path}/commands")
    return {each["command"]: each for each in listed["commands"]}


TITLE = {
    "fr": "Accord-cadre avec l'Université de Yaoundé I",
    "en": "Framework agreement with the University of Yaoundé I",
}


async def _registers_the_first(office: Office, second: File) -> tuple[File, Refused]:
    body = {
        "kind": "university",
        "name": {"display": "Université de Yaoundé I", "local": [{"lang": "en", "value": "University of Yaoundé I"}]},
        "country": "CM",
        "city": "Yaoundé",
    }
    similar = await office.officer.tries_to_create("partners", body)
    return await office.officer.creates("partners", {**body, "confirmed_distinct_from": [second.id]}), similar


async def _exchanges_texts(office: Office, agreement: File) -> None:
    for direction in ("sent", "received"):
        card = await office.officer.hands_in(agreement, pdf(f"{direction}: projet de texte"), f"{direction}.pdf")
        body = {"direction": direction, "on": office.today.isoformat(), "document_id": card["document_id"]}
        await office.officer.does(agreement, "record-round", body)


async def _advised(office: Office, agreement: File) -> File:
    """Asked while a meeting of the group is scheduled: the item is on its agenda by itself."""
    group = office.groups["developing"]
    await office.schedules(office.groups["emerging"], office.today + timedelta(days=12))
    meeting = await office.schedules(group, office.today + timedelta(days=20))
    await office.asks_advice(agreement)
    secretary = office.secretary(group)
    await secretary.sees(meeting, lambda shown: [item["ref"]["id"] for item in shown["items"]] == [agreement.id])
    await office.convenes(meeting, group)
    await office.campus.step(days=20)
    await secretary.reads(group)
    await office.holds(meeting, group)
    condition = {"fr": "Prévoir un suivi annuel.", "en": "Provide for a yearly follow-up."}
    await office.advises(meeting, group, meeting["items"][0]["item_id"], condition)
    await office.officer.sees(agreement, lambda shown: shown["state"] == "negotiating" and shown["advice"])
    return meeting


async def _answers(office: Office, agreement: File, refused: dict[str, Refused]) -> None:
    refused["unanswered"] = await office.director.tries_to(agreement, "approve-agreement")
    answers = [{"no": 1, "text": {"fr": "Un comité de suivi se réunit chaque novembre."}}]
    body = {"request_id": agreement["advice"][0]["request_id"], "answers": answers}
    await office.officer.does(agreement, "answer-advice-conditions", body)


async def _signed(office: Office, agreement: File, refused: dict[str, Refused]) -> None:
    """Three signatures: ours, and two of the partner's."""
    card = await office.officer.hands_in(agreement, pdf("texte définitif"))
    named = [(1, "Rectrice"), (2, "Recteur"), (2, "Doyenne")]
    signatures = [
        {"party_no": no, "signatory_name": f"Signataire {function}", "signatory_function": function}
        for no, function in named
    ]
    body = {"document_id": card["document_id"], "languages": ["fr", "en"], "authentic_language": "fr"}
    await office.officer.does(agreement, "open-signing", {**body, "signatures": signatures})
    other = await office.officer.hands_in(agreement, pdf("un autre texte"))
    today = office.today.isoformat()
    changed = {"signature_no": 1, "signed_on": today, "method": "handwritten", "sha256": other["sha256"]}
    refused["other-text"] = await office.officer.tries_to(agreement, "record-signature", changed)
    copy = await office.officer.hands_in(agreement, pdf("exemplaire signé"))
    for number in (1, 2, 3):
        signature = {**changed, "signature_no": number, "sha256": card["sha256"], "document_id": copy["document_id"]}
        await office.officer.does(agreement, "record-signature", signature)
    refused["twice"] = await office.officer.tries_to(agreement, "record-signature", {**changed, "signature_no": 2})


async def test_a_similar_partner_is_warned_of_and_confirmed_to_be_another_one(story: Story) -> None:
    assert (story.similar.status, story.similar.slug) == (409, "similar-partner-exists")
    assert [each["name"] for each in story.similar.body["candidates"]] == ["Université de Yaoundé II"]
    assert story.similar.body["detail"].startswith("Un partenaire semblable existe déjà")


async def test_the_item_came_by_itself_onto_the_agenda_of_the_group_of_the_partners_country(story: Story) -> None:
    item = story.meeting["items"][0]
    assert story.meeting["committee_id"] == story.office.groups["developing"].id
    assert item["request_id"] == story.agreement["advice"][0]["request_id"]
    assert item["competence"]["committee_id"] == story.meeting["committee_id"]


async def test_the_advice_with_its_condition_was_heard_and_answered(story: Story) -> None:
    (advice,) = story.agreement["advice"]
    assert advice["outcome"] == "favourable_with_conditions"
    assert advice["given_on"] == story.meeting["starts_at"][:10]
    assert [each["no"] for each in advice["conditions"] if each["answered_on"]] == [1]
    assert "suivi se réunit" not in str(story.agreement.state)


async def test_what_may_be_done_and_what_holds_the_rest_back_is_told_to_each(story: Story) -> None:
    to_officer, to_director = (story.offered[subject] for subject in ("officer-01", "director-01"))
    assert to_officer["request_advice"]["allowed"]
    assert not to_officer["approve_agreement"]["allowed"]
    assert to_officer["approve_agreement"]["reasons"][0]["code"] == "not-permitted"
    (held,) = [each for each in to_director["approve_agreement"]["reasons"] if each["code"] == "advice-required"]
    assert "Groupe régional « pays en développement »" in held["fr"]
    assert "Regional group for developing countries" in held["en"]
    assert to_director["register_agreement"]["reasons"][0]["code"] == "transition-not-allowed"


async def test_a_paper_of_the_office_is_read_by_the_office_alone(story: Story) -> None:
    office, files = story.office, await story.office.officer.gets(f"{story.agreement.path}/file")
    path = f"{story.agreement.path}/documents/{files['text_document_id']}"
    read = await office.colleague.asks("GET", path)
    assert (read.status_code, read.content) == (200, pdf("texte définitif"))
    assert read.headers["content-type"] == "application/pdf"
    assert read.headers["content-disposition"].startswith("attachment")
    refused = await office.reader.tries("GET", path)
    assert (refused.status, refused.slug) == (403, "not-permitted")


async def test_each_step_is_refused_to_whoever_may_not_take_it(story: Story) -> None:
    refused = story.refused
    assert (refused["without-advice"].slug, refused["unanswered"].slug) == (
        "advice-required",
        "advice-conditions-unanswered",
    )
    assert (refused["by-officer"].status, refused["by-officer"].slug) == (403, "not-permitted")
    assert "director" in refused["by-officer"].body["roles"]
    assert (refused["one-person"].status, refused["one-person"].slug) == (403, "second-person-required")
    assert refused["other-text"].slug == "text-changed"
    assert refused["twice"].slug == "transition-not-allowed"
    assert "register_agreement" in refused["twice"].body["allowed_commands"]


async def test_it_is_registered_with_the_next_number_of_the_year_and_active_at_once(story: Story) -> None:
    agreement = await story.office.officer.reads(story.agreement)
    assert agreement["number"] == f"ULB-2026-{story.registered_before + 1:04d}"
    assert (agreement["state"], agreement["registered_on"]) == ("active", story.office.today.isoformat())
    assert [each["signed_on"] for each in agreement["signatures"]] == [story.office.today.isoformat()] * 3
    audit = await story.office.audit()
    assert audit["gap_free"]
    assert audit["entries"] == story.registered_before + 1


async def test_the_partner_is_a_prospect_no_more(story: Story) -> None:
    shown = await story.office.reader.sees(story.partner, lambda partner: partner["standing"] == "active")
    assert shown["name"]["display"] == "Université de Yaoundé I"


async def test_the_partners_timeline_tells_the_story_in_order(story: Story) -> None:
    path, partner = f"/api/v1/partners/{story.partner.id}/timeline", f"partner/{story.partner.id}"

    async def told() -> list[tuple[str, str]]:
        rows = await story.office.officer.lists(path)
        return [(row["subject"], row["type"].split(".")[2]) for row in reversed(rows)]

    story_told = await eventually(told, lambda seen: (partner, "activated") in seen)
    assert story_told[0] == (partner, "registered")
    own = [name for subject, name in story_told if subject == f"agreement/{story.agreement.id}"]
    assert tuple(dict.fromkeys(own)) == STEPS


async def test_the_register_lists_it(story: Story) -> None:
    found = await story.office.reader.gets("/api/v1/register", year="2026", q="Yaoundé")
    assert [(each["id"], each["number"]) for each in found["items"]] == [
        (story.agreement.id, story.agreement["number"])
    ]


async def test_a_campus_system_reads_it_with_nothing_but_a_kafka_client(story: Story) -> None:
    bootstrap, key = story.office.campus.bootstrap, story.agreement.id
    facts, states = await heard(bootstrap, EVENTS, key), await heard(bootstrap, STATE, key)
    told = {fact.type.split(".")[2]: fact for fact in facts}
    assert list(dict.fromkeys(fact.type.split(".")[2] for fact in facts)) == list(STEPS)
    registered, activated, last = told["registered"], told["activated"], states[-1]
    assert registered.value is not None
    assert activated.value is not None
    assert last.value is not None
    assert registered.value["number"] == activated.value["number"] == last.value["number"] == story.agreement["number"]
    assert (last.type, last.value["state"]) == ("passerelle.agreement.snapshot.v1", "active")
    assert last.headers["ce_sequence"] == f"{story.agreement.version:012d}" == activated.headers["ce_sequence"]
    assert _said(registered) == {
        "ce_source": "/passerelle/agreements",
        "ce_subject": f"agreement/{key}",
        "ce_partitionkey": key,
        "ce_actor": "officer-01",
        "ce_specversion": "1.0",
        "ce_factno": "1",
        "content-type": "application/json",
    }


def _said(record: Heard) -> dict[str, str]:
    names = ("source", "subject", "partitionkey", "actor", "specversion", "factno")
    return {f"ce_{name}": record.headers[f"ce_{name}"] for name in names} | {
        "content-type": record.headers["content-type"]
    }


async def test_kcat_reads_the_same_records_with_their_headers(story: Story) -> None:
    bootstrap, key = story.office.campus.bootstrap, story.agreement.id
    for topic in (EVENTS, STATE):
        assert kcat(bootstrap, topic, key) == await heard(bootstrap, topic, key)


async def test_the_contracts_alone_fold_the_facts_to_the_last_snapshot(story: Story) -> None:
    bootstrap, key = story.office.campus.bootstrap, story.agreement.id
    records = [
        decode([(name, value.encode()) for name, value in each.headers.items()], _bytes(each))
        for topic in (EVENTS, STATE)
        for each in await heard(bootstrap, topic, key)
    ]
    state = AGREEMENT.fold(None, [each.fact for each in records if each.fact])
    assert state.model_copy(update={"version": records[-1].envelope.sequence}) == records[-1].state


def _bytes(record: Heard) -> bytes | None:
    return json.dumps(record.value).encode() if record.value is not None else None


async def test_a_policy_refusal_stands_in_the_register_of_refusals_in_both_languages(story: Story) -> None:
    office = story.office
    ministry = await office.registers(
        "Ministère de l'Enseignement supérieur",
        "CM",
        kind="public_authority",
        level="foreign",
        governance="government_body",
    )
    own, body = {"partner_id": office.own_id, "role": "own"}, {"partner_id": ministry.id, "role": "partner"}
    draft = {
        "kind": "mou",
        "title": {"fr": "Protocole d'intention", "en": "Memorandum of understanding"},
        "parties": [own, body],
        "purpose": {"fr": "Formation de fonctionnaires."},
        "responsible_officer": office.officer.subject,
    }
    speaking = {language: office.officer.speaking(language) for language in ("fr", "en")}
    refused = {name: await officer.tries_to_create("agreements", draft) for name, officer in speaking.items()}
    assert {each.slug for each in refused.values()} == {"political-body-in-agreement"}
    assert "relève des autorités politiques" in refused["fr"].body["detail"]
    assert "is a political authority" in refused["en"].body["detail"]

    async def register() -> list[Json]:
        return await office.director.lists("/api/v1/refusals", partner_id=ministry.id)

    rows = await eventually(register, lambda seen: len(seen) == 2)
    for row in rows:
        assert (row["rule"], row["slug"], row["command"]) == ("POL-19", refused["fr"].slug, "draft_agreement")
        assert row["reason_fr"] == refused["fr"].body["detail"]
        assert row["reason_en"] == refused["en"].body["detail"]
        assert "(Cameroun)" in row["reason_fr"]
        assert "(Cameroon)" in row["reason_en"]
        assert row["actor"] == office.officer.subject
