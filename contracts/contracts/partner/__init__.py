"""The partner: one record per organisation the university deals with, as the platform speaks of it."""

from __future__ import annotations

from typing import Final

from contracts.partner.evolve import *  # noqa: F403
from contracts.partner.evolve import evolve
from contracts.partner.identity import *  # noqa: F403
from contracts.partner.identity_facts import *  # noqa: F403
from contracts.partner.identity_facts import (
    ChangeStaged,
    ContactAdded,
    ContactChanged,
    ContactRemoved,
    Corrected,
    CorrectionProposed,
    DataConfirmed,
    DocumentAttached,
    Edited,
    IdentifierReceived,
    IdentifierRemoved,
    IdentifierSet,
    NoteAdded,
    Registered,
    StagedChangeDecided,
    Suggested,
    SuggestionDismissed,
    UnitAdded,
    UnitClosed,
)
from contracts.partner.standing import *  # noqa: F403
from contracts.partner.standing_facts import *  # noqa: F403
from contracts.partner.standing_facts import (
    Absorbed,
    Activated,
    Archived,
    BecameDormant,
    BlockAmended,
    Blocked,
    BlockLifted,
    BlockProposed,
    DormancyProposed,
    MembershipChanged,
    Merged,
    MergeProposed,
    NetworkJoined,
    NetworkLeft,
    Privileged,
    PrivilegeEnded,
    PrivilegeProposed,
    ReferralClosed,
    ReviewDue,
    RightsAssessed,
)
from contracts.partner.state import *  # noqa: F403
from contracts.partner.state import Partner
from contracts.record import Contract

PARTNER: Final = Contract(
    aggregate="partner",
    service="partners",
    collection="partners",
    state=Partner,
    facts=(
        Registered,
        Suggested,
        SuggestionDismissed,
        Edited,
        IdentifierSet,
        IdentifierRemoved,
        IdentifierReceived,
        UnitAdded,
        UnitClosed,
        ContactAdded,
        ContactChanged,
        ContactRemoved,
        Activated,
        PrivilegeProposed,
        Privileged,
        PrivilegeEnded,
        BecameDormant,
        RightsAssessed,
        ReferralClosed,
        BlockProposed,
        Blocked,
        BlockAmended,
        BlockLifted,
        MergeProposed,
        Merged,
        Absorbed,
        NetworkJoined,
        MembershipChanged,
        NetworkLeft,
        Archived,
        DocumentAttached,
        NoteAdded,
        CorrectionProposed,
        Corrected,
        ChangeStaged,
        StagedChangeDecided,
        ReviewDue,
        DormancyProposed,
        DataConfirmed,
    ),
    evolve=evolve,
    state_field="standing",
)
