"""The fold of an agreement's facts beyond what today's commands can tell: its later life, the exchange, corrections."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.agreement import (
    AGREEMENT,
    Agreement,
    AgreementFact,
    AgreementKind,
    AgreementParty,
    AgreementState,
    Amended,
    AmendmentStarted,
    Corrected,
    DocumentAttached,
    Drafted,
    FlowsRecorded,
    Iia,
    IiaApprovalReset,
    IiaApprovedByPartner,
    IiaApprovedByUs,
    IiaReverted,
    Imported,
    NoticeGiven,
    PartnerIiaBound,
    PartyFollowedMerge,
    Renewed,
    Resumed,
    Suspended,
    TacitlyExtended,
    Terminated,
)
from contracts.record import encode
from contracts.types import LocalizedText, LongText

ON = date(2026, 11, 2)


def id_of(n: int) -> str:
    return f"01900000-0000-7000-8000-{n:012d}"


OWN, PARTNER, SURVIVOR, SUCCESSOR = (id_of(n) for n in range(1, 5))


def terms(kind: AgreementKind = AgreementKind.IIA) -> dict[str, Any]:
    return {
        "agreement_id": id_of(9),
        "kind": kind,
        "title": LocalizedText(en="Exchange with Oslo"),
        "parties": (
            AgreementParty(no=1, partner_id=OWN, role="own"),
            AgreementParty(no=2, partner_id=PARTNER, role="partner"),
        ),
        "plurality": "bilateral",
        "purpose": LongText(en="Exchange of students."),
        "lineage_id": id_of(9),
        "responsible_officer": "officer-01",
        "start_on": date(2026, 1, 1),
        "end_on": date(2028, 8, 31),
        "notice_months": 6,
    }


def active(*facts: AgreementFact) -> Agreement:
    """An imported agreement in force, after the facts."""
    imported = Imported(
        **terms(),
        source="csv",
        row=3,
        state=AgreementState.ACTIVE,
        legacy_number="2019/33",
        number="ULB-2026-0007",
        registered_on=ON,
    )
    stamped = [AGREEMENT.stamp(fact, id_of(9), no, ON) for no, fact in enumerate((imported, *facts), start=1)]
    return AGREEMENT.fold(None, stamped)


def test_an_imported_agreement_begins_in_its_state_with_its_legacy_number() -> None:
    agreement = active()

    assert (agreement.state, agreement.imported, agreement.legacy_number) == ("active", True, "2019/33")
    assert agreement.notice_on == date(2028, 2, 29)
    assert agreement.iia == Iia(own_iia_id=id_of(9))


def test_no_agreement_begins_with_anything_else() -> None:
    with pytest.raises(ValueError, match="does not begin with resumed"):
        AGREEMENT.fold(None, [Resumed(on=ON, version=1)])


def test_a_suspension_lasts_until_it_is_resumed() -> None:
    suspended = active(Suspended(from_=ON, reason="Visa stop."))
    resumed = active(Suspended(from_=ON, reason="Visa stop."), Resumed(on=ON))

    assert (suspended.state, suspended.suspension is not None) == ("suspended", True)
    assert (resumed.state, resumed.suspension) == ("active", None)


def test_notice_and_tacit_extension_are_shown_with_the_new_notice_date() -> None:
    agreement = active(
        NoticeGiven(given_by_party=2, given_on=ON, effective_on=date(2027, 9, 1)),
        TacitlyExtended(new_end_on=date(2030, 8, 31), extension_no=1),
    )

    assert agreement.notice is not None
    assert (agreement.end_on, agreement.notice_on) == (date(2030, 8, 31), date(2030, 2, 28))


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        (Renewed(successor_id=SUCCESSOR, on=ON), "renewed"),
        (Amended(successor_id=SUCCESSOR, on=ON), "amended"),
        (Terminated(on=ON, reason=LocalizedText(en="registered_in_error"), mutual=True), "terminated"),
    ],
)
def test_an_agreement_ends_with_its_day(fact: AgreementFact, state: str) -> None:
    agreement = active(fact)

    assert agreement.ending is not None
    assert (agreement.state, agreement.ending.on) == (state, ON)


def test_approvals_of_both_sides_count_until_one_is_reset() -> None:
    both = (
        PartnerIiaBound(partner_iia_id="abc-1"),
        IiaApprovedByUs(partner_hash="p1", on=ON),
        IiaApprovedByPartner(own_hash="o1", on=ON),
    )
    reset = (*both, IiaApprovalReset(reason="Changed.", old_hash="o1", new_hash="o2"))

    approved, again, reverted = (
        each.iia for each in (active(*both), active(*reset), active(*reset, IiaReverted(hash="o1")))
    )

    assert approved is not None
    assert (approved.both_approved, approved.partner_iia_id, approved.own_hash) == (True, "abc-1", "o1")
    assert again is not None
    assert (again.both_approved, again.own_hash) == (False, "o2")
    assert reverted is not None
    assert reverted.own_hash == "o1"


def test_flows_of_a_year_replace_those_told_before() -> None:
    row = {"academic_year": "2026/2027", "direction": "in", "mobility_kind": "student_studies", "source": "declared"}
    first, second = ({**row, "count": count} for count in (3, 4))

    agreement = active(
        FlowsRecorded.model_validate({"academic_year": "2026/2027", "rows": [first]}),
        FlowsRecorded.model_validate({"academic_year": "2026/2027", "rows": [second]}),
    )

    assert [flow.count for flow in agreement.flows] == [4]


def test_a_correction_and_a_merge_change_what_they_name_and_nothing_else() -> None:
    agreement = active(
        Corrected(pointer="/title/en", old="Exchange with Oslo", new="Exchange with Bergen", reason="Typo."),
        PartyFollowedMerge(party_no=2, from_partner_id=PARTNER, to_partner_id=SURVIVOR),
        AmendmentStarted(successor_id=SUCCESSOR, reason="More places."),
    )

    assert agreement.title.en == "Exchange with Bergen"
    assert [party.partner_id for party in agreement.parties] == [OWN, SURVIVOR]
    assert agreement.state == "active"


def test_a_document_of_the_office_is_not_in_the_public_state() -> None:
    def paper(n: int, audience: str) -> DocumentAttached:
        said = {"document_id": id_of(n), "kind": "letter", "sha256": "a" * 64, "audience": audience}
        return DocumentAttached.model_validate(said)

    agreement = active(paper(20, "office"), paper(21, "staff"), paper(22, "public"))

    assert [each.id for each in agreement.documents] == [id_of(21), id_of(22)]


def test_every_fact_of_the_agreement_has_a_name_of_its_own_and_a_record_that_reads_back() -> None:
    drafted = Drafted(**terms(AgreementKind.EXCHANGE))

    assert len(AGREEMENT.fact_types) == len(AGREEMENT.facts)
    assert Drafted.model_validate_json(encode(drafted)) == drafted
    assert Agreement.model_validate_json(encode(active())) == active()
