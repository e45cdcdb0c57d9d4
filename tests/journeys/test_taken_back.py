"""A question that is taken back leaves the agenda by itself; once the agenda has gone out, it can only be noted."""

from datetime import timedelta

import pytest
from tests.support.office import Office
from tests.support.people import File, Json
from tests.support.watching import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def about(shown: Json, agreement: File, member: str = "items") -> list[Json]:
    return [item for item in shown[member] if item["ref"]["id"] == agreement.id]


async def negotiated(office: Office, partner: File, count: int) -> list[File]:
    agreements = [await office.drafts(partner) for _ in range(count)]
    for agreement in agreements:
        await office.negotiates(agreement, partner)
    return agreements


async def test_a_rejected_file_waits_at_its_committee_no_more(office: Office) -> None:
    group = office.groups["emerging"]
    partner = await office.registers("Universidade do Planalto", "BR")
    (agreement,) = await negotiated(office, partner, 1)
    await office.asks_advice(agreement)
    await office.officer.sees(group, lambda shown: about(shown, agreement, "pending_items"))

    reason = {"fr": "Le dossier est incomplet.", "en": "The file is incomplete."}
    await office.director.does(agreement, "reject-agreement", {"reason": reason})

    await office.officer.sees(group, lambda shown: not about(shown, agreement, "pending_items"))
    withdrawn, *_ = await eventually(
        lambda: office.officer.lists(f"{group.path}/history"),
        lambda rows: rows[0]["type"].endswith(".item_withdrawn.v1"),
    )
    assert withdrawn["data"]["reason"] == reason["fr"]
    assert withdrawn["actor"] == "service:events"


async def test_a_request_taken_back_leaves_the_agenda_and_a_new_one_is_a_new_item(office: Office) -> None:
    group = office.groups["emerging"]
    partner = await office.registers("Can Tho University", "VN")
    kept, asked_twice, withdrawn = await negotiated(office, partner, 3)
    meeting = await office.schedules(group, office.today + timedelta(days=15))
    secretary = office.secretary(group)
    for agreement in (kept, asked_twice, withdrawn):
        await office.asks_advice(agreement)
    await secretary.sees(meeting, lambda shown: len(shown["items"]) == 3)
    (first,) = about(meeting.state, asked_twice)

    await office.officer.does(asked_twice, "withdraw-advice-request", {"reason": "Le texte change encore."})
    await secretary.sees(meeting, lambda shown: not about(shown, asked_twice))
    await office.asks_advice(asked_twice)
    await secretary.sees(meeting, lambda shown: about(shown, asked_twice))
    (second,) = about(meeting.state, asked_twice)
    assert second["item_id"] != first["item_id"]

    await office.convenes(meeting, group)
    await office.officer.does(withdrawn, "withdraw-agreement", {"reason": "Le partenaire renonce."})
    await secretary.sees(meeting, lambda shown: about(shown, withdrawn)[0]["state"] == "withdrawn")

    await office.campus.step(days=15)
    await secretary.reads(group)
    await office.holds(meeting, group)
    (item,) = about(meeting.state, withdrawn)
    advice = {"item_id": item["item_id"], "outcome": "favourable", "reasoning": {"fr": "Sans objet."}}
    refused = await secretary.tries_to(meeting, "give-advice", advice)
    assert refused.slug == "item-withdrawn"
    await secretary.does(meeting, "give-advice", {"item_id": item["item_id"], "outcome": "noted"})
    for agreement in (kept, asked_twice):
        await office.advises(meeting, group, about(meeting.state, agreement)[0]["item_id"])
        await office.officer.sees(agreement, lambda shown: shown["advice"])
    shown = await office.officer.reads(withdrawn)
    assert (shown["state"], shown["advice"]) == ("withdrawn", [])
