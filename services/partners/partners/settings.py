"""What the office configures for its partners."""

from __future__ import annotations

from importlib.resources import files

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings


def listed_generic_words() -> frozenset[str]:
    """The words of `generic_words.txt`, beside this file."""
    lines = files("partners").joinpath("generic_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


class PartnersSettings(ServiceSettings):
    """Prefix `PARTNERS_`. The codes are the university's own; its SCHAC id is to be confirmed by the office."""

    model_config = SettingsConfigDict(env_prefix="PARTNERS_")

    own_name: str = "Université libre de Bruxelles"
    own_acronym: str = "ULB"
    own_country: str = "BE"
    own_city: str = "Bruxelles"
    own_website: str = "https://www.ulb.be"
    own_ror: str = "https://ror.org/01r9htc13"
    own_schac: str = "ulb.be"
    own_erasmus: str = "B  BRUXEL04"
    own_pic: str = "999986290"
    own_oid: str = "E10209446"
    generic_words: frozenset[str] = Field(default_factory=listed_generic_words)
