"""Tests of homes, and when each button was last pressed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hub.walktest import WalkKind, WalkTest


@dataclass(frozen=True, slots=True)
class HomeTestLine:
    """One test as lists show it. `passed` is None while it runs."""

    id: str
    home_id: str
    area: str
    kind: WalkKind
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    by: str
    tester: str | None
    passed: bool | None


class HomeTestKeeping(Protocol):
    """The part of a transaction that keeps tests of homes."""

    def save_home_test(self, test: WalkTest) -> None:
        """Insert or replace a test."""
        ...

    def home_test(self, id: str) -> WalkTest | None:
        """Return one test."""
        ...

    def running_home_test(self, home_id: str) -> WalkTest | None:
        """Return the newest test of a home that nobody has ended, its time over or not."""
        ...

    def home_tests_over(self, now: datetime) -> list[str]:
        """Return the ids of tests whose time is over and that have no result yet."""
        ...

    def home_tests(
        self, stems: Sequence[str], *, home_id: str | None = None, before: datetime | None = None, limit: int = 100
    ) -> list[HomeTestLine]:
        """Return tests in areas whose codes begin so, newest first; of one home, or begun before then."""
        ...

    def presses(self, homes: Iterable[str] | None = None) -> Mapping[tuple[str, str], datetime]:
        """Return when each button (home id, device id) was last pressed; of these homes, or of all."""
        ...

    def watched_since(self, rule: str, homes: Iterable[str] | None = None) -> Mapping[tuple[str, str], datetime]:
        """Return since when a rule watches what (home id, subject); of these homes, or of all."""
        ...
