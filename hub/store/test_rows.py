"""Tests of homes in rows; and when buttons were pressed, from the states of devices."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, false, or_, select

from devices.reading import Kind, State
from hub.ports.tests import HomeTestLine
from hub.store import tables
from hub.store.codec import decode, encode
from hub.store.prepared import Prepared
from hub.store.rows import Rows, chunks
from hub.walktest import WalkKind, WalkTest

_c = tables.home_tests.c
# A test lasts some hours; one that was left open while its hub was away for longer than this stays as it is.
_LOOK_BACK = timedelta(days=90)
# Fields of a test with a column of their own; the others lie together in `state`.
_COLUMNS = ("id", "home_id", "area", "kind", "began_at", "ends_at", "ended_at", "by", "tester", "passed")
_APART = frozenset(_COLUMNS)
_LINES = select(*(_c[name] for name in _COLUMNS))
_WHOLE = _LINES.add_columns(_c.state)
_ONE = Prepared(_WHOLE.where(_c.id == bindparam("wanted")))
# Asked with each call from a home under test.
_RUNNING = Prepared(
    _WHOLE.where(_c.home_id == bindparam("home"), _c.ended_at.is_(None)).order_by(_c.began_at.desc()).limit(1)
)

_s = tables.device_states.c
_PRESSES = select(_s.home_id, _s.device_id, _s.state, _s.since, _s.at, _s.life_at).where(_s.kind == Kind.BUTTON.value)
_ALL_PRESSES = Prepared(_PRESSES)


def _test(row: Sequence[Any]) -> WalkTest:
    *columns, state = row
    known = dict(zip(_COLUMNS, columns, strict=True))
    known["kind"] = WalkKind(known["kind"])
    return WalkTest(**known, **decode(WalkTest, state))


def _line(row: Sequence[Any]) -> HomeTestLine:
    known = dict(zip(_COLUMNS, row, strict=True))
    return HomeTestLine(**{**known, "kind": WalkKind(known["kind"])})


class HomeTestRows(Rows):
    """The part of a transaction that keeps tests of homes."""

    def save_home_test(self, test: WalkTest) -> None:
        """Insert or replace a test."""
        row = {name: getattr(test, name) for name in _COLUMNS}
        self._upsert(tables.home_tests, {**row, "kind": test.kind.value, "state": encode(test, _APART)})

    def home_test(self, id: str) -> WalkTest | None:
        """Return one test."""
        return next((_test(row) for row in self._rows(_ONE, {"wanted": id})), None)

    def running_home_test(self, home_id: str) -> WalkTest | None:
        """Return the newest test of a home that nobody has ended, its time over or not."""
        return next((_test(row) for row in self._rows(_RUNNING, {"home": home_id})), None)

    def home_tests_over(self, now: datetime) -> list[str]:
        """Return the ids of tests whose time is over and that have no result yet."""
        recent = _c.began_at > now - _LOOK_BACK  # by that there is an index
        query = select(_c.id).where(recent, _c.ended_at.is_(None), _c.ends_at <= now).order_by(_c.began_at)
        return [*self._db.execute(query).scalars()]

    def home_tests(
        self, stems: Sequence[str], *, home_id: str | None = None, before: datetime | None = None, limit: int = 100
    ) -> list[HomeTestLine]:
        """Return tests in areas whose codes begin so, newest first; of one home, or begun before then."""
        query: Select[Any] = _LINES.where(or_(false(), *(_c.area.startswith(stem, autoescape=True) for stem in stems)))
        if home_id is not None:
            query = query.where(_c.home_id == home_id)
        if before is not None:
            query = query.where(_c.began_at < before)
        return [_line(row) for row in self._db.execute(query.order_by(_c.began_at.desc(), _c.id.desc()).limit(limit))]

    def presses(self, homes: Iterable[str] | None = None) -> Mapping[tuple[str, str], datetime]:
        """Return when each button (home id, device id) was last pressed; of these homes, or of all."""
        found: dict[tuple[str, str], datetime] = {}
        for home, device, state, since, at, life_at in self._presses(homes):
            # A state such as `sos: true` that is clear again was pressed before that.
            pressed = at if state == State.ACTIVE else since
            if life_at is not None and life_at > pressed:
                pressed = life_at
            key = (home, device)
            if key not in found or pressed > found[key]:
                found[key] = pressed
        return found

    def _presses(self, homes: Iterable[str] | None) -> Iterable[Any]:
        if homes is None:
            return self._rows(_ALL_PRESSES)
        return self._of_homes(_PRESSES, _s.home_id, homes)

    def watched_since(self, rule: str, homes: Iterable[str] | None = None) -> Mapping[tuple[str, str], datetime]:
        """Return since when a rule watches what (home id, subject); of these homes, or of all."""
        w = tables.watches.c
        query = select(w.home_id, w.subject, w.since).where(w.rule == rule)
        return {(home, subject): since for home, subject, since in self._of_homes(query, w.home_id, homes)}

    def _of_homes(self, query: Select[Any], column: Any, homes: Iterable[str] | None) -> Iterable[Any]:
        if homes is None:
            yield from self._db.execute(query)
            return
        for some in chunks(sorted(set(homes))):
            yield from self._db.execute(query.where(column.in_(some)))
