"""The agreements of the demonstration, each taken from draft as far as its days go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from passerelle.demo.stage import Stage
from passerelle.demo.tables import Row, Step, chosen, day, first, matching, table

TERMS: Final = ("kind", "title", "purpose", "sdgs", "subject_areas", "start_on", "end_on", "renewal_mode", "promoter")
NO_RESOURCES: Final = {"level": "none"}
PLENARY: Final = {
    "fr": "Séance plénière du Conseil et des trois groupes : les dossiers y sont examinés ensemble.",
    "en": "Plenary of the council and the three groups: files are examined there together.",
}
QUESTION: Final = {
    "fr": "Quel avis rendre sur la conclusion de cette convention ?",
    "en": "What advice is given on the conclusion of this agreement?",
}


def steps() -> Iterator[Step]:
    for key, row in table("agreements.toml").items():
        for hour, (name, on) in enumerate(row["days"].items(), start=6):
            for play in PLAYS[name]:
                yield Step(day(on), hour, partial(play, key, row))


def draft(key: str, row: Row, stage: Stage) -> None:
    standing = stage.listed("agreements", partner_id=stage.ids[row["partner"]])
    found = first(standing, title=row["title"])
    if found is None:
        found = stage.create(row["officer"], "agreements", f"agreement {key}", _terms(row, stage))
    agreement = stage.know("agreements", found)
    stage.ids[key] = agreement["id"]
    if "seats_a_year" in row and not agreement.get("conditions"):
        stage.do("officer-01", "agreements", agreement["id"], "set-conditions", {"conditions": _conditions(row)})


def _terms(row: Row, stage: Stage) -> dict[str, Any]:
    parties = [{"partner_id": stage.own, "role": "own"}, {"partner_id": stage.ids[row["partner"]], "role": "partner"}]
    body = chosen(row, *TERMS) | {"parties": parties, "responsible_officer": row["officer"]}
    body |= {"languages": ["fr"], "resources": row.get("resources", NO_RESOURCES), "notice_months": 6}
    if "framework" in row:
        body["framework_id"] = stage.ids[row["framework"]]
    return body


def _conditions(row: Row) -> list[dict[str, Any]]:
    """So many study stays a year each way, for every academic year of the term."""
    first_year, last_year = int(row["start_on"][:4]), int(row["end_on"][:4])
    return [
        {
            "mobility_kind": "student_studies",
            "sending_party": sending,
            "receiving_party": 3 - sending,
            "first_academic_year": f"{first_year}/{first_year + 1}",
            "last_academic_year": f"{last_year - 1}/{last_year}",
            "mobilities_per_year": row["seats_a_year"],
            "languages": [{"lang": "en", "cefr": "B2"}],
            "subject_areas": [{"isced": code} for code in row["subject_areas"]],
            "total_months_per_year": str(5 * row["seats_a_year"]),
            "blended": False,
            "eqf_levels": [7],
        }
        for sending in (1, 2)
    ]


def submit(key: str, row: Row, stage: Stage) -> None:
    """With every review but the rights test, which is the next step."""
    agreement = _now(stage, key)
    if agreement["state"] == "draft":
        body = {"standard_template": True} if row.get("standard_template") else {}
        agreement = _do(stage, key, row["officer"], "submit-for-review", body)
    if row.get("reviewed", True) and agreement["state"] == "under_review":
        for review in matching(agreement["reviews"], outcome="pending"):
            if review["kind"] != "rights":
                _do(stage, key, row["officer"], "record-review", {"kind": review["kind"], "outcome": "positive"})


def test_rights(key: str, row: Row, stage: Stage) -> None:
    """Both answers are no; the agreement hears it from partners."""
    if not _rights_pending(_now(stage, key)) or not row.get("reviewed", True):
        return
    partner, subject = stage.ids[row["partner"]], {"type": "agreement", "id": stage.ids[key]}
    done = stage.door("officer-01").get(f"/api/v1/partners/{partner}/assessments")["items"]
    if first(done, subject_ref=subject) is None:
        answers = {"q1_institution": "no", "q2_activities": "no"}
        body = {"subject_ref": subject, "purpose": "conclusion", **answers}
        stage.do("officer-01", "partners", partner, "record-rights-assessment", body)


def negotiate(key: str, row: Row, stage: Stage) -> None:
    """Two rounds of text, one sent and one received."""
    agreement = _now(stage, key)
    if agreement["state"] == "under_review":
        agreement = _do(stage, key, row["officer"], "open-negotiation")
    if agreement["state"] == "negotiating":
        for number, direction in enumerate(("sent", "received"), start=1):
            if len(agreement.get("rounds", ())) < number:
                card = stage.upload(
                    row["officer"], "agreements", agreement["id"], f"{row['title']['fr']}, texte {number}"
                )
                body = {"direction": direction, "on": row["days"]["negotiate"], "document_id": card["document_id"]}
                agreement = _do(stage, key, row["officer"], "record-round", body)


def ask(key: str, row: Row, stage: Stage) -> None:
    agreement = _now(stage, key)
    if agreement["state"] == "negotiating" and not agreement.get("advice"):
        body: dict[str, Any] = {"question": QUESTION}
        if row.get("via") != "competent":
            body |= {"committee_id": stage.ids["council"], "reason": PLENARY}
        _do(stage, key, row["officer"], "request-advice", body)


def answer(key: str, row: Row, stage: Stage) -> None:
    agreement = _now(stage, key)
    if "advice" in row:
        agreement = _until(stage, key, lambda state: bool(state.get("advice")), "the committee's advice")
    for advice in agreement.get("advice", ()):
        unanswered = [each for each in advice.get("conditions", ()) if "answered_on" not in each]
        if unanswered:
            body = {"request_id": advice["request_id"], "answers": row["answers"]}
            _do(stage, key, row["officer"], "answer-advice-conditions", body)


def approve(key: str, row: Row, stage: Stage) -> None:
    if _now(stage, key)["state"] == "negotiating":
        _until(stage, key, lambda state: not _rights_pending(state), "the rights test")
        _do(stage, key, row.get("approver", "director-01"), "approve-agreement")


def open_signing(key: str, row: Row, stage: Stage) -> None:
    if _now(stage, key)["state"] == "approved":
        card = _paper(stage, key, row, "texte final")
        names = [(1, "Rectorat", "Rectrice ou recteur"), (2, "Rectorat partenaire", "Rectrice ou recteur")]
        signatures = [{"party_no": no, "signatory_name": n, "signatory_function": f} for no, n, f in names]
        body = {"document_id": card["document_id"], "languages": ["fr"], "signatures": signatures}
        _do(stage, key, row["officer"], "open-signing", body)


def sign(key: str, row: Row, stage: Stage) -> None:
    """The partner signs first; by one only where the table says so."""
    agreement = _now(stage, key)
    if agreement["state"] != "signing":
        return
    awaited = sorted(agreement["signatures"], key=lambda each: -each["party_no"])
    for signature in awaited[: row.get("signed_by", len(awaited))]:
        if "signed_on" not in signature:
            number = signature["signature_no"]
            card = stage.upload(
                row["officer"], "agreements", agreement["id"], f"{row['title']['fr']}, signature {number}"
            )
            body = {"signature_no": number, "signed_on": row["days"]["sign"], "method": "handwritten"}
            body |= {"sha256": agreement["text"]["sha256"], "document_id": card["document_id"]}
            _do(stage, key, row["officer"], "record-signature", body)


def register(key: str, row: Row, stage: Stage) -> None:
    if _now(stage, key)["state"] == "signed":
        _do(stage, key, row["officer"], "register-agreement")


def reject(key: str, row: Row, stage: Stage) -> None:
    if _now(stage, key)["state"] in ("under_review", "negotiating"):
        _do(stage, key, "director-01", "reject-agreement", {"reason": row["reason"]})


PLAYS: Final = {
    "draft": (draft,),
    "submit": (submit, test_rights),
    "negotiate": (negotiate,),
    "ask": (ask,),
    "approve": (answer, approve),
    "sign": (open_signing, sign),
    "register": (register,),
    "reject": (reject,),
}


def _paper(stage: Stage, key: str, row: Row, what: str) -> Row:
    return stage.upload(row["officer"], "agreements", stage.ids[key], f"{row['title']['fr']}, {what}")


def _rights_pending(agreement: Row) -> bool:
    return any(each["outcome"] == "pending" for each in matching(agreement.get("reviews", ()), kind="rights"))


def _now(stage: Stage, key: str) -> Row:
    return stage.now("agreements", stage.ids[key])


def _do(stage: Stage, key: str, by: str, command: str, body: Row | None = None) -> Row:
    return stage.do(by, "agreements", stage.ids[key], command, body)


def _until(stage: Stage, key: str, holds: Callable[[Row], bool], what: str) -> Row:
    return stage.until("agreements", stage.ids[key], holds, what)
