"""The database is upgraded, checked, and its shelf shown."""

import base64
import json
import sqlite3
from datetime import UTC, datetime

from devices.message import Message
from hub.ports import Session
from tests.cli.place import Place
from tests.harness.postgres import Postgres


def test_upgrade_says_what_it_found(place: Place) -> None:
    first = place.carehub("db", "upgrade")
    assert first.code == 0
    assert first.out.startswith("The database was empty and now has its tables")
    assert place.carehub("db", "upgrade").out.startswith("The database is up to date")


def test_a_server_without_tables_is_named_by_every_command(place: Place, postgres: Postgres) -> None:
    place.environ["CAREHUB_DATABASE"] = address = postgres.database(empty=True)
    for arguments in (("alerts", "list"), ("apply", "--yes"), ("db", "check"), ("run",)):
        done = place.carehub(*arguments, environ={"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token"})
        assert done.code == 1
        assert "`carehub db upgrade`" in done.sentence
    assert place.carehub("db", "upgrade").out.startswith("The database was empty and now has its tables")
    assert place.carehub("db", "check").code == 0
    postgres.drop(address)


def test_check_holds_on_a_sound_database(site: Place) -> None:
    done = site.carehub("db", "check")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("The database is whole and up to date (revision ")


def test_check_fails_with_a_sentence_for_each_fault(place: Place) -> None:
    missing = place.carehub("db", "check")
    assert missing.code == 1
    assert "There is no database at" in missing.sentence
    place.prepare()
    with sqlite3.connect(place.folder / "var" / "carehub.db") as db:
        db.execute("DROP TABLE shelf")
    done = place.carehub("db", "check")
    assert (done.code, done.out) == (1, "")
    assert "shelf" in done.err


def test_a_database_of_a_newer_carehub_is_refused(place: Place) -> None:
    place.prepare()
    with sqlite3.connect(place.folder / "var" / "carehub.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("alerts", "list"), ("db", "upgrade"), ("db", "check"), ("apply", "--yes")):
        done = place.carehub(*arguments)
        assert done.code == 1
        assert "written by a newer carehub" in done.sentence


def test_the_shelf_shows_what_was_set_aside_and_obeys_no_payload(site: Place) -> None:
    assert site.carehub("shelf", "list").out == "The shelf is empty.\n"
    assert site.carehub("shelf", "list", "--json").out == "[]\n"
    payload = b"\x1b[2J\xff broken \n" + b"x" * 300
    message = Message("zigbee2mqtt/bed_sos", payload, datetime(2026, 3, 1, tzinfo=UTC))
    site.work(lambda work: work.transaction.shelve(Session.SOS, message, "the payload is not JSON", 3))
    (line,) = site.carehub("shelf", "list").out.splitlines()
    assert "2026-03-01 08:00:00  zigbee2mqtt/bed_sos: the payload is not JSON, 3 tries: ?[2J\\xff broken ?xxx" in line
    assert line.endswith("…")
    assert line.isprintable()
    (row,) = json.loads(site.carehub("shelf", "list", "--json").out)
    assert base64.b64decode(row["payload_base64"]) == payload
    assert (row["session"], row["reason"], row["tries"]) == ("sos", "the payload is not JSON", 3)
