"""How each row of the partner's table goes well, and how it is refused by each slug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.partners.tests.partner_office import (
    ADVISER,
    AFRICA,
    COOPERATION,
    DECISION,
    DIRECTOR,
    OFFICER,
    OTHER_DIRECTOR,
    PLATFORM,
    PROMOTER,
    VICE_RECTOR,
    Office,
    agreement,
    named,
    university,
)
from tests.support.tables import Ask, Case, done, refused

from chassis.decide import Caller, Loaded
from contracts.partner import Standing

Body = Mapping[str, Any]

UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
SCHAC = {"scheme": "schac", "value": "unilu.ac.cd"}
WRONG = {"scheme": "oid", "value": "10209446"}
SUGGESTION = {"name": named("Université de Kinshasa"), "country": "CD", "reason": "Un séminaire commun."}
OWN = university("Université libre de Bruxelles", kind="own_institution", country="BE", city="Bruxelles")
FACULTY = {"name": {"fr": "Faculté des sciences", "en": "Faculty of science"}, "kind": "faculty"}
CONTACT = {
    "given_name": "Rôle",
    "family_name": "Douze",
    "function": {"fr": "Responsable des relations internationales"},
    "email": "role-12@example.org",
    "phone": "+243 81 000 00 12",
    "languages": ["fr"],
    "role": "exchange",
}
ASSESSMENT = {"purpose": "conclusion", "q1_institution": "no", "q2_activities": "no"}
DOUBTFUL = {**ASSESSMENT, "q1_institution": "doubt", "note": {"fr": "Un point reste à éclaircir."}}
OPINION = {"opinion": {"fr": "Rien ne s'y oppose."}, "outcome": "cleared"}
BLOCK = {"scope": "institutional", "reason": {"fr": "Atteintes graves à la liberté académique."}}
DECIDED = {"decision_ref": DECISION, "scope": "institutional", "transition": {"rule": "run_to_term"}}
UNDATED: dict[str, Any] = {"decision_ref": DECISION, "transition": {"rule": "end_by"}}
LIFT = {"decision_ref": DECISION, "reason": "La situation a changé."}
REASON = {"reason": "Code repris par erreur d'une ancienne liste."}


def register(office: Office, caller: Caller = OFFICER, **changes: Any) -> Ask:
    return Ask(None, university(**changes), caller)


def beside(office: Office, known: Body, new: Ask) -> Ask:
    """With a partner that is there already."""
    office.done("register_partner", known)
    return new


def suggest_again(office: Office) -> Ask:
    office.partner("suggested")
    return Ask(None, SUGGESTION, PROMOTER)


def to(office: Office, body: Body, caller: Caller = OFFICER, standing: str = "prospect", **changes: Any) -> Ask:
    return Ask(office.partner(standing, **changes), body, caller)


def named_by(kind: str, ask: Ask, office: Office) -> Ask:
    """With an agreement that names the partner."""
    assert ask.id
    office.keep("agreement_copies", agreement(ask.id, kind))
    return ask


def accept(office: Office, **body: Any) -> Ask:
    office.partner(identifiers=[SCHAC])
    return Ask(office.partner("suggested"), {"kind": "university", **body}, OFFICER)


def own_institution(office: Office, body: Body, caller: Caller = OFFICER) -> Ask:
    return Ask(str(office.done("register_partner", OWN, caller=PLATFORM).state.id), body, caller)


def close_unit(office: Office, *below: Body) -> Ask:
    id_ = office.partner()
    unit_id = office.done("add_unit", FACULTY, id_=id_).decision.answer["unit_id"]
    for unit in below:
        office.done("add_unit", {**unit, "parent_unit_id": unit_id}, id_=id_)
    return Ask(id_, {"unit_id": unit_id, "closed_on": "2026-10-31"}, OFFICER)


def with_contacts(office: Office, caller: Caller, *emails: str, **body: Any) -> Ask:
    """A command on the last of some contacts, or one more."""
    id_, contact = office.partner(), ""
    for email in emails:
        added = office.done("add_contact", {**CONTACT, "email": email}, id_=id_)
        contact = str(added.decision.answer["contact_id"])
    return Ask(id_, {name: contact if value == "{contact}" else value for name, value in body.items()}, caller)


def activate(office: Office, standing: str = "prospect", *, country_known: bool = True) -> Ask:
    id_ = office.partner(standing)
    if not country_known:
        del office.held["country", office.state(id_).country]
    return Ask(id_, {"relation_owner": "officer-01"}, OFFICER)


def assess(office: Office, **changes: Any) -> Ask:
    id_ = office.partner()
    return Ask(id_, {**ASSESSMENT, "subject_ref": {"type": "partner", "id": id_}, **changes}, OFFICER)


def answer(office: Office, caller: Caller, assessment: Body = DOUBTFUL, **changes: Any) -> Ask:
    """The opinion on an assessment by somebody who is an officer and a director."""
    id_ = office.partner()
    body = {**assessment, "subject_ref": {"type": "partner", "id": id_}}
    made = office.done("record_rights_assessment", body, id_=id_, caller=OTHER_DIRECTOR)
    return Ask(id_, {"assessment_id": made.decision.answer["assessment_id"], **OPINION, **changes}, caller)


def decide(office: Office, proposer: Caller | None = DIRECTOR, body: Body = DECIDED) -> Ask:
    ask = to(office, body, VICE_RECTOR, "active")
    if proposer:
        office.done("propose_block", BLOCK, id_=ask.id or "", caller=proposer)
    return ask


def amend(office: Office, caller: Caller = VICE_RECTOR, **body: Any) -> Ask:
    return to(office, {"decision_ref": DECISION, **body}, caller, "blocked")


def lift(office: Office, standing: str, *, assessed: bool = True) -> Ask:
    id_ = office.partner("active" if standing == "active" else "prospect")
    _stand(office, id_, standing)
    office.block(id_)
    if assessed:
        review = {**ASSESSMENT, "purpose": "review", "subject_ref": {"type": "partner", "id": id_}}
        office.done("record_rights_assessment", review, id_=id_)
    return Ask(id_, LIFT, VICE_RECTOR)


def attach(office: Office, media_type: str, audience: str) -> Ask:
    id_ = office.partner()
    card = {"_id": UNKNOWN, "aggregate": "partner", "aggregate_id": id_, "state": "pending", "title": "statuts"}
    office.keep("documents", card | {"media_type": media_type, "size_bytes": 10, "sha256": "0" * 64})
    return Ask(id_, {"document_id": UNKNOWN, "kind": "statutes", "audience": audience}, OFFICER)


def stage(office: Office) -> Ask:
    diff = [{"pointer": "/city", "ours": "Lubumbashi", "theirs": "Élisabethville"}]
    return to(office, {"run_id": UNKNOWN, "source": "eche", "diff": diff, "raw_ref": "row 4"}, PLATFORM)


def _stand(office: Office, id_: str, standing: str) -> None:
    held = office.held["partner", id_]
    office.held["partner", id_] = Loaded(
        held.state.model_copy(update={"standing": Standing(standing)}), held.private, held.at
    )


def partner_at(office: Office, standing: str) -> str:
    """A partner in that standing, also in those that no command leads to yet."""
    known = [id_ for aggregate, id_ in office.held if aggregate == "partner"]
    id_ = office.partner(confirmed_distinct_from=known)
    _stand(office, id_, standing)
    return id_


CASES: tuple[Case[Office], ...] = (
    done("register_partner", lambda o: register(o, identifiers=[SCHAC], address="Route Kasapa"), to="prospect"),
    done("register_partner", lambda o: Ask(None, OWN, PLATFORM), to="prospect"),
    *refused(
        "register_partner",
        identifier_taken=lambda o: beside(
            o, university("Institut supérieur", identifiers=[SCHAC]), register(o, identifiers=[SCHAC])
        ),
        identifier_invalid=lambda o: register(o, identifiers=[WRONG]),
        similar_partner_exists=lambda o: beside(o, university("University of Lubumbashi"), register(o)),
        own_institution_fixed=lambda o: Ask(None, OWN, OFFICER),
        not_permitted=lambda o: register(o, AFRICA, country="FR"),
    ),
    done("suggest_partner", lambda o: Ask(None, SUGGESTION, PROMOTER), to="suggested"),
    *refused("suggest_partner", similar_partner_exists=suggest_again),
    done("accept_suggestion", accept, to="prospect"),
    *refused(
        "accept_suggestion",
        identifier_taken=lambda o: accept(o, identifiers=[SCHAC]),
        identifier_invalid=lambda o: accept(o, identifiers=[WRONG]),
        own_institution_fixed=lambda o: accept(o, kind="own_institution"),
    ),
    done("dismiss_suggestion", lambda o: to(o, {"reason": "Déjà connu."}, standing="suggested"), to="archived"),
    done("edit_partner", lambda o: to(o, {"city": "Likasi", "address": "Avenue du Marché 3"})),
    *refused(
        "edit_partner",
        own_institution_fixed=lambda o: own_institution(o, {"kind": "ngo"}),
        kind_change_blocked_by_use=lambda o: named_by("framework", to(o, {"kind": "ngo"}), o),
    ),
    done("set_identifier", lambda o: to(o, SCHAC)),
    *refused(
        "set_identifier",
        identifier_taken=lambda o: beside(o, university("Institut supérieur", identifiers=[SCHAC]), to(o, SCHAC)),
        identifier_invalid=lambda o: to(o, WRONG),
        identifier_in_use_by_iia=lambda o: named_by(
            "iia", to(o, {"scheme": "schac", "value": "other.cd"}, identifiers=[SCHAC]), o
        ),
    ),
    done("remove_identifier", lambda o: to(o, {"scheme": "schac", **REASON}, identifiers=[SCHAC])),
    *refused(
        "remove_identifier",
        identifier_in_use_by_iia=lambda o: named_by(
            "iia", to(o, {"scheme": "schac", **REASON}, identifiers=[SCHAC]), o
        ),
        unknown_id=lambda o: to(o, {"scheme": "ror", **REASON}),
    ),
    done("add_unit", lambda o: to(o, FACULTY, AFRICA)),
    *refused("add_unit", unknown_id=lambda o: to(o, {**FACULTY, "parent_unit_id": UNKNOWN})),
    done("close_unit", close_unit),
    *refused(
        "close_unit",
        unit_in_use=lambda o: close_unit(o, {"name": {"fr": "Biologie"}, "kind": "department"}),
        unknown_id=lambda o: to(o, {"unit_id": UNKNOWN, "closed_on": "2026-10-31"}),
    ),
    done("add_contact", lambda o: to(o, CONTACT, ADVISER)),
    *refused(
        "add_contact",
        contact_email_duplicate=lambda o: with_contacts(o, OFFICER, "ROLE-12@example.org", **CONTACT),
        unknown_id=lambda o: to(o, {**CONTACT, "unit_id": UNKNOWN}),
    ),
    done(
        "edit_contact",
        lambda o: with_contacts(o, ADVISER, "role-12@example.org", contact_id="{contact}", left_on="2026-10-01"),
    ),
    *refused(
        "edit_contact",
        contact_email_duplicate=lambda o: with_contacts(
            o,
            OFFICER,
            "role-12@example.org",
            "role-13@example.org",
            contact_id="{contact}",
            email="role-12@example.org",
        ),
        unknown_id=lambda o: to(o, {"contact_id": UNKNOWN}),
    ),
    done(
        "remove_contact",
        lambda o: with_contacts(o, ADVISER, "role-12@example.org", contact_id="{contact}", reason="À sa demande."),
    ),
    *refused("remove_contact", unknown_id=lambda o: to(o, {"contact_id": UNKNOWN, "reason": "À sa demande."})),
    done("activate_partner", activate, to="active"),
    *refused(
        "activate_partner",
        identity_incomplete=lambda o: activate(o, "archived"),
        country_unknown=lambda o: activate(o, country_known=False),
    ),
    done("record_rights_assessment", assess),
    *refused("record_rights_assessment", assessment_date_in_future=lambda o: assess(o, assessed_on="2026-11-03")),
    done("record_referral_opinion", lambda o: answer(o, DIRECTOR)),
    *refused(
        "record_referral_opinion",
        second_person_required=lambda o: answer(o, OTHER_DIRECTOR),
        assessment_not_referred=lambda o: answer(o, DIRECTOR, ASSESSMENT),
        unknown_id=lambda o: answer(o, DIRECTOR, assessment_id=UNKNOWN),
    ),
    done("propose_block", lambda o: to(o, BLOCK, DIRECTOR, "active")),
    *refused("propose_block", own_institution_fixed=lambda o: own_institution(o, BLOCK, DIRECTOR)),
    done("decide_block", decide, to="blocked"),
    *refused(
        "decide_block",
        second_person_required=lambda o: decide(o, VICE_RECTOR),
        no_open_proposal=lambda o: decide(o, None),
        transition_date_missing=lambda o: decide(o, body={**UNDATED, "scope": "institutional"}),
    ),
    done("amend_block", lambda o: amend(o, scope="institutional_and_individual")),
    *refused(
        "amend_block",
        second_person_required=lambda o: amend(o, Caller(DIRECTOR.subject, VICE_RECTOR.roles), scope="institutional"),
        transition_date_missing=lambda o: amend(o, **UNDATED),
    ),
    done("lift_block", lambda o: lift(o, "prospect"), to="prospect"),
    done("lift_block", lambda o: lift(o, "active"), to="active"),
    done("lift_block", lambda o: lift(o, "dormant"), to="dormant"),
    *refused("lift_block", no_fresh_rights_assessment=lambda o: lift(o, "active", assessed=False)),
    done("attach_document", lambda o: attach(o, "application/pdf", "public")),
    *refused(
        "attach_document",
        document_type_refused=lambda o: attach(o, "message/rfc822", "public"),
        unknown_id=lambda o: to(o, {"document_id": UNKNOWN, "kind": "statutes"}),
    ),
    done("add_note", lambda o: to(o, {"text": "Appeler le service des relations internationales."}, COOPERATION)),
    done("confirm_data", lambda o: to(o, {"pointers": ["/city"]})),
    done("stage_change", stage),
)
