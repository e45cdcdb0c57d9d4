"""Every row of the partner's command table: what it does, what it refuses, where it is not offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError
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

from chassis.decide import Caller, Refusal
from contracts.partner import PARTNER as CONTRACT
from contracts.partner import Standing
from partners.partner import AGGREGATE
from partners.partner.bodies import RegisterFromList

SCHAC = {"scheme": "schac", "value": "unilu.ac.cd"}
UNKNOWN = "01900000-0000-7000-8000-0000000000ff"
ASSESSMENT = {"purpose": "conclusion", "q1_institution": "no", "q2_activities": "no"}
DOUBTFUL = {**ASSESSMENT, "q1_institution": "doubt", "note": {"fr": "Un point reste à éclaircir."}}
CONTACT = {"given_name": "Rôle", "family_name": "Douze", "email": "role-12@example.org", "role": "exchange"}
BLOCK = {"scope": "institutional", "reason": {"fr": "Atteintes graves."}}
DECIDED = {"decision_ref": DECISION, "scope": "institutional", "transition": {"rule": "run_to_term"}}


# --- entering ---


def test_an_officer_registers_a_university_as_prospect() -> None:
    office = Office.open()
    taken = office.done("register_partner", university(identifiers=[SCHAC], address="Route Kasapa"))
    assert taken.state.standing is Standing.PROSPECT
    assert taken.state.identifier("schac") == "unilu.ac.cd"
    assert taken.private.address == "Route Kasapa"
    assert office.rows["identifier_claims"]["schac:unilu.ac.cd"]["partner_id"] == taken.state.id


def test_the_africa_officer_registers_in_africa_only() -> None:
    office = Office.open()
    office.done("register_partner", university(), caller=AFRICA)
    refusal = office.refused("register_partner", university("Université de Lille", country="FR"), caller=AFRICA)
    assert refusal.slug == "not-permitted"
    assert "africa_officer" in refusal.members["roles"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "missing"), [("public_authority", "level"), ("funder", "level"), ("network", "network_theme")]
)
def test_some_kinds_need_a_level_or_a_theme(kind: str, missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        Office.open().take("register_partner", university(kind=kind))


def test_an_identifier_that_fails_its_rule_is_refused() -> None:
    wrong = {"scheme": "erasmus", "value": "F  VERDUN1"}
    refusal = Office.open().refused("register_partner", university(identifiers=[wrong]))
    assert refusal.slug == "identifier-invalid"
    assert refusal.reasons[0].pointer == "/identifiers/0"


def test_an_identifier_of_another_partner_is_refused() -> None:
    office = Office.open()
    first = office.partner(identifiers=[SCHAC])
    second = university("Institut supérieur de commerce", identifiers=[{**SCHAC, "value": "UNILU.ac.cd "}])
    refusal = office.refused("register_partner", second)
    assert (refusal.slug, refusal.members["partner_id"]) == ("identifier-taken", first)


def test_a_similar_name_in_the_same_country_asks_for_confirmation() -> None:
    office = Office.open()
    known = office.partner(name=named("Université de Yaoundé II"), country="CM")
    yaounde = university("University of Yaounde I", country="CM")
    refusal = office.refused("register_partner", yaounde)
    assert refusal.slug == "similar-partner-exists"
    assert [one["id"] for one in refusal.members["candidates"]] == [known]  # type: ignore[attr-defined]
    office.done("register_partner", {**yaounde, "confirmed_distinct_from": [known]})


def test_a_similar_name_in_another_country_is_no_matter() -> None:
    office = Office.open()
    office.partner(name=named("Université catholique"), country="CM")
    office.done("register_partner", university("Université catholique", country="FR"))


def test_the_own_institution_is_registered_once_and_by_the_platform() -> None:
    """P3."""
    office = Office.open()
    own = university("Université libre de Bruxelles", kind="own_institution", country="BE")
    assert office.refused("register_partner", own).slug == "own-institution-fixed"
    office.done("register_partner", own, caller=PLATFORM)
    again = {**own, "name": named("Autre université")}
    assert office.refused("register_partner", again, caller=PLATFORM).slug == "own-institution-fixed"


def test_a_promoter_suggests_and_the_suggestion_is_their_own_file() -> None:
    office = Office.open()
    id_ = office.partner("suggested")
    assert office.state(id_).standing is Standing.SUGGESTED
    assert office.state(id_).promoters == (PROMOTER.subject,)
    assert office.private(id_).suggestion == "Un séminaire commun."


def test_a_similar_suggestion_is_warned_of() -> None:
    office = Office.open()
    office.partner("suggested")
    body = {"name": named("Universite de Kinshasa"), "country": "CD", "reason": "x"}
    assert office.refused("suggest_partner", body, caller=PROMOTER).slug == "similar-partner-exists"


def test_a_suggestion_is_accepted_with_its_kind() -> None:
    office = Office.open()
    id_ = office.partner("suggested")
    taken = office.done("accept_suggestion", {"kind": "university", "identifiers": [SCHAC]}, id_=id_)
    assert (taken.state.standing, taken.state.kind) == (Standing.PROSPECT, "university")
    assert taken.state.promoters == (PROMOTER.subject,)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"kind": "university", "identifiers": [SCHAC]}, "identifier-taken"),
        ({"kind": "university", "identifiers": [{"scheme": "pic", "value": "12"}]}, "identifier-invalid"),
        ({"kind": "own_institution"}, "own-institution-fixed"),
    ],
)
def test_what_an_acceptance_refuses(changes: Mapping[str, object], slug: str) -> None:
    office = Office.open()
    office.partner(identifiers=[SCHAC])
    id_ = office.partner("suggested")
    assert office.refused("accept_suggestion", changes, id_=id_).slug == slug


def test_a_dismissed_suggestion_is_archived() -> None:
    office = Office.open()
    assert office.state(office.partner("archived")).standing is Standing.ARCHIVED


# --- keeping up to date ---


def test_an_edit_changes_what_is_given_and_tells_private_members_without_values() -> None:
    office = Office.open()
    id_ = office.partner(address="Ancienne adresse")
    taken = office.done("edit_partner", {"city": "Likasi", "address": "Nouvelle adresse", "country": "CD"}, id_=id_)
    (edited,) = taken.facts
    assert {change.pointer: change.new for change in edited.changes} == {  # type: ignore[attr-defined]
        "/address": None,
        "/city": "Likasi",
    }
    assert (taken.state.city, taken.private.address) == ("Likasi", "Nouvelle adresse")


def test_an_edit_that_changes_nothing_leaves_the_version() -> None:
    office = Office.open()
    id_ = office.partner()
    taken = office.done("edit_partner", {"city": "Lubumbashi", "name": named("Université de Lubumbashi")}, id_=id_)
    assert taken.state.version == 1


def test_null_takes_a_value_away_and_a_name_stays() -> None:
    office = Office.open()
    id_ = office.partner()
    assert office.done("edit_partner", {"city": None}, id_=id_).state.city is None
    with pytest.raises(ValidationError, match="name cannot be taken away"):
        office.take("edit_partner", {"name": None}, id_=id_)


def test_nothing_becomes_the_own_institution_and_it_becomes_nothing_else() -> None:
    """P3."""
    office = Office.open()
    id_ = office.partner()
    assert office.refused("edit_partner", {"kind": "own_institution"}, id_=id_).slug == "own-institution-fixed"
    own = university("Université libre de Bruxelles", kind="own_institution", country="BE")
    own_id = office.done("register_partner", own, caller=PLATFORM).state.id
    assert office.refused("edit_partner", {"kind": "ngo"}, id_=own_id).slug == "own-institution-fixed"


@pytest.mark.parametrize(
    ("kind", "role", "new", "slug"),
    [
        ("framework", "partner", "ngo", "kind-change-blocked-by-use"),
        ("framework", "associate", "ngo", None),
        ("framework", "associate", "public_authority", "kind-change-blocked-by-use"),
        ("mou", "partner", "ngo", None),
    ],
)
def test_the_kind_stays_while_an_agreement_needs_it(kind: str, role: str, new: str, slug: str | None) -> None:
    """P13, as far as agreements name the partner."""
    office = Office.open()
    id_ = office.partner()
    office.keep("agreement_copies", agreement(id_, kind, role))
    outcome = office.take("edit_partner", {"kind": new, "level": "foreign"}, id_=id_)
    assert (outcome.slug if isinstance(outcome, Refusal) else None) == slug


def test_an_ended_agreement_needs_no_kind() -> None:
    office = Office.open()
    id_ = office.partner()
    office.keep("agreement_copies", agreement(id_, state="expired"))
    assert office.done("edit_partner", {"kind": "ngo"}, id_=id_).state.kind == "ngo"


def test_an_identifier_is_set_replaced_and_removed_with_its_claim() -> None:
    """P1, P2."""
    office = Office.open()
    id_ = office.partner()
    for value in ("unilu.ac.cd", "unilu.cd"):
        office.done("set_identifier", {"scheme": "schac", "value": value.upper()}, id_=id_)
        assert list(office.rows["identifier_claims"]) == [f"schac:{value}"]
        assert office.private(id_).received[0].text == value.upper()
    office.done("remove_identifier", {"scheme": "schac", "reason": "Code faux."}, id_=id_)
    assert (office.state(id_).identifiers, office.rows["identifier_claims"]) == ((), {})


def test_what_set_identifier_refuses() -> None:
    office = Office.open()
    office.partner(identifiers=[SCHAC])
    id_ = office.partner(name=named("Institut facultaire"), identifiers=[{"scheme": "schac", "value": "ifa.cd"}])
    office.keep("agreement_copies", agreement(id_, "iia"))
    assert office.refused("set_identifier", SCHAC, id_=id_).slug == "identifier-taken"
    wrong = {"scheme": "oid", "value": "10209446"}
    assert office.refused("set_identifier", wrong, id_=id_).slug == "identifier-invalid"
    other = {"scheme": "schac", "value": "other.cd"}
    assert office.refused("set_identifier", other, id_=id_).slug == "identifier-in-use-by-iia"
    removal = {"scheme": "schac", "reason": "x"}
    assert office.refused("remove_identifier", removal, id_=id_).slug == "identifier-in-use-by-iia"
    absent = {"scheme": "ror", "reason": "x"}
    assert office.refused("remove_identifier", absent, id_=id_).slug == "unknown-id"


def test_a_unit_is_closed_once_nothing_belongs_to_it() -> None:
    office = Office.open()
    id_ = office.partner()
    faculty = office.done("add_unit", {"name": {"fr": "Sciences"}, "kind": "faculty"}, id_=id_)
    unit_id = faculty.decision.answer["unit_id"]
    below = {"name": {"fr": "Biologie"}, "kind": "department", "parent_unit_id": unit_id}
    child = office.done("add_unit", below, id_=id_).decision.answer["unit_id"]
    contact = office.done("add_contact", {**CONTACT, "unit_id": child}, id_=id_).decision.answer["contact_id"]
    closing = {"closed_on": "2026-10-31"}
    for unit in (unit_id, child):
        assert office.refused("close_unit", {**closing, "unit_id": unit}, id_=id_).slug == "unit-in-use"
    office.done("edit_contact", {"contact_id": contact, "left_on": "2026-10-01"}, id_=id_)
    for unit in (child, unit_id):
        office.done("close_unit", {**closing, "unit_id": unit}, id_=id_)
    assert {unit.closed_on.isoformat() for unit in office.state(id_).units} == {"2026-10-31"}
    assert office.refused("close_unit", {**closing, "unit_id": UNKNOWN}, id_=id_).slug == "unknown-id"
    orphan = {**below, "parent_unit_id": UNKNOWN}
    assert office.refused("add_unit", orphan, id_=id_).slug == "unknown-id"


# --- people ---


def test_a_contact_is_told_by_id_and_role_alone() -> None:
    office = Office.open()
    id_ = office.partner()
    taken = office.done("add_contact", {**CONTACT, "function": {"fr": "Relations"}}, id_=id_, caller=ADVISER)
    told = b"".join(fact.model_dump_json().encode() for fact in taken.facts) + taken.state.model_dump_json().encode()
    assert not any(word in told for word in (b"Douze", b"example.org"))
    assert taken.private.contacts[0].family_name == "Douze"


def test_two_present_contacts_do_not_share_an_address() -> None:
    office = Office.open()
    id_ = office.partner()
    first = office.done("add_contact", CONTACT, id_=id_).decision.answer["contact_id"]
    same = {**CONTACT, "email": "ROLE-12@example.org"}
    assert office.refused("add_contact", same, id_=id_).slug == "contact-email-duplicate"
    second = office.done("add_contact", {**CONTACT, "email": "role-13@example.org"}, id_=id_)
    change = {"contact_id": second.decision.answer["contact_id"], "email": "role-12@example.org"}
    assert office.refused("edit_contact", change, id_=id_).slug == "contact-email-duplicate"
    office.done("edit_contact", {"contact_id": first, "left_on": "2026-01-31"}, id_=id_)
    office.done("edit_contact", change, id_=id_)


def test_a_removed_contact_leaves_no_personal_data() -> None:
    office = Office.open()
    id_ = office.partner()
    contact = office.done("add_contact", CONTACT, id_=id_).decision.answer["contact_id"]
    taken = office.done("remove_contact", {"contact_id": contact, "reason": "À sa demande."}, id_=id_)
    assert (taken.private.contacts, taken.state.contacts) == ((), ())
    assert office.refused("remove_contact", {"contact_id": contact, "reason": "x"}, id_=id_).slug == "unknown-id"
    assert office.refused("edit_contact", {"contact_id": contact}, id_=id_).slug == "unknown-id"
    stranger = {**CONTACT, "unit_id": UNKNOWN}
    assert office.refused("add_contact", stranger, id_=id_).slug == "unknown-id"


def test_a_document_is_attached_by_its_card() -> None:
    office = Office.open()
    id_ = office.partner()
    card = {
        "_id": UNKNOWN,
        "aggregate": "partner",
        "aggregate_id": id_,
        "state": "pending",
        "title": "statuts.eml",
        "media_type": "message/rfc822",
        "size_bytes": 10,
        "sha256": "0" * 64,
        "audience": "office",
    }
    office.keep("documents", card, {**card, "_id": DECISION["reference"], "aggregate_id": "other"})
    attach = {"document_id": UNKNOWN, "kind": "statutes"}
    public = {**attach, "audience": "public"}
    assert office.refused("attach_document", public, id_=id_).slug == "document-type-refused"
    taken = office.done("attach_document", attach, id_=id_)
    assert taken.decision.attaches == (UNKNOWN,)
    assert office.done("attach_document", attach, id_=id_).decision.is_empty
    missing = {**attach, "document_id": "01900000-0000-7000-8000-0000000000fe"}
    assert office.refused("attach_document", missing, id_=id_).slug == "unknown-id"


def test_a_note_stays_in_the_office() -> None:
    office = Office.open()
    id_ = office.partner()
    taken = office.done("add_note", {"text": "Appeler Madame Douze."}, id_=id_, caller=COOPERATION)
    assert taken.private.notes[0].text == "Appeler Madame Douze."
    assert b"Douze" not in taken.facts[0].model_dump_json().encode()


def test_data_are_confirmed_by_somebody_on_a_day() -> None:
    office = Office.open()
    id_ = office.partner()
    confirmed = office.done("confirm_data", {"pointers": ["/city"]}, id_=id_).state.data_confirmed
    assert (confirmed.by, confirmed.on, confirmed.pointers) == ("officer-01", office.today, ("/city",))


# --- standing ---


def test_activation_names_who_looks_after_the_relation() -> None:
    office = Office.open()
    taken = office.done("activate_partner", {"relation_owner": "officer-07"}, id_=office.partner())
    assert (taken.state.standing, taken.state.relation_owner) == (Standing.ACTIVE, "officer-07")


def test_what_activation_refuses() -> None:
    office = Office.open(("CD", "Africa"))
    owner = {"relation_owner": "officer-07"}
    dismissed = office.partner("archived")
    assert office.refused("activate_partner", owner, id_=dismissed).slug == "identity-incomplete"
    elsewhere = office.partner(name=named("Université de Liège"), country="BE")
    assert office.refused("activate_partner", owner, id_=elsewhere).slug == "country-unknown"


def test_two_times_no_is_clear_and_anything_else_is_referred() -> None:
    """P10."""
    office = Office.open()
    id_ = office.partner()
    subject = {"subject_ref": {"type": "partner", "id": id_}}
    clear = office.done("record_rights_assessment", {**ASSESSMENT, **subject}, id_=id_)
    assert clear.facts[0].outcome == "clear"  # type: ignore[attr-defined]
    for answers in (DOUBTFUL, {**DOUBTFUL, "q1_institution": "no", "q2_activities": "yes"}):
        taken = office.done("record_rights_assessment", {**answers, **subject}, id_=id_)
        assert taken.facts[0].outcome == "referred"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="needs a note"):
        office.take("record_rights_assessment", {**DOUBTFUL, **subject, "note": None}, id_=id_)
    later = {**ASSESSMENT, **subject, "assessed_on": "2026-11-03"}
    refusal = office.refused("record_rights_assessment", later, id_=id_)
    assert refusal.slug == "assessment-date-in-future"


def test_whoever_made_a_doubtful_assessment_does_not_close_it() -> None:
    """4E10, P10."""
    office = Office.open()
    id_ = office.partner()
    subject = {"subject_ref": {"type": "agreement", "id": UNKNOWN}}
    made = office.done("record_rights_assessment", {**DOUBTFUL, **subject}, id_=id_, caller=OTHER_DIRECTOR)
    assessment = {"assessment_id": made.decision.answer["assessment_id"]}
    opinion = {**assessment, "opinion": {"fr": "Rien ne s'y oppose."}, "outcome": "cleared"}
    refusal = office.refused("record_referral_opinion", opinion, id_=id_, caller=OTHER_DIRECTOR)
    assert refusal.slug == "second-person-required"
    closed = office.done("record_referral_opinion", opinion, id_=id_, caller=DIRECTOR)
    assert closed.facts[0].outcome == "cleared"  # type: ignore[attr-defined]
    again = office.refused("record_referral_opinion", opinion, id_=id_, caller=DIRECTOR)
    assert again.slug == "assessment-not-referred"
    absent = {**opinion, "assessment_id": UNKNOWN}
    assert office.refused("record_referral_opinion", absent, id_=id_, caller=DIRECTOR).slug == "unknown-id"


def test_an_assessment_is_never_changed_and_a_newer_one_stands_beside_it() -> None:
    """P11."""
    office = Office.open()
    id_ = office.partner()
    body = {**ASSESSMENT, "subject_ref": {"type": "partner", "id": id_}}
    first = office.done("record_rights_assessment", body, id_=id_).private.assessments
    second = office.done("record_rights_assessment", body, id_=id_).private.assessments
    assert second[:1] == first
    assert len(second) == 2


def test_a_block_takes_two_persons() -> None:
    """4E1, P4."""
    office = Office.open()
    id_ = office.partner("active")
    assert office.refused("decide_block", DECIDED, id_=id_, caller=VICE_RECTOR).slug == "no-open-proposal"
    office.done("propose_block", BLOCK, id_=id_, caller=VICE_RECTOR)
    refusal = office.refused("decide_block", DECIDED, id_=id_, caller=VICE_RECTOR)
    assert refusal.slug == "second-person-required"
    office.done("propose_block", BLOCK, id_=id_, caller=DIRECTOR)
    taken = office.done("decide_block", DECIDED, id_=id_, caller=VICE_RECTOR)
    assert taken.state.standing is Standing.BLOCKED
    assert taken.state.block.decision_ref.reference == "CA 2026-10/4"
    assert taken.state.block.from_ == office.today


def test_a_transition_to_a_date_names_the_date() -> None:
    office = Office.open()
    id_ = office.partner("active")
    office.done("propose_block", BLOCK, id_=id_, caller=DIRECTOR)
    ending = {**DECIDED, "transition": {"rule": "end_by"}}
    refusal = office.refused("decide_block", ending, id_=id_, caller=VICE_RECTOR)
    assert refusal.slug == "transition-date-missing"
    dated = {**DECIDED, "transition": {"rule": "end_by", "until": "2027-06-30"}}
    office.done("decide_block", dated, id_=id_, caller=VICE_RECTOR)
    change = {"decision_ref": DECISION, "transition": {"rule": "end_by"}}
    assert office.refused("amend_block", change, id_=id_, caller=VICE_RECTOR).slug == "transition-date-missing"


def test_the_own_institution_is_never_blocked() -> None:
    """P3."""
    office = Office.open()
    own = university("Université libre de Bruxelles", kind="own_institution", country="BE")
    own_id = office.done("register_partner", own, caller=PLATFORM).state.id
    assert office.refused("propose_block", BLOCK, id_=own_id, caller=DIRECTOR).slug == "own-institution-fixed"


def test_whoever_proposed_a_block_does_not_amend_it() -> None:
    office = Office.open()
    id_ = office.partner("blocked")
    change = {"decision_ref": DECISION, "scope": "institutional_and_individual"}
    proposer = Caller(DIRECTOR.subject, {"vice_rector": {}})
    assert office.refused("amend_block", change, id_=id_, caller=proposer).slug == "second-person-required"
    taken = office.done("amend_block", change, id_=id_, caller=VICE_RECTOR)
    assert taken.state.block.scope == "institutional_and_individual"


def test_a_block_is_lifted_after_a_fresh_favourable_assessment_only() -> None:
    office = Office.open()
    id_ = office.partner("active")
    review = {**ASSESSMENT, "purpose": "review", "subject_ref": {"type": "partner", "id": id_}}
    office.done("record_rights_assessment", {**review, "assessed_on": "2026-11-01"}, id_=id_)
    office.block(id_)
    lift = {"decision_ref": DECISION, "reason": "La situation a changé."}
    assert office.refused("lift_block", lift, id_=id_, caller=VICE_RECTOR).slug == "no-fresh-rights-assessment"
    office.done("record_rights_assessment", review, id_=id_)
    office.today = office.today.replace(year=2027, day=3)
    assert office.refused("lift_block", lift, id_=id_, caller=VICE_RECTOR).slug == "no-fresh-rights-assessment"
    office.today = office.today.replace(day=2)
    taken = office.done("lift_block", lift, id_=id_, caller=VICE_RECTOR)
    assert (taken.state.standing, taken.state.block) == (Standing.ACTIVE, None)


def test_a_lifted_block_gives_back_the_standing_before() -> None:
    office = Office.open()
    id_ = office.partner("prospect")
    office.block(id_)
    review = {**ASSESSMENT, "purpose": "review", "subject_ref": {"type": "partner", "id": id_}}
    office.done("record_rights_assessment", review, id_=id_)
    taken = office.done("lift_block", {"decision_ref": DECISION, "reason": "x"}, id_=id_, caller=VICE_RECTOR)
    assert taken.state.standing is Standing.PROSPECT


# --- lists ---


def from_list(**changes: Any) -> RegisterFromList:
    origin = {"type": "import", "ref": UNKNOWN}
    return RegisterFromList.model_validate(university(origin=origin, source="eche", **changes))


def test_a_row_of_a_list_goes_in_with_what_no_rule_admits_kept_as_received() -> None:
    """P2, P15: a list is never refused for a code or for a name."""
    office = Office.open()
    holder = office.partner(identifiers=[{"scheme": "oid", "value": "E10209446"}])
    codes = [{"scheme": "erasmus", "value": "F  VERDUN1"}, {"scheme": "oid", "value": "e10209446"}]
    body = from_list(identifiers=[*codes, {"scheme": "pic", "value": "999986290"}])
    taken = office.take_parsed(AGGREGATE.command("register_partner"), body, office.new_id(), PLATFORM)
    assert not isinstance(taken, Refusal)
    assert [one.scheme for one in taken.state.identifiers] == ["pic"]
    received = [(one.scheme, one.text, one.reason, one.partner_id) for one in taken.state.identifiers_received]
    assert received == [
        ("erasmus", "F  VERDUN1", "fails_format", None),
        ("oid", "e10209446", "belongs_to_other", holder),
    ]


def test_a_text_received_elsewhere_warns_whoever_registers_it() -> None:
    """P15."""
    office = Office.open()
    holder = office.partner(identifiers=[{"scheme": "oid", "value": "E10209446"}])
    body = from_list(name=named("Institut de Mbuji-Mayi"), identifiers=[{"scheme": "oid", "value": "E10209446"}])
    office.take_parsed(AGGREGATE.command("register_partner"), body, office.new_id(), PLATFORM)
    office.done("remove_identifier", {"scheme": "oid", "reason": "x"}, id_=holder)
    new = university("Tout autre nom", identifiers=[{"scheme": "oid", "value": "E10209446"}])
    assert office.refused("register_partner", new).slug == "similar-partner-exists"


def test_a_staged_change_is_kept_once_and_superseded_by_the_next() -> None:
    office = Office.open()
    id_ = office.partner()
    diff = [{"pointer": "/city", "ours": "Lubumbashi", "theirs": "Élisabethville"}]
    body = {"run_id": UNKNOWN, "source": "eche", "diff": diff, "raw_ref": "row 4"}
    first = office.done("stage_change", body, id_=id_, caller=PLATFORM).decision.answer["staged_change_id"]
    assert office.done("stage_change", body, id_=id_, caller=PLATFORM).decision.is_empty
    changed = {**body, "diff": [{**diff[0], "theirs": "Kolwezi"}]}
    second = office.done("stage_change", changed, id_=id_, caller=PLATFORM).decision.answer["staged_change_id"]
    states = {id_: row["state"] for id_, row in office.rows["staged_changes"].items()}
    assert states == {first: "superseded", second: "open"}


# --- the table ---

BODIES: dict[str, dict[str, Any]] = {
    "accept_suggestion": {"kind": "university"},
    "dismiss_suggestion": {"reason": "x"},
    "edit_partner": {"city": "Likasi"},
    "set_identifier": SCHAC,
    "remove_identifier": {"scheme": "schac", "reason": "x"},
    "add_unit": {"name": {"fr": "x"}, "kind": "faculty"},
    "close_unit": {"unit_id": UNKNOWN, "closed_on": "2026-01-01"},
    "add_contact": CONTACT,
    "edit_contact": {"contact_id": UNKNOWN},
    "remove_contact": {"contact_id": UNKNOWN, "reason": "x"},
    "activate_partner": {"relation_owner": "officer-01"},
    "record_rights_assessment": {**ASSESSMENT, "subject_ref": {"type": "partner", "id": UNKNOWN}},
    "record_referral_opinion": {"assessment_id": UNKNOWN, "opinion": {"fr": "x"}, "outcome": "cleared"},
    "propose_block": BLOCK,
    "decide_block": DECIDED,
    "amend_block": {"decision_ref": DECISION, "scope": "institutional"},
    "lift_block": {"decision_ref": DECISION, "reason": "x"},
    "attach_document": {"document_id": UNKNOWN, "kind": "statutes"},
    "add_note": {"text": "x"},
    "confirm_data": {},
    "stage_change": {"run_id": UNKNOWN, "source": "eche", "raw_ref": "x", "diff": [{"pointer": "/city"}]},
}


@pytest.mark.parametrize("row", [row for row in AGGREGATE.commands if not row.creates], ids=lambda row: row.name)
def test_no_row_is_offered_outside_its_states(row: Any) -> None:
    """P6 among them: a merged partner accepts no command."""
    office = Office.open()
    id_ = office.partner()
    anyone = Caller("anyone", {role: {} for role in row.roles})
    for standing in set(Standing) - set(row.from_states):
        loaded = office.held["partner", id_]
        office.held["partner", id_] = type(loaded)(
            loaded.state.model_copy(update={"standing": standing}), loaded.private
        )
        refusal = office.refused(row.name, BODIES[row.name], id_=id_, caller=anyone)
        assert refusal.slug == "transition-not-allowed"
        assert row.name not in refusal.members["allowed_commands"]  # type: ignore[operator]


@pytest.mark.parametrize("row", [row for row in AGGREGATE.commands if not row.creates], ids=lambda row: row.name)
def test_every_row_names_the_roles_that_have_it(row: Any) -> None:
    office = Office.open()
    standing = min({"prospect", "suggested", "blocked"} & {str(state) for state in row.from_states})
    id_ = office.partner(standing)
    refusal = office.refused(row.name, BODIES[row.name], id_=id_, caller=Caller("reader-01", {"reader": {}}))
    assert (refusal.slug, refusal.members["roles"]) == ("not-permitted", [str(role) for role in row.roles])


def test_every_slug_of_the_table_has_a_title() -> None:
    listed = {slug for row in AGGREGATE.commands for slug in row.refusals}
    assert listed - {"second-person-required", "document-type-refused"} <= set(AGGREGATE.problems)


def test_what_holds_a_command_back_is_said_before_it_is_tried() -> None:
    office = Office.open()
    id_ = office.partner("active")
    office.done("propose_block", BLOCK, id_=id_, caller=VICE_RECTOR)
    loaded = office.held["partner", id_]
    held: dict[str, list[str]] = {}
    for row in AGGREGATE.commands:
        if row.held:
            context = office.context(row, None, id_, VICE_RECTOR, "partner")
            held[row.name] = [refusal.slug for refusal in row.held(loaded.state, loaded.private, context)]
    assert held == {
        "activate_partner": [],
        "record_referral_opinion": ["assessment-not-referred"],
        "propose_block": [],
        "decide_block": ["second-person-required"],
        "amend_block": [],
        "lift_block": ["no-fresh-rights-assessment"],
    }


def test_the_facts_folded_are_the_public_state() -> None:
    office = Office.open()
    id_ = office.partner("blocked", identifiers=[SCHAC])
    office.done("add_contact", CONTACT, id_=id_, caller=OFFICER)
    assert CONTRACT.fold(None, office.facts[id_]) == office.state(id_)
