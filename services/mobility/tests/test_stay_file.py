"""S10, S11: what is read of a stay, and how it lies in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from services.mobility.tests.stay_builders import OTHER_STAY, STAY_ID, MemoryDrawer, Office

from chassis.problems import Problem
from mobility.stay.private import IN_CLEAR, StayFile
from mobility.stay.reading import supervisors_view, whole_file
from mobility.vault import COLLECTION, Vault

MASTER = bytes(range(32))


def stored_private() -> dict[str, Any]:
    office = Office.open()
    office.stay("assessed")
    private: dict[str, Any] = office.file().model_dump(mode="json", by_alias=True, exclude_none=True)
    return private


def test_s11_a_supervisor_sees_name_dates_state_and_open_items_only() -> None:
    office = Office.open()
    stay = office.stay("assessed")

    shown = supervisors_view(stay.state, stay.private)

    assert set(shown) == {"id", "version", "state", "person", "period", "open_items"}
    assert shown["person"] == {"given_name": "Bourse", "family_name": "Vingt-trois"}
    assert shown["state"] == "assessed"


def test_an_adviser_sees_the_whole_file_with_its_journal() -> None:
    office = Office.open()
    stay = office.stay("assessed")

    shown = json.loads(json.dumps(whole_file(stay.state, stay.private, office.journal)))

    assert shown["person"]["nationalities"] == ["BF"]
    assert shown["legal"]["regime"] == "third_country"
    assert [row["fact"] for row in shown["journal"]] == ["announced", "registered", "assessed"]
    assert shown["state"] == "assessed"


def test_open_items_are_the_pointers_that_registration_waits_for() -> None:
    office = Office.open()
    stay = office.stay()

    shown = supervisors_view(stay.state, stay.private)

    assert shown["open_items"] == ["/residence_country", "/email", "/consent_notice_sent_on"]


async def test_personal_data_lie_sealed_in_the_store_and_open_again() -> None:
    vault, drawer, private = Vault(MASTER, IN_CLEAR), MemoryDrawer(), stored_private()

    stored = await vault.seal(drawer, STAY_ID, private)

    lying = json.dumps(stored)
    for secret in ("Vingt-trois", "role-23@example.org", "third_country", "nationalities"):
        assert secret not in lying
    assert set(stored) <= IN_CLEAR | {"sealed"}
    assert await vault.unseal(drawer, STAY_ID, stored) == private


def test_everything_the_specification_calls_personal_is_sealed() -> None:
    assert set(StayFile.model_fields) - IN_CLEAR == {"person", "legal", "reason"}


async def test_one_key_per_holder_and_destroying_it_closes_every_stay_of_theirs_for_ever() -> None:
    vault, drawer, private = Vault(MASTER, IN_CLEAR), MemoryDrawer(), stored_private()
    first = await vault.seal(drawer, STAY_ID, private)
    second = await vault.seal(drawer, OTHER_STAY, private)
    assert len(drawer.documents) == 1

    drawer.documents.pop((COLLECTION, private["holder_id"]))

    for id_, stored in ((STAY_ID, first), (OTHER_STAY, second)):
        with pytest.raises(Problem) as gone:
            await vault.unseal(drawer, id_, stored)
        assert gone.value.refusal.slug == "retention-elapsed"


async def test_what_was_sealed_for_one_stay_opens_in_no_other() -> None:
    vault, drawer, private = Vault(MASTER, IN_CLEAR), MemoryDrawer(), stored_private()
    stored = await vault.seal(drawer, STAY_ID, private)

    with pytest.raises(InvalidTag):
        await vault.unseal(drawer, OTHER_STAY, stored)


async def test_another_master_key_opens_nothing() -> None:
    drawer, private = MemoryDrawer(), stored_private()
    stored = await Vault(MASTER, IN_CLEAR).seal(drawer, STAY_ID, private)

    with pytest.raises(InvalidTag):
        await Vault(bytes(32), IN_CLEAR).unseal(drawer, STAY_ID, stored)


def test_a_master_key_of_another_length_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "mobility.master.key").write_bytes(b"short")

    with pytest.raises(ValueError, match=r"mobility\.master\.key holds 5 bytes"):
        Vault.from_folder(tmp_path, IN_CLEAR)
