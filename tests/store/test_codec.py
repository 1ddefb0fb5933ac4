"""Alerts come back exactly as they were, whatever they hold."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from hub.alerts.alert import Alert
from hub.homes import Home
from hub.ports import Lane
from hub.store.codec import decode, encode
from hub.store.columns import dump
from hub.store.engines import sqlite_engine
from hub.store.opening import upgrade
from hub.store.transaction import SqlTransaction
from tests.store.samples import NOON, a_home, an_alert

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
CENTURY = timedelta(days=36_525)
st.register_type_strategy(timedelta, st.timedeltas(-CENTURY, CENTURY))


def values(kind: type, **own: st.SearchStrategy[object]) -> st.SearchStrategy[Any]:
    """Return a strategy for all fields of a dataclass, those with defaults included."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: st.from_type(hints[field.name]) for field in fields(kind)} | own)


ALERTS = values(Alert)
# What has a column of its own is a word the hub makes itself: it never holds what a database cannot.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=9)
PLAIN = values(Alert, **dict.fromkeys(("id", "home_id", "cause", "what", "code"), WORDS), holder=st.none() | WORDS)


@given(ALERTS)
def test_every_alert_survives_json(alert: Alert) -> None:
    data = json.loads(dump(encode(alert)))
    assert Alert(**decode(Alert, data)) == alert


@given(values(Home))
def test_every_home_survives_json(home: Home) -> None:
    assert Home(**decode(Home, json.loads(dump(encode(home))))) == home


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = tmp_path_factory.mktemp("codec") / "carehub.db"
    upgrade(f"sqlite:///{path}")
    with sqlite_engine(Path(path)).connect() as connection:
        yield connection


@given(alert=PLAIN)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_every_alert_survives_the_database(db: Connection, alert: Alert) -> None:
    with db.begin():
        transaction = SqlTransaction(db, Lane.SLOW)
        transaction.save_alert(alert)
        assert transaction.alert(alert.id) == alert
        db.rollback()


def test_what_equals_its_default_takes_no_room() -> None:
    assert len(dump(encode(an_alert()))) < 500
    assert encode(
        a_home(residents=(), contacts=(), devices=(), rooms={}, away_until=None, prefix="", access=None)
    ).keys() == {
        "id",
        "area",
        "address",
    }


@dataclass(frozen=True)
class Newer:
    """A class that got a field since the row was written, and lost another."""

    at: datetime
    added: int = 7


def test_rows_of_an_older_hub_get_the_defaults() -> None:
    assert Newer(**decode(Newer, {"at": NOON.isoformat(), "dropped": 1})) == Newer(NOON)


def test_instants_need_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        encode(Newer(NOON.replace(tzinfo=None)))


def test_a_type_without_a_json_form_is_refused_at_once() -> None:
    @dataclass(frozen=True)
    class Odd:
        what: complex

    with pytest.raises(TypeError, match="no JSON form"):
        encode(Odd(1j))
