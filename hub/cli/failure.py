"""How a command ends: 0 done, 1 the thing asked for failed, 2 usage or configuration; one sentence says what to do."""

import sys
from typing import NoReturn

import typer

FAILED, USAGE = 1, 2


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Say one sentence on stderr and end with `code`."""
    sys.stderr.write(sentence.rstrip() + "\n")
    raise typer.Exit(code)
