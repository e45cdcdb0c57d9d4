"""The stay of an international guest at the mobility centre, from its announcement on."""

from __future__ import annotations

from chassis.decide import Aggregate, Text
from contracts.roles import ADV, PRO
from contracts.stay import STAY, Stay
from mobility.stay.announcing import reach, where
from mobility.stay.commands import COMMANDS
from mobility.stay.private import StayFile

PROBLEMS = {
    "partner-blocked": Text(
        "Les collaborations avec ce partenaire sont suspendues.",
        "Partnerships with this partner are blocked.",
    ),
    "supervisor-missing": Text("Le séjour n'a pas de promoteur·rice.", "The stay has no supervisor."),
    "stay-overlap": Text("Cette personne a déjà un séjour à ces dates.", "This person already has a stay then."),
    "agreement-not-live": Text(
        "La convention n'est pas en vigueur au début du séjour.",
        "The agreement is not in force when the stay begins.",
    ),
    "data-missing": Text("Des données nécessaires manquent.", "Data that are needed are missing."),
    "regime-undetermined": Text("Le régime de séjour ne peut être établi.", "The regime of the stay cannot be found."),
}


def _stage(state: Stay, private: StayFile) -> str:
    return private.stage


AGGREGATE = Aggregate(
    contract=STAY,
    commands=COMMANDS,
    creator="announce_stay",
    problems=PROBLEMS,
    private=StayFile,
    reach=reach,
    needs=where,
    indexes=(("private.holder_id",), ("private.agreement_id",)),
    stage=_stage,
    readers=(ADV, PRO),
)
