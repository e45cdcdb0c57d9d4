"""What the owners of the office on paper read out: personal data, and the office's part of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

PAPER: Final = "01930000-0000-7000-8000-0000000007%02d"
CONTACT: Final = {
    "contact_id": PAPER % 1,
    "given_name": "Contact",
    "family_name": "Premier",
    "role": "signatory",
    "email": "contact-01@example.org",
    "function": {"fr": "Recteur"},
}
OFFICE_FILE: Final = {
    "rounds": [
        {"no": 1, "document_id": PAPER % 11, "note": "Sans l’annexe."},
        {"no": 2, "document_id": PAPER % 12},
    ],
    "text_document_id": PAPER % 13,
    "reviews": [{"review_id": "01930000-0000-7000-8000-000000000102", "by": "officer-1", "note": "Relu."}],
    "answers": [
        {"request_id": PAPER % 2, "no": 1, "text": {"fr": "Annexe jointe."}, "by": "officer-1", "on": "2026-10-05"}
    ],
    "documents": [{"id": PAPER % 14, "kind": "letter", "title": "Lettre du rectorat", "added_on": "2026-10-06"}],
}
SIGNATORIES: Final = [
    {"signature_no": 1, "signatory_name": "Rectorat", "signatory_function": "Rectrice", "document_id": PAPER % 15},
    {"signature_no": 2, "signatory_name": "Rectorat partenaire", "signatory_function": "Recteur"},
]
SAID: Final = {
    "attendance": [{"member_id": "01930000-0000-7000-8000-000000000091", "present": "excused"}],
    "deliberations": {
        "01930000-0000-7000-8000-000000000081": {
            "reasoning": {"fr": "Le partenariat est cohérent."},
            "votes": {"for": 8, "against": 0, "abstain": 1},
        }
    },
}
READ_OUT: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("partners", "contacts"): {"items": [CONTACT]},
    ("agreements", "file"): OFFICE_FILE,
    ("meetings", "deliberation"): SAID,
    ("agreements", "signatories"): {"items": SIGNATORIES},
}
