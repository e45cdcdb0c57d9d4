"""The title of each refusal a partner's commands can give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chassis.decide import Text

PROBLEMS: Final[Mapping[str, Text]] = {
    "identifier-taken": Text(
        "Cet identifiant appartient déjà à un autre partenaire.",
        "This identifier belongs to another partner already.",
    ),
    "identifier-invalid": Text(
        "Cet identifiant n'a pas la forme prévue.", "This identifier does not have the expected form."
    ),
    "similar-partner-exists": Text("Un partenaire semblable existe déjà.", "A similar partner exists already."),
    "own-institution-fixed": Text(
        "Notre propre établissement ne peut être ni bloqué, ni remplacé, ni changé de nature.",
        "Our own institution can be neither blocked, nor replaced, nor given another kind.",
    ),
    "kind-change-blocked-by-use": Text(
        "Une convention nomme ce partenaire dans un rôle que la nouvelle nature n'admet pas.",
        "An agreement names this partner in a role that the new kind may not hold.",
    ),
    "identifier-in-use-by-iia": Text(
        "Un accord interinstitutionnel utilise cet identifiant.",
        "An inter-institutional agreement uses this identifier.",
    ),
    "unit-in-use": Text(
        "Des sous-entités ou des contacts dépendent encore de cette entité.",
        "Units or contacts still belong to this unit.",
    ),
    "contact-email-duplicate": Text(
        "Un autre contact de ce partenaire a déjà cette adresse électronique.",
        "Another contact of this partner has this e-mail address already.",
    ),
    "identity-incomplete": Text("L'identité du partenaire est incomplète.", "The partner's identity is incomplete."),
    "country-unknown": Text("Ce pays ne figure pas dans notre liste.", "This country is not in our list."),
    "assessment-date-in-future": Text(
        "La date du test est dans le futur.", "The date of the assessment lies in the future."
    ),
    "assessment-not-referred": Text(
        "Ce test n'attend pas d'avis du point de contact.",
        "This assessment does not wait for an opinion of the contact point.",
    ),
    "no-open-proposal": Text("Aucune proposition n'est ouverte.", "There is no open proposal."),
    "transition-date-missing": Text(
        "La date de fin de la transition manque.", "The date on which the transition ends is missing."
    ),
    "no-fresh-rights-assessment": Text(
        "Il n'y a pas de test des droits fondamentaux favorable de moins de douze mois, postérieur au blocage.",
        "There is no favourable rights assessment made after the block and at most twelve months old.",
    ),
    "import-shape-unknown": Text(
        "Le fichier n'a pas la forme annoncée.", "The file does not have the announced shape."
    ),
    "import-running": Text("Une autre importation est en cours.", "Another import is running."),
}
