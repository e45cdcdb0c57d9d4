"""The theme's colours keep the contrast that the design states, in both schemes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

THEME: Final = Path(__file__).parents[1] / "ui/src/theme.css"
TOKENS: Final = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--pa-([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", THEME.read_text())
}
TEXTS: Final = ("ink", "muted", "ours", "theirs", "body", "ok", "warn", "bad", "neu", "link")
TINTED: Final = ("ours", "theirs", "body", "ok", "warn", "bad", "neu")
TEXT_AT_LEAST, SHAPE_AT_LEAST = 4.5, 3.0


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["bg", "surface"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_readable_on_the_page_and_on_surfaces(text: str, ground: str, scheme: int) -> None:
    assert contrast(TOKENS[text][scheme], TOKENS[ground][scheme]) >= TEXT_AT_LEAST


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", TINTED)
def test_a_sign_is_readable_on_its_own_tint(text: str, scheme: int) -> None:
    assert contrast(TOKENS[text][scheme], TOKENS[f"{text}-t"][scheme]) >= TEXT_AT_LEAST


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_controls_and_focus_stand_out(scheme: int) -> None:
    for shape in ("control", "focus"):
        assert contrast(TOKENS[shape][scheme], TOKENS["bg"][scheme]) >= SHAPE_AT_LEAST
    assert contrast(TOKENS["on"][scheme], TOKENS["ours"][scheme]) >= TEXT_AT_LEAST
