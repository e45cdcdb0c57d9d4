"""The gateway's settings: where the owners answer, how long a session lasts."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings, shared


class GatewaySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="GATEWAY_", extra="ignore", frozen=True)

    session_hours: int = 10
    partners_url: str = Field(default="http://127.0.0.1:8081", validation_alias=shared("PARTNERS_URL"))
    agreements_url: str = Field(default="http://127.0.0.1:8082", validation_alias=shared("AGREEMENTS_URL"))
    events_url: str = Field(default="http://127.0.0.1:8083", validation_alias=shared("EVENTS_URL"))
    mobility_url: str = Field(default="http://127.0.0.1:8084", validation_alias=shared("MOBILITY_URL"))

    def owner_url(self, service: str) -> str:
        """The address of a service by its name."""
        return str(getattr(self, f"{service}_url")).rstrip("/")

    @property
    def asks_encrypted(self) -> bool:
        """Whether any service answers over TLS; loading whom to trust takes longer than all else of an HTTP client."""
        return any(
            url.startswith("https:")
            for url in (self.partners_url, self.agreements_url, self.events_url, self.mobility_url)
        )
