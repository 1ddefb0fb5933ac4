"""What is kept for a stated time only; it is the same list for whoever decides on the time and whoever deletes."""

from enum import StrEnum
from typing import Any


class Kept(StrEnum):
    """A kind of rows. `answers` are messages of no alert, `numbers` counts by telephone number.

    `invitations` are one-time links to choose a password.
    """

    READINGS = "readings"
    SHELF = "shelf"
    STATES = "states of homes that are gone"
    ALERTS = "alerts"
    ANSWERS = "answers"
    INBOUND = "replies"
    ACTS = "acts"
    LINKS = "links"
    GAPS = "gaps"
    NUMBERS = "numbers"
    SIGN_INS = "sign-ins"
    INVITATIONS = "invitations"
    TESTS = "tests of homes"


# The primary key of a row.
Key = tuple[Any, ...]
