"""What the office configures for agreements."""

from __future__ import annotations

from datetime import date

from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings

DUAL_USE_AREAS = frozenset({"0512", "0531", "0533", "0613", "0714", "0716", "1031"})


class AgreementsSettings(ServiceSettings):
    """Prefix `AGREEMENTS_`. Amounts are in euro; fields of education are ISCED-F codes."""

    model_config = SettingsConfigDict(env_prefix="AGREEMENTS_")

    register_prefix: str = "ULB"
    iia_programme_ends_on: date = date(2029, 9, 30)
    academic_year_begins: tuple[int, int] = (9, 14)
    advice_above_eur: int = 50_000
    dual_use_areas: frozenset[str] = DUAL_USE_AREAS
