"""Databases that are new, old, damaged, newer or taken: what is not ours to use is left as it is."""

import asyncio
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from hub.ports import Lane, Session, StoreUnavailable
from hub.store import (
    AlreadyRunning,
    DatabaseUnusable,
    NoStore,
    RunLock,
    check,
    inspection,
    open_store,
    opening,
    upgrade,
)
from hub.store.revisions import HEAD, REVISIONS, SCRIPTS
from tests.harness.postgres import Postgres
from tests.store.samples import a_message


async def filled(path: Path) -> None:
    """Make a database with some hundred pages and close it."""
    store = open_store(f"sqlite:///{path}")
    for number in range(20):
        message = a_message(f"t{number}", bytes(20_000))
        await store.write(Lane.SLOW, lambda tx, message=message: tx.shelve(Session.MAIN, message, "x"))
    await store.close()


def digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


async def test_a_new_database_is_for_our_eyes_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "carehub.db"
    store = open_store(f"sqlite:///{path}")
    await store.write(Lane.SLOW, lambda tx: tx.set_fact("a", "b"))
    assert (store.created, store.lost) == (True, False)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    await store.close()
    path.chmod(0o644)
    store = open_store(f"sqlite:///{path}")
    assert (store.created, store.lost) == (False, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await store.close()


def test_the_revisions_known_by_name_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert tuple(one.revision for one in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_a_start_does_not_pay_for_what_it_does_not_use(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/carehub.db")
    program = (
        "import sys; from hub.store import open_store; open_store(sys.argv[1]);"
        "print([name for name in ('alembic', 'psycopg', 'sqlalchemy.orm') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, f"sqlite:///{tmp_path}/carehub.db"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.promise("P13")
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.write_text("this is a letter"), "not a SQLite database"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), "damaged"),
        (lambda path: os.truncate(path, 100), "damaged"),
        (lambda path: os.truncate(path, 0), "it is empty, but a database was here before"),
        (lambda path: scribble(path, 4096), "damaged"),
        (lambda path: scribble(path, 9 * 4096), "damaged"),
        (lambda path: execute(path, "UPDATE alembic_version SET version_num = '9999'"), "newer carehub"),
        (lambda path: execute(path, "DROP TABLE alembic_version"), "another program"),
    ],
    ids=["letter", "half", "stub", "empty", "page 2", "page 10", "newer", "foreign"],
)
async def test_what_cannot_be_trusted_is_refused_and_left_as_it_is(
    tmp_path: Path, harm: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / "carehub.db"
    await filled(path)
    harm(path)
    before = digest(path)
    for act in (open_store, upgrade):
        with pytest.raises(DatabaseUnusable, match=told) as error:
            act(f"sqlite:///{path}")
        assert str(path) in str(error.value)
    report = check(f"sqlite:///{path}")
    assert told in report.faults[0]
    assert digest(path) == before


def scribble(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xff" * 4096)


async def test_a_large_database_is_opened_without_reading_its_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "carehub.db"
    await filled(path)
    monkeypatch.setattr(inspection, "_CHECK_ALL_BYTES", 1)
    assert inspection.examine(path) == HEAD
    scribble(path, 4096)
    with pytest.raises(DatabaseUnusable, match="damaged"):
        inspection.examine(path)


async def test_a_log_without_its_database_is_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    log = tmp_path / "carehub.db-wal"
    log.write_bytes(b"commits")
    with pytest.raises(DatabaseUnusable, match="gone"):
        open_store(f"sqlite:///{path}")
    assert log.read_bytes() == b"commits"
    assert not path.exists()


async def test_a_database_that_vanished_is_made_anew_and_said_to_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    await filled(path)
    path.unlink()
    store = open_store(f"sqlite:///{path}")
    assert (store.created, store.lost) == (True, True)
    await store.close()


async def test_a_start_that_was_cut_short_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    path.touch()  # killed after the file was made
    await open_store(f"sqlite:///{path}").close()
    other = tmp_path / "other.db"
    execute(other, "PRAGMA journal_mode=WAL")  # killed before the first tables were committed
    assert other.stat().st_size > 0
    await open_store(f"sqlite:///{other}").close()
    assert check(f"sqlite:///{other}").faults == ()


def test_an_older_database_is_copied_before_it_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "carehub.db"
    asyncio.run(filled(path))
    execute(path, "UPDATE alembic_version SET version_num = '0000'")
    monkeypatch.setattr(inspection, "REVISIONS", ("0000", *REVISIONS))
    monkeypatch.setattr(
        opening, "migrate", lambda db: db.exec_driver_sql("UPDATE alembic_version SET version_num = ?", (HEAD,))
    )
    assert upgrade(f"sqlite:///{path}") == "0000"
    (copy,) = tmp_path.glob("*.copy")
    assert copy.name.startswith("carehub.db.0000.20")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone() == ("0000",)
        assert db.execute("SELECT count(*) FROM shelf").fetchone() == (20,)
    assert upgrade(f"sqlite:///{path}") == HEAD


async def test_a_failed_upgrade_leaves_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "carehub.db"
    await filled(path)
    execute(path, "UPDATE alembic_version SET version_num = '0000'")
    monkeypatch.setattr(inspection, "REVISIONS", ("0000", *REVISIONS))

    def fail(db: object) -> None:
        db.exec_driver_sql("DROP TABLE shelf")  # type: ignore[attr-defined]
        raise RuntimeError("half way")

    monkeypatch.setattr(opening, "migrate", fail)
    with pytest.raises(RuntimeError):
        upgrade(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM shelf").fetchone() == (20,)


def test_a_locked_database_is_busy_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "carehub.db"
    upgrade(f"sqlite:///{path}")
    monkeypatch.setattr(inspection, "connect_sqlite", lambda path: opening.connect_sqlite(path, wait_s=0))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM facts")
        with pytest.raises(StoreUnavailable, match="locked"):
            open_store(f"sqlite:///{path}")


@pytest.mark.parametrize("url", ["mysql://x/y", "carehub.db", "sqlite://", "sqlite:///:memory:", ""])
def test_only_addresses_that_last_are_taken(url: str) -> None:
    with pytest.raises(DatabaseUnusable, match=r"sqlite:///.*postgresql://"):
        open_store(url)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_we_may_not_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DatabaseUnusable, match="folder"):
        open_store(f"sqlite:///{tmp_path}/carehub.db")


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnusable, match="file"):
        open_store(f"sqlite:///{tmp_path}/file/carehub.db")


async def test_a_hub_without_a_database_says_why() -> None:
    store = NoStore("carehub.db is damaged")
    for call in (store.write(Lane.SOS, lambda tx: None), store.read(lambda tx: None)):
        with pytest.raises(StoreUnavailable, match="damaged"):
            await call
    assert await store.change_token() is None
    await store.close()


async def test_a_server_is_upgraded_only_when_told_to(postgres: Postgres) -> None:
    url = postgres.database(empty=True)
    with pytest.raises(DatabaseUnusable, match="db upgrade"):
        open_store(url)
    assert "db upgrade" in check(url).faults[0]
    assert upgrade(url) is None
    assert upgrade(url) == HEAD
    await open_store(url).close()


async def test_a_newer_or_foreign_server_database_is_refused(postgres: Postgres) -> None:
    for statement, told in (
        ("UPDATE alembic_version SET version_num = '9999'", "newer carehub"),
        ("DROP TABLE alembic_version", "another program"),
    ):
        url = postgres.database()
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(statement.encode())
        for act in (open_store, upgrade):
            with pytest.raises(DatabaseUnusable, match=told):
                act(url)
        assert told in check(url).faults[0]


def test_a_server_that_does_not_answer_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(f"postgresql://postgres@/carehub?host={tmp_path}")


# --- check ----------------------------------------------------------------------------------------------------


async def test_a_sound_database_passes_the_check(url: str) -> None:
    await open_store(url).close()
    assert check(url) == opening.CheckReport(HEAD)


async def test_the_check_sees_a_lost_constraint_index_and_column(url: str, tmp_path: Path) -> None:
    """Alembic's own comparison overlooks CHECK constraints."""
    await open_store(url).close()
    if url.startswith("sqlite"):
        execute(
            Path(url.removeprefix("sqlite:///")),
            "PRAGMA writable_schema=ON",
            "UPDATE sqlite_schema SET sql = replace(sql, '''open'', ', '') WHERE name = 'alerts'",
            "DROP INDEX uq_alerts_unresolved",
            "ALTER TABLE notifications DROP COLUMN error",
        )
    else:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("ALTER TABLE alerts DROP CONSTRAINT ck_alerts_stage_known")
            db.execute("ALTER TABLE alerts ADD CONSTRAINT ck_alerts_stage_known CHECK (stage IN ('acknowledged'))")
            db.execute("DROP INDEX uq_alerts_unresolved")
            db.execute("ALTER TABLE notifications DROP COLUMN error")
    faults = check(url).faults
    assert len(faults) == 3, faults
    assert any("check ck_alerts_stage_known is" in fault for fault in faults)
    assert "table alerts: index uq_alerts_unresolved is missing" in faults
    assert "table notifications: column error is missing" in faults


def test_the_check_sees_a_row_that_points_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    upgrade(f"sqlite:///{path}")
    execute(path, "PRAGMA foreign_keys=OFF", "INSERT INTO duties VALUES ('gone', 'step', 1, 1)")
    assert check(f"sqlite:///{path}").faults == ("table duties: a row points at nothing in alerts",)


def test_the_check_makes_no_database(tmp_path: Path) -> None:
    assert "no database" in check(f"sqlite:///{tmp_path}/carehub.db").faults[0]
    assert list(tmp_path.iterdir()) == []


# --- one run --------------------------------------------------------------------------------------------------


async def test_one_run_for_each_database(url: str) -> None:
    with RunLock(url) as first:
        assert first.still_held()
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
            RunLock(url).acquire()
    second = RunLock(url).acquire()
    second.release()


@pytest.mark.promise("P4")
def test_a_killed_run_leaves_no_lock(url: str) -> None:
    program = (
        "import sys; from hub.store import RunLock; lock = RunLock(sys.argv[1]).acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=f"process {child.pid}"):
            RunLock(url).acquire()
    finally:
        child.kill()
        child.communicate()
    with RunLock(url) as lock:
        assert lock.still_held()


def test_a_restarted_server_gives_the_lock_again(postgres: Postgres) -> None:
    url = postgres.database()
    with RunLock(url) as lock:
        postgres.stop()
        try:
            with pytest.raises(StoreUnavailable):
                lock.still_held()
        finally:
            postgres.start()
        assert lock.still_held()
        with pytest.raises(AlreadyRunning):
            RunLock(url).acquire()


def test_nothing_is_left_of_a_copy_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "carehub.db"
    upgrade(f"sqlite:///{path}")
    execute(path, "UPDATE alembic_version SET version_num = '0000'")
    monkeypatch.setattr(inspection, "REVISIONS", ("0000", *REVISIONS))
    real = sqlite3.connect

    def full(target: object, **options: object) -> sqlite3.Connection:
        db: sqlite3.Connection = real(target, **options)  # type: ignore[call-overload]
        if str(target).endswith(".part"):
            db.execute("PRAGMA max_page_count=2")
        return db

    monkeypatch.setattr(opening.sqlite3, "connect", full)
    with pytest.raises((StoreUnavailable, DatabaseUnusable)):
        upgrade(f"sqlite:///{path}")
    assert list(tmp_path.glob("*.part")) == []
    assert list(tmp_path.glob("*.copy")) == []


def test_a_database_of_the_first_revision_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    url = f"sqlite:///{path}"
    upgrade(url)
    # What later revisions brought is taken away again: so the database lay on gateways before.
    execute(
        path,
        *(f"DROP TABLE {name}" for name in ("definitions", "gaps", "watches", "links", "acts")),
        *(
            f"DROP TABLE {name}"
            for name in ("areas", "accounts", "sign_ins", "invitations", "api_tokens", "home_tests")
        ),
        *(f"ALTER TABLE homes DROP COLUMN {name}" for name in ("mode", "mode_until", "tester")),
        *(f"ALTER TABLE devices DROP COLUMN {name}" for name in ("model", "place", "installed_on", "subsidy")),
        "ALTER TABLE homes DROP COLUMN access",
        "ALTER TABLE device_states DROP COLUMN life_at",
        "ALTER TABLE device_states DROP COLUMN cleared_at",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO device_states VALUES ('h', 'd', 'motion', 'occupancy', 'active', 1, 1, NULL, NULL, NULL, 0)",
    )
    assert upgrade(url) == "0001"
    assert check(url) == opening.CheckReport(HEAD)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT home_id, life_at FROM device_states").fetchall() == [("h", None)]
