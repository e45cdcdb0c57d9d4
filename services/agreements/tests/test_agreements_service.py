"""Agreements on the real store, over HTTP: what the table says, the story from draft to register, races, private reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from services.agreements.tests.agreement_office import (
    AFRICA_OFFICER,
    DECISION,
    DEVELOPING,
    DIRECTOR,
    ITEM,
    MEETING,
    OFFICER,
    READER,
    TODAY,
    TOKYO,
    YAOUNDE,
    Office,
    draft,
    number,
    parties,
    signature,
)
from services.agreements.tests.agreements_house import Agreements, house

from agreements.agreement import AGGREGATE
from chassis.mongo import Store
from contracts.meeting import AdviceGiven
from contracts.partner import (
    Answer,
    AssessedType,
    AssessmentOutcome,
    AssessmentPurpose,
    Blocked,
    BlockLifted,
    ReferralClosed,
    RightsAssessed,
    Standing,
    SubjectRef,
)
from contracts.types import AdviceOutcome

PAPER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PROBLEM = "urn:passerelle:problem:"


@pytest.fixture
async def agreements(database: Store, signing_keys: Path) -> AsyncIterator[Agreements]:
    async with house(database, signing_keys) as opened:
        yield opened
    await database.drop_database()


# --- the table over HTTP ---


async def test_a_command_that_its_state_does_not_offer_names_those_that_it_does(agreements: Agreements) -> None:
    office = Office()
    id_ = office.signing()
    await agreements.move_in(office)

    answer = await agreements.ask("register_agreement", id_)

    assert (answer.status_code, answer.json()["type"]) == (409, PROBLEM + "transition-not-allowed")
    assert answer.json()["allowed_commands"] == AGGREGATE.offered("signing")


async def test_a_policy_refusal_is_told_in_a_stream_of_its_own_and_leaves_the_agreement_alone(
    agreements: Agreements,
) -> None:
    office = Office()
    id_ = office.negotiating()
    await agreements.move_in(office)

    answer = await agreements.ask("approve_agreement", id_, {}, DIRECTOR)

    rows = await agreements.store["outbox"].find({}).to_list(10)
    assert answer.json()["reasons"][0]["fr"].startswith("Le test des droits fondamentaux de Université de Yaoundé I")
    assert (await agreements.state(id_)).version == office.state(id_).version
    assert len(rows) == 1
    assert "passerelle.agreements-refusal.events.v1" in str(rows)
    assert "POL-04" in str(rows)


async def test_what_may_be_done_now_says_in_both_languages_what_holds_it_back(agreements: Agreements) -> None:
    office = Office()
    id_ = office.negotiating(kind="framework", end_on=None)
    await agreements.move_in(office)

    answer = (await agreements.get(f"/{id_}/commands", DIRECTOR)).json()

    listed = {each["command"]: each for each in answer["commands"]}
    approval = listed["approve_agreement"]
    assert not approval["allowed"]
    assert [each["code"] for each in approval["reasons"]] == [
        "rights-assessment-missing",
        "advice-required",
        "dates-missing",
    ]
    assert approval["reasons"][1]["fr"] == (
        "Ce dossier doit recevoir l'avis du comité compétent (Groupe des pays en développement)\u00a0: il s'agit d'un "
        "accord-cadre, c'est la première convention avec Université de Yaoundé I."
    )
    assert listed["reject_agreement"]["allowed"]
    assert listed["register_agreement"]["reasons"][0]["code"] == "transition-not-allowed"


async def test_an_agreement_of_partners_with_a_long_history_is_taken_further(agreements: Agreements) -> None:
    office = Office()
    id_ = office.negotiating(kind="framework", end_on=None)
    await agreements.move_in(office)
    kept = await agreements.store["agreement"].find_one({"_id": id_})
    ended = {**kept, "state": "expired", "public": {**kept["public"], "state": "expired"}}
    await agreements.store["agreement"].insert_many([{**ended, "_id": f"old {n}"} for n in range(1_200)])

    answer = await agreements.get(f"/{id_}/commands", DIRECTOR)

    listed = {each["command"]: each for each in answer.json()["commands"]}
    assert [each["code"] for each in listed["approve_agreement"]["reasons"]] == [
        "rights-assessment-missing",
        "advice-required",
        "dates-missing",
    ]


# --- from draft to register ---


def assessed(id_: str, outcome: str = "clear", partner_id: str = YAOUNDE, n: int = 501) -> RightsAssessed:
    doubt = Answer.NO if outcome == "clear" else Answer.DOUBT
    return RightsAssessed(
        partner_id=partner_id,
        version=3,
        occurred_on=TODAY,
        assessment_id=number(n),
        subject_ref=SubjectRef(type=AssessedType.AGREEMENT, id=id_),
        purpose=AssessmentPurpose.CONCLUSION,
        q1_institution=Answer.NO,
        q2_activities=doubt,
        outcome=AssessmentOutcome(outcome),
        assessed_on=TODAY,
    )


async def test_the_story_from_draft_to_register_tells_no_name_no_note_and_no_answer(agreements: Agreements) -> None:
    await agreements.move_in(Office())
    canary = {"fr": "CANARY"}
    drafted = await agreements.done("draft_agreement", None, draft(resources={"level": "none", "note": canary}))
    id_ = drafted["id"]

    await agreements.done("submit_for_review", id_)
    await agreements.hear(assessed(id_, "referred"), YAOUNDE)
    closed = ReferralClosed(
        partner_id=YAOUNDE,
        version=4,
        occurred_on=TODAY,
        assessment_id=number(501),
        subject_ref=SubjectRef(type=AssessedType.AGREEMENT, id=id_),
        purpose=AssessmentPurpose.CONCLUSION,
        outcome=AssessmentOutcome.CLEARED,
        opinion_on=TODAY,
    )
    await agreements.hear(closed, YAOUNDE)
    for kind in ("legal", "faculty"):
        noted = {"kind": kind, "outcome": "positive_with_remarks", "note": "CANARY"}
        await agreements.done("record_review", id_, noted)
    await agreements.done("open_negotiation", id_)
    text = await agreements.upload(id_, PAPER)
    exchanged = {"direction": "sent", "on": TODAY.isoformat(), "document_id": text, "note": "CANARY"}
    await agreements.done("record_round", id_, exchanged)
    requested = await agreements.done("request_advice", id_, {"question": {"fr": "Que recommander ?"}})
    request_id = requested["pending_advice"]["request_id"]
    advice = AdviceGiven.model_validate(
        {
            "meeting_id": MEETING,
            "version": 5,
            "occurred_on": TODAY,
            "item_id": ITEM,
            "ref": {"type": "agreement", "id": id_},
            "request_id": request_id,
            "outcome": "favourable_with_conditions",
            "conditions": [{"no": 1, "text": {"fr": "Joindre un budget."}}],
            "committee_id": DEVELOPING,
            "given_on": TODAY,
        }
    )
    await agreements.hear(advice, MEETING, "one")
    await agreements.hear(advice, MEETING, "one")
    answers = {"request_id": request_id, "answers": [{"no": 1, "text": canary}]}
    await agreements.done("answer_advice_conditions", id_, answers)
    await agreements.done("approve_agreement", id_, {"note": "CANARY"}, DIRECTOR)
    signing = [{"party_no": no, "signatory_name": "CANARY", "signatory_function": "Recteur"} for no in (1, 2)]
    opened = await agreements.done(
        "open_signing", id_, {"document_id": text, "languages": ["fr"], "signatures": signing}
    )
    for no in (1, 2):
        signed = signature(no, sha256=opened["text"]["sha256"], document_id=await agreements.upload(id_, PAPER))
        await agreements.done("record_signature", id_, signed)
    registered = await agreements.done("register_agreement", id_)

    assert (registered["number"], registered["state"]) == ("ULB-2026-0001", "active")
    assert "CANARY" not in await agreements.spoken()
    stored = await agreements.store["agreement"].find({}).to_list(1)
    assert str(stored).count("CANARY") == 8


async def test_advice_for_a_request_that_is_not_open_any_more_publishes_nothing(agreements: Agreements) -> None:
    office = Office()
    id_ = office.negotiating()
    await agreements.move_in(office)
    advice = AdviceGiven.model_validate(
        {
            "meeting_id": MEETING,
            "version": 5,
            "occurred_on": TODAY,
            "item_id": ITEM,
            "ref": {"type": "agreement", "id": id_},
            "request_id": number(801),
            "outcome": "favourable",
            "committee_id": DEVELOPING,
            "given_on": TODAY,
        }
    )

    await agreements.hear(advice, MEETING)
    await agreements.hear(advice.model_copy(update={"outcome": AdviceOutcome.DEFERRED}), MEETING)
    await agreements.hear(advice.model_copy(update={"request_id": None}), MEETING)

    inbox = await agreements.store["inbox"].find({}).to_list(10)
    assert [row["not_possible"] for row in inbox] == [["transition-not-allowed"], [], []]
    assert await agreements.spoken() == ""


async def test_a_rights_test_for_another_file_or_an_unknown_agreement_changes_nothing(agreements: Agreements) -> None:
    await agreements.move_in(Office())
    other = SubjectRef(type=AssessedType.PROJECT, id=number(9))

    await agreements.hear(assessed(number(9)).model_copy(update={"subject_ref": other}), YAOUNDE)
    await agreements.hear(assessed(number(9)), YAOUNDE)

    assert await agreements.store["rights_assessments"].find({}).to_list(10) == []
    assert await agreements.spoken() == ""


# --- a partner's block ---


def blocked(version: int = 2) -> Blocked:
    return Blocked.model_validate(
        {
            "partner_id": YAOUNDE,
            "version": version,
            "occurred_on": TODAY,
            "scope": "institutional",
            "reason": {"fr": "Décision du conseil académique."},
            "decision_ref": DECISION,
            "transition": {"rule": "run_to_term"},
            "previous_standing": "active",
        }
    )


async def copy_of_the_block(agreements: Agreements, version: int = 2) -> None:
    """The partner's state arrives, as a projection writes it."""
    block = {"scope": "institutional", "from": TODAY.isoformat(), "decision_ref": DECISION}
    said = {"standing": "blocked", "block": block | {"transition": {"rule": "run_to_term"}}, "version": version}

    async def write(session: Any) -> None:
        await agreements.store["partner_copies"].update_one({"_id": YAOUNDE}, {"$set": said}, session=session)

    await agreements.store.transaction(write)


async def test_ch_04_and_ch_06_a_block_and_its_lifting_reach_every_live_agreement(agreements: Agreements) -> None:
    office = Office()
    bilateral, multilateral = office.registered(), office.registered(parties=parties(YAOUNDE, TOKYO))
    elsewhere, waiting = office.registered(parties=parties(TOKYO)), office.signed(kind="framework")
    await agreements.move_in(office)

    await copy_of_the_block(agreements)
    await agreements.hear(blocked(), YAOUNDE)
    states = [str((await agreements.state(each)).state) for each in (bilateral, multilateral, elsewhere, waiting)]
    flagged = (await agreements.state(multilateral)).party(2).flagged
    await agreements.store["partner_copies"].update_one(
        {"_id": YAOUNDE}, {"$set": {"standing": "active", "version": 3}, "$unset": {"block": 1}}
    )
    lifted = BlockLifted.model_validate(
        {
            "partner_id": YAOUNDE,
            "version": 3,
            "occurred_on": TODAY,
            "decision_ref": DECISION,
            "reason": "Nouveau test.",
            "standing": Standing.ACTIVE,
        }
    )
    await agreements.hear(lifted, YAOUNDE)

    assert states == ["in_transition", "active", "active", "signed"]
    assert flagged == "partner_blocked"
    assert (await agreements.state(bilateral)).state == "active"
    assert (await agreements.state(multilateral)).party(2).flagged is None


async def test_pol_03_a_block_raced_with_a_registration_never_leaves_an_active_agreement(
    agreements: Agreements,
) -> None:
    seen = set()
    for _ in range(12):
        office = Office()
        id_ = office.signed()
        await agreements.move_in(office)

        async def block() -> None:
            await copy_of_the_block(agreements)
            await agreements.hear(blocked(), YAOUNDE)

        answer, _ = await asyncio.gather(agreements.ask("register_agreement", id_), block())

        state = str((await agreements.state(id_)).state)
        seen.add((answer.status_code, state))
        assert (answer.status_code, state) in {(200, "in_transition"), (409, "signed")}
    assert seen


async def test_a11_an_adverse_test_raced_with_an_approval_is_seen_by_it_or_by_the_next_step(
    agreements: Agreements,
) -> None:
    for n in range(8):
        office = Office()
        id_ = office.approvable()
        await agreements.move_in(office)
        adverse = assessed(id_, "adverse", n=900 + n)

        answer, _ = await asyncio.gather(
            agreements.ask("approve_agreement", id_, {}, DIRECTOR), agreements.hear(adverse, YAOUNDE)
        )

        if answer.status_code == 412:
            answer = await agreements.ask("approve_agreement", id_, {}, DIRECTOR)
        if answer.status_code == 200:
            document = await agreements.upload(id_, PAPER)
            opening = office.opening(id_) | {"document_id": document}
            answer = await agreements.ask("open_signing", id_, opening)
        assert answer.json()["type"] == PROBLEM + "rights-assessment-adverse"


# --- the register ---


async def test_a2_registrations_at_the_same_moment_get_numbers_without_a_gap(agreements: Agreements) -> None:
    office = Office()
    units = [number(2_000 + n) for n in range(40)]
    ids = []
    for unit in units:
        with_unit = parties()
        with_unit[1] |= {"unit_id": unit}
        ids.append(office.signed(parties=with_unit))
    await agreements.move_in(office)

    answers = await asyncio.gather(*(agreements.ask("register_agreement", id_) for id_ in ids))

    assert {answer.status_code for answer in answers} == {200}
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"ULB-2026-{n:04d}" for n in range(1, 41)]
    audit = (await agreements.get("/audit/register?year=2026")).json()
    assert (audit["entries"], audit["gap_free"]) == (40, True)


async def test_a10_two_equal_agreements_registered_at_the_same_moment_are_one(agreements: Agreements) -> None:
    for _ in range(6):
        office = Office()
        ids = [office.signed(), office.signed()]
        await agreements.move_in(office)

        answers = await asyncio.gather(*(agreements.ask("register_agreement", id_) for id_ in ids))

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["type"] == PROBLEM + "overlapping-agreement"


async def test_a_registration_repeated_with_its_key_gives_the_same_answer(agreements: Agreements) -> None:
    office = Office()
    id_ = office.signed()
    await agreements.move_in(office)

    first = await agreements.ask("register_agreement", id_, {}, OFFICER, Idempotency_Key="once")
    again = await agreements.ask("register_agreement", id_, {}, OFFICER, Idempotency_Key="once")

    assert (again.status_code, again.json()["version"]) == (200, first.json()["version"])
    assert len(await agreements.store["register_entries"].find({}).to_list(10)) == 1


async def test_time_activates_and_ends_what_is_due(agreements: Agreements) -> None:
    office = Office()
    id_ = office.registered(start_on="2026-12-01", end_on="2027-11-30")
    await agreements.move_in(office)

    agreements.clock.day = date(2026, 12, 1)
    await agreements.scanner.advance()
    begun = str((await agreements.state(id_)).state)
    agreements.clock.day = date(2027, 12, 1)
    await agreements.scanner.advance()

    assert begun == "active"
    assert (await agreements.state(id_)).state == "expired"


# --- private reads ---


async def test_names_of_signatories_are_read_for_a_purpose_and_logged(agreements: Agreements) -> None:
    office = Office()
    id_ = office.signing()
    await agreements.move_in(office)

    unexplained = await agreements.get(f"/{id_}/signatories")
    shown = await agreements.get(f"/{id_}/signatories", AFRICA_OFFICER, Access_Purpose="relance")
    stranger = await agreements.get(f"/{id_}/signatories", READER, Access_Purpose="curiosity")

    assert (unexplained.status_code, stranger.status_code) == (400, 403)
    assert [each["signatory_name"] for each in shown.json()["items"]] == ["Signataire 1", "Signataire 2"]
    log = await agreements.store["access_log"].find({}).to_list(10)
    assert [(row["who"], row["what"], row["purpose"]) for row in log] == [
        ("africa-01", f"agreement/{id_}/signatories", "relance")
    ]


async def test_the_offices_part_of_a_file_is_for_the_office_and_without_names(agreements: Agreements) -> None:
    office = Office()
    id_, elsewhere = office.signing(), office.drafted(parties=parties(TOKYO))
    await agreements.move_in(office)

    shown = (await agreements.get(f"/{id_}/file", DIRECTOR)).json()
    out_of_scope = await agreements.get(f"/{elsewhere}/file", AFRICA_OFFICER)
    reader = await agreements.get(f"/{id_}/file", READER)

    assert shown["resources"] == {"level": "none"}
    assert [each["outcome"] for each in shown["rights_assessments"]] == ["clear"]
    assert "signatories" not in shown
    assert (out_of_scope.status_code, reader.status_code) == (403, 403)


async def test_the_audit_of_the_register_names_what_does_not_match(agreements: Agreements) -> None:
    office = Office()
    first, second = office.registered(), office.registered(parties=parties(TOKYO))
    lost = office.registered(kind="framework")
    await agreements.move_in(office)
    await agreements.store["register_entries"].delete_one({"_id": "2026-0002"})
    await agreements.store["agreement"].delete_one({"_id": lost})

    audit = (await agreements.get("/audit/register?year=2026", DIRECTOR)).json()
    every = (await agreements.get("/audit/register", DIRECTOR)).json()
    stranger = await agreements.get("/audit/register?year=2026", READER)
    never = await agreements.get("/audit/register?year=0", DIRECTOR)

    assert audit == {
        "year": 2026,
        "entries": 2,
        "missing_numbers": [2],
        "entries_without_agreement": [3],
        "agreements_without_entry": [second],
        "gap_free": False,
    }
    assert every == {"years": [audit]}
    assert (await agreements.state(first)).number == "ULB-2026-0001"
    assert stranger.status_code == 403
    assert [each["pointer"] for each in never.json()["errors"]] == ["?year"]
