"""What the golden records say: real public institutions, people by the label of their role, dates of one year.

What a member of that name says anywhere; what one record says instead stands in `said`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ULB = "01900000-0000-7000-8000-000000000001"
YAOUNDE = "0192f0a0-11a0-7c3e-9d10-5d2c8a4be001"
UNICA = "0192f0a0-11a0-7c3e-9d10-5d2c8a4be002"
COUNCIL = "0192f0a0-33c0-7c3e-9d10-5d2c8a4be301"
GROUP = "0192f0a0-33c0-7c3e-9d10-5d2c8a4be302"
FRAMEWORK = "0192f0a0-22b0-7c3e-9d10-5d2c8a4be201"
SITTING = "0192f0a0-44d0-7c3e-9d10-5d2c8a4be401"
ITEM = "0192f0a0-44d0-7c3e-9d10-5d2c8a4be411"
REQUEST = "0192f0a0-22b0-7c3e-9d10-5d2c8a4be221"
STAY_ID = "7d1f5a36-3c1e-4b52-9f0a-6a2f5a1c7e01"
TEXT_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

KEYS: Final[Mapping[str, str]] = {
    "partner": YAOUNDE,
    "country": "CM",
    "agreement": FRAMEWORK,
    "committee": GROUP,
    "meeting": SITTING,
    "stay": STAY_ID,
    "refusal": "0192f0a0-55e0-7c3e-9d10-5d2c8a4be501",
}

WORDS: Final[Mapping[str, Any]] = {
    "academic_year": "2026/2027",
    "acronym": "UY1",
    "agreement_id": FRAMEWORK,
    "by": "director-01",
    "city": "Yaoundé",
    "closes_on": "2027-01-31",
    "command": "approve_agreement",
    "committee_id": GROUP,
    "competence_reason": "by_country",
    "country": "CM",
    "countries": ["CM"],
    "days": 30,
    "decided_on": "2026-10-22",
    "decision_ref": {
        "body": {"kind": "academic_council"},
        "decided_on": "2026-10-22",
        "reference": "CA/2026/10/22-3",
    },
    "display": "Université de Yaoundé I",
    "due_on": "2026-11-02",
    "edition": "2026",
    "effective_on": "2027-04-20",
    "end_on": "2031-11-01",
    "ends_at": "2026-10-20T15:00:00Z",
    "ewp_ounit_id": "FMSB",
    "from": "2026-11-02",
    "from_partner_id": "0192f0a0-11a0-7c3e-9d10-5d2c8a4be003",
    "given_on": "2026-10-20",
    "group_code": "developing",
    "home_partner_id": YAOUNDE,
    "host_unit_id": "0192f0a0-11a0-7c3e-9d10-5d2c8a4be011",
    "isced": "0511",
    "iso3": "CMR",
    "item_id": ITEM,
    "kind": "framework",
    "lang": "fr",
    "languages": ["fr", "en"],
    "lat": 3.8604,
    "legacy_number": "RI/2014/027",
    "lineage_id": FRAMEWORK,
    "list_label": "Liste 2024-2028",
    "lon": 11.5021,
    "m49": "120",
    "media_type": "application/pdf",
    "meeting_id": SITTING,
    "meetings_per_year": 3,
    "months": 6,
    "network_id": UNICA,
    "new_end_on": "2033-11-01",
    "notice_months": 6,
    "notice_on": "2031-05-01",
    "number": "ULB-2026-0042",
    "on": "2026-11-02",
    "origin": "requested",
    "own_iia_id": FRAMEWORK,
    "parent_id": COUNCIL,
    "partner_id": YAOUNDE,
    "partner_iia_id": "1954991",
    "last_signed_on": "2026-10-30",
    "partner_ids": [YAOUNDE],
    "party_no": 2,
    "place": "Solbosch, salle de réunion du département",
    "pointer": "/city",
    "pointers": ["/name/display", "/city"],
    "promoter": "promoter-07",
    "promoters": ["promoter-07"],
    "reason": "Décision prise après échange avec le partenaire.",
    "re_evaluation_on": "2028-10-22",
    "reference": "CA/2026/10/22-3",
    "region": "Africa",
    "registered_on": "2026-11-02",
    "relation_owner": "officer-02",
    "request_id": REQUEST,
    "requested_on": "2026-09-28",
    "responsible_officer": "officer-02",
    "review_on": "2029-10-22",
    "sdgs": [4, 15],
    "sha256": TEXT_HASH,
    "signed_on": "2026-10-30",
    "since": "2026-10-22",
    "size_bytes": 184320,
    "source": "eche_2026",
    "start_on": "2026-11-02",
    "starts_at": "2026-10-20T13:00:00Z",
    "subject": "member-11",
    "survivor_id": "0192f0a0-11a0-7c3e-9d10-5d2c8a4be003",
    "subject_areas": ["0511", "0912"],
    "submitted_by": "officer-02",
    "submitted_on": "2026-09-28",
    "subregion": "Middle Africa",
    "tags": ["biodiversity", "health"],
    "term_to": "2028-10-21",
    "to": "2028-10-21",
    "to_partner_id": YAOUNDE,
    "until": "2027-12-31",
    "website": "https://www.uy1.uninet.cm",
    "year": 2026,
}

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "competence_reason": (
        "Tous les pays partenaires relèvent du groupe des pays en développement.",
        "All partner countries belong to the group of developing countries.",
    ),
    "dial_notes": ("Prévoir deux semaines pour un visa.", "Allow two weeks for a visa."),
    "function": ("Directrice des relations internationales", "Director of international relations"),
    "name": ("Faculté des sciences", "Faculty of Science"),
    "purpose": (
        "Coopération en enseignement et en recherche sur la biodiversité du bassin du Congo.",
        "Cooperation in teaching and research on the biodiversity of the Congo basin.",
    ),
    "question": (
        "Le comité est-il favorable à cet accord-cadre\u00a0?",
        "Is the committee in favour of this framework agreement?",
    ),
    "reason": (
        "Décision prise après échange avec le partenaire.",
        "Decided after an exchange with the partner.",
    ),
    "text": (
        "Préciser la part des échanges d'étudiantes et d'étudiants.",
        "State the share of student exchanges.",
    ),
    "theme": ("Grandes métropoles", "Capital cities"),
    "title": (
        "Accord-cadre avec l'Université de Yaoundé I",
        "Framework agreement with the University of Yaoundé I",
    ),
}
