"""Cursors: where the next page begins, as a word that means nothing to programs."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from hub.web.api.problems import Problem

MOST = 200
Limit = Annotated[int, Query(ge=1, le=MOST, description=f"How many at most; up to {MOST}")]
Cursor = Annotated[str | None, Query(max_length=300, description="What the page before said as `next`")]


def cursor(*parts: str) -> str:
    """Return the word for a place."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def place(word: str | None, count: int) -> Sequence[str] | None:
    """Return the parts of a place, None for the first page; raises Problem for a word that we did not make."""
    if word is None:
        return None
    try:
        found = json.loads(base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _unknown() from None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(part, str) for part in found):
        raise _unknown()
    return found


def instant(part: str) -> datetime:
    """Return the instant in a place; raises Problem."""
    try:
        found = datetime.fromisoformat(part)
    except ValueError:
        raise _unknown() from None
    if found.tzinfo is None:
        raise _unknown()
    return found


def _unknown() -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This cursor is unknown. Begin again without one.")
