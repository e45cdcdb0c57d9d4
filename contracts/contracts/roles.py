"""Who may do what: the roles of the office, their codes in the command tables and the scopes that come with them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    OFFICER = "officer"
    DIRECTOR = "director"
    VICE_RECTOR = "vice_rector"
    COMMITTEE_SECRETARY = "committee_secretary"
    COMMITTEE_MEMBER = "committee_member"
    COOPERATION_OFFICER = "cooperation_officer"
    AFRICA_OFFICER = "africa_officer"
    MOBILITY_ADVISER = "mobility_adviser"
    PROMOTER = "promoter"
    READER = "reader"
    OPS = "ops"
    SUBSCRIBER = "subscriber"
    HOLDER = "holder"
    SERVICE = "service"
    CLOCK = "clock"


OFF: Final = Role.OFFICER
DIR: Final = Role.DIRECTOR
VR: Final = Role.VICE_RECTOR
SEC: Final = Role.COMMITTEE_SECRETARY
MEM: Final = Role.COMMITTEE_MEMBER
COO: Final = Role.COOPERATION_OFFICER
AFR: Final = Role.AFRICA_OFFICER
ADV: Final = Role.MOBILITY_ADVISER
PRO: Final = Role.PROMOTER
REA: Final = Role.READER
OPS: Final = Role.OPS
SERVICE: Final = Role.SERVICE
CLOCK: Final = Role.CLOCK

AFRICA: Final = "Africa"

FIXED_SCOPES: Final[Mapping[Role, Mapping[str, frozenset[str]]]] = {
    Role.AFRICA_OFFICER: {"regions": frozenset({AFRICA})},
}
"""Scopes that come with the role itself. A promoter's is the subject's own files (dimension `subjects`)."""
