"""POL-04: each partner's fundamental-rights test, for this file, not adverse and not older than twelve months (A11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from agreements.agreement.known import Known, RightsAssessment
from agreements.agreement.party_rules import by_policy
from agreements.agreement.wording import day, say
from chassis.decide import Refusal, Text
from contracts.agreement import Agreement, ReviewOutcome, months_after
from contracts.partner import AssessmentOutcome, AssessmentPurpose, Partner

VALID_MONTHS: Final = 12
PASSED: Final = frozenset({AssessmentOutcome.CLEAR, AssessmentOutcome.CLEARED})

RIGHTS_TEST: Final = Text(
    "Le test des droits fondamentaux de {name} pour ce dossier est {what}. Il se refait à la conclusion et à "
    "chaque renouvellement.",
    "The fundamental-rights test of {name} for this file is {what}. It is done at conclusion and again at "
    "every renewal.",
)
ABSENT: Final = Text("absent", "missing")
REFERRED: Final = Text(
    "absent (l'avis du point de contact est attendu)", "missing (the contact point's opinion is awaited)"
)
EXPIRED: Final = Text("périmé depuis le {date}", "out of date since {date}")
ADVERSE: Final = Text("défavorable", "adverse")


def rights_tests(agreement: Agreement, known: Known) -> Iterator[Refusal]:
    for _, partner in known.counterparts(agreement):
        failing = _failing(latest(agreement, partner.id, known.rights), known)
        if failing:
            slug, what = failing
            yield by_policy("POL-04", slug, say(RIGHTS_TEST, name=partner.name.display, what=what), partner)


def _failing(assessment: RightsAssessment | None, known: Known) -> tuple[str, Text] | None:
    if assessment is None:
        return "rights-assessment-missing", ABSENT
    if assessment.outcome is AssessmentOutcome.REFERRED:
        return "rights-assessment-missing", REFERRED
    if assessment.outcome is AssessmentOutcome.ADVERSE:
        return "rights-assessment-adverse", ADVERSE
    last_valid = months_after(assessment.assessed_on, VALID_MONTHS)
    if last_valid < known.today:
        since = last_valid + timedelta(days=1)
        return "rights-assessment-expired", say(EXPIRED, date=day(since))
    return None


def latest(agreement: Agreement, partner_id: str, assessments: Iterable[RightsAssessment]) -> RightsAssessment | None:
    """The newest test of the partner for what this agreement is: a conclusion or a renewal."""
    renews = agreement.supersedes is not None and agreement.supersedes.relation == "renewal"
    purpose = AssessmentPurpose.RENEWAL if renews else AssessmentPurpose.CONCLUSION
    tests = [each for each in assessments if each.partner_id == partner_id and each.purpose is purpose]
    return max(tests, key=lambda each: (each.assessed_on, each.id), default=None)


def rights_review(agreement: Agreement, assessments: Sequence[RightsAssessment]) -> ReviewOutcome:
    """What the partners' tests together say in the review: one adverse is enough, all must have passed."""
    tests = [latest(agreement, party.partner_id, assessments) for party in agreement.counterparts]
    outcomes = {each.outcome if each else None for each in tests}
    if AssessmentOutcome.ADVERSE in outcomes:
        return ReviewOutcome.NEGATIVE
    return ReviewOutcome.POSITIVE if outcomes <= PASSED else ReviewOutcome.PENDING


def referred_partners(agreement: Agreement, known: Known) -> list[Partner]:
    """The partners whose test went to the contact point."""
    tests = [(partner, latest(agreement, partner.id, known.rights)) for _, partner in known.counterparts(agreement)]
    return [partner for partner, test in tests if test and test.outcome is not AssessmentOutcome.CLEAR]


def rights_guard(agreement: Agreement) -> tuple[str, ...]:
    """What decisions on rights tests and the arrival of a new test both touch."""
    return (f"rights:{agreement.id}",)
