"""What the office configures for the mobility centre."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings

OTHER_EU_MEMBERS = frozenset(
    (
        *("AT", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
)


class MobilitySettings(ServiceSettings):
    """Prefix `MOBILITY_`. Countries named here count where the list of countries has no dated membership."""

    model_config = SettingsConfigDict(env_prefix="MOBILITY_")

    academic_year_begins: tuple[int, int] = (9, 14)
    other_eu_members: frozenset[str] = OTHER_EU_MEMBERS
    eea_or_swiss: frozenset[str] = OTHER_EU_MEMBERS | {"BE", "CH", "IS", "LI", "NO"}
