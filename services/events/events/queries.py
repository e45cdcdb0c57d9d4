"""What events answers itself: the names of external members, and what was said before an advice."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from chassis.decide import Caller, Found
from chassis.http import House
from chassis.problems import Problem
from contracts.committee import Committee
from contracts.roles import ADV, AFR, COO, DIR, MEM, OFF, PRO, REA, SEC, VR
from events.committee.policy import reach as reach_of_committee
from events.committee.private import CommitteePrivate
from events.meeting.policy import reach as reach_of_meeting

OFFICE: Final = (OFF, DIR, VR, COO, AFR)
OF_THE_COMMITTEE: Final = (SEC, MEM)
STAFF: Final = (*OFFICE, *OF_THE_COMMITTEE, ADV, PRO, REA)


def routes(house: House) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.get("/committees/{id}/external-members")
    async def external_members(request: Request) -> Response:
        """Names of the members from outside, for all staff; how to reach them, for the office and the secretary."""
        caller, id_ = house.caller(request), request.path_params["id"]
        if not caller.has(*STAFF):
            raise _not_permitted(STAFF)
        purpose = house.purpose(request)
        committee = await house.desk.load("committee", id_)
        where = reach_of_committee(committee.state, committee.private, None, Found())
        reachable = caller.has(*OFFICE) or caller.may((SEC,), where)
        shown = _externals(committee.state, committee.private, reachable=reachable)
        await house.log_access(caller, f"committee/{id_}/external-members", purpose)
        return house.answer({"items": shown})

    @router.get("/meetings/{id}/deliberation")
    async def deliberation(request: Request) -> Response:
        """Attendance, conflicts, opinions, reasoning and votes: for the office and the committee's own people."""
        caller, id_ = house.caller(request), request.path_params["id"]
        meeting = await house.desk.load("meeting", id_)
        where = reach_of_meeting(meeting.state, meeting.private, None, Found())
        if not _may_read(caller, where):
            raise _not_permitted((*OFFICE, *OF_THE_COMMITTEE))
        shown = meeting.private.model_dump(mode="json", by_alias=True, exclude_none=True)
        return house.answer({"id": id_, "version": meeting.state.version, **shown})

    return router


def _may_read(caller: Caller, where: Any) -> bool:
    return caller.has(*OFFICE) or caller.may(OF_THE_COMMITTEE, where)


def _not_permitted(roles: tuple[str, ...]) -> Problem:
    return Problem("not-permitted", roles=[str(role) for role in roles])


def _externals(committee: Committee, private: CommitteePrivate, *, reachable: bool) -> list[dict[str, object]]:
    hidden = None if reachable else {"email"}
    return [
        {"member_id": each.member_id, **private.externals[each.member_id].model_dump(exclude=hidden)}
        for each in committee.members
        if each.member_id in private.externals
    ]
