"""What one golden record says that its members' names alone would not, and the stories whose fold the snapshots are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contracts.check.words import COUNCIL, FRAMEWORK, GROUP, ITEM, ULB, YAOUNDE

_PARTIES = [
    {"no": 1, "partner_id": ULB, "role": "own"},
    {"no": 2, "partner_id": YAOUNDE, "role": "partner"},
]
_BY_COUNCIL = {
    "body": {"kind": "committee", "committee_id": COUNCIL},
    "decided_on": "2026-10-22",
    "reference": "CDRI/2026/3",
}
_SIGNATURES = [
    {"signature_no": 1, "party_no": 1, "required": True},
    {"signature_no": 2, "party_no": 2, "required": True},
]
_RULES = {
    "quorum": {"kind": "fraction", "value": "0.5"},
    "meetings_per_year": 3,
    "term_years": 2,
    "agenda_days": 7,
    "open_to_all": False,
    "voting": "consensus",
}
_LIVES = {"parties": _PARTIES, "plurality": "bilateral", "kind": "framework"}

SAID: Final[Mapping[str, Mapping[str, Any]]] = {
    "partner.registered.v1": {
        "kind": "university",
        "governance": "public_service",
        "level": None,
        "name": {
            "display": "Université de Yaoundé I",
            "local": [{"lang": "en", "value": "University of Yaoundé I"}],
            "acronym": "UY1",
            "aliases": ["Université de Yaoundé 1"],
        },
        "identifiers": [{"scheme": "schac", "value": "uy1.uninet.cm"}],
        "identifiers_received": [],
        "eche": None,
        "network_theme": None,
        "origin": {"type": "manual"},
        "confirmed_distinct_from": ["0192f0a0-11a0-7c3e-9d10-5d2c8a4be003"],
    },
    "partner.document_attached.v1": {"kind": "statutes", "audience": "staff"},
    "agreement.document_attached.v1": {"kind": "signed_text", "audience": "staff"},
    "meeting.document_attached.v1": {"kind": "agenda", "audience": "staff"},
    "partner.staged_change_decided.v1": {"taken": ["/city"], "kept": ["/name/display"]},
    "partner.change_staged.v1": {"action": "update"},
    "country.cooperation_listed.v1": {"decision_ref": _BY_COUNCIL},
    "country.cooperation_delisted.v1": {"decision_ref": _BY_COUNCIL},
    "partner.suggested.v1": {
        "name": {"display": "Université de Yaoundé I", "local": [], "acronym": "UY1", "aliases": []},
        "origin": {"type": "delegation", "ref": "visite du 2026-11-10"},
    },
    "partner.edited.v1": {"changes": [{"pointer": "/city", "new": "Yaoundé"}]},
    "partner.identifier_set.v1": {"scheme": "ror", "value": "https://ror.org/022zbs961"},
    "partner.identifier_removed.v1": {"scheme": "schac", "value": "uy1.uninet.cm"},
    "partner.identifier_received.v1": {
        "scheme": "erasmus",
        "text": "CM YAOUNDE1",
        "source": "eche_2026",
        "reason": "fails_format",
        "belongs_to": None,
    },
    "partner.merged.v1": {
        "survivor_id": "0192f0a0-11a0-7c3e-9d10-5d2c8a4be003",
        "identifiers_moved": [{"scheme": "schac", "value": "uy1.uninet.cm"}],
        "name": {"display": "Université de Yaoundé I", "local": [], "aliases": []},
    },
    "partner.absorbed.v1": {
        "loser_id": "0192f0a0-11a0-7c3e-9d10-5d2c8a4be004",
        "loser_name": "Université Paris Diderot",
        "identifiers": [{"scheme": "erasmus", "value": "F  PARIS007"}],
    },
    "partner.rights_assessed.v1": {
        "subject_ref": {"type": "agreement", "id": FRAMEWORK},
        "purpose": "conclusion",
        "q1_institution": "no",
        "q2_activities": "no",
        "outcome": "clear",
        "assessed_on": "2026-09-21",
    },
    "partner.referral_closed.v1": {"subject_ref": {"type": "agreement", "id": FRAMEWORK}, "outcome": "cleared"},
    "partner.blocked.v1": {
        "scope": "institutional",
        "transition": {"rule": "run_to_term"},
        "previous_standing": "active",
    },
    "partner.block_amended.v1": {"transition": {"rule": "end_by", "until": "2027-12-31"}},
    "partner.block_lifted.v1": {"standing": "active"},
    "partner.corrected.v1": {"pointer": "/city", "old": "Yaounde", "new": "Yaoundé"},
    "partner.unit_added.v1": {"parent_unit_id": None},
    "country.added.v1": {"name": {"fr": "Cameroun", "en": "Cameroon"}},
    "country.edited.v1": {"changes": [{"pointer": "/name/en", "new": "Cameroon"}]},
    "country.group_assigned.v1": {
        "from": "2019-01-01",
        "previous_group_code": "africa",
        "decision_ref": _BY_COUNCIL,
    },
    "country.classified.v1": {"scheme": "dac", "class": "lmic", "from": "2026-01-01", "edition": "DAC 2026"},
    "country.period_corrected.v1": {
        "pointer": "/cooperation_periods/0",
        "old": {"from": "2024-01-01"},
        "new": {"from": "2024-02-01"},
    },
    "agreement.drafted.v1": {**_LIVES, "framework_id": None, "supersedes": None},
    "agreement.imported.v1": {
        **_LIVES,
        "framework_id": None,
        "supersedes": None,
        "state": "active",
        "source": "register_csv",
        "row": 27,
        "start_on": "2024-01-01",
        "end_on": "2028-12-31",
    },
    "agreement.edited.v1": {"changes": [{"pointer": "/end_on", "new": "2031-11-01"}]},
    "agreement.activated.v1": {**_LIVES, "conditions_count": 0, "due_on": None},
    "agreement.registered.v1": dict(_LIVES) | {"plurality": None},
    "agreement.conditions_set.v1": {
        "conditions": [
            {
                "no": 1,
                "mobility_kind": "student_studies",
                "sending_party": 2,
                "receiving_party": 1,
                "first_academic_year": "2026/2027",
                "last_academic_year": "2029/2030",
                "mobilities_per_year": 2,
                "languages": [{"lang": "fr", "cefr": "B2"}],
                "subject_areas": [{"isced": "0511"}],
                "total_months_per_year": "10",
                "blended": False,
                "eqf_levels": [6, 7],
            }
        ]
    },
    "agreement.flows_recorded.v1": {
        "academic_year": "2025/2026",
        "rows": [
            {
                "academic_year": "2025/2026",
                "direction": "in",
                "mobility_kind": "student_studies",
                "count": 2,
                "source": "office",
            }
        ],
    },
    "agreement.submitted_for_review.v1": {
        "reviews_required": [
            {"review_id": "0192f0a0-22b0-7c3e-9d10-5d2c8a4be231", "kind": "rights"},
            {"review_id": "0192f0a0-22b0-7c3e-9d10-5d2c8a4be232", "kind": "legal"},
        ]
    },
    "agreement.review_recorded.v1": {
        "review_id": "0192f0a0-22b0-7c3e-9d10-5d2c8a4be231",
        "kind": "rights",
        "outcome": "positive",
    },
    "agreement.advice_recorded.v1": {"outcome": "favourable_with_conditions"},
    "agreement.approved.v1": {"by_role": "director", "decision_ref": None},
    "agreement.signing_opened.v1": {"signatures": _SIGNATURES, "authentic_language": "fr"},
    "agreement.signed.v1": {"signature_no": 2, "method": "handwritten", "remaining": 0},
    "agreement.terminated.v1": {"mutual": True, "decision_ref": None, "due_on": None},
    "agreement.transition_left.v1": {"state": "active"},
    "agreement.corrected.v1": {"pointer": "/title/en", "old": "Framework", "new": "Framework agreement"},
    "agreement.correction_proposed.v1": {"pointer": "/title/en"},
    "agreement.change_staged.v1": {"action": "update", "source": "ewp_iia", "pointers": ["/conditions/0"]},
    "agreement.staged_change_decided.v1": {"taken": ["/conditions/0"], "kept": []},
    "agreement.signing_stalled.v1": {"days": 60, "missing": [2]},
    "agreement.advice_overdue.v1": {"days": 90},
    "agreement.notice_reminder_due.v1": {"months_before": 12, "renewal_open": False},
    "committee.set_up.v1": {
        "kind": "regional_group",
        "name": {"fr": "Groupe « pays en développement »", "en": 'Group "developing countries"'},
        "acronym": "CDRI-PED",
        "in_office": {"from": "2019-01-01"},
        "rules": _RULES,
    },
    "committee.rules_changed.v1": {"rules": {**_RULES, "meetings_per_year": 4}, "from": "2027-01-01"},
    "committee.edited.v1": {"changes": [{"pointer": "/acronym", "new": "CDRI-PED"}]},
    "committee.member_appointed.v1": {"role": "expert", "term": {"from": "2026-10-22", "to": "2028-10-21"}},
    "committee.member_renewed.v1": {"term": {"from": "2028-10-22", "to": "2030-10-21"}},
    "committee.item_submitted.v1": {
        "kind": "advice_on_agreement",
        "ref": {"type": "agreement", "id": FRAMEWORK},
        "competence": {"on": "2026-09-28", "committee_id": GROUP},
    },
    "committee.item_withdrawn.v1": {"reason": "La convention est retirée."},
    "committee.meetings_short.v1": {"year": 2026, "held": 2, "wanted": 3},
    "meeting.scheduled.v1": {"mode": "hybrid", "sitting_no": None},
    "meeting.rescheduled.v1": {"sitting_no": None},
    "meeting.item_placed.v1": {
        "no": 1,
        "kind": "advice_on_agreement",
        "ref": {"type": "agreement", "id": FRAMEWORK},
        "competence": {"on": "2026-09-28", "committee_id": GROUP},
    },
    "meeting.items_ordered.v1": {"order": [ITEM]},
    "meeting.convened.v1": {
        "sitting_no": 2,
        "urgent": False,
        "items": [
            {
                "item_id": ITEM,
                "no": 1,
                "kind": "advice_on_agreement",
                "ref": {"type": "agreement", "id": FRAMEWORK},
            }
        ],
    },
    "meeting.held.v1": {"on": "2026-10-20", "present": 7, "quorum": 6, "quorum_met": True},
    "meeting.advice_given.v1": {
        "ref": {"type": "agreement", "id": FRAMEWORK},
        "outcome": "favourable_with_conditions",
    },
    "meeting.item_deferred.v1": {"ref": {"type": "agreement", "id": FRAMEWORK}},
    "meeting.decision_recorded.v1": {
        "ref": {"type": "agreement", "id": FRAMEWORK},
        "authority": "vice_rector",
        "followed": "yes",
        "reason": None,
    },
    "meeting.cancelled.v1": {"items": [ITEM]},
    "stay.announced.v1": {"category": "postdoc", "project_id": None},
    "stay.arrived.v1": {"category": "postdoc", "project_id": None},
    "stay.closed.v1": {"months": 14},
    "stay.agreement_basis_lost.v1": {"cause": "terminated"},
    "refusal.recorded.v1": {
        "aggregate": "agreement",
        "id": FRAMEWORK,
        "rule": "POL-04",
        "slug": "rights-assessment-missing",
        "reason_fr": "Le test des droits fondamentaux de Université de Yaoundé I pour ce dossier est absent. "
        "Il se refait à la conclusion et à chaque renouvellement.",
        "reason_en": "The fundamental-rights test of Université de Yaoundé I for this file is missing. "
        "It is done at conclusion and again at every renewal.",
        "refs": {"partners": [YAOUNDE]},
        "handed_to": None,
    },
}

STORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "partner": ("registered", "identifier_set", "unit_added", "contact_added", "activated", "data_confirmed"),
    "country": ("added", "group_assigned", "cooperation_listed", "classified"),
    "agreement": (
        "drafted",
        "submitted_for_review",
        "review_recorded",
        "negotiation_opened",
        "round_recorded",
        "advice_requested",
        "advice_recorded",
        "advice_conditions_answered",
        "approved",
        "signing_opened",
        "signed",
        "fully_signed",
        "registered",
        "activated",
    ),
    "committee": ("set_up", "member_appointed", "item_submitted"),
    "meeting": ("scheduled", "item_placed", "convened", "held", "advice_given"),
    "stay": ("announced", "arrived"),
}
"""The facts, in order, whose fold is the golden snapshot of each aggregate."""
