"""Whatever bytes lie in the folder, and whatever the environment says: sentences, never a traceback."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.settings import ConfigurationError, load
from tests.settings.folder import EXAMPLE

HUB = (EXAMPLE / "hub.yaml").read_text(encoding="utf-8")
HOMES = (EXAMPLE / "homes.yaml").read_text(encoding="utf-8")
ODD = st.sampled_from(
    ["", "~", "null", "no", "0x1F", "0b_", "1e999", "-1", "12:30", "2026-13-45", "[]", "{}", "[[]]", "{a: b}", '"\\0"',
     '"\\ud800"', "!!binary x", "&a [*a]", "*a", "'\u2028'", "١٢٠", "é" * 300, "<<", "=", "- x", "? x", "9" * 400, "@x"]
)  # fmt: skip


def check(hub: bytes, homes: bytes, environ: dict[str, str] | None = None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hub.yaml").write_bytes(hub)
        (folder / "homes.yaml").write_bytes(homes)
        said = sentences(folder, environ or {})
    assert said
    assert not any("\n" in each for each in said)


def sentences(folder: Path, environ: dict[str, str]) -> list[str]:
    """Load the folder; return what is said about it in both languages, or that it is right."""
    try:
        found = load(folder, environ)
    except ConfigurationError as error:
        noticed = [*error.faults, *error.warnings] if error.faults else []
    else:
        noticed = found.warnings  # at least that the secrets are missing
    return [each.say(language) for each in noticed for language in ("en", "zh-CN")]


@given(st.binary(max_size=400), st.binary(max_size=400))
@example(b"\xef\xbb\xbf", b"%YAML 9.9\n---\n")
@example(b"[" * 100_000, b"{a: " * 50_000)
@example(b"a: &a\n" * 20, b"? " * 20_000)
@example(b"- " * 20_000, b'"\\ud800"')
def test_any_bytes(hub: bytes, homes: bytes) -> None:
    check(hub, homes)


@st.composite
def edited(draw: st.DrawFn, content: str) -> str:
    """Return the example with some pieces replaced, repeated or cut."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 25)))
        content = content[:start] + draw(st.one_of(ODD, st.text(max_size=5))) + content[end:]
    return content


@given(edited(HUB), edited(HOMES))
def test_any_edit_of_the_example(hub: str, homes: str) -> None:
    check(hub.encode("utf-8", "surrogatepass"), homes.encode("utf-8", "surrogatepass"))


WORDS = [word for line in (*HUB.splitlines(), *HOMES.splitlines()) for word in line.partition("#")[0].split(": ")[1:]]


@given(st.data())
def test_any_value_in_place_of_another(data: st.DataObject) -> None:
    hub, homes = HUB, HOMES
    for _ in range(data.draw(st.integers(1, 3))):
        old = data.draw(st.sampled_from(WORDS)).strip(" ,{}")
        new = data.draw(ODD)
        hub, homes = hub.replace(old, new, 1), homes.replace(old, new, 1)
    check(hub.encode(), homes.encode())


NAMES = st.lists(
    st.sampled_from(
        [
            "MQTT",
            "URL",
            "POLICIES",
            "EMERGENCY",
            "STEPS",
            "1",
            "0",
            "-1",
            "X",
            "",
            "SITE",
            "CHANNELS",
            "SMS",
            "FROM",
            "DIALECTS",
            "KEEP",
            "AUDIT",
            "DEADMAN_URL",
            "WAIT",
            "TELL",
            "é",
        ]
    ),
    max_size=5,
)


@given(st.dictionaries(NAMES.map(lambda parts: "CAREHUB_" + "__".join(parts)), st.text(max_size=20), max_size=6))
def test_any_environment(environ: dict[str, str]) -> None:
    check(HUB.encode(), HOMES.encode(), environ)


@pytest.mark.parametrize("url", ["mqtt://[::1", "mqtt://h:99999", "mqtt://h:x", "mqtt://\u2100", "mqtt://h\u200b:1"])
def test_odd_addresses(url: str) -> None:
    for name in ("CAREHUB_MQTT__URL", "CAREHUB_WEB__PUBLIC_URL", "CAREHUB_DATABASE", "CAREHUB_AUDIT__DEADMAN_URL"):
        check(HUB.encode(), HOMES.encode(), {name: url.replace("mqtt", "postgresql" if "DATA" in name else "http")})
        check(HUB.encode(), HOMES.encode(), {name: url})
