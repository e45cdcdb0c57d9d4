"""A service's settings: typed environment, read once at the start and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def shared(name: str) -> AliasChoices:
    return AliasChoices(f"PASSERELLE_{name}", name)


class ServiceSettings(BaseSettings):
    """What every service has; each adds its own under its own prefix (`PARTNERS_…`)."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = 0
    database: str = ""
    transactions: int = 8
    instance: str = ""
    kafka_bootstrap: str = Field(default="127.0.0.1:9092", validation_alias=shared("KAFKA_BOOTSTRAP"))
    mongo_url: str = Field(default="mongodb://127.0.0.1:27017", validation_alias=shared("MONGO_URL"))
    clock: Literal["real", "demo"] = Field(default="real", validation_alias=shared("CLOCK"))
    sign_in: Literal["development", "oidc"] = Field(default="oidc", validation_alias=shared("SIGN_IN"))
    sign_in_behind: Literal["", "loopback-published"] = Field(default="", validation_alias=shared("SIGN_IN_BEHIND"))
    keys_dir: Path = Field(default=Path(".run/keys"), validation_alias=shared("KEYS_DIR"))
    own_institution_id: str = Field(
        default="01900000-0000-7000-8000-000000000001", validation_alias=shared("OWN_INSTITUTION_ID")
    )
