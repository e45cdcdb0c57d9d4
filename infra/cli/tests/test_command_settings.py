"""Where the command finds its installation, and what its tokens say."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.auth import Verifier
from contracts.roles import Role
from passerelle.failure import Failure
from passerelle.surroundings import Surroundings, surroundings
from passerelle.tokens import bearer, first_of
from stack import keys

ENV = "PASSERELLE_GATEWAY_URL=http://127.0.0.1:8090/\nPASSERELLE_MONGO_URL='mongodb://127.0.0.1:1/?replicaSet=rs'\n"


def checkout(tmp_path: Path, folder: str = ".run") -> Path:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "env").write_text(ENV)
    inside = tmp_path / "services" / "partners"
    inside.mkdir(parents=True)
    return inside


def test_a_checkout_is_found_from_any_folder_in_it(tmp_path: Path) -> None:
    around = surroundings({}, checkout(tmp_path))

    assert around.url("gateway") == "http://127.0.0.1:8090"
    assert around["MONGO_URL"] == "mongodb://127.0.0.1:1/?replicaSet=rs"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    around = surroundings({"PASSERELLE_GATEWAY_URL": "https://passerelle.example.org"}, checkout(tmp_path))

    assert around.url("gateway") == "https://passerelle.example.org"
    assert around["MONGO_URL"].startswith("mongodb://")


def test_a_stack_elsewhere_is_named_by_its_folder(tmp_path: Path) -> None:
    checkout(tmp_path, "elsewhere")

    assert surroundings({"PASSERELLE_RUN_DIR": str(tmp_path / "elsewhere")}, tmp_path).url("gateway")


def test_without_an_installation_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"PASSERELLE_GATEWAY_URL is not set .* `make up`"):
        surroundings({}, tmp_path).url("gateway")


def test_a_database_has_the_name_that_its_service_was_given() -> None:
    around = Surroundings({"EVENTS_DATABASE": "sittings"})

    assert (around.database("events"), around.database("partners")) == ("sittings", "passerelle_partners")


@pytest.mark.parametrize("audience", ["gateway", "partners", "agreements", "events", "mobility"])
def test_a_token_is_good_for_the_gateway_and_for_every_service(tmp_path: Path, audience: str) -> None:
    around = Surroundings({"PASSERELLE_KEYS_DIR": str(keys.make(tmp_path / "keys"))})

    caller = Verifier(tmp_path / "keys" / "gateway.public.json", audience).read(bearer(around, [Role.OFFICER], "a"))

    assert (caller.subject, caller.roles) == ("a", {"officer": {}})


def test_a_token_carries_the_scope_that_comes_with_its_role(tmp_path: Path) -> None:
    around = Surroundings({"PASSERELLE_KEYS_DIR": str(keys.make(tmp_path / "keys"))})

    made = bearer(around, [Role.PROMOTER, Role.AFRICA_OFFICER], "promoter-01")
    caller = Verifier(tmp_path / "keys" / "gateway.public.json", "gateway").read(made)

    assert caller.roles == {"promoter": {"subjects": {"promoter-01"}}, "africa_officer": {"regions": {"Africa"}}}


def test_without_the_signing_key_no_token_is_made(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no signing key"):
        bearer(Surroundings({"PASSERELLE_KEYS_DIR": str(tmp_path)}), [Role.OFFICER])


def test_the_first_person_of_a_role_has_its_name() -> None:
    assert first_of(Role.VICE_RECTOR) == "vice-rector-01"


def test_people_are_sent_to_the_address_that_they_can_reach() -> None:
    inside = {"PASSERELLE_GATEWAY_URL": "http://gateway:8080"}

    assert Surroundings(inside).front() == "http://gateway:8080"
    assert Surroundings({**inside, "PASSERELLE_PUBLIC_URL": "http://127.0.0.1:8080"}).front() == "http://127.0.0.1:8080"
