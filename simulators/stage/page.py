"""The document: its frame and words; everything that moves is drawn by the script."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from simulators.stage.labels import labels

_DOCUMENT = Path(__file__).parent / "static" / "stage.html"


@dataclass(frozen=True, slots=True)
class ConsoleLink:
    """Where the hub's own console is, and how one signs in there."""

    url: str
    name: str
    password: str


@cache
def document(language: str, console: ConsoleLink | None = None) -> str:
    """Return the page in one language."""
    words = labels(language)
    other = "en" if language.startswith("zh") else "zh-CN"
    # Not even a "</script>" in our own words may end the block.
    block = json.dumps({**words, "lang": language}, ensure_ascii=False).replace("<", "\\u003c")
    named = {name: html.escape(word) for name, word in words.items()}
    return Template(_DOCUMENT.read_text(encoding="utf-8")).substitute(
        named, language=language, other=other, words=block, console_link=_link(named, console)
    )


def _link(words: Mapping[str, str], console: ConsoleLink | None) -> str:
    """Return the way to the console, as the header shows it."""
    if console is None:
        return ""
    url, name, password = (html.escape(text) for text in (console.url, console.name, console.password))
    signs_in = words["console_as"].format(name=f"<b>{name}</b>", password=f"<b>{password}</b>")
    return (
        f'<span class="console"><a href="{url}" target="_blank" rel="noopener">{words["console"]}</a>'
        f'<span class="as" translate="no">{signs_in}</span></span>'
    )
