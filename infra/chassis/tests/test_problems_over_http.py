"""Every general refusal as a caller meets it: its slug, status, members and words in French and English."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import BaseModel
from pymongo.errors import OperationFailure
from starlette.requests import Request
from tests.support.lamps import Lamps
from tests.support.lantern import KEEPER, MASTER, STROLLER

from chassis.bodies import query
from chassis.decide import Caller
from chassis.http import bare, handle_errors
from chassis.problems import Problem
from stack.child import Child


class Dimmed(BaseModel):
    brightness: int = 1


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["type"]) == (status, f"urn:passerelle:problem:{slug}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert body["status"] == status
    assert body["title"]
    assert all(reason["fr"] and reason["en"] and reason["code"] for reason in body["reasons"])
    return body


async def posted(door: Lamps, content: bytes, path: str = "/api/v1/lanterns", **headers: str) -> httpx.Response:
    named = {"Content_Type": "application/json", "Idempotency_Key": str(uuid4()), **headers}
    return await door.client.http.post(path, content=content, headers=door.client.headers(**named))


@pytest.mark.parametrize(
    "content",
    [b'{"name": ', b"[]", b'"one"', b"null", b"\xff\xfe{}", b"{" * 5_000, b'{"name": "x", "name": NaN}'],
    ids=["cut off", "a list", "a string", "null", "no UTF-8", "too deep", "not a number"],
)
async def test_a_body_that_is_no_object_is_invalid(door: Lamps, content: bytes) -> None:
    body = problem(await posted(door, content), 422, "invalid-input")

    assert body["errors"]


async def test_each_error_of_a_body_has_its_pointer(door: Lamps) -> None:
    answer = await posted(door, b'{"name": 7, "place": ["a"], "colour/hue~1": "red", "oil_until": "soon"}')

    errors = {error["pointer"]: error["detail"] for error in problem(answer, 422, "invalid-input")["errors"]}
    assert set(errors) == {"/name", "/place", "/colour~1hue~01", "/oil_until"}
    assert all(errors.values())


def test_each_error_of_a_query_has_its_name() -> None:
    request = Request({"type": "http", "headers": [], "query_string": b"brightness=bright&colour=red"})

    with pytest.raises(Problem) as refused:
        query(Dimmed, request)

    errors: Any = refused.value.refusal.members["errors"]
    assert refused.value.refusal.slug == "invalid-input"
    assert {error["pointer"] for error in errors} == {"?brightness", "?colour"}


async def test_an_unknown_member_inside_another_is_refused(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    answer = await door.client.ask(id_, "note-by-hand", {"note": {"fr": "oui", "de": "ja"}}, at=1)

    assert [error["pointer"] for error in problem(answer, 422, "invalid-input")["errors"]] == ["/note/de"]


async def test_what_does_not_exist_is_unknown(door: Lamps) -> None:
    unknown = str(uuid4())

    problem(await door.client.ask(unknown, "light-lantern", at=1), 404, "unknown-id")
    problem(
        await door.client.http.get(f"/api/v1/lanterns/{unknown}/commands", headers=door.client.headers()),
        404,
        "unknown-id",
    )


async def test_nothing_stands_at_other_addresses(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    problem(await door.client.ask(id_, "paint-lantern", at=1), 404, "no-such-route")
    problem(await door.client.http.get("/elsewhere"), 404, "no-such-route")
    problem(await door.client.http.delete("/api/v1/lanterns"), 404, "no-such-route")


async def test_a_body_over_its_limit_is_too_large(door: Lamps) -> None:
    problem(await posted(door, b'{"name": "' + b"x" * 300_000 + b'"}'), 413, "too-large")


async def test_a_command_whose_record_would_be_over_its_limit_is_too_large(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    await door.store["lantern"].update_one({"_id": id_}, {"$set": {"public.text": "x" * 950_000}})

    answer = await door.client.ask(id_, "light-lantern", at=1)

    problem(answer, 413, "too-large")
    kept = await door.store["lantern"].find_one({"_id": id_})
    assert (kept["version"], kept["state"]) == (1, "hung")


async def test_other_content_types_are_not_supported(door: Lamps) -> None:
    problem(
        await posted(door, b"name=a", Content_Type="application/x-www-form-urlencoded"), 415, "media-type-not-supported"
    )


async def test_the_wrong_state_names_what_is_possible(door: Lamps) -> None:
    id_ = await door.client.hung("a")

    body = problem(await door.client.ask(id_, "dim-lantern", at=1), 409, "transition-not-allowed")

    assert body["state"] == "hung"
    assert "light_lantern" in body["allowed_commands"]
    assert "dim_lantern" not in body["allowed_commands"]


async def test_a_change_names_the_version_it_read(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    await door.client.done(id_, "light-lantern", at=1)

    assert problem(await door.client.ask(id_, "dim-lantern"), 428, "version-required")["version"] == 2
    assert problem(await door.client.ask(id_, "dim-lantern", at=1), 412, "version-stale")["version"] == 2


@pytest.mark.parametrize("tag", ["*", '"²"', '"-1"', '"' + "9" * 5_000 + '"', "abc", ""])
async def test_a_version_that_cannot_be_is_stale(door: Lamps, tag: str) -> None:
    id_ = await door.client.hung("a")

    headers = [*door.client.headers().items(), ("If-Match", tag)]
    named = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = await door.client.http.post(f"/api/v1/lanterns/{id_}/light-lantern", json={}, headers=named)

    problem(answer, 412, "version-stale")


async def test_a_creation_needs_a_key(door: Lamps) -> None:
    answer = await door.client.http.post("/api/v1/lanterns", json={"name": "a"}, headers=door.client.headers())

    problem(answer, 428, "idempotency-key-required")


async def test_a_key_serves_one_request_only(door: Lamps) -> None:
    await door.client.hang("a", key="k1")

    problem(await door.client.hang("b", key="k1"), 422, "idempotency-key-reused")


async def test_a_key_of_what_was_told_serves_no_command_that_tells_nothing(door: Lamps) -> None:
    id_ = (await door.client.hang("a", key="k1")).json()["id"]

    answer = await door.client.ask(id_, "note-by-hand", {"note": {"fr": "x"}}, at=1, Idempotency_Key="k1")

    problem(answer, 422, "idempotency-key-reused")
    assert (await door.store["lantern"].find_one({"_id": id_}))["private"]["notes"] == []


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_a_length(door: Lamps, key: str) -> None:
    problem(await posted(door, b'{"name": "a"}', Idempotency_Key=key), 422, "invalid-input")


def spoilt(token: str) -> Mapping[str, str]:
    head, claims, signature = token.split(".")
    return {
        "no scheme": token,
        "another scheme": f"Basic {token}",
        "nothing": "Bearer ",
        "no token": "Bearer abc",
        "signature of another": f"Bearer {head}.{claims}.{signature[::-1]}",
        "no signature": f"Bearer {head}.{claims}.",
    }


@pytest.mark.parametrize("kind", spoilt("a.b.c"))
async def test_nobody_without_a_valid_token_gets_in(door: Lamps, kind: str) -> None:
    token = door.client.signer.token(door.client.caller, "lamps")

    answer = await door.client.http.post(
        "/api/v1/lanterns", json={"name": "a"}, headers={"Authorization": spoilt(token)[kind], "Idempotency-Key": "k"}
    )

    problem(answer, 401, "not-signed-in")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_for_another_service_or_past_its_time_is_no_token(door: Lamps) -> None:
    for token in (
        door.client.signer.token(door.client.caller, "coast"),
        door.client.signer.token(door.client.caller, "lamps", seconds=-60),
    ):
        answer = await door.client.http.post("/api/v1/lanterns", json={}, headers={"Authorization": f"Bearer {token}"})
        problem(answer, 401, "not-signed-in")


async def test_the_wrong_role_is_told_who_could(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    stroller = door.client.headers(Caller("sam", {STROLLER: {}}), If_Match='"1"')

    answer = await door.client.http.post(f"/api/v1/lanterns/{id_}/light-lantern", json={}, headers=stroller)

    assert problem(answer, 403, "not-permitted")["roles"] == [KEEPER, MASTER, "service"]


async def test_a_role_reaches_as_far_as_its_scope(door: Lamps) -> None:
    id_ = await door.client.hung("a", place="quay")
    elsewhere = Caller("sam", {KEEPER: {"places": frozenset({"mole"})}})

    headers = door.client.headers(elsewhere, If_Match='"1"')
    answer = await door.client.http.post(f"/api/v1/lanterns/{id_}/light-lantern", json={}, headers=headers)

    problem(answer, 403, "not-permitted")


async def test_refusals_speak_french_and_english(door: Lamps) -> None:
    await door.client.hang("a")
    headers = {
        language: door.client.headers(Accept_Language=language, Idempotency_Key=language)
        for language in ("en-GB,fr;q=0.5", "de, fr-BE;q=0.9, en;q=0.1", "nl")
    }

    said = {}
    for language, named in headers.items():
        answer = await door.client.http.post("/api/v1/lanterns", json={"name": "a"}, headers=named)
        body = problem(answer, 409, "name-taken")
        said[language] = (answer.headers["content-language"], body["detail"])
        assert body["reasons"] == [
            {"code": "name-taken", "fr": "Ce nom est pris.", "en": "This name is taken.", "pointer": "/name"}
        ]

    assert list(said.values()) == [
        ("en", "This name is taken."),
        ("fr", "Ce nom est pris."),
        ("fr", "Ce nom est pris."),
    ]


async def test_a_reference_that_is_not_known_yet_may_be_tried_again(door: Lamps) -> None:
    answer = await door.client.hang("a", harbour_id=str(uuid4()))

    body = problem(answer, 409, "reference-not-known-yet")
    assert (body["retry_after_seconds"], answer.headers["retry-after"]) == (1, "1")


async def test_what_may_be_done_now_comes_with_what_holds_the_rest_back(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    caller = Caller("anna", {MASTER: {}})

    answer = await door.client.http.get(f"/api/v1/lanterns/{id_}/commands", headers=door.client.headers(caller))

    shown = {row["command"]: row for row in answer.json()["commands"]}
    assert (answer.json()["version"], set(shown)) == (
        1,
        {
            "light_lantern",
            "dim_lantern",
            "engrave_lantern",
            "note_by_hand",
            "attach_document",
            "swap_lantern",
            "take_down_lantern",
        },
    )
    assert shown["light_lantern"] == {"command": "light_lantern", "allowed": True, "reasons": []}
    assert [reason["code"] for reason in shown["dim_lantern"]["reasons"]] == ["transition-not-allowed"]
    assert shown["note_by_hand"]["reasons"][0]["roles"] == [KEEPER]


async def test_a_rule_that_needs_no_body_holds_a_command_back(door: Lamps) -> None:
    for name in ("a", "b", "c"):
        await door.client.done(await door.client.hung(name), "light-lantern", at=1)
    id_ = await door.client.hung("d")

    answer = await door.client.http.get(f"/api/v1/lanterns/{id_}/commands", headers=door.client.headers())

    light = next(row for row in answer.json()["commands"] if row["command"] == "light_lantern")
    assert (light["allowed"], light["reasons"][0]["en"]) == (False, "Too much light here.")


async def test_what_was_not_foreseen_is_a_problem_too(door: Lamps) -> None:
    id_ = await door.client.hung("a")
    await door.store["lantern"].update_one({"_id": id_}, {"$set": {"public": {}}})

    problem(await door.client.ask(id_, "light-lantern", at=1), 500, "internal-error")


@pytest.mark.slow
async def test_a_store_that_is_away_is_said_soon_and_comes_back_without_a_restart(
    door: Lamps, documents: Child
) -> None:
    documents.kill()
    async with asyncio.timeout(15):
        away = await asyncio.gather(*(door.client.hang("a", key="k") for _ in range(12)))
        ready = await door.client.http.get("/ready")
    documents.start()
    back = await door.client.hang("a", key="k")

    for answer in away:
        problem(answer, 503, "owner-away")
        assert answer.headers["retry-after"] == "2"
    assert (ready.status_code, ready.json()["faults"]) == (503, ["the store does not answer"])
    assert back.status_code == 201, back.text


async def test_what_the_store_refuses_is_not_repeated_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    made, said = bare(), "keeps Mme Vermeiren's address"
    handle_errors(made, {})

    @made.get("/asked")
    async def asked() -> None:
        raise OperationFailure(said, 17280)

    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lamps") as http:
        problem(await http.get("/asked"), 503, "owner-away")

    assert "17280" in caplog.text
    assert "Vermeiren" not in caplog.text
