"""The titles of an agreement's refusals; the reasons beside them say what exactly stands in the way."""

from __future__ import annotations

from typing import Final

from chassis.decide import Text

PROBLEMS: Final = {
    "partner-blocked": Text("Le partenaire est suspendu.", "The partner is blocked."),
    "own-party-missing": Text(
        "La partie propre manque ou n'est pas la nôtre.", "Our own party is missing or not ours."
    ),
    "party-duplicate": Text("Un partenaire est nommé deux fois.", "A partner is named twice."),
    "partner-not-usable": Text("Le partenaire ne peut pas être partie.", "The partner cannot be a party."),
    "partner-not-academic": Text("Le partenaire n'est pas académique.", "The partner is not academic."),
    "political-body-in-agreement": Text(
        "Une autorité politique ne peut pas être partie.", "A political authority cannot be a party."
    ),
    "mou-commits-nothing": Text(
        "Un protocole d'intention n'engage pas de moyens.", "A memorandum of understanding commits no resources."
    ),
    "framework-required": Text("L'accord-cadre manque.", "The framework agreement is missing."),
    "iia-needs-two-parties": Text(
        "Un accord interinstitutionnel a deux parties.", "An inter-institutional agreement has two parties."
    ),
    "overlapping-agreement": Text(
        "Une convention en cours couvre déjà ces parties.", "A live agreement covers these parties already."
    ),
    "condition-incomplete": Text("Une condition de mobilité est incomplète.", "A mobility condition is incomplete."),
    "conditions-not-for-kind": Text(
        "Ce type de convention n'a pas de conditions de mobilité.",
        "This kind of agreement has no mobility conditions.",
    ),
    "conditions-missing": Text("Les conditions de mobilité manquent.", "The mobility conditions are missing."),
    "review-data-missing": Text("Des données manquent pour l'examen.", "Something is missing for the review."),
    "review-not-required": Text("Cet examen n'est pas demandé.", "This review is not required."),
    "remarks-need-note": Text("Une note est nécessaire.", "A note is needed."),
    "reviews-pending": Text("Des examens sont en attente.", "Reviews are pending."),
    "review-negative": Text("Un examen est défavorable.", "A review is negative."),
    "round-date-in-future": Text("La date est dans le futur.", "The date is in the future."),
    "advice-already-requested": Text("L'avis est déjà demandé.", "Advice is requested already."),
    "no-competent-committee": Text("Aucun comité compétent.", "No competent committee."),
    "advice-condition-unknown": Text("Cette condition n'existe pas.", "There is no such condition."),
    "advice-required": Text("L'avis d'un comité est requis.", "A committee's advice is required."),
    "advice-conditions-unanswered": Text(
        "Des conditions de l'avis sont sans réponse.", "Conditions of the advice are not answered."
    ),
    "rights-assessment-missing": Text(
        "Le test des droits fondamentaux manque.", "The fundamental-rights test is missing."
    ),
    "rights-assessment-expired": Text(
        "Le test des droits fondamentaux est périmé.", "The fundamental-rights test is out of date."
    ),
    "rights-assessment-adverse": Text(
        "Le test des droits fondamentaux est défavorable.", "The fundamental-rights test is adverse."
    ),
    "dates-missing": Text("La période est incomplète.", "The period is incomplete."),
    "duration-too-long": Text("La durée est trop longue.", "The duration is too long."),
    "specific-outside-framework": Text(
        "La convention sort de son accord-cadre.", "The agreement goes beyond its framework agreement."
    ),
    "decision-ref-missing": Text("La décision n'est pas citée.", "The decision is not named."),
    "signatory-missing": Text("Un signataire manque.", "A signatory is missing."),
    "text-changed": Text("Le texte a changé.", "The text has changed."),
    "signature-duplicate": Text("La signature est déjà enregistrée.", "The signature is recorded already."),
    "signed-before-approval": Text("La signature précède l'approbation.", "The signature precedes the approval."),
    "signature-date-in-future": Text("La date est dans le futur.", "The date is in the future."),
    "signed-text-missing": Text("L'exemplaire signé manque.", "The signed copy is missing."),
    "iia-not-mutually-approved": Text("L'approbation mutuelle manque.", "The mutual approval is missing."),
}
