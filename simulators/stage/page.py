"""The document: its frame and words; everything that moves is drawn by the script."""

import html
import json
from functools import cache
from pathlib import Path
from string import Template

from simulators.stage.labels import labels

_DOCUMENT = Path(__file__).parent / "static" / "stage.html"


@cache
def document(language: str) -> str:
    """Return the page in one language."""
    words = labels(language)
    other = "en" if language.startswith("zh") else "zh-CN"
    # Not even a "</script>" in our own words may end the block.
    block = json.dumps({**words, "lang": language}, ensure_ascii=False).replace("<", "\\u003c")
    named = {name: html.escape(word) for name, word in words.items()}
    return Template(_DOCUMENT.read_text(encoding="utf-8")).substitute(
        named, language=language, other=other, words=block
    )
