"""Mobility put together: what it owns, hears, answers and refuses."""

from __future__ import annotations

from dataclasses import replace

from chassis.service import Service
from mobility import queries
from mobility.reactions import COPIES, REACTIONS
from mobility.settings import MobilitySettings
from mobility.stay import AGGREGATE
from mobility.stay.private import IN_CLEAR
from mobility.vault import Vault


def service(settings: MobilitySettings) -> Service:
    vault = Vault.from_folder(settings.keys_dir, IN_CLEAR)
    return Service(
        name="mobility",
        settings=settings,
        aggregates=(replace(AGGREGATE, seal=vault.seal, unseal=vault.unseal),),
        copies=COPIES,
        reactions=REACTIONS,
        routes=queries.routes,
    )
