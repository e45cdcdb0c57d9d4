"""What the views derive: words that are found whatever the accents, orders and ids."""

from __future__ import annotations

from gateway.views import VIEWS, fold, shown, words

UNIVERSITY = {
    "id": "p1",
    "version": 3,
    "standing": "active",
    "name": {"display": "Université d'Abomey-Calavi", "acronym": "UAC", "local": [{"lang": "fr", "value": "Été"}]},
    "country": "BJ",
    "identifiers": [{"scheme": "erasmus", "value": "B  BRUXEL04"}],
}


def test_words_have_no_accents_and_no_case() -> None:
    assert fold("Université d'Abomey-Calavi") == ["universite", "d", "abomey", "calavi"]


def test_a_partner_is_found_by_its_names_and_its_codes_with_or_without_spaces() -> None:
    derived = VIEWS["partners"].derive(UNIVERSITY)
    assert {"abomey", "uac", "ete", "bruxel04", "bbruxel04"} <= set(derived["words"])


def test_lists_of_names_are_ordered_as_read_and_not_as_written() -> None:
    names = ["Zürich", "école", "Ecole B", "Åbo"]
    ordered = sorted(names, key=lambda name: " ".join(fold(name)))
    assert ordered == ["Åbo", "école", "Ecole B", "Zürich"]


def test_words_of_nested_texts_stand_once() -> None:
    assert words({"fr": "Accord cadre", "en": "Framework accord"}, None, ["Cadre"]) == ["accord", "cadre", "framework"]


def test_what_is_derived_is_not_shown() -> None:
    view = VIEWS["partners"]
    document = {**UNIVERSITY, "_id": "p1", "view": view.derive(UNIVERSITY), "touched": 2}
    answered = shown(document)
    assert answered["id"] == "p1"
    assert answered["state"] == "active"
    assert not {"_id", "view", "touched"} & set(answered)
