"""One shape for every error that leaves a service: RFC 9457 `application/problem+json` with a stable slug."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.decide import Reason, Refusal, Text

MEDIA_TYPE: Final = "application/problem+json"
RULE_STATUS: Final = 409

GENERAL: Final[Mapping[str, tuple[int, Text]]] = {
    "invalid-input": (422, Text("La demande n'est pas valable.", "The request is not valid.")),
    "not-signed-in": (401, Text("Une identité valable est nécessaire.", "A valid identity is needed.")),
    "not-permitted": (
        403,
        Text("Votre rôle ne permet pas cette action.", "Your role does not allow this action."),
    ),
    "second-person-required": (
        403,
        Text("Une deuxième personne doit faire cette étape.", "A second person must take this step."),
    ),
    "purpose-required": (
        400,
        Text(
            "Dites pourquoi vous lisez ces données personnelles (en-tête Access-Purpose).",
            "Say why you read these personal data (header Access-Purpose).",
        ),
    ),
    "unknown-id": (404, Text("Cet élément n'existe pas.", "There is no such item.")),
    "no-such-route": (404, Text("Il n'y a rien à cette adresse.", "There is nothing at this address.")),
    "transition-not-allowed": (
        409,
        Text(
            "Cette action n'est pas possible dans l'état actuel.",
            "This action is not offered in the present state.",
        ),
    ),
    "version-required": (
        428,
        Text("La version lue manque (If-Match).", "The version read is missing (If-Match)."),
    ),
    "version-stale": (
        412,
        Text("L'élément a changé entre-temps ; relisez-le.", "The item has changed meanwhile; read it again."),
    ),
    "idempotency-key-required": (
        428,
        Text("L'en-tête Idempotency-Key manque.", "Idempotency-Key is missing."),
    ),
    "idempotency-key-reused": (
        422,
        Text("Cette clé a déjà servi pour une autre demande.", "This key was used for another request already."),
    ),
    "too-large": (413, Text("L'envoi dépasse la taille admise.", "What was sent is larger than allowed.")),
    "media-type-not-supported": (
        415,
        Text("Ce type de contenu n'est pas admis.", "This type of content is not accepted."),
    ),
    "too-many-requests": (429, Text("Trop de demandes à la fois.", "Too many requests at a time.")),
    "internal-error": (
        500,
        Text(
            "Une erreur inattendue s'est produite ; elle a été notée.", "Something unforeseen happened; it was noted."
        ),
    ),
    "owner-away": (
        503,
        Text(
            "Le service compétent ne répond pas pour l'instant.",
            "The owning service does not answer for the moment.",
        ),
    ),
    "reference-not-known-yet": (
        409,
        Text(
            "Un élément nommé n'est pas encore connu ici ; réessayez dans un instant.",
            "Something named here is not known yet; try again in a moment.",
        ),
    ),
    "retention-elapsed": (
        410,
        Text("Ces données personnelles ont été effacées.", "These personal data were erased."),
    ),
    "document-type-refused": (
        415,
        Text("Ce type de document n'est pas admis.", "This type of document is not accepted."),
    ),
}


class Problem(Exception):
    """An error with a slug; `members` become members of the answer, `headers` headers of it."""

    def __init__(
        self, slug: str, *reasons: Reason, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(slug)
        self.refusal = Refusal(slug, reasons, members=members)
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, refusal: Refusal) -> Problem:
        """The problem that a refusal is answered with."""
        problem = cls(refusal.slug)
        problem.refusal = refusal
        if "retry_after_seconds" in refusal.members:
            problem.headers["Retry-After"] = str(refusal.members["retry_after_seconds"])
        return problem


def status_of(slug: str) -> int:
    """The status that a slug is answered with."""
    return GENERAL[slug][0] if slug in GENERAL else RULE_STATUS


def title_of(slug: str, titles: Mapping[str, Text]) -> Text:
    """A slug's title: general, or the aggregate's own."""
    return GENERAL[slug][1] if slug in GENERAL else titles.get(slug, Text(slug, slug))


def language_of(request: Request) -> str:
    """`fr` or `en`, whichever `Accept-Language` names first; French when it names neither."""
    wanted = []
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        if tag[:2] in ("fr", "en"):
            try:
                wanted.append((-float(weight or 1), tag[:2]))
            except ValueError:
                continue
    return min(wanted, key=lambda pair: pair[0])[1] if wanted else "fr"


def problem_body(refusal: Refusal, titles: Mapping[str, Text], language: str) -> dict[str, Any]:
    """The problem as JSON, in the caller's language with its reasons in both."""
    title = title_of(refusal.slug, titles)
    reasons = refusal.reasons or (Reason(refusal.slug, title),)
    return {
        "type": f"urn:passerelle:problem:{refusal.slug}",
        "title": title.within(language),
        "status": status_of(refusal.slug),
        "detail": " ".join(reason.text.within(language) for reason in reasons),
        "reasons": [reason_json(reason) for reason in reasons],
        **refusal.members,
    }


def reason_json(reason: Reason) -> dict[str, str]:
    """A reason in both languages."""
    shown = {"code": reason.code, "fr": reason.text.fr, "en": reason.text.en}
    return shown | ({"pointer": reason.pointer} if reason.pointer else {})


def problem_response(problem: Problem, titles: Mapping[str, Text], language: str) -> Response:
    """The problem as an answer that nobody keeps."""
    body = problem_body(problem.refusal, titles, language)
    return Response(
        orjson.dumps(body, default=str),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers={"Content-Language": language, "Cache-Control": "no-store", **problem.headers},
    )
