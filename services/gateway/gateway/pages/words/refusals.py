"""A refusal that comes without a sentence of its own is said by its slug; most carry their reason."""

from __future__ import annotations

REFUSALS = {
    "invalid-input": "Some entries are missing or cannot be read.",
    "not-signed-in": "Your session has ended. Sign in again.",
    "not-permitted": "Your role does not include this action.",
    "second-person-required": "This step belongs to another person than the one who took the first.",
    "purpose-required": "Say for what purpose you consult personal data.",
    "unknown-id": "What this concerns was not found.",
    "no-such-route": "This action does not exist.",
    "transition-not-allowed": "This action is not offered in the present state.",
    "version-required": "The form had no version. Check what is shown and send it again.",
    "version-stale": "Somebody else changed this in the meantime. Your entries are kept: "
    "check what is shown, then send them again.",
    "idempotency-key-required": "The form was incomplete. Send it again.",
    "idempotency-key-reused": "This form was already sent with other entries. Send it again.",
    "too-large": "The file or the text is too large.",
    "media-type-not-supported": "This type of file is not accepted. PDF, DOCX, ODT, XLSX, PNG, JPEG and EML are.",
    "too-many-requests": "Too many requests in a short time. Try again in a moment.",
    "owner-away": "This action waits for a service to answer; your entries are kept. Try again.",
    "reference-not-known-yet": "A file named here is not known everywhere yet. Try again in a moment.",
    "retention-elapsed": "The personal data asked for were erased.",
}

ENTRIES = {
    "missing": "This entry is needed.",
    "string_too_short": "This entry is needed.",
    "string_too_long": "This entry is too long.",
    "string_pattern_mismatch": "This does not have the expected form.",
    "date_from_datetime_parsing": "This is not a date. Write it as 23/11/2026.",
    "date_parsing": "This is not a date. Write it as 23/11/2026.",
    "date_type": "This is not a date. Write it as 23/11/2026.",
    "datetime_from_date_parsing": "This is not a date and time. Write it as 23/11/2026 14:00.",
    "datetime_parsing": "This is not a date and time. Write it as 23/11/2026 14:00.",
    "int_parsing": "This is not a whole number.",
    "int_type": "This is not a whole number.",
    "float_parsing": "This is not a number.",
    "float_type": "This is not a number.",
    "enum": "Choose one of the values offered.",
    "literal_error": "Choose one of the values offered.",
    "too_short": "More entries are needed here.",
    "too_long": "There are too many entries here.",
    "greater_than_equal": "This number is too small.",
    "less_than_equal": "This number is too large.",
    "other": "This entry is not accepted as it stands.",
}
