"""The staff pages, read as a browser without script reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

import httpx
import pytest
from services.gateway.tests.demo_office import (
    ACTIVE,
    ADVISED,
    BURUNDI,
    COUNCIL,
    DRAFT,
    ENDED,
    FOZ,
    GROUP,
    HELD,
    LUBUMBASHI,
    NEGOTIATING,
    SIGNING,
    STAY_ID,
    PaperOffice,
    fact,
)
from services.gateway.tests.demo_papers import PAPER
from services.gateway.tests.pages_house import paper_app

from chassis.mongo import StoreAway
from gateway.pages.door import Listing, Person, Problem

READ: Final = (
    "/",
    "/search?q=foz",
    "/partners",
    f"/partners/{LUBUMBASHI}",
    f"/partners/{BURUNDI}",
    f"/partners/{LUBUMBASHI}/agreements",
    f"/partners/{LUBUMBASHI}/people?purpose=correspondence",
    f"/partners/{FOZ}/identity",
    f"/partners/{LUBUMBASHI}/history",
    "/agreements",
    *(f"/agreements/{id}" for id in (DRAFT, NEGOTIATING, SIGNING, ACTIVE, ADVISED, ENDED)),
    f"/agreements/{ACTIVE}/conditions",
    f"/agreements/{SIGNING}/history",
    f"/agreements/{SIGNING}/documents?purpose=correspondence",
    "/register",
    "/refusals",
    "/committees",
    f"/committees/{GROUP}",
    f"/committees/{COUNCIL}",
    "/meetings",
    f"/meetings/{HELD}",
    "/stays",
    f"/stays/{STAY_ID}?purpose=handling%20of%20the%20stay",
    "/countries",
    "/countries/CD",
    "/profile",
    "/help",
)
CODE: Final = re.compile(r"\b[a-z]+_[a-z_]+\b")
UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}")


class Words(HTMLParser):
    """What a person reads: the text between the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def words(html: str) -> str:
    reader = Words()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.said))


def browser(office: PaperOffice | None = None, person: str = "officer-1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(paper_app(office or PaperOffice()))
    return httpx.AsyncClient(transport=transport, base_url="http://passerelle", cookies={"person": person})


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", READ)
async def test_a_page_reads_in_words_never_in_codes_or_ids(path: str, language: str) -> None:
    async with browser() as visitor:
        answer = await visitor.get(f"/{language}{path}")

    said = words(answer.text)
    assert answer.status_code == 200
    assert f'lang="{"fr-BE" if language == "fr" else "en-GB"}"' in answer.text
    assert not UUID.search(said)
    assert not CODE.search(said), CODE.findall(said)


async def test_the_other_language_keeps_path_and_query() -> None:
    async with browser() as visitor:
        answer = await visitor.get("/fr/partners?country=CD&standing=privileged")

    assert 'href="/en/partners?country=CD&amp;standing=privileged" hreflang="en" lang="en"' in answer.text


async def test_a_list_shows_its_filters_and_says_which_it_left_out() -> None:
    async with browser() as visitor:
        answer = await visitor.get("/fr/partners?standing=privileged&kind=zzz")

    said = words(answer.text)
    assert "Statut : Partenaire privilégié" in said.replace("\u00a0", " ")
    assert "1 filtre ignoré : Nature = zzz" in said.replace("\u00a0", " ")
    assert "Université de Lubumbashi" in said
    assert "Universidade da Foz" not in said


async def test_a_list_goes_on_at_the_next_page_with_its_filters() -> None:
    office = PaperOffice()
    partner = office.views["partners"][FOZ]
    office.views["partners"] |= {f"p{number}": {**partner, "id": f"p{number}"} for number in range(60)}

    async with browser(office) as visitor:
        first = await visitor.get("/en/partners?country=PT")
        address = re.search(r'href="([^"]+)" rel="next"', first.text)
        assert address
        second = await visitor.get(address[1].replace("&amp;", "&"))

    assert "61 partners" in first.text
    assert second.text.count("Universidade da Foz") == 11


async def test_a_list_goes_back_page_by_page_by_its_address_alone() -> None:
    office = PaperOffice()
    partner = office.views["partners"][FOZ]
    office.views["partners"] |= {f"p{number:03}": {**partner, "id": f"p{number:03}"} for number in range(140)}
    walked: list[str] = []
    async with browser(office) as visitor:
        page = (await visitor.get("/en/partners?country=PT")).text
        assert 'rel="prev"' not in page
        for way in ("next", "next", "prev", "prev"):
            address = re.search(rf'href="([^"]+)" rel="{way}"', page)
            assert address
            page = (await visitor.get(address[1].replace("&amp;", "&"))).text
            walked.append(",".join(sorted(set(re.findall(r"/en/partners/(p\d{3})", page)))[:1]))

    assert walked == ["p049", "p099", "p049", "p000"]
    assert 'rel="prev"' not in page


async def test_a_held_action_keeps_its_place_and_says_why_and_what_lifts_it() -> None:
    async with browser() as visitor:
        answer = await visitor.get(f"/fr/agreements/{SIGNING}")

    assert 'aria-disabled="true" aria-describedby="why-register_agreement"' in answer.text
    assert "L’enregistrement attend une signature." in answer.text
    assert f"/fr/partners/{LUBUMBASHI}/do/record-rights-assessment?agreement={SIGNING}" in answer.text
    assert "Approuver l’accord" not in answer.text


async def test_a_page_reads_while_its_owner_is_away() -> None:
    office = PaperOffice(away=True)

    async with browser(office) as visitor:
        answer = await visitor.get(f"/en/agreements/{SIGNING}")

    assert answer.status_code == 200
    assert "does not answer for the moment" in answer.text
    assert "Parties and signatures" in answer.text


async def test_nobody_signed_in_is_led_to_the_door_and_back() -> None:
    async with browser(person="nobody") as visitor:
        asked = await visitor.get("/fr/partners?country=CD")
        door = await visitor.get(asked.headers["location"])

    assert asked.status_code == 303
    assert 'name="next" value="/fr/partners?country=CD"' in door.text
    assert "Gestionnaire RI" in door.text


async def test_the_first_address_leads_to_the_persons_language() -> None:
    async with browser(person="reader-1") as english, browser(person="nobody") as nobody:
        known = await english.get("/")
        unknown = await nobody.get("/", headers={"accept-language": "en-GB,en;q=0.8"})
        unsaid = await nobody.get("/", headers={"accept-language": "pt"})

    assert [answer.headers["location"] for answer in (known, unknown, unsaid)] == ["/en/", "/en/", "/fr/"]


async def test_what_does_not_exist_is_a_page_that_says_so() -> None:
    async with browser() as visitor:
        answers = [
            await visitor.get(path) for path in ("/fr/partners/nobody", "/fr/nowhere/at/all", "/fr/agreements/x/y")
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert all("Rien à cette adresse" in answer.text for answer in answers)


async def test_ones_own_change_on_its_way_is_said() -> None:
    async with browser() as visitor:
        behind = await visitor.get(f"/fr/partners/{LUBUMBASHI}?seen=partner:9&done=add_contact")
        created = await visitor.get("/fr/partners/new-one?seen=partner:1")
        caught_up = await visitor.get(f"/fr/partners/{LUBUMBASHI}?seen=partner:3&done=add_contact")

    assert "il s’affichera dans un instant" in behind.text
    assert created.status_code == 202
    assert "il s’affichera dans un instant" not in caught_up.text
    assert "C’est fait\u00a0: ajouter un contact." in caught_up.text


async def test_a_register_number_leads_to_its_agreement() -> None:
    async with browser() as visitor:
        answer = await visitor.get("/fr/register/ULB-2025-0388")
        unknown = await visitor.get("/fr/register/ULB-2025-9999")

    assert answer.headers["location"] == f"/fr/agreements/{ACTIVE}"
    assert unknown.status_code == 404


async def test_entries_that_a_role_cannot_open_are_absent() -> None:
    async with browser(person="reader-1") as visitor:
        answer = await visitor.get("/en/partners")

    assert "Mobility centre" not in answer.text
    assert "New partner" not in answer.text


async def test_personal_data_need_a_purpose() -> None:
    async with browser() as visitor:
        before = await visitor.get(f"/en/partners/{LUBUMBASHI}/people")
        after = await visitor.get(f"/en/partners/{LUBUMBASHI}/people?purpose=correspondence")

    assert "contact-01@example.org" not in before.text
    assert "contact-01@example.org" in after.text


async def test_colours_are_chosen_and_kept_in_the_browser() -> None:
    async with browser() as visitor:
        await visitor.post("/en/profile", data={"scheme": "dark"})
        answer = await visitor.get("/en/")

    assert '<html lang="en-GB" data-bs-theme="dark">' in answer.text


@pytest.mark.parametrize(("fault", "status", "said"), [
    (StoreAway("gone"), 503, "Une partie ne répond pas"),
    (RuntimeError("a mistake"), 500, "Une erreur s’est produite de notre côté"),
])  # fmt: skip
async def test_what_fails_is_a_page_in_the_readers_language(fault: Exception, status: int, said: str) -> None:
    class Broken(PaperOffice):
        async def page(self, who: Person, collection: str, query: Mapping[str, str]) -> Listing:
            raise fault

    async with browser(Broken()) as visitor:
        answer = await visitor.get("/fr/agreements")

    assert answer.status_code == status
    assert said in answer.text
    assert "a mistake" not in answer.text


async def test_pages_take_nothing_from_elsewhere_and_are_not_kept() -> None:
    async with browser() as visitor:
        answer = await visitor.get("/fr/partners")

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert not re.search(r"\son[a-z]+=|\sstyle=", answer.text)


async def test_what_happened_to_a_file_on_one_day_is_one_card_of_the_timeline() -> None:
    office = PaperOffice()
    office.facts = [
        fact(1, "agreement", SIGNING, "signed", "2026-10-30", partner_id=LUBUMBASHI),
        fact(2, "partner", LUBUMBASHI, "rights_assessed", "2026-10-30", outcome="clear"),
        fact(3, "agreement", SIGNING, "signing_opened", "2026-10-30"),
        fact(4, "agreement", SIGNING, "approved", "2026-10-19"),
    ]
    async with browser(office) as visitor:
        page = (await visitor.get(f"/fr/partners/{LUBUMBASHI}")).text

    cards = [words(card) for card in re.findall(r'<div class="pa-card">.*?</li>\n', page, re.DOTALL)]
    assert len(cards) == 3
    assert "Texte figé, signature ouverte Signature : Université de Lubumbashi" in cards[0]


async def test_the_papers_of_an_agreement_are_for_the_office() -> None:
    async with browser() as officer:
        page = (await officer.get(f"/fr/agreements/{SIGNING}/documents")).text
        signed = (await officer.get(f"/fr/agreements/{SIGNING}/documents?purpose=correspondence")).text
    async with browser(person="reader-1") as reader:
        refused = await reader.get(f"/fr/agreements/{SIGNING}/documents")
        overview = (await reader.get(f"/fr/agreements/{SIGNING}")).text

    for document in (11, 12, 13, 14):
        assert f'href="/api/v1/agreements/{SIGNING}/documents/{PAPER % document}"' in page
    assert "Sans l’annexe." in words(page)
    assert PAPER % 15 not in page
    assert "Rectorat partenaire" not in page
    assert f'href="/api/v1/agreements/{SIGNING}/documents/{PAPER % 15}"' in signed
    assert refused.status_code == 404
    assert "/documents" not in overview


async def test_papers_whose_owner_is_away_say_so() -> None:
    async with browser(PaperOffice(away=True)) as visitor:
        said = words((await visitor.get(f"/fr/agreements/{SIGNING}/documents")).text)

    assert "ne répond pas pour l’instant" in said


async def test_my_day_says_which_day_it_is_and_counts_nobody_as_nobody() -> None:
    office = PaperOffice()
    office.views["agreements"] = {DRAFT: office.views["agreements"][DRAFT]}
    async with browser(office) as visitor:
        some = words((await visitor.get("/fr/?scope=office")).text)
        office.views["agreements"] = {}
        none = words((await visitor.get("/fr/?scope=office")).text)

    assert "lundi 2 novembre 2026" in some
    assert "1 accord en préparation attend un geste de notre part, aucun n’est devant une instance," in some
    assert "Aucun accord n’est en préparation." in none


async def test_a_field_of_education_has_a_name() -> None:
    async with browser() as visitor:
        said = words((await visitor.get(f"/fr/agreements/{NEGOTIATING}")).text)

    assert "0912 Médecine" in said


async def test_an_owners_reason_is_set_as_french_is_printed() -> None:
    office = PaperOffice()
    office.problem = Problem(
        409,
        {
            "type": "urn:passerelle:problem:signed-text-missing",
            "reasons": [
                {"code": "signed-text-missing", "fr": "L'enregistrement attend : l'exemplaire.", "en": "Waits."}
            ],
        },
    )
    async with browser(office) as visitor:
        form = (await visitor.get(f"/fr/agreements/{SIGNING}/do/withdraw-agreement")).text
        sent = {"key": "k", "version": "4", "reason.fr": "x"}
        answer = await visitor.post(f"/fr/agreements/{SIGNING}/do/withdraw-agreement", data=sent)

    assert form
    assert "L’enregistrement attend\u00a0: l’exemplaire." in answer.text


async def test_what_was_said_at_a_meeting_is_read_by_those_who_may_and_ask() -> None:
    path = f"/fr/meetings/{HELD}?deliberation=shown"
    async with browser() as officer:
        closed = words((await officer.get(f"/fr/meetings/{HELD}")).text)
        said = words((await officer.get(path)).text)
    async with browser(person="promoter-7") as promoter:
        nothing = words((await promoter.get(path)).text)

    assert "Le partenariat est cohérent." in said
    assert "8 pour, 0 contre, abstentions\u00a0: 1." in said.replace(" :", "\u00a0:")
    assert "Excusé" in said
    for other in (closed, nothing):
        assert "Le partenariat est cohérent." not in other


async def test_an_attached_document_is_opened_from_the_history_by_those_who_may() -> None:
    office = PaperOffice()
    office.facts = [
        fact(1, "meeting", HELD, "document_attached", "2026-10-01", document_id=PAPER % 9, audience="office")
    ]
    async with browser(office) as officer:
        shown = (await officer.get(f"/fr/meetings/{HELD}")).text
    async with browser(office, person="reader-1") as reader:
        hidden = (await reader.get(f"/fr/meetings/{HELD}")).text

    assert f'href="/api/v1/meetings/{HELD}/documents/{PAPER % 9}"' in shown
    assert PAPER % 9 not in hidden


async def test_the_office_stands_first_where_one_signs_in() -> None:
    async with browser() as visitor:
        page = (await visitor.get("/en/sign-in")).text

    roles = re.findall(r'<h2 class="pa-grp" id="h-([a-z_]+)"', page)
    assert roles[:3] == ["officer", "director", "vice_rector"]


async def test_the_upkeep_of_a_record_stands_in_its_history_not_in_the_shared_timeline() -> None:
    office = PaperOffice()
    office.facts = [
        fact(1, "partner", LUBUMBASHI, "change_staged", "2026-10-02"),
        fact(2, "partner", LUBUMBASHI, "activated", "2026-10-01"),
    ]
    async with browser(office) as visitor:
        timeline = words((await visitor.get(f"/fr/partners/{LUBUMBASHI}")).text)
        history = words((await visitor.get(f"/fr/partners/{LUBUMBASHI}/history")).text)

    assert "Devenu partenaire actif" in timeline
    assert "issue d’un import" not in timeline
    assert "issue d’un import" in history
