"""Contrast of the console's colours, computed from its sheets (WCAG 2.2, 1.4.3 and 1.4.11), in every look."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[3] / "hub" / "web" / "console" / "assets"
# In the order in which the shell links them.
LOOKS = {
    "light": ("tokens",),
    "dark": ("tokens", "dark"),
    "contrast": ("tokens", "contrast"),
    "dark and contrast": ("tokens", "dark", "contrast", "contrast-dark"),
}
GROUNDS = ("paper", "sheet", "sunk")
TINTS = ("red-bg", "amber-bg", "cyan-bg", "green-bg", "violet-bg", "act-4")
HUES = ("red", "amber", "cyan", "green", "violet")


def colours(look: str) -> dict[str, str]:
    """Return the colour tokens of a look."""
    found: dict[str, str] = {"white": "#FFFFFF"}
    for sheet in LOOKS[look]:
        block = re.search(r":root \{(.*?)\n\}", (ASSETS / f"{sheet}.css").read_text(), re.DOTALL)
        assert block is not None
        found |= dict(re.findall(r"--([\w-]+): (#[0-9A-F]{6});", block[1]))
    return found


def text_pairs() -> Iterator[tuple[str, str]]:
    """Return which text stands on what."""
    yield from ((ink, ground) for ink in ("ink", "ink2") for ground in (*GROUNDS, *TINTS))
    yield from (("ink3", ground) for ground in GROUNDS)  # never on a tint
    yield from ((hue, ground) for hue in HUES for ground in (*GROUNDS, f"{hue}-bg"))
    yield from (("on-fill", fill) for fill in ("red-fill", "green-fill"))
    yield from (("on-amber", "amber-fill"), ("sheet", "ink"), ("sheet", "ink2"), ("mark-red", "white"))


def drawn_pairs() -> Iterator[tuple[str, str]]:
    """Return which borders, shapes and rings stand on what."""
    yield from (
        (drawn, ground) for drawn in ("edge", "focus", "red-fill", "green-fill", "tri-edge") for ground in GROUNDS
    )
    yield from (("amber", "amber-bg"), ("cyan", "cyan-bg"), ("violet", "violet-bg"), ("act-1", "sheet"))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of #RRGGBB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("look", LOOKS)
def test_text_can_be_read_and_shapes_be_seen(look: str) -> None:
    of = colours(look)
    low = [f"{a} on {b}: {contrast(of[a], of[b]):.2f}" for a, b in text_pairs() if contrast(of[a], of[b]) < 4.5]
    low += [f"{a} on {b}: {contrast(of[a], of[b]):.2f}" for a, b in drawn_pairs() if contrast(of[a], of[b]) < 3]
    assert low == []


@pytest.mark.parametrize("look", ["contrast", "dark and contrast"])
def test_high_contrast_is_high(look: str) -> None:
    """7 to 1, as WCAG 2.2 1.4.6 asks for at its highest level; white on a fill stays what it is."""
    of = colours(look)
    pairs = [(a, b) for a, b in text_pairs() if a not in ("on-fill", "mark-red", "ink", "ink2") or b in GROUNDS]
    low = [f"{a} on {b}: {contrast(of[a], of[b]):.2f}" for a, b in pairs if contrast(of[a], of[b]) < 7]
    assert low == []


@pytest.mark.parametrize("sheet", ["dark", "contrast", "contrast-dark"])
def test_no_look_forgets_a_colour_that_another_changes(sheet: str) -> None:
    """A tint of the light look on a dark page would be a light spot at night."""
    kept_in_every_look = {"on-fill", "on-amber", "mark-red"} | ({"focus"} if sheet == "contrast" else set())
    all_colours = set(colours("light")) - {"white"} - kept_in_every_look
    text = (ASSETS / f"{sheet}.css").read_text()
    assert {name for name in all_colours if f"--{name}:" not in text} == set()


def test_sheets_use_no_colour_of_their_own() -> None:
    """Every colour is a token, but white and black where they are meant so: on a filled shape, behind a dialog."""
    allowed = {"#FFFFFF", "#FFF", "#fff"}
    found = {
        f"{path.name}: {colour}"
        for path in ASSETS.glob("*.css")
        if path.stem not in ("tokens", "dark", "contrast", "contrast-dark")
        for colour in re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[;\s,)])", path.read_text())
        if colour not in allowed
    }
    assert found == set()
