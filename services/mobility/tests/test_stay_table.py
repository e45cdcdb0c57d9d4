"""Every row of the stay's command table: what it does, what it refuses, where it is not offered."""

from __future__ import annotations

import pytest
from services.mobility.tests.stay_builders import (
    AGREEMENT,
    OTHER_STAY,
    PARTNER,
    PLATFORM,
    REGISTRATION,
    STAY_ID,
    SUCCESSOR,
    SUPERVISOR,
    UNIT,
    Office,
    agreement,
    announcement,
    blocked_partner,
    country,
    partner,
    promoter,
)

from chassis.decide import Caller
from contracts.roles import OFF, SEC
from contracts.stay import AgreementBasisLost, Announced, Cancelled, Refused, StayCategory
from mobility.stay import AGGREGATE
from mobility.stay.private import Length, Regime, Stage

OFFICER = Caller("officer-01", {OFF: {}})
SECRETARY = Caller("secretary-01", {SEC: {}})
REASON = {"reason": "La personne renonce à son séjour."}


def test_an_announced_stay_tells_category_host_and_year_and_keeps_the_person() -> None:
    office = Office.open()

    taken = office.done("announce_stay", announcement())

    (fact,) = taken.facts
    assert fact == Announced(
        stay_id=STAY_ID,
        version=1,
        occurred_on=office.today.replace(day=1),
        category=StayCategory.POSTDOC,
        host_unit_id=UNIT,
        home_partner_id=PARTNER,
        agreement_id=AGREEMENT,
        academic_year="2026/2027",
    )
    assert office.file().person is not None
    assert office.file().announced_by == "adviser-01"


def test_a_supervisor_announces_a_guest_of_their_own_only() -> None:
    office = Office.open()

    office.done("announce_stay", announcement(), caller=promoter())
    refusal = office.refused("announce_stay", announcement(), caller=promoter("promoter-08"), id_=OTHER_STAY)

    assert refusal.slug == "not-permitted"
    assert "mobility_adviser" in str(refusal.members["roles"])


def test_an_officer_for_africa_announces_guests_from_africa_only() -> None:
    office = Office.open(
        ("partner_copies", partner(_id=UNIT, country="FR")),
    )
    officer = Caller("africa-01", {"africa_officer": {"regions": frozenset({"Africa"})}})

    office.done("announce_stay", announcement(), caller=officer)
    refusal = office.refused(
        "announce_stay", announcement(home_partner_id=UNIT, agreement_id=None), caller=officer, id_=OTHER_STAY
    )

    assert refusal.slug == "not-permitted"


def test_s2_a_stay_without_supervisor_is_not_announced() -> None:
    refusal = Office.open().refused("announce_stay", announcement(host={"unit_id": UNIT}))

    assert refusal.slug == "supervisor-missing"
    assert refusal.reasons[0].pointer == "/host/supervisor"


def test_a_block_that_names_individuals_refuses_new_stays_with_the_exact_reason() -> None:
    office = Office.open(("partner_copies", blocked_partner("institutional_and_individual")))

    refusal = office.refused("announce_stay", announcement())

    assert (refusal.slug, refusal.rule, refusal.refs) == ("partner-blocked", "POL-03", {"partners": [PARTNER]})
    text = refusal.reasons[0].text
    assert text.fr == (
        "Collaborations institutionnelles suspendues avec Université Joseph Ki-Zerbo depuis le 02/03/2026 (CA-2026-03)."
    )
    assert text.en == (
        "Institutional partnerships with Université Joseph Ki-Zerbo are blocked since 2 March 2026 (CA-2026-03)."
    )


def test_pol15_an_institutional_block_leaves_individuals_free() -> None:
    office = Office.open(("partner_copies", blocked_partner("institutional")))

    taken = office.done("announce_stay", announcement())

    assert taken.state.home_partner_id == PARTNER


def test_s3_stays_of_one_holder_do_not_overlap() -> None:
    office = Office.open()
    holder = office.stay().private.holder_id

    again = announcement(person=None, holder_id=holder, period={"from": "2027-12-31", "to": "2028-04-30"})
    refusal = office.refused("announce_stay", {k: v for k, v in again.items() if v}, id_=OTHER_STAY)

    assert refusal.slug == "stay-overlap"
    assert "01/02/2027" in refusal.reasons[0].text.fr


def test_a_known_holder_comes_again_after_a_first_stay_without_giving_the_name_again() -> None:
    office = Office.open()
    holder = office.stay().private.holder_id
    again = announcement(holder_id=holder, period={"from": "2028-04-01"}, agreement_id=None)
    del again["person"]

    office.done("announce_stay", {k: v for k, v in again.items() if v}, id_=OTHER_STAY)

    second = office.file(OTHER_STAY)
    assert second.holder_id == holder
    assert second.person is not None
    assert second.person.family_name == "Vingt-trois"


def test_a_cancelled_stay_does_not_stand_in_the_way_of_another() -> None:
    office = Office.open()
    holder = office.stay("cancelled").private.holder_id
    again = announcement(holder_id=holder)
    del again["person"]

    taken = office.done("announce_stay", again, id_=OTHER_STAY)

    assert taken.state.version == 1


def test_an_unknown_holder_is_told_as_such() -> None:
    body = announcement(holder_id=OTHER_STAY)
    del body["person"]

    assert Office.open().refused("announce_stay", body).slug == "unknown-id"


@pytest.mark.parametrize("missing", ["home_partner_id", "agreement_id"])
def test_a_reference_that_has_not_arrived_yet_is_asked_for_again_later(missing: str) -> None:
    refusal = Office.open().refused("announce_stay", announcement(**{missing: OTHER_STAY}))

    assert refusal.slug == "reference-not-known-yet"
    assert refusal.members == {"retry_after_seconds": 1}


@pytest.mark.parametrize(
    "not_live",
    [{"state": "terminated"}, {"state": "suspended"}, {"end_on": "2027-01-31"}, {"start_on": "2027-02-02"}],
)
def test_pol14_a_stay_begins_under_an_agreement_in_force_that_day(not_live: dict[str, object]) -> None:
    office = Office.open(("agreement_copies", agreement(**not_live)))

    refusal = office.refused("announce_stay", announcement())

    assert (refusal.slug, refusal.rule) == ("agreement-not-live", "POL-14")
    assert refusal.reasons[0].text.fr == ("Aucune convention en vigueur avec Université Joseph Ki-Zerbo au 01/02/2027.")


def test_a_stay_that_begins_under_the_successor_is_announced_under_the_successor() -> None:
    office = Office.open(
        ("agreement_copies", agreement(state="renewed", end_on="2026-12-31")),
        ("agreement_copies", agreement(_id=SUCCESSOR, state="active", start_on="2027-01-01")),
    )

    taken = office.done("announce_stay", announcement())

    assert taken.state.agreement_id == SUCCESSOR
    assert ("agreement_copies", SUCCESSOR) in taken.decision.relies_on


def test_registering_completes_the_file_and_is_told_to_nobody() -> None:
    office = Office.open()
    office.stay()

    taken = office.done("register_stay", REGISTRATION)

    assert taken.facts == ()
    assert (taken.state.version, taken.state.state) == (2, "announced")
    assert taken.private.stage == Stage.REGISTERED
    assert [row["fact"] for row in office.journal] == ["announced", "registered"]


def test_registration_names_each_datum_that_is_missing() -> None:
    office = Office.open()
    office.stay()

    refusal = office.refused("register_stay", {"email": "role-23@example.org"})

    assert refusal.slug == "data-missing"
    assert [reason.pointer for reason in refusal.reasons] == ["/residence_country", "/consent_notice_sent_on"]
    assert refusal.reasons[0].text.fr == "Donnée manquante\u00a0: le pays de résidence."


def test_assessing_finds_regime_and_length() -> None:
    office = Office.open()
    office.stay("registered")

    office.done("assess_stay", {"basis": "employment"})

    legal = office.file().legal
    assert legal is not None
    assert (legal.regime, legal.length) == (Regime.THIRD_COUNTRY, Length.OVER_90)
    assert office.journal[-1]["payload"] == {"length": "over_90"}


def test_a_stay_without_end_has_no_regime_yet() -> None:
    office = Office.open()
    office.stay("registered", period={"from": "2027-02-01"})

    refusal = office.refused("assess_stay", {"basis": "grant"})

    assert refusal.slug == "regime-undetermined"


def test_a_nationality_that_is_not_in_the_list_of_countries_leaves_the_regime_open() -> None:
    office = Office.open()
    office.stay("registered", nationalities=["FR", "VN"])

    refusal = office.refused("assess_stay", {"basis": "grant"})

    assert "VN" in refusal.reasons[0].text.en


@pytest.mark.parametrize(
    ("command", "fact", "stage"), [("cancel_stay", Cancelled, "cancelled"), ("refuse_stay", Refused, "refused")]
)
@pytest.mark.parametrize("before", ["announced", "registered", "assessed"])
def test_a_stay_ends_before_arrival_with_a_reason_that_stays_in_the_file(
    command: str, fact: type[object], stage: str, before: str
) -> None:
    office = Office.open()
    office.stay(before)

    taken = office.done(command, REASON)

    assert [type(each) for each in taken.facts] == [fact]
    assert taken.state.state == stage
    assert office.file().reason == REASON["reason"]
    assert REASON["reason"] not in repr(taken.facts) + repr(office.journal)


def test_ch11_a_stay_whose_agreement_ended_has_lost_its_basis_once_per_cause() -> None:
    office = Office.open()
    office.stay()
    body = {"agreement_id": AGREEMENT, "cause": "terminated"}

    first = office.done("lose_agreement_basis", body, caller=PLATFORM)
    second = office.done("lose_agreement_basis", body, caller=PLATFORM)

    assert [type(fact) for fact in first.facts] == [AgreementBasisLost]
    assert first.state.agreement_id == AGREEMENT
    assert second.decision.is_empty


def test_ch11_the_successor_replaces_the_agreement_without_a_word_on_kafka() -> None:
    office = Office.open()
    office.stay()

    taken = office.done("follow_successor", {"agreement_id": AGREEMENT, "successor_id": SUCCESSOR}, caller=PLATFORM)

    assert taken.facts == ()
    assert (taken.private.agreement_id, taken.state.agreement_id) == (SUCCESSOR, AGREEMENT)


def test_a_change_of_another_agreement_changes_nothing() -> None:
    office = Office.open()
    office.stay()

    lost = office.done("lose_agreement_basis", {"agreement_id": SUCCESSOR, "cause": "expired"}, caller=PLATFORM)
    followed = office.done("follow_successor", {"agreement_id": SUCCESSOR, "successor_id": AGREEMENT}, caller=PLATFORM)

    assert lost.decision.is_empty
    assert followed.decision.is_empty


BODIES: dict[str, dict[str, object]] = {
    "register_stay": dict(REGISTRATION),
    "assess_stay": {"basis": "grant"},
    "cancel_stay": dict(REASON),
    "refuse_stay": dict(REASON),
    "lose_agreement_basis": {"agreement_id": AGREEMENT, "cause": "expired"},
    "follow_successor": {"agreement_id": AGREEMENT, "successor_id": SUCCESSOR},
}


@pytest.mark.parametrize("command", BODIES)
def test_a_state_that_the_table_does_not_list_names_the_commands_that_are_offered(command: str) -> None:
    office = Office.open()
    office.stay("cancelled")
    caller = PLATFORM if "agreement" in command or "successor" in command else None

    refusal = office.refused(command, BODIES[command], **({"caller": caller} if caller else {}))

    assert refusal.slug == "transition-not-allowed"
    assert refusal.members == {"state": "cancelled", "allowed_commands": []}


@pytest.mark.parametrize("command", BODIES)
def test_s10_whoever_has_no_right_is_told_that_there_is_no_such_stay(command: str) -> None:
    office = Office.open()
    office.stay()

    for caller in (OFFICER, SECRETARY, promoter("promoter-08")):
        assert office.refused(command, BODIES[command], caller=caller).slug == "unknown-id"


def test_a_supervisor_reads_their_guest_and_may_not_change_the_file() -> None:
    office = Office.open()
    office.stay()

    assert office.refused("register_stay", REGISTRATION, caller=promoter(SUPERVISOR)).slug == "not-permitted"


def test_announcing_without_the_role_names_the_roles_that_could() -> None:
    refusal = Office.open().refused("announce_stay", announcement(), caller=SECRETARY)

    assert refusal.slug == "not-permitted"
    assert refusal.members["roles"] == [str(role) for role in AGGREGATE.command("announce_stay").roles]


def test_every_refusal_of_the_table_has_a_title_in_both_languages() -> None:
    for row in AGGREGATE.commands:
        for slug in row.refusals:
            title = AGGREGATE.problems[slug]
            assert title.fr
            assert title.en


def test_only_countries_decide_about_eea_membership_where_they_have_dates() -> None:
    member_until = {"from": "2000-01-01", "to": "2026-12-31"}
    office = Office.open(("country_copies", country("FR", region="Europe", eea_or_swiss=[member_until])))
    office.stay("registered", nationalities=["FR"])

    office.done("assess_stay", {"basis": "grant"})

    legal = office.file().legal
    assert legal is not None
    assert legal.regime == Regime.THIRD_COUNTRY
