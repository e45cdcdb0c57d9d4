"""The gateway's reads on real Kafka and store: lists, search, cursors, timelines, rights, waiting, live news."""

from __future__ import annotations

import asyncio
import json

import pytest
from services.gateway.tests.gateway_house import House

from chassis.mongo import Row
from chassis.outbox import new_id
from contracts.country import COUNTRY, Added
from contracts.partner import PARTNER, Activated, Registered, Suggested
from contracts.refusal import Recorded, refusal_contract
from contracts.types import BothLanguages
from gateway.live import Feed

pytestmark = pytest.mark.slow


def registered(name: str, country: str = "FI") -> Registered:
    return Registered.model_validate(
        {"kind": "university", "name": {"display": name}, "country": country, "origin": {"type": "manual"}}
    )


def suggested(name: str) -> Suggested:
    return Suggested.model_validate({"name": {"display": name}, "country": "CD", "origin": {"type": "manual"}})


def congo() -> Added:
    return Added.model_validate(
        {"iso3": "COD", "m49": "180", "name": {"fr": "Congo", "en": "Congo"}, "region": "Africa", "subregion": "M"}
    )


async def test_a_snapshot_becomes_a_document_of_the_view(house: House) -> None:
    state = await house.tell(PARTNER, (registered("Åbo Akademi"),), (Activated(relation_owner="officer-1"),))
    document = await house.shown(f"/api/v1/partners/{state.id}", 2)
    assert document["state"] == document["standing"] == "active"
    assert document["name"]["display"] == "Åbo Akademi"
    assert "view" not in document


async def test_an_older_snapshot_that_comes_late_changes_nothing(house: House) -> None:
    key = new_id()
    await house.tell(PARTNER, (registered("New"),), (Activated(relation_owner="officer-1"),), key=key)
    await house.shown(f"/api/v1/partners/{key}", 2)
    await house.tell(PARTNER, (registered("Old"),), key=key)
    later = await house.tell(PARTNER, (registered("A later record of the same partition"),), key=new_id())
    await house.shown(f"/api/v1/partners/{later.id}")
    document = (await house.get(f"/api/v1/partners/{key}")).json()
    assert (document["version"], document["name"]["display"]) == (2, "New")


async def test_a_list_is_read_page_by_page_without_gap_or_double(house: House) -> None:
    names = [f"Paging {number:02d}" for number in range(7)]
    for name in names:
        await house.tell(PARTNER, (registered(name, "LU"),))

    async def all_there() -> bool:
        answer = await house.get("/api/v1/partners?country=LU&count=true")
        return bool(answer.json()["total"] == len(names))

    await house.until(all_there, "seven partners of Luxembourg")
    seen, cursor = [], ""
    while True:
        page = (await house.get(f"/api/v1/partners?country=LU&limit=3&cursor={cursor}")).json()
        seen += [item["name"]["display"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == names


@pytest.mark.parametrize("words", ["universite lubumbashi", "LUBUM", "université de Lubu"])
async def test_search_finds_words_by_their_beginning_without_accents(house: House, words: str) -> None:
    state = await house.tell(PARTNER, (registered("Université de Lubumbashi", "CD"),))
    await house.shown(f"/api/v1/partners/{state.id}")
    found = (await house.get(f"/api/v1/partners?q={words}&limit=200")).json()["items"]
    assert state.id in [item["id"] for item in found]
    assert all("lubumbashi" in item["name"]["display"].lower() for item in found)


async def test_a_filter_that_does_not_exist_is_named(house: House) -> None:
    answer = await house.get("/api/v1/partners?colour=red")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?colour"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "cursor=nonsense"])
async def test_a_bad_limit_or_cursor_is_an_input_error(house: House, query: str) -> None:
    assert (await house.get(f"/api/v1/partners?{query}")).status_code == 422


async def test_what_may_not_be_read_is_not_there(house: House) -> None:
    state = await house.tell(PARTNER, (suggested("Université suggérée"),), actor="pro-1")
    await house.shown(f"/api/v1/partners/{state.id}")
    hidden = await house.get(f"/api/v1/partners/{state.id}", "reader")
    assert hidden.status_code == 404
    listed = (await house.get("/api/v1/partners?q=suggeree", "reader")).json()["items"]
    assert listed == []

    async def own() -> bool:
        return (await house.get(f"/api/v1/partners/{state.id}", "promoter", subject="pro-1")).status_code == 200

    await house.until(own, "a promoter reads what the promoter suggested", seconds=20)


async def test_a_timeline_tells_what_happened_newest_first(house: House) -> None:
    state = await house.tell(PARTNER, (registered("Timeline"),), (Activated(relation_owner="officer-1"),))

    async def told() -> list[str]:
        answer = await house.get(f"/api/v1/partners/{state.id}/timeline")
        types = [entry["type"] for entry in answer.json().get("items", ())]
        return types if len(types) == 2 else []

    assert await house.until(told, "two facts") == [
        "passerelle.partner.activated.v1",
        "passerelle.partner.registered.v1",
    ]


async def test_a_read_waits_for_what_was_just_written(house: House) -> None:
    key = new_id()
    reading = asyncio.create_task(
        house.get(f"/api/v1/partners/{key}", "officer", **{"min-version": f"partner/{key}=1"})
    )
    await house.tell(PARTNER, (registered("Soon there"),), key=key)
    answer = await reading
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == 1


async def test_what_was_just_written_is_read_alike_from_memory_and_from_the_store(house: House) -> None:
    """The change is known before it is asked for, so that nobody asks the store; and nobody reads more of it than there."""
    state = await house.tell(PARTNER, (suggested("Université récente"),), actor="pro-2")
    from_store = await house.shown(f"/api/v1/partners/{state.id}")
    written = {"min-version": f"partner/{state.id}=1"}

    from_memory = await house.get(f"/api/v1/partners/{state.id}", "officer", **written)
    hidden = await house.get(f"/api/v1/partners/{state.id}", "reader", **written)
    about_another = await house.get(f"/api/v1/partners/{new_id()}", "officer", **written)

    assert from_memory.json() == from_store
    assert (hidden.status_code, about_another.status_code) == (404, 404)


async def test_a_read_that_waits_in_vain_says_so(house: House) -> None:
    answer = await house.get("/api/v1/partners", "officer", **{"min-version": f"partner/{new_id()}=1"})
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "1"


async def test_refusals_are_a_register_that_follows_the_right_to_read(house: House) -> None:
    partner = await house.tell(PARTNER, (registered("Refused"),))
    fact = Recorded(
        aggregate="partner",
        id=partner.id,
        command="propose_block",
        rule="POL-03",
        slug="partner-blocked",
        reason_fr="Refusé.",
        reason_en="Refused.",
        refs={"partners": [partner.id]},
    )
    await house.tell(refusal_contract("partners"), (fact,))
    await house.shown(f"/api/v1/partners/{partner.id}")

    async def listed() -> list[dict[str, str]]:
        answer = await house.get(f"/api/v1/refusals?partner_id={partner.id}", "director")
        items: list[dict[str, str]] = answer.json()["items"]
        return items

    found = await house.until(listed, "a refusal")
    assert found[0]["reason_fr"] == "Refusé."
    assert (await house.get(f"/api/v1/refusals?partner_id={partner.id}", "subscriber")).json()["items"] == []


async def test_a_refused_creation_is_read_by_its_author_and_by_who_may_read_all_of_its_kind(house: House) -> None:
    partner = new_id()
    fact = Recorded(
        aggregate="agreement",
        command="draft_agreement",
        rule="POL-03",
        slug="partner-blocked",
        reason_fr="Refusé.",
        reason_en="Refused.",
        refs={"partners": [partner]},
    )
    await house.tell(refusal_contract("agreements"), (fact,), actor="promoter-07")

    async def slugs(*roles: str, subject: str = "somebody") -> list[str]:
        asked = f"/api/v1/refusals?partner_id={partner}"
        answer = await house.client.get(asked, headers=house.headers(*roles, subject=subject))
        return [each["slug"] for each in answer.json()["items"]]

    assert await house.until(lambda: slugs("officer"), "a refused draft") == ["partner-blocked"]
    assert await slugs("promoter", subject="promoter-07") == ["partner-blocked"]
    assert await slugs("promoter", subject="promoter-08") == []
    assert await slugs("reader") == []


async def test_countries_are_read_by_code(house: House) -> None:
    await house.tell(COUNTRY, (congo(),), key="CD")
    document = await house.shown("/api/v1/countries/CD")
    assert document["name"] == BothLanguages(fr="Congo", en="Congo").model_dump()


async def test_live_news_reaches_those_who_may_read_it_and_a_returning_page_misses_nothing(house: House) -> None:
    feed = house.feed
    stream = feed.stream(lambda news: news.aggregate == "partner", None)
    assert (await anext(stream)).startswith(b"retry")
    nothing_yet = asyncio.ensure_future(anext(stream))
    state = await house.tell(PARTNER, (registered("News"),))
    message = (await asyncio.wait_for(nothing_yet, 10)).decode()
    assert state.id in message
    last_id = message.splitlines()[0].removeprefix("id: ")
    await stream.aclose()
    second = await house.tell(PARTNER, (registered("More news"),))
    await house.shown(f"/api/v1/partners/{second.id}")
    again = feed.stream(lambda news: True, last_id)
    await anext(again)
    data = json.loads((await asyncio.wait_for(anext(again), 10)).decode().splitlines()[2].removeprefix("data: "))
    assert data["id"] == second.id
    forgotten = feed.stream(lambda news: True, "another-1")
    await anext(forgotten)
    assert (await anext(forgotten)).startswith(b"event: reset")
    await again.aclose()
    await forgotten.aclose()


async def test_a_page_knows_at_once_what_its_own_process_put_and_hears_of_it_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream of changes tells it too, and only that of what another process put."""
    feed, heard = house.feed, asyncio.Queue[Row]()
    tell = Feed._tell

    def held_back(feed: Feed, change: Row) -> None:
        heard.put_nowait(change)

    monkeypatch.setattr(Feed, "_tell", held_back)
    stream = feed.stream(lambda news: True, None)
    await anext(stream)
    state = await house.tell(PARTNER, (registered("Ours"),))
    assert await feed.until("partner", state.id, 1)
    assert state.id in (await asyncio.wait_for(anext(stream), 10)).decode()

    change = await asyncio.wait_for(heard.get(), 10)
    assert change["fullDocument"]["_id"] == state.id
    tell(feed, change)
    theirs = change["fullDocument"] | {"version": 2}
    tell(feed, change | {"fullDocument": theirs})
    message = (await asyncio.wait_for(anext(stream), 10)).decode()
    assert json.loads(message.splitlines()[2].removeprefix("data: "))["version"] == 2
    assert feed.newest("partner", state.id, 2) == theirs
    await stream.aclose()


async def test_bad_records_are_put_aside_and_the_topic_goes_on(house: House) -> None:
    topic = PARTNER.state_topic
    headers = [("ce_type", PARTNER.snapshot_type.encode()), ("ce_sequence", b"000000000001")]
    for value in (b"not json", b'{"id": "x"}', b"[1]", b"x" * 900_000):
        key = new_id().encode()
        await house.kafka.send_and_wait(topic, key=key, value=value, headers=[*headers, ("ce_partitionkey", key)])
    await house.kafka.send_and_wait(topic, key=b"no headers", value=b"{}")
    await house.kafka.send_and_wait(topic, key=b"odd", value=None)
    await house.kafka.send_and_wait(topic, key=b"odd", value=b"{}", headers=[("ce_type", b"\xff\xfe")])
    await house.kafka.send_and_wait(PARTNER.events_topic, key=b"odd", value=None)
    await house.kafka.send_and_wait(PARTNER.events_topic, key=b"odd", value=b"{}", headers=[("ce_type", b"\xff\xfe")])
    state = await house.tell(PARTNER, (registered("After the bad ones"),))
    await house.shown(f"/api/v1/partners/{state.id}")

    async def parked() -> int:
        answer = await house.get("/ops/parked", "ops")
        count = len(answer.json()["items"])
        return count if count >= 9 else 0

    await house.until(parked, "nine parked records")
    assert (await house.get("/ready")).status_code == 200


async def test_a_view_is_built_anew_from_its_topic(house: House) -> None:
    state = await house.tell(PARTNER, (registered("Rebuilt"),), (Activated(relation_owner="officer-1"),))
    before = await house.shown(f"/api/v1/partners/{state.id}", 2)
    started = await house.client.post("/ops/rebuild", json={"view": "partners"}, headers=house.headers("ops"))
    assert started.status_code == 202

    async def done() -> bool:
        rebuilds = (await house.get("/ops/rebuild", "ops")).json()["rebuilds"]
        assert (await house.get(f"/api/v1/partners/{state.id}")).status_code == 200
        return bool(rebuilds[0]["state"] != "running")

    await house.until(done, "the rebuild")
    assert (await house.get("/ops/rebuild", "ops")).json()["rebuilds"][0]["state"] == "done"
    assert (await house.get(f"/api/v1/partners/{state.id}")).json() == before


async def test_the_timeline_built_anew_counts_the_facts_of_every_journal(house: House) -> None:
    state = await house.tell(PARTNER, (registered("Told again"),), (Activated(relation_owner="officer-1"),))
    await house.tell(COUNTRY, (congo(),), key="CG")
    await house.shown(f"/api/v1/partners/{state.id}", 2)
    await house.client.post("/ops/rebuild", json={"view": "timeline"}, headers=house.headers("ops"))

    async def done() -> dict[str, int | str]:
        rebuilds = (await house.get("/ops/rebuild", "ops")).json()["rebuilds"]
        shown = next(row for row in rebuilds if row["view"] == "timeline")
        return shown if shown["state"] != "running" else {}

    shown = await house.until(done, "the rebuild")
    assert shown["state"] == "done", shown
    assert shown["read"] == shown["of"]
    assert int(shown["of"]) >= 3


async def test_an_owner_that_is_away_is_said_to_be(house: House) -> None:
    answer = await house.get(f"/api/v1/agreements/{new_id()}/commands")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:passerelle:problem:owner-away"
    assert answer.headers["retry-after"]


async def test_an_address_with_a_cursor_that_is_none_shows_the_beginning(house: House) -> None:
    state = await house.tell(PARTNER, (registered("Kept address"),))
    await house.shown(f"/api/v1/partners/{state.id}")
    person = {
        "subject": "officer-1",
        "name": "Officer 1",
        "languages": ["fr"],
        "roles": {"officer": {}},
        "active": True,
    }
    await house.client.post("/api/v1/people/import", json={"people": [person]}, headers=house.headers("ops"))
    await house.client.post("/sign-in/development", data={"subject": "officer-1"})

    lists = ("partners", "agreements", "register", "refusals", "committees", "meetings", "countries")
    answers = [await house.client.get(f"/fr/{name}?after=zz") for name in lists]
    timeline = await house.client.get(f"/fr/partners/{state.id}?before=zz")
    house.client.cookies.clear()

    assert [answer.status_code for answer in answers] == [200] * len(lists)
    assert "Kept address" in answers[0].text
    assert "Enregistré comme partenaire" in timeline.text


@pytest.mark.parametrize(
    "path", ["partners", "register", "refusals", "partners/01900000-0000-7000-8000-000000000002/history", "stream"]
)
async def test_a_filter_that_there_is_not_is_refused_with_those_there_are(house: House, path: str) -> None:
    answer = await house.get(f"/api/v1/{path}?about=agreement")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "?about"
    assert "there are " in answer.json()["errors"][0]["detail"]


async def test_nobody_reads_without_a_name(house: House) -> None:
    for path in ("/api/v1/partners", "/api/v1/register", "/api/v1/refusals", "/api/v1/stream", "/api/v1/people"):
        answer = await house.client.get(path)
        assert answer.status_code == 401, path
