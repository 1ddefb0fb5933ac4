"""Disks that are full, files that vanish, other processes that hold the lock: said at once, survived, nothing lost."""

import asyncio
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hub.ports import Lane, Session, StoreUnavailable, Transaction
from hub.store import SqlStore, open_store
from hub.store.ballast import Ballast
from hub.store.engines import sqlite_engine
from tests.store.samples import a_message

PRESS = 3_000


def fill(tx: Transaction) -> None:
    tx.shelve(Session.MAIN, a_message(f"t{id(object())}", os.urandom(400_000)), "large")


def press(tx: Transaction) -> None:
    tx.set_fact("press", "x" * PRESS)


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """Make writes beyond `size` bytes of any file fail, as they do on a disk without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fill_up(store: SqlStore) -> None:
    for _ in range(200):
        await store.write(Lane.SLOW, fill)


@pytest.mark.promise("P13")
async def test_a_full_disk_is_told_to_every_caller_and_forgotten_when_there_is_room(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/carehub.db")
    await store.write(Lane.SOS, lambda tx: tx.set_fact("before", "kept"))
    with no_file_grows_beyond(1_000_000):
        with pytest.raises(StoreUnavailable):
            await fill_up(store)
        tasks = [asyncio.create_task(store.write(Lane.SLOW, fill)) for _ in range(5)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, StoreUnavailable) for one in results)
        assert await store.read(lambda tx: tx.fact("before")) == "kept"
    await store.write(Lane.SOS, press)
    assert await store.read(lambda tx: len(tx.fact("press") or "")) == PRESS
    await store.close()


class RoomElsewhere(Ballast):
    """Ballast on a disk that a test can make full: giving it up lets files grow a little further."""

    released = 0

    def release(self) -> bool:
        if not super().release():
            return False
        self.released += 1
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        return True

    def restore(self) -> bool:
        return False


@pytest.mark.promise("P13")
async def test_ballast_is_given_up_so_that_the_same_press_still_commits(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    await open_store(f"sqlite:///{path}").close()
    ballast = RoomElsewhere(path, 100_000)
    Ballast(path, 100_000).restore()
    store = SqlStore.on_sqlite(path, sqlite_engine(path), sqlite_engine(path, writes=False), ballast)
    with no_file_grows_beyond(1_000_000):
        tasks = [asyncio.create_task(store.write(Lane.SLOW, fill)) for _ in range(5)]
        await asyncio.gather(*tasks)  # 2 MB: more than the limit, less than with the ballast
        assert ballast.released == 1
        assert not ballast.is_held
        await store.write(Lane.SOS, press)
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def take_all(path: Path) -> None:
    """Fill a disk to the last block, as somebody else's log would."""
    room = os.statvfs(path.parent)
    with path.open("wb", buffering=0) as file:
        for _ in range(room.f_bfree):
            file.write(bytes(room.f_frsize))
        with pytest.raises(OSError, match="space"):
            file.write(bytes(room.f_frsize))


@pytest.mark.promise("P13")
async def test_a_press_commits_on_a_disk_that_is_really_full(small_disk: Path) -> None:
    path = small_disk / "carehub.db"
    store = open_store(f"sqlite:///{path}")
    assert Ballast(path).restore()
    take_all(small_disk / "others")
    large = a_message("t", os.urandom(1_000_000))
    await store.write(Lane.SOS, lambda tx: tx.shelve(Session.SOS, large, "more than is free"))
    assert not Ballast(path).is_held
    await store.write(Lane.SOS, press)
    (small_disk / "others").unlink()
    await store.close()
    again = open_store(f"sqlite:///{path}")
    assert await again.read(lambda tx: len(tx.shelf())) == 1
    await again.close()
    assert Ballast(path).restore(), "room came back"


def test_ballast_takes_no_room_that_is_scarce(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "carehub.db", 2**60)
    assert not ballast.restore()
    assert not ballast.release()
    small = Ballast(tmp_path / "carehub.db", 65536)
    assert small.restore()
    assert small.path.stat().st_size == 65536
    assert small.release()
    assert small.path.exists(), "it still says that a database lives here"
    assert not small.release()


@pytest.mark.promise("P13")
async def test_a_locked_database_is_reported_in_time_and_holds_up_nothing_else(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/carehub.db", lock_wait=timedelta(milliseconds=200))
    await store.write(Lane.SOS, lambda tx: tx.set_fact("before", "kept"))
    with closing(sqlite3.connect(tmp_path / "carehub.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        tasks = [asyncio.create_task(store.write(lane, press)) for lane in Lane]
        await asyncio.sleep(0)
        assert await store.read(lambda tx: tx.fact("before")) == "kept"
        assert not any(task.done() for task in tasks)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, StoreUnavailable) and "locked" in str(one) for one in results)
        other.execute("ROLLBACK")
    await store.write(Lane.SOS, press)
    await store.close()


@pytest.mark.promise("P13")
async def test_a_file_that_vanished_under_us_takes_no_more_commits(tmp_path: Path) -> None:
    """SQLite would go on in the deleted file, and all of it would be gone with the process."""
    path = tmp_path / "carehub.db"
    store = open_store(f"sqlite:///{path}")
    await store.write(Lane.SOS, press)
    path.rename(tmp_path / "moved.db")
    with pytest.raises(StoreUnavailable, match="gone"):
        await store.write(Lane.SOS, press)
    with pytest.raises(StoreUnavailable, match="gone"):
        await store.read(lambda tx: tx.fact("press"))
    assert not path.exists(), "no empty database in its place"
    (tmp_path / "moved.db").rename(path)
    await store.write(Lane.SOS, lambda tx: tx.set_fact("after", "kept"))
    assert await store.read(lambda tx: (len(tx.fact("press") or ""), tx.fact("after"))) == (PRESS, "kept")
    await store.close()


@pytest.mark.promise("P13")
async def test_damage_that_shows_while_running_is_unavailability(tmp_path: Path) -> None:
    path = tmp_path / "carehub.db"
    store = open_store(f"sqlite:///{path}")
    await store.write(Lane.SOS, press)
    await store.close()
    store = open_store(f"sqlite:///{path}")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with pytest.raises(StoreUnavailable, match=r"malformed|not a database|changed"):
        await store.write(Lane.SOS, press)
    await store.close()


async def test_the_log_is_emptied_beside_the_writer(tmp_path: Path) -> None:
    """Checkpoints are not made in commits; without any the log would grow for ever."""
    path = tmp_path / "carehub.db"
    store = open_store(f"sqlite:///{path}")
    for _ in range(400):
        await store.write(Lane.SLOW, fill)
    assert path.with_name("carehub.db-wal").stat().st_size < 400 * 400_000 / 2
    assert path.stat().st_size > 1_000_000, "a checkpoint has moved pages into the database"
    await store.close()
    assert not path.with_name("carehub.db-wal").exists()
