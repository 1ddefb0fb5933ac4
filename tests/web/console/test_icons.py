"""Every picture that a page asks for is drawn somewhere, and its id cannot be that of a field."""

import re

from tests.web.console.catalogues import CONSOLE

PAGES = {path.name: path.read_text("utf-8") for path in (CONSOLE / "pages").glob("*.html")}
DRAWN = {name for text in PAGES.values() for name in re.findall(r'<symbol id="([\w-]+)"', text)}
# The picture of a device is asked for by its kind, that of an alert by its cause.
_ASKED = re.compile(r'(?:<use href="#|icon\(")([\w-]*\w)"')


def test_every_picture_is_drawn() -> None:
    asked = {(page, name) for page, text in PAGES.items() for name in _ASKED.findall(text)}
    assert {one for one in asked if one[1] not in DRAWN and f"i-{one[1]}" not in DRAWN} == set()


def test_pictures_have_ids_of_their_own() -> None:
    fields = {
        name for text in PAGES.values() for name in re.findall(r'<(?!symbol|pattern)\w+ [^>]*\bid="([\w-]+)"', text)
    }
    assert {name for name in fields if name in DRAWN} == set()
    assert {name for name in DRAWN if "-" not in name} == set()


def test_every_kind_of_device_has_a_picture() -> None:
    from hub.homes import DeviceKind

    assert {kind.value for kind in DeviceKind if f"i-d-{kind.value}" not in DRAWN} == set()
