"""A gateway on a real broker and store, and what tells it things: records as owners write them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from chassis.auth import Signer
from chassis.decide import Caller
from chassis.outbox import Told, new_id, outbox_row
from chassis.outlet import outgoing, producer
from chassis.taking import public_json
from contracts.record import Contract, Fact
from gateway.app import application
from gateway.live import Feed
from gateway.settings import GatewaySettings

DAY = date(2026, 11, 2)
NOBODY = "http://127.0.0.1:9"
"""Where no service answers, whatever else runs on this machine."""
MOMENT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass
class House:
    """The gateway under test: an HTTP client at its door and a pen for the owners' topics."""

    client: httpx.AsyncClient
    kafka: Any
    signer: Signer
    settings: GatewaySettings
    feed: Feed

    def headers(self, *roles: str, subject: str = "somebody", **more: str) -> dict[str, str]:
        caller = Caller(subject, {role: {} for role in roles})
        return {"authorization": f"Bearer {self.signer.token(caller, 'gateway')}", **more}

    async def get(self, path: str, *roles: str, **more: str) -> httpx.Response:
        return await self.client.get(path, headers=self.headers(*(roles or ("officer",)), **more))

    async def tell(
        self,
        contract: Contract[Any],
        *versions: tuple[Fact, ...],
        key: str | None = None,
        actor: str = "officer-1",
        sent: Callable[[str], bool] = lambda topic: True,
    ) -> Any:
        """Each tuple of facts becomes a version; gives the last state."""
        key, state = key or new_id(), None
        for version, facts in enumerate(versions, start=1):
            stamped = [contract.stamp(fact, key, version, DAY) for fact in facts]
            state = contract.fold(state, stamped)
            kept = public_json(state) if contract.keeps_state else None
            row = outbox_row(contract, key, version, stamped, kept, Told(contract.service, actor, "c", MOMENT), version)
            for out in outgoing(row):
                if sent(out.topic):
                    await self.kafka.send_and_wait(out.topic, key=out.key, value=out.value, headers=out.headers)
        return state

    async def until(self, look: Callable[[], Awaitable[Any]], what: str, seconds: float = 15) -> Any:
        """Asks again until the answer is true; tells the last one when it does not become so."""
        end, seen = time.monotonic() + seconds, None
        while time.monotonic() < end:
            seen = await look()
            if seen:
                return seen
            await asyncio.sleep(0.02)
        raise AssertionError(f"{what} within {seconds} s; last seen: {seen!r}")

    async def shown(self, path: str, version: int = 1, *roles: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            answer = await self.get(path, *roles)
            return answer.json() if answer.status_code == 200 and answer.json()["version"] >= version else None

        found: dict[str, Any] = await self.until(look, f"{path} at version {version}")
        return found


@asynccontextmanager
async def gateway(bootstrap: str, mongo_url: str, keys: Path, **more: Any) -> AsyncIterator[House]:
    settings = GatewaySettings(
        database=f"gateway_{uuid4().hex[:8]}",
        **{
            "PASSERELLE_KAFKA_BOOTSTRAP": bootstrap,
            "PASSERELLE_MONGO_URL": mongo_url,
            "PASSERELLE_KEYS_DIR": keys,
            "PASSERELLE_SIGN_IN": "development",
            **{f"PASSERELLE_{owner}_URL": NOBODY for owner in ("PARTNERS", "AGREEMENTS", "EVENTS", "MOBILITY")},
            **more,
        },
    )
    app = application(settings)
    kafka = producer(bootstrap, "test")
    await kafka.start()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://passerelle.test") as client,
    ):
        try:
            yield House(client, kafka, Signer(keys / "gateway.private.json"), settings, app.state.gateway.feed)
        finally:
            await kafka.stop()
