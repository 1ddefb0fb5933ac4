"""How a command ends: 0 done, 1 the thing asked for failed, 2 usage or configuration; one sentence says what to do."""

import sys
from typing import NoReturn

import typer

FAILED, USAGE = 1, 2
INTERRUPTED = 130


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Say one sentence on stderr and end with `code`."""
    say(sentence)
    raise typer.Exit(code)


def say(sentence: str) -> None:
    """Say something that is not the result: it goes to stderr, so that stdout holds the result alone."""
    sys.stderr.write(sentence.rstrip() + "\n")


def sentence(text: str) -> str:
    """Return words as a sentence: a capital at the start (a path or an id stays), a full stop at the end."""
    text = text.strip()
    start = text.split(" ", 1)[0]
    text = text[:1].upper() + text[1:] if start.isalpha() else text
    return text + ("" if text.endswith((".", "?", "!")) else ".")
