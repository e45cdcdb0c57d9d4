"""The command table of a committee."""

from __future__ import annotations

from typing import Final

from chassis.decide import CREATION, Command
from contracts.committee import CommitteeState
from contracts.roles import AFR, COO, DIR, OFF, PRO, SEC, SERVICE, VR
from events.committee import bodies, items, seats

IN_OFFICE: Final = frozenset({CommitteeState.IN_OFFICE.value})

# fmt: off
COMMANDS: Final[tuple[Command, ...]] = (
    Command(
        "set_up_committee", bodies.SetUpCommittee, CREATION, (DIR,), seats.set_up,
        to=("in_office",), needs=seats.every_committee,
        refusals=("group-code-in-use", "council-exists", "parent-missing"),
    ),
    Command("edit_committee", bodies.EditCommittee, IN_OFFICE, (DIR, SEC), seats.edit),
    Command(
        "change_rules", bodies.ChangeRules, IN_OFFICE, (DIR, SEC), seats.change_rules,
        refusals=("rules-retroactive",),
    ),
    Command(
        "appoint_member", bodies.AppointMember, IN_OFFICE, (VR, DIR), seats.appoint,
        refusals=("member-already-serving", "term-not-two-years", "second-chair"),
    ),
    Command(
        "end_membership", bodies.EndMembership, IN_OFFICE, (VR, DIR, SEC), seats.end_membership,
        refusals=("last-chair", "member-not-serving"),
    ),
    Command(
        "submit_item", bodies.SubmitItem, IN_OFFICE, (OFF, COO, AFR, PRO, SEC, SERVICE), items.submit,
        needs=items.submit_needs,
        refusals=("committee-dissolved", "item-duplicate"),
    ),
    Command(
        "withdraw_item", bodies.WithdrawItem, IN_OFFICE, (OFF, COO, AFR, PRO, SEC, SERVICE), items.withdraw,
        refusals=("item-not-pending",),
    ),
)
# fmt: on
