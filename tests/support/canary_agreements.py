"""The commands of an agreement, each once, with a mark in what stays with the office."""

from __future__ import annotations

from tests.support.canary import MARK, PUBLIC, TEXT, Canary
from tests.support.office import Office, pdf
from tests.support.people import File, Json

from contracts.roles import PRO


async def agreements(canary: Canary) -> None:
    office, officer = canary.office, canary.office.officer
    partner = await office.registers("Keio Gijuku", "JP")
    agreement = await office.drafts(partner, kind="exchange", resources=resources("10000.00"))
    await officer.does(agreement, "edit-agreement", {"resources": resources("20000.00"), "title": PUBLIC})
    await officer.does(agreement, "set-conditions", {"conditions": [condition(office)]})
    await _ended_early(office, partner)
    await _negotiated(canary, agreement, partner)
    await _advised(office, agreement)
    await office.director.does(agreement, "approve-agreement", {"note": f"{MARK} a relu."})
    await _frozen(office, agreement)
    await office.director.does(agreement, "reopen-negotiation", {"reason": "Une clause change."})
    await office.director.does(agreement, "approve-agreement", {"note": f"{MARK} a relu."})
    sha256 = await _frozen(office, agreement)
    await office.signs(agreement, sha256)
    await office.registered(agreement)
    await officer.does(agreement, "assign-officer", {"responsible_officer": office.colleague.subject})
    for part in ("file", "signatories"):
        await canary.reads(officer, f"{agreement.path}/{part}")


def resources(amount: str) -> Json:
    money = {"amount": amount, "currency": "EUR"}
    return {"level": "committed", "amount": money, "note": {"fr": f"Payé par {MARK}."}}


def condition(office: Office) -> Json:
    year = f"{office.today.year}/{office.today.year + 1}"
    return {
        "mobility_kind": "student_studies",
        "sending_party": 1,
        "receiving_party": 2,
        "first_academic_year": year,
        "last_academic_year": year,
        "mobilities_per_year": 2,
        "blended": False,
        "eqf_levels": [7],
    }


async def _ended_early(office: Office, partner: File) -> None:
    rejected = await office.drafts(partner, kind="cotutelle")
    await office.officer.does(rejected, "submit-for-review")
    await office.director.does(rejected, "reject-agreement", {"reason": PUBLIC})
    promoter = office.campus.person(office.promoter.subject, PRO)
    withdrawn = await office.drafts(partner, kind="cotutelle")
    await promoter.does(withdrawn, "withdraw-agreement", {"reason": "Sans suite."})


async def _negotiated(canary: Canary, agreement: File, partner: File) -> None:
    office, officer = canary.office, canary.office.officer
    await officer.does(agreement, "submit-for-review")
    await office.assesses(agreement, partner)
    await officer.sees(agreement, lambda shown: "positive" in {each["outcome"] for each in shown["reviews"]})
    for review in [each["kind"] for each in agreement["reviews"] if each["outcome"] == "pending"]:
        remarks = {"kind": review, "outcome": "positive_with_remarks", "note": f"{MARK} fait une remarque."}
        await officer.does(agreement, "record-review", remarks)
    await officer.does(agreement, "open-negotiation")
    card = await officer.hands_in(agreement, pdf(f"{MARK} propose ce texte"), f"{MARK}.pdf")
    received = {"direction": "received", "on": office.today.isoformat(), "note": f"Reçu de {MARK}."}
    await officer.does(agreement, "record-round", {**received, "document_id": card["document_id"]})
    annex = await officer.hands_in(agreement, pdf(f"Annexe de {MARK}"), f"{MARK}-annexe.pdf")
    await officer.does(
        agreement,
        "attach-document",
        {"document_id": annex["document_id"], "kind": "annex", "title": f"Annexe de {MARK}"},
    )


async def _advised(office: Office, agreement: File) -> None:
    await office.asks_advice(agreement)
    await office.officer.does(agreement, "withdraw-advice-request", {"reason": "Question à préciser."})
    committee = office.groups["industrialised"]
    await office.hears_advice(agreement, committee=committee, conditions=[PUBLIC])
    answer = {"request_id": agreement["advice"][-1]["request_id"], "answers": [{"no": 1, "text": TEXT}]}
    await office.officer.does(agreement, "answer-advice-conditions", answer)


async def _frozen(office: Office, agreement: File) -> str:
    card = await office.officer.hands_in(agreement, pdf(f"{MARK} signera"), f"{MARK}-final.pdf")
    named = [
        {"party_no": party["no"], "signatory_name": f"{MARK} {party['no']}", "signatory_function": f"Rectorat {MARK}"}
        for party in agreement["parties"]
    ]
    body = {"document_id": card["document_id"], "languages": ["fr"], "signatures": named}
    await office.officer.does(agreement, "open-signing", body)
    return str(card["sha256"])
