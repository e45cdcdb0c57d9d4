"""What operators alone may do, and what they are told when it is not there."""

from __future__ import annotations

import httpx
import pytest
from tests.support.lamps import Lamps

from chassis.decide import Caller

ROUTES = (
    ("GET", "/ops/parked"),
    ("GET", "/ops/parked/one?id=x"),
    ("POST", "/ops/parked/redrive?id=x"),
    ("POST", "/ops/parked/drop?id=x"),
    ("POST", "/ops/resume"),
)


async def asked(door: Lamps, method: str, path: str, *roles: str) -> httpx.Response:
    headers = door.client.headers(Caller("otto", {role: {} for role in roles}))
    return await door.client.http.request(method, path, headers=headers)


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_what_operators_do_is_not_permitted_to_others(door: Lamps, method: str, path: str) -> None:
    answer = await asked(door, method, path, "keeper", "service")

    assert slug(answer) == (403, "not-permitted")
    assert answer.json()["roles"] == ["ops"]


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if "id=" in each[1]])
async def test_a_parked_record_that_is_not_there_is_an_unknown_id(door: Lamps, method: str, path: str) -> None:
    assert slug(await asked(door, method, path, "ops")) == (404, "unknown-id")


async def test_in_real_time_there_is_no_such_route_as_the_demonstration_clock(door: Lamps) -> None:
    headers = door.client.headers(Caller("otto", {"ops": {}}))
    answer = await door.client.http.post("/demo/clock", json={"now": "2026-11-02T09:00:00Z"}, headers=headers)

    assert slug(answer) == (404, "no-such-route")
