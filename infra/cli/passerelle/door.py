"""Speaking HTTP with the gateway and the services: one client, one way to say what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from contracts.roles import Role
from passerelle.failure import Failure
from passerelle.surroundings import Surroundings
from passerelle.tokens import bearer

PATIENCE: Final = httpx.Timeout(60.0, connect=3.0)


class Refused(Failure):
    """An answer that is a problem; `slug` and `body` say which."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.body: Mapping[str, Any] = _json(answer)
        self.slug = str(self.body.get("type", "")).rpartition(":")[2]
        super().__init__(_spelt(answer, self.body))


class Door:
    """Requests to one address in one caller's name; raises `Failure` when nobody answers and `Refused` on a problem."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, trust_env=False)
        self.address = address

    def get(self, path: str, **query: str) -> Any:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        return self.ask("POST", path, json=body or {}, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def ask(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of a good answer."""
        return _json(self.send(method, path, **arguments))

    def send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TransportError as fault:
            raise Failure(
                f"Nothing answers at {self.address} ({type(fault).__name__}). Is it running? `make up` starts it."
            ) from fault
        if answer.status_code >= 400:
            raise Refused(answer)
        return answer

    def every(self, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
        """All items of a list, page by page."""
        page = self.get(path, limit="200", **query)
        yield from page["items"]
        while page.get("next"):
            page = self.get(path, limit="200", cursor=page["next"], **query)
            yield from page["items"]

    def close(self) -> None:
        self._client.close()


@contextmanager
def door(around: Surroundings, service: str, *roles: Role) -> Iterator[Door]:
    """A door to the gateway or a service for the command itself, with these roles."""
    opened = Door(around.url(service), bearer(around, roles))
    try:
        yield opened
    finally:
        opened.close()


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json() if answer.content else {}
    except ValueError:
        return {"title": answer.text[:300]}


def _spelt(answer: httpx.Response, body: Mapping[str, Any]) -> str:
    reasons = [reason.get("en") or reason.get("fr", "") for reason in body.get("reasons", ())]
    errors = [f"{error.get('pointer', '')}: {error.get('detail', '')}" for error in body.get("errors", ())]
    told = dict.fromkeys([str(body.get("title") or "refused"), *reasons, *errors])
    path = answer.request.url.path
    return f"{answer.request.method} {path} → {answer.status_code}: {' · '.join(told)}"
