from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chassis.run import guarded
from chassis.settings import ServiceSettings


async def greet(request: Request) -> Response:
    return PlainTextResponse("welcome")


APP = Starlette(routes=[Route("/", greet)])


def served(**given: str) -> Any:
    return guarded(APP, ServiceSettings.model_validate({"SIGN_IN": "development", **given}), "partners")


async def status(app: Any, address: str) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=address) as client:
        return (await client.get("/")).status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_development_sign_in_listens_on_loopback(host: str) -> None:
    assert served(host=host) is not APP


def test_development_sign_in_does_not_start_on_another_address() -> None:
    with pytest.raises(SystemExit, match="listens on loopback only"):
        served(host="0.0.0.0")


async def test_a_published_container_port_must_be_said_to_be_on_loopback() -> None:
    app = served(host="0.0.0.0", SIGN_IN_BEHIND="loopback-published")

    assert await status(app, "http://127.0.0.1:8080") == 200


@pytest.mark.parametrize("address", ["http://localhost:8080", "http://partners:8081", "http://[::1]:8080"])
async def test_a_loopback_name_or_its_own_is_answered(address: str) -> None:
    assert await status(served(), address) == 200


@pytest.mark.parametrize("address", ["http://192.0.2.7:8080", "http://office.example:8080"])
async def test_another_name_is_not_answered_while_anyone_can_be_anyone(address: str) -> None:
    assert await status(served(), address) == 400


async def test_with_real_sign_in_every_address_and_name_will_do() -> None:
    assert served(host="0.0.0.0", SIGN_IN="oidc") is APP
