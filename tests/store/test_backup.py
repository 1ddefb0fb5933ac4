"""A backup is whole, private and of one moment; what is put back takes nothing for known that it cannot know."""

# Nothing else runs on the loop while a test looks at files.
# ruff: noqa: ASYNC240

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.alerts.policy import Policy, Severity, Step
from hub.decide import World
from hub.engine.restored import put_back
from hub.engine.work import Work
from hub.ports import LAST_COMMITTED, RESTORED_FROM, Delivery, Lane, Session, SessionRow, StoreUnavailable
from hub.rules.gaps import HUB, Gap
from hub.store import AlreadyRunning, DatabaseUnusable, RunLock, SqlStore, check, open_store, postgres_dump, upgrade
from hub.store import backup as backups
from hub.store.backup import BackupFailed, backup, restore
from hub.store.revisions import HEAD, SCRIPTS
from tests.harness.postgres import Postgres
from tests.store.samples import MINUTE, NOON, a_message, a_registry, an_alert

LATER = NOON + timedelta(hours=5)
MARK = b"\x01" * 16
NOTICE = Policy((Step(("staff",), ("sms",), MINUTE),), None, MINUTE)


async def fill(store: SqlStore) -> None:
    """Put people, an open alert, a session and a delivery into a database that was last heard of at noon."""

    def work(transaction: Any) -> None:
        transaction.replace_registry(a_registry())
        transaction.save_alert(an_alert())
        transaction.save_session(SessionRow(Session.SOS, 3, NOON, ("a/b",)))
        delivery = Delivery(a_message(qos=1), Session.SOS, 3, 7)
        transaction.record_deliveries([(delivery, MARK)])
        transaction.set_fact(LAST_COMMITTED, NOON.isoformat())

    await store.write(Lane.SOS, work)


async def reading(url: str, *work: Callable[[Any], Any]) -> list[Any]:
    store = open_store(url)
    found = [await store.read(one) for one in work]
    await store.close()
    return found


async def test_what_is_put_back_is_what_was_there(store: SqlStore, url: str, tmp_path: Path) -> None:
    await fill(store)
    file = backup(url, tmp_path / "one.backup", NOON)
    await store.write(Lane.SOS, lambda t: t.save_alert(an_alert("01B", "ah-002")))
    await store.write(Lane.SOS, lambda t: t.save_session(SessionRow(Session.SOS, 9, LATER, ("a/b", "c/d"))))
    await store.close()
    done = restore(url, file, LATER)
    assert (done.until, done.revision, done.open_alerts) == (NOON, HEAD, 1)
    assert check(url).faults == ()
    alerts, session, registry, since, swallowed = await reading(
        url,
        lambda t: [alert.id for alert in t.alerts()],
        lambda t: t.session(Session.SOS),
        lambda t: t.registry(),
        lambda t: t.fact(RESTORED_FROM),
        lambda t: t._db.exec_driver_sql("SELECT count(*) FROM deliveries").scalar(),
    )
    assert alerts == ["01A"]
    assert registry.homes == a_registry().homes
    assert datetime.fromisoformat(since) == NOON
    # What the broker sends again is new, whatever was known; how far the old one had heard still holds.
    assert swallowed == 0
    assert session == SessionRow(Session.SOS, 9, LATER, ("a/b", "c/d"))


async def test_the_database_that_was_replaced_is_kept_whole(store: SqlStore, url: str, tmp_path: Path) -> None:
    await fill(store)
    file = backup(url, tmp_path / "one.backup", NOON)
    await store.write(Lane.SOS, lambda t: t.save_alert(an_alert("01B", "ah-002")))
    await store.close()
    kept = restore(url, file, LATER).kept
    assert kept is not None
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert restore(url, kept, LATER + MINUTE).open_alerts == 2


async def test_a_backup_goes_into_a_folder_under_its_time_and_is_private(
    store: SqlStore, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    file = backup(url, folder, NOON)
    assert file == folder / "carehub-20260301T120000Z.backup"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*folder.iterdir()] == [file]
    before = file.read_bytes()
    with pytest.raises(BackupFailed, match="is there already"):
        backup(url, folder, NOON)
    assert file.read_bytes() == before


async def test_a_backup_is_of_one_moment_while_others_write(store: SqlStore, url: str, tmp_path: Path) -> None:
    """Two facts are always written together; no backup has one without the other."""
    stop = asyncio.Event()

    async def writing() -> int:
        count = 0
        while not stop.is_set():
            count += 1

            def both(transaction: Any, count: int = count) -> None:
                transaction.set_fact("left", str(count))
                transaction.set_fact("right", str(count))

            await store.write(Lane.SLOW, both)
        return count

    writer = asyncio.create_task(writing())
    files = [await asyncio.to_thread(backup, url, tmp_path / f"{n}.backup", NOON) for n in range(3)]
    stop.set()
    assert await writer > 3
    await store.close()
    for file in files:
        restore(url, file, LATER)
        left, right = await reading(url, lambda t: t.fact("left"), lambda t: t.fact("right"))
        assert left == right


async def test_nothing_is_put_back_under_a_running_hub(store: SqlStore, url: str, tmp_path: Path) -> None:
    await fill(store)
    file = backup(url, tmp_path / "one.backup", NOON)
    with RunLock(url), pytest.raises(AlreadyRunning, match="End that one first"):
        restore(url, file, LATER)
    assert await store.read(lambda t: t.fact(RESTORED_FROM)) is None


@pytest.mark.parametrize("harm", ["empty", "garbage", "cut", "newer", "another program's", "not there"])
async def test_what_is_no_sound_backup_changes_nothing(store: SqlStore, url: str, tmp_path: Path, harm: str) -> None:
    await fill(store)
    file = tmp_path / "harmed.backup"
    if harm in ("newer", "another program's") and url.startswith("postgresql"):
        with postgres_dump.connected(backups.parse(url)) as db:
            db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            if harm == "another program's":
                db.exec_driver_sql("DROP TABLE alembic_version")
            db.commit()
        postgres_dump._run(
            "pg_dump", backups.parse(url), "-Fc", f"--file={file}", *postgres_dump._database(backups.parse(url))
        )
    elif harm == "another program's":
        sqlite3.connect(file).execute("CREATE TABLE t (a)")
    elif harm != "not there":
        whole = backup(url, tmp_path / "one.backup", NOON).read_bytes()
        file.write_bytes({"empty": b"", "garbage": b"x" * 5000, "cut": whole[: len(whole) // 2]}.get(harm, whole))
        if harm == "newer":
            with closing(sqlite3.connect(file, isolation_level=None)) as raw:
                raw.execute("UPDATE alembic_version SET version_num = '9999'")
    await store.close()
    path = Path(url.removeprefix("sqlite:///"))
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises((BackupFailed, DatabaseUnusable, StoreUnavailable)):
        restore(url, file, LATER)
    if before:
        assert path.read_bytes() == before
        assert not list(path.parent.glob("*replaced*"))
        assert not list(path.parent.glob("*restored*"))


def at_first_revision(url: str) -> None:
    """Make an empty database the one of the first revision."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as db:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = db
        command.upgrade(config, "0001")
    engine.dispose()


async def test_an_older_backup_is_upgraded(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    at_first_revision(f"sqlite:///{old}")
    url = f"sqlite:///{tmp_path}/var/carehub.db"
    assert restore(url, old, NOON).revision == "0001"
    assert check(url).faults == ()


async def test_an_older_backup_of_a_server_is_upgraded_in_the_place_of_a_newer_database(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.database(empty=True)
    at_first_revision(url)
    old = backup(url, tmp_path / "old.backup", NOON)
    upgrade(url)
    assert restore(url, old, LATER).revision == "0001"
    assert check(url).faults == ()


async def test_a_backup_is_put_back_on_a_new_server(postgres: Postgres, tmp_path: Path) -> None:
    url, new = postgres.database(empty=True), postgres.database(empty=True)
    with pytest.raises(DatabaseUnusable, match="is empty: there is nothing to back up"):
        backup(url, tmp_path / "one.backup", NOON)
    upgrade(url)
    store = open_store(url)
    await fill(store)
    await store.close()
    done = restore(new, backup(url, tmp_path / "one.backup", NOON), LATER)
    assert (done.open_alerts, done.kept) == (1, None)
    assert check(new).faults == ()


async def test_a_damaged_database_is_replaced_and_kept_with_its_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/carehub.db"
    store = open_store(url)
    await fill(store)
    file = backup(url, tmp_path / "one.backup", NOON)
    await store.close()
    path = tmp_path / "carehub.db"
    path.write_bytes(b"garbage" * 1000)
    path.with_name("carehub.db-wal").write_bytes(b"a log of the garbage")
    done = restore(url, file, LATER)
    assert done.kept is not None
    assert done.kept.read_bytes() == b"garbage" * 1000
    assert done.kept.with_name(done.kept.name + "-wal").read_bytes() == b"a log of the garbage"
    assert check(url).faults == ()
    (session,) = await reading(url, lambda t: t.session(Session.SOS))
    assert session == SessionRow(Session.SOS, 3, NOON, ("a/b",))


async def test_a_lost_database_comes_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/carehub.db"
    store = open_store(url)
    await fill(store)
    file = backup(url, tmp_path, NOON)
    await store.close()
    for path in (tmp_path / "var").iterdir():
        path.unlink()
    assert restore(url, file, LATER).kept is None
    assert check(url).faults == ()
    assert stat.S_IMODE((tmp_path / "var" / "carehub.db").stat().st_mode) == 0o600


async def test_a_backup_of_what_is_damaged_or_not_there_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/carehub.db"
    with pytest.raises(BackupFailed, match="There is no database at"):
        backup(url, tmp_path, NOON)
    (tmp_path / "carehub.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(DatabaseUnusable, match="is damaged"):
        backup(url, tmp_path, NOON)
    with pytest.raises(BackupFailed, match="is not a folder"):
        backup(url, tmp_path / "nowhere" / "one.backup", NOON)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["carehub.db"]


async def test_a_full_disk_leaves_no_half_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/carehub.db"
    store = open_store(url)
    await fill(store)
    await store.close()

    def full(path: Path, **_: Any) -> Any:
        class Full(sqlite3.Connection):
            def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
                if sql.startswith("VACUUM"):
                    (tmp_path / "one.backup.part").write_bytes(b"half of it")
                    error = sqlite3.OperationalError("database or disk is full")
                    error.sqlite_errorname = "SQLITE_FULL"
                    raise error
                return super().execute(sql, *more)

        return sqlite3.connect(path, factory=Full)

    monkeypatch.setattr(backups, "connect_sqlite", full)
    with pytest.raises(BackupFailed, match="is full"):
        backup(url, tmp_path / "one.backup", NOON)
    assert not list(tmp_path.glob("one.backup*"))


def test_without_the_servers_programs_it_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_dump.shutil, "which", lambda _: None)
    monkeypatch.setattr(postgres_dump, "_newest", lambda _: None)
    with pytest.raises(DatabaseUnusable, match="pg_dump is not installed"):
        backup("postgresql://u@localhost/db", tmp_path, NOON)


def test_a_password_is_no_argument() -> None:
    address = backups.parse("postgresql://u:hunter2@h:5433/db?sslmode=require")
    (argument,) = postgres_dump._database(address)
    assert argument == "--dbname=postgresql://u@h:5433/db?sslmode=require"


async def test_the_first_start_tells_what_it_does_not_know_and_judges_nobody_by_it(store: SqlStore) -> None:
    await store.write(Lane.SLOW, lambda t: t.set_fact(RESTORED_FROM, NOON.isoformat()))

    def start(transaction: Any) -> list[str]:
        work = Work(transaction, World("site", a_registry(), {Severity.NOTICE: NOTICE}), LATER)
        put_back(work)
        work.finish()
        return [alert.cause for alert in work.opened]

    assert await store.write(Lane.SLOW, start) == [f"restored:{LATER:%Y%m%dT%H%M%S}"]
    assert await store.read(lambda t: t.gaps([HUB], NOON - MINUTE)) == [Gap(HUB, NOON, LATER)]
    assert await store.write(Lane.SLOW, start) == []
