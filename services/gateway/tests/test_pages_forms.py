"""Forms without script: what is typed becomes the command's body, what is refused comes back with what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import httpx
import pytest
from services.gateway.tests.demo_office import (
    CONVENED,
    DRAFT,
    FOZ,
    HELD,
    LUBUMBASHI,
    MEMBER,
    NEGOTIATING,
    OWN,
    REQUEST,
    SHA,
    SIGNING,
    UNIT,
    YAOUNDE,
    PaperOffice,
    uuid,
)
from services.gateway.tests.test_pages import browser

from gateway.pages.door import Action, Problem
from gateway.pages.forms.entries import iso_day, iso_instant

TAKEN = 303

SHOWN = {
    "title.fr": "Accord-cadre de coopération 2027–2032",
    "purpose.fr": "Recherche et formation en santé publique.",
    "parties.0.partner_id": OWN,
    "parties.0.role": "own",
    "parties.1.partner_id": LUBUMBASHI,
    "parties.1.role": "partner",
    "start_on": "01/02/2027",
    "end_on": "31/01/2031",
    "renewal_mode": "express",
    "notice_months": "6",
}
"""What the form of the signed framework shows, but for its promoter."""


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', html)
    assert found, f"the form has no {name}"
    return unescape(found[1])


async def sent(office: PaperOffice, path: str, entries: Mapping[str, Any], files: Any = None) -> httpx.Response:
    """Opens the form, fills it in and sends it, with its key and version."""
    async with browser(office) as visitor:
        form = await visitor.get(path)
        assert form.status_code == 200, path
        own = {name: hidden(form.text, name) for name in ("key", "version") if f'name="{name}"' in form.text}
        return await visitor.post(path, data={**own, **entries}, files=files)


async def test_a_partner_is_registered_with_what_was_typed() -> None:
    office = PaperOffice()

    answer = await sent(
        office,
        "/fr/partners/new",
        {
            "name.display": "Université de Yaoundé I",
            "name.aliases": "UY1\r\nYaoundé One",
            "kind": "university",
            "country": "CM",
            "identifiers.0.scheme": "schac",
            "identifiers.0.value": "uy1.cm",
            "identifiers.1.scheme": "",
            "recognised_diplomas": "true",
        },
    )

    assert answer.status_code == TAKEN
    assert answer.headers["location"] == f"/fr/partners/{LUBUMBASHI}?seen=partner%3A1&done=register_partner"
    assert office.asked == [
        (
            "partners",
            None,
            None,
            {
                "kind": "university",
                "identifiers": [{"scheme": "schac", "value": "uy1.cm"}],
                "name": {"display": "Université de Yaoundé I", "aliases": ["UY1", "Yaoundé One"]},
                "country": "CM",
                "recognised_diplomas": True,
            },
            None,
        )
    ]


async def test_a_refused_form_keeps_what_was_typed_and_links_to_the_entry() -> None:
    office = PaperOffice()

    answer = await sent(office, "/fr/partners/new", {"name.display": "Université X", "kind": "university"})

    assert answer.status_code == 422
    assert 'value="Université X"' in answer.text
    assert '<a href="#f-country">Pays\u00a0: Cette réponse est nécessaire.</a>' in answer.text
    assert 'id="f-country-error-1"' in answer.text
    assert "<title>Erreur\u00a0: " in answer.text


async def test_a_text_that_is_needed_in_both_languages_says_which_one_is_missing() -> None:
    office = PaperOffice()

    answer = await sent(office, "/en/committees/new", {"kind": "council", "name.en": "Council"})

    assert "In both languages." in answer.text
    assert '<a href="#f-name-fr">Name: This entry is needed.</a>' in answer.text
    assert 'id="f-name-fr-error-1"' in answer.text


async def test_a_similar_partner_is_a_warning_that_can_be_confirmed() -> None:
    said = {
        "code": "similar-partner-exists",
        "fr": "Un partenaire semblable.",
        "en": "A similar one.",
        "pointer": "/name",
    }
    candidates = [{"id": YAOUNDE, "name": "Université de Yaoundé II", "score": 0.97}]
    office = PaperOffice(
        problem=Problem(
            409,
            {"type": "urn:passerelle:problem:similar-partner-exists", "reasons": [said], "candidates": candidates},
        )
    )
    typed = {"name.display": "Université de Yaoundé I", "kind": "university", "country": "CM"}

    warned = await sent(office, "/fr/partners/new", typed)
    office.problem = None
    confirmed = hidden(warned.text, "confirmed_distinct_from")
    answer = await sent(office, "/fr/partners/new", {**typed, "confirmed_distinct_from": confirmed})

    assert warned.status_code == 409
    assert f'<a href="/fr/partners/{YAOUNDE}">Université de Yaoundé II</a>' in warned.text
    assert answer.status_code == TAKEN
    assert office.asked[-1][3]["confirmed_distinct_from"] == [YAOUNDE]


async def test_a_line_is_added_and_removed_without_script() -> None:
    office = PaperOffice()
    typed = {"kind": "framework", "parties.0.partner_id": OWN, "parties.0.role": "own", "parties.1.role": "partner"}

    more = await sent(office, "/en/agreements/new", {**typed, "op": "add:parties"})
    less = await sent(office, "/en/agreements/new", {**typed, "parties.2.role": "associate", "op": "remove:parties.1"})

    assert 'name="parties.2.role"' in more.text
    assert '<option value="framework" selected>' in more.text
    assert 'name="parties.1.role"' not in less.text
    assert 'name="parties.2.role" value="associate" checked' in less.text
    assert office.asked == []


async def test_a_partner_is_looked_up_and_chosen_without_script() -> None:
    office = PaperOffice()

    found = await sent(
        office, "/en/agreements/new", {"parties.1.partner_id.q": "université", "op": "find:parties.1.partner_id"}
    )
    nothing = await sent(
        office, "/en/agreements/new", {"parties.1.partner_id.q": "zzz", "op": "find:parties.1.partner_id"}
    )

    assert f'name="parties.1.partner_id" value="{LUBUMBASHI}"' in found.text
    assert "Université de Yaoundé II (Yaoundé, Cameroon)" in found.text
    assert "Nothing was found for “zzz”." in nothing.text


def agreement(**more: str) -> dict[str, str]:
    return {
        "kind": "framework",
        "title.fr": "Accord-cadre avec l’Universidade da Foz",
        "purpose.fr": "Échanges",
        "parties.0.partner_id": OWN,
        "parties.0.role": "own",
        "parties.1.role": "partner",
        "responsible_officer": "officer-1",
        "resources.level": "none",
        **more,
    }


async def test_words_that_find_one_partner_are_enough() -> None:
    office = PaperOffice()

    answer = await sent(office, "/en/agreements/new", agreement(**{"parties.1.partner_id.q": "da foz"}))

    assert answer.status_code == TAKEN
    assert office.asked[0][3]["parties"][1] == {"partner_id": FOZ, "role": "partner"}


async def test_words_that_find_several_partners_ask_for_a_choice() -> None:
    office = PaperOffice()

    answer = await sent(office, "/en/agreements/new", agreement(**{"parties.1.partner_id.q": "université"}))

    assert answer.status_code == 422
    assert "Choose one of those found" in answer.text
    assert office.asked == []


async def test_an_edit_sends_only_what_changed_and_null_for_what_was_emptied() -> None:
    office = PaperOffice()
    shown = SHOWN | {"promoter": ""}

    answer = await sent(office, f"/fr/agreements/{SIGNING}/do/edit-agreement", shown)

    assert answer.status_code == TAKEN
    assert office.asked == [("agreements", SIGNING, "edit_agreement", {"end_on": "2031-01-31", "promoter": None}, 4)]


async def test_a_form_shows_the_file_as_it_is() -> None:
    async with browser() as visitor:
        form = await visitor.get(f"/en/agreements/{SIGNING}/do/edit-agreement")

    assert 'name="start_on" value="01/02/2027"' in form.text
    assert '<option value="promoter-7" selected>' in form.text
    assert f'name="parties.1.partner_id" value="{LUBUMBASHI}" checked' in form.text


async def test_a_rights_assessment_is_made_for_the_agreement_that_led_to_it() -> None:
    office = PaperOffice()
    path = f"/fr/partners/{LUBUMBASHI}/do/record-rights-assessment?agreement={NEGOTIATING}"

    async with browser(office) as visitor:
        form = await visitor.get(path)
    chosen = f"agreement:{NEGOTIATING}"
    await sent(
        office, path, {"subject_ref": chosen, "purpose": "conclusion", "q1_institution": "no", "q2_activities": "no"}
    )

    assert f'<option value="{chosen}" selected>' in form.text
    assert office.asked[0][3] == {
        "subject_ref": {"type": "agreement", "id": NEGOTIATING},
        "purpose": "conclusion",
        "q1_institution": "no",
        "q2_activities": "no",
    }


async def test_a_file_goes_to_its_owner_before_the_command_that_names_it() -> None:
    office = PaperOffice()

    answer = await sent(
        office,
        f"/fr/agreements/{NEGOTIATING}/do/record-round",
        {"direction": "received", "on": "2/11/26"},
        files={"document_id.file": ("texte.pdf", b"%PDF-1.7", "application/pdf")},
    )

    assert answer.status_code == TAKEN
    assert office.uploads == ["texte.pdf"]
    assert office.asked[0][3] == {"direction": "received", "on": "2026-11-02", "document_id": uuid(701)}


async def test_a_file_that_was_sent_is_kept_when_the_rest_is_refused() -> None:
    office = PaperOffice()

    refused = await sent(
        office,
        f"/fr/agreements/{NEGOTIATING}/do/record-round",
        {"on": "2/11/26"},
        files={"document_id.file": ("texte.pdf", b"%PDF-1.7", "application/pdf")},
    )

    assert refused.status_code == 422
    assert hidden(refused.text, "document_id") == uuid(701)
    assert "texte.pdf est gardé" in refused.text


async def test_conditions_are_answered_by_their_number() -> None:
    office = PaperOffice()
    path = f"/fr/agreements/{NEGOTIATING}/do/answer-advice-conditions"

    async with browser(office) as visitor:
        form = await visitor.get(path)
    entries = {"request_id": REQUEST, "answers.0.no": "2", "answers.0.text.fr": "Une coordination par site."}
    await sent(office, path, entries)

    assert "Nommer une coordination par site." in form.text
    assert "Joindre une annexe budgétaire." not in form.text
    assert office.asked[0][3] == {
        "request_id": REQUEST,
        "answers": [{"no": 2, "text": {"fr": "Une coordination par site."}}],
    }


async def test_the_conditions_of_an_advice_number_themselves() -> None:
    office = PaperOffice()

    await sent(
        office,
        f"/fr/meetings/{HELD}/do/give-advice",
        {
            "item_id": uuid(83),
            "outcome": "favourable_with_conditions",
            "conditions.0.text.fr": "",
            "conditions.1.text.fr": "Une annexe",
            "conditions.4.text.en": "A budget",
            "reasoning.fr": "Dossier solide",
            "votes.for": "10",
            "votes.against": "0",
            "votes.abstain": "1",
        },
    )

    body = office.asked[0][3]
    assert body["conditions"] == [{"no": 1, "text": {"fr": "Une annexe"}}, {"no": 2, "text": {"en": "A budget"}}]
    assert body["votes"] == {"for": 10, "against": 0, "abstain": 1}


async def test_the_roll_is_called_by_name() -> None:
    office = PaperOffice()
    path = f"/fr/meetings/{CONVENED}/do/record-attendance"

    async with browser(office) as visitor:
        form = await visitor.get(path)
    present = {
        "attendance.0.member_id": MEMBER,
        "attendance.0.present": "in_person",
        "attendance.1.member_id": uuid(92),
    }
    await sent(office, path, {**present, "attendance.1.present": "excused", "attendance.1.proxy_to": MEMBER})

    assert "Vice-recteur RI, Présidence" in form.text
    assert office.asked[0][3] == {
        "attendance": [
            {"member_id": MEMBER, "present": "in_person"},
            {"member_id": uuid(92), "present": "excused", "proxy_to": MEMBER},
        ]
    }


async def test_the_agenda_is_ordered_by_places() -> None:
    office = PaperOffice()

    await sent(office, f"/fr/meetings/{CONVENED}/do/order-items", {f"place.{uuid(81)}": "2", f"place.{uuid(83)}": "1"})

    assert office.asked[0][3] == {"order": [uuid(83), uuid(81)]}


async def test_a_signature_is_recorded_on_the_frozen_text() -> None:
    office = PaperOffice()

    async with browser(office) as visitor:
        form = await visitor.get(f"/fr/agreements/{SIGNING}/do/record-signature")
    await sent(
        office,
        f"/fr/agreements/{SIGNING}/do/record-signature",
        {"signature_no": "2", "signed_on": "30/10/2026", "method": "qes", "sha256": hidden(form.text, "sha256")},
    )

    assert "2. Université de Lubumbashi" in form.text
    assert office.asked[0][3] == {"signature_no": 2, "signed_on": "2026-10-30", "method": "qes", "sha256": SHA}


async def test_registering_says_what_will_happen_before_it_does() -> None:
    office = PaperOffice()
    path = f"/fr/agreements/{SIGNING}/do/register-agreement"

    async with browser(office) as visitor:
        form = await visitor.get(path)
    answer = await sent(office, path, {})

    assert "reçoit le prochain numéro de l’année" in form.text
    assert "L’enregistrement attend une signature." in form.text
    assert answer.status_code == TAKEN
    assert office.asked == [("agreements", SIGNING, "register_agreement", {}, 4)]


async def test_a_stay_is_announced_with_its_guest() -> None:
    office = PaperOffice()

    await sent(
        office,
        "/en/stays/new",
        {
            "person.given_name": "Bourse",
            "person.family_name": "23",
            "nationalities": ["CD", ""],
            "category": "postdoc",
            "host.unit_id": UNIT,
            "host.supervisor": "promoter-7",
            "period.from": "1/12/2026",
            "period.to": "2027-10-31",
        },
    )

    body = office.asked[0][3]
    assert body["nationalities"] == ["CD"]
    assert body["host"] == {"unit_id": UNIT, "supervisor": "promoter-7"}
    assert body["period"] == {"from": "2026-12-01", "to": "2027-10-31"}


async def test_a_meeting_begins_at_an_hour_of_brussels() -> None:
    office = PaperOffice()

    await sent(
        office,
        "/fr/meetings/new",
        {
            "committee_id": uuid(12),
            "starts_at": "3/12/2026 14:00",
            "ends_at": "03/12/2026 16h30",
            "mode": "hybrid",
            "place": "Salle du Conseil",
        },
    )

    assert office.asked[0][3]["starts_at"] == "2026-12-03T14:00:00+01:00"
    assert office.asked[0][3]["ends_at"] == "2026-12-03T16:30:00+01:00"


@pytest.mark.parametrize(
    ("slug", "status", "keeps_key"),
    [("owner-away", 503, True), ("partner-blocked", 409, False), ("version-stale", 412, False)],
)
async def test_the_form_is_sent_again_under_the_same_key_only_when_nothing_was_decided(
    slug: str, status: int, keeps_key: bool
) -> None:
    reasons = [{"code": slug, "fr": "Collaborations suspendues.", "en": "Blocked."}]
    body = {"type": f"urn:passerelle:problem:{slug}", "reasons": reasons, "version": 9}
    office = PaperOffice(problem=Problem(status, body))
    path = f"/fr/agreements/{DRAFT}/do/withdraw-agreement"

    async with browser(office) as visitor:
        form = await visitor.get(path)
        office.views["agreements"][DRAFT]["version"] = 9
        key = hidden(form.text, "key")
        entries = {"key": key, "version": "4", "reason": "Sans suite"}
        answer = await visitor.post(path, data=entries)

    assert answer.status_code == status
    assert "Sans suite" in answer.text
    assert (hidden(answer.text, "key") == key) is keeps_key
    assert hidden(answer.text, "version") == ("9" if slug == "version-stale" else "4")


async def test_a_refusal_by_a_rule_is_said_in_the_pages_language_with_a_way_forward() -> None:
    reasons = [
        {"code": "advice-required", "fr": "Ce dossier doit recevoir l’avis du comité.", "en": "Advice is needed."}
    ]
    office = PaperOffice(problem=Problem(409, {"type": "urn:passerelle:problem:advice-required", "reasons": reasons}))

    answer = await sent(office, f"/fr/agreements/{NEGOTIATING}/do/approve-agreement", {})

    assert "Ce dossier doit recevoir l’avis du comité." in answer.text
    assert "Advice is needed." not in answer.text
    assert f'<a href="/fr/agreements/{NEGOTIATING}/do/request-advice">Demander un avis</a>' in answer.text


async def test_a_form_speaks_of_the_owners_version_when_the_view_is_behind() -> None:
    class Ahead(PaperOffice):
        async def actions(self, who: Any, collection: str, id: str) -> list[Action]:
            return [Action("withdraw_agreement", True, (), 7)]

    async with browser(Ahead()) as visitor:
        form = await visitor.get(f"/fr/agreements/{DRAFT}/do/withdraw-agreement")

    assert hidden(form.text, "version") == "7"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("23/11/2026", "2026-11-23"),
        ("1.2.27", "2027-02-01"),
        ("2026-11-23", "2026-11-23"),
        ("31/02/2026", None),
        ("soon", None),
    ],
)
def test_dates_are_read_as_people_write_them(typed: str, meant: str | None) -> None:
    assert iso_day(typed) == meant


def test_an_hour_that_does_not_exist_is_not_understood() -> None:
    assert iso_instant("23/11/2026 25:00") is None
    assert iso_instant("23/11/2026") is None


async def test_there_is_no_form_for_what_is_no_command() -> None:
    async with browser() as visitor:
        unknown = await visitor.get(f"/fr/agreements/{DRAFT}/do/burn-agreement")
        creating = await visitor.get(f"/fr/agreements/{DRAFT}/do/draft-agreement")
        nowhere = await visitor.get("/fr/register/new")

    assert {unknown.status_code, creating.status_code, nowhere.status_code} == {404}


async def test_fields_of_education_are_chosen_by_name_and_kept() -> None:
    office = PaperOffice()
    async with browser(office) as visitor:
        form = (await visitor.get(f"/fr/agreements/{DRAFT}/do/edit-agreement")).text
        sent = {"key": "k", "version": "4", "subject_areas": ["0912", "0421", ""]}
        await visitor.post(f"/fr/agreements/{DRAFT}/do/edit-agreement", data=sent)

    assert '<option value="0421">0421 Droit</option>' in form
    assert office.asked[0][3]["subject_areas"] == ["0912", "0421"]


async def test_two_people_at_one_file_lose_nothing_and_overwrite_nothing_unseen() -> None:
    office, path = PaperOffice(), f"/fr/agreements/{SIGNING}/do/edit-agreement"
    shown = SHOWN | {"promoter": "promoter-7"}
    async with browser(office) as visitor:
        opened = (await visitor.get(path)).text
        office.views["agreements"][SIGNING] |= {"version": 9, "notice_months": 7, "end_on": "2032-06-30"}
        office.problem = Problem(412, {"type": "urn:passerelle:problem:version-stale", "version": 9})
        mine = {**shown, "key": "k", "version": "4", "before": hidden(opened, "before")}
        again = (await visitor.post(path, data=mine)).text
        office.problem = None
        resent = {**mine, "version": hidden(again, "version"), "before": hidden(again, "before"), "notice_months": "7"}
        await visitor.post(path, data=resent)

    said = unescape(re.sub(r"\s+", " ", again)).replace("\u00a0", " ")
    assert 'name="end_on" value="31/01/2031"' in again
    assert 'name="notice_months" value="7"' in again
    assert "Changé entre-temps en « 30/06/2032 »." in said
    assert "Repris tel que l’autre personne l’a laissé : Préavis, en mois." in said
    assert office.asked[0][3:] == ({"end_on": "2031-01-31"}, 4)
    assert office.asked[1][3:] == ({"end_on": "2031-01-31"}, 9)


async def test_a_draft_refused_for_its_partner_leads_to_the_decision() -> None:
    reasons = [{"code": "partner-blocked", "fr": "Collaborations suspendues.", "en": "Blocked."}]
    office = PaperOffice(problem=Problem(409, {"type": "urn:passerelle:problem:partner-blocked", "reasons": reasons}))
    typed = {
        "kind": "framework",
        "title.fr": "Essai",
        "purpose.fr": "Essai",
        "parties.0.partner_id": OWN,
        "parties.0.role": "own",
        "parties.1.partner_id": YAOUNDE,
        "parties.1.role": "partner",
    }

    answer = await sent(office, "/fr/agreements/new", typed)

    assert answer.status_code == 409
    assert f'<a href="/fr/partners/{YAOUNDE}">Lire la décision</a>' in answer.text
