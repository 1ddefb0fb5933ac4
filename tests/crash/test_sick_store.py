"""A store that cannot commit does not silence a press: people are told from the image, nothing is replaced."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.alerts.alert import Stage
from hub.store.engines import LOCK_WAIT_S
from tests.crash.ledger import Device, Ledger, check, drained
from tests.harness.postgres import Postgres
from tests.harness.process import STAFF, SUPERVISOR, Gateway, family_of, until

# The text of a hub without a store, and the usual one.
SICK, USUAL = "no reply needed", "Reply 1"
# Two seconds for the commit, and what a busy machine takes to say so.
SOON_S = 6.0
HURRIED_S = 0.5


@contextlib.asynccontextmanager
async def gateway_with_button(
    folder: Path, *, database: str | None = None, data: Path | None = None, hurried_s: float | None = HURRIED_S
) -> AsyncIterator[tuple[Gateway, Device]]:
    gateway = Gateway(folder, database=database, data=data, hurried_s=hurried_s)
    async with gateway:
        device = Device(gateway, Ledger(), qos=1)
        try:
            yield gateway, device
        finally:
            await device.leave()


async def told_without_store(gateway: Gateway, home: int, pressed_at: float, within_s: float = SOON_S) -> None:
    """Wait until the home's people were texted in time."""
    for phone in (family_of(home), STAFF, SUPERVISOR):
        left_s = pressed_at + within_s - time.monotonic()
        await gateway.gets(phone, f"Resident {home} pressed", SICK, patience_s=left_s)


async def says_that_it_is_sick(gateway: Gateway) -> None:
    """Wait until /readyz fails and an audit has kept silent towards the dead-man."""
    await until(_answers(gateway, 503), "/readyz fails", 10)
    audits = gateway.logged("audit_fault")
    await until(lambda: gateway.logged("audit_fault") > audits, "an audit has found the fault")
    pings, audits = gateway.deadman.pings, gateway.logged("audit_fault")
    await until(lambda: gateway.logged("audit_fault") >= audits + 2, "two more audits")
    assert gateway.deadman.pings == pings, "the dead-man was pinged by a hub that cannot alarm"
    assert await gateway.readiness() == 503


def _answers(gateway: Gateway, status: int):  # type: ignore[no-untyped-def]
    async def look() -> bool:
        return await gateway.readiness() == status

    return look


async def reply_is_passed_on(gateway: Gateway, home: int) -> None:
    """A contact answers a text that nobody could register: the others who were told hear of it."""
    gateway.carrier.reply(family_of(home), "I go now")
    await gateway.gets(STAFF, "I go now")
    await gateway.gets(SUPERVISOR, "I go now")
    assert not gateway.texts(family_of(home), "I go now")


async def recovers(gateway: Gateway, device: Device, home: int, presses: int) -> None:
    """The presses that waited at the broker become one usual alert; the hub is as before."""
    await gateway.gets(family_of(home), "Ref", USUAL, patience_s=60)  # the broker is asked again after up to 30 s
    await gateway.until_ready()
    pings = gateway.deadman.pings
    await until(lambda: not gateway.hurried_s or gateway.deadman.pings > pings, "the dead-man is pinged again")
    books = await drained(gateway, device.ledger)
    [alert] = books.of(home, "sos")
    assert (alert.stage, alert.count) == (Stage.OPEN, presses)
    # The texts of the lifeline and what it passed on have no row: there was no store to put it in.
    unbooked = [m for m in gateway.carrier.messages if not m.inbound and _of_the_lifeline(m.body)]
    check(gateway, device.ledger, books, doubled=len(unbooked))


def _of_the_lifeline(text: str) -> bool:
    return SICK in text or "I go now" in text


def once_each(gateway: Gateway, home: int) -> None:
    """However often it was pressed and redelivered: one text to each within five minutes."""
    for phone in (family_of(home), STAFF, SUPERVISOR):
        assert len(gateway.texts(phone, f"Resident {home} pressed", SICK)) == 1, gateway.texts(phone)


# --- while the hub runs ---------------------------------------------------------------------------------------


@pytest.mark.promise("P13")
async def test_press_is_texted_while_another_process_locks_the_database(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path, hurried_s=None) as (gateway, device):
        await gateway.start_hub()
        with locked(gateway.file) as locked_at:
            await device.presses(1)
            await told_without_store(gateway, 1, locked_at)
            await device.presses(1)
            await reply_is_passed_on(gateway, 1)
            await until(_answers(gateway, 503), "/readyz fails", 10)
            await until(lambda: time.monotonic() - locked_at > 10, "the lock has lasted 10 s")
            assert await gateway.readiness() == 503, "a store that takes nothing counts as ready"
            once_each(gateway, 1)
        await recovers(gateway, device, 1, presses=2)
        once_each(gateway, 1)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[float]:
    """Let another process, as it were, hold the database; give the moment from which on it does."""
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    try:
        yield time.monotonic()
    finally:
        locker.execute("ROLLBACK")
        locker.close()


@pytest.mark.promise("P13")
async def test_press_is_texted_when_the_database_vanishes_under_the_hub(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path) as (gateway, device):
        await gateway.start_hub()
        away = gateway.file.with_name("moved-away.db")
        gateway.file.rename(away)
        pressed_at = time.monotonic()
        await device.presses(1)
        await told_without_store(gateway, 1, pressed_at)
        await says_that_it_is_sick(gateway)
        assert not gateway.file.exists(), "a missing database was replaced"
        await gateway.kill_hub()  # only the broker has the press now: it was never acknowledged
        away.rename(gateway.file)
        await gateway.start_hub()
        await recovers(gateway, device, 1, presses=1)


@pytest.mark.promise("P13")
async def test_a_full_disk_first_takes_the_ballast_and_then_silences_nobody(tmp_path: Path, small_disk: Path) -> None:
    async with gateway_with_button(tmp_path, data=small_disk) as (gateway, device):
        await gateway.start_hub()
        ballast = gateway.file.with_name(gateway.file.name + ".ballast")
        await until(lambda: ballast.exists() and ballast.stat().st_size, "room is set aside")
        filler = small_disk / "filler"
        fill(filler)
        await device.presses(1)
        await gateway.gets(family_of(1), "Ref", USUAL)  # the room that was set aside is used for it
        fill(filler)
        pressed_at = time.monotonic()
        await until(lambda: pressed(gateway, device, 2), "presses until not even the last page takes one")
        await told_without_store(gateway, 2, pressed_at)
        await says_that_it_is_sick(gateway)
        await reply_is_passed_on(gateway, 2)
        filler.unlink()
        await recovers(gateway, device, 2, presses=device.ledger.presses(2))


async def pressed(gateway: Gateway, device: Device, home: int) -> bool:
    """Press once more; whether the hub has noticed that nothing can be kept."""
    await device.presses(home)
    return bool(gateway.texts(family_of(home), SICK))


def fill(filler: Path) -> None:
    """Write until the disk has no room."""
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Return a folder on a disk of its own of 48 MB; needs the right to mount."""
    folder = Path(tempfile.mkdtemp(prefix="carehub-disk-"))
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    )
    try:
        if not mounted:
            pytest.skip("a small disk needs the right to mount one")
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.promise("P13")
async def test_press_is_texted_when_no_file_can_be_written(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path) as (gateway, device):
        await gateway.start_hub()
        gateway.limit_files(0)
        pressed_at = time.monotonic()
        await device.presses(1)
        await told_without_store(gateway, 1, pressed_at)
        await says_that_it_is_sick(gateway)
        gateway.limit_files(-1)
        await recovers(gateway, device, 1, presses=1)


@pytest.mark.promise("P13")
async def test_press_is_texted_while_the_server_is_away(tmp_path: Path, postgres: Postgres) -> None:
    async with gateway_with_button(tmp_path, database=postgres.database()) as (gateway, device):
        await gateway.start_hub()
        await asyncio.to_thread(postgres.stop)
        try:
            pressed_at = time.monotonic()
            await device.presses(1)
            await told_without_store(gateway, 1, pressed_at)
            await says_that_it_is_sick(gateway)
            await reply_is_passed_on(gateway, 1)
        finally:
            await asyncio.to_thread(postgres.start)
        await recovers(gateway, device, 1, presses=1)


# --- while the hub was stopped --------------------------------------------------------------------------------


async def starts_sick(gateway: Gateway, device: Device) -> None:
    """Start on a database that cannot be used: presses are texted, nothing is touched."""
    before = fingerprint(gateway.file)
    await gateway.start_hub(wait=False)
    await until(lambda: gateway.logged('"running"') == 2, "the hub is up")
    assert await gateway.readiness() == 503
    pressed_at = time.monotonic()
    await device.presses(1)
    await told_without_store(gateway, 1, pressed_at)
    await says_that_it_is_sick(gateway)
    await reply_is_passed_on(gateway, 1)
    assert fingerprint(gateway.file) == before, "a database that cannot be used was changed"


def fingerprint(path: Path) -> dict[str, str]:
    """Return what the database's files hold, by name; locks aside."""
    files = sorted(path.parent.glob(f"{path.name}*"))
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if not f.name.endswith(".lock")}


@pytest.mark.promise("P13")
async def test_hub_starts_with_garbage_for_a_database_and_takes_the_repaired_one(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path) as (gateway, device):
        await gateway.start_hub()
        assert (await gateway.stop_hub())[0] == 0
        sound = gateway.file.read_bytes()
        gateway.file.write_bytes(os.urandom(64) + sound[64:])
        await starts_sick(gateway, device)
        gateway.file.write_bytes(sound)
        await recovers(gateway, device, 1, presses=1)


@pytest.mark.promise("P13")
async def test_hub_starts_with_a_database_of_a_newer_carehub(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path) as (gateway, device):
        await gateway.start_hub()
        assert (await gateway.stop_hub())[0] == 0
        with contextlib.closing(sqlite3.connect(gateway.file)) as db:
            known = db.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            db.execute("UPDATE alembic_version SET version_num = '9999'")
            db.commit()
        await starts_sick(gateway, device)
        assert gateway.logged("newer carehub")
        with contextlib.closing(sqlite3.connect(gateway.file)) as db:
            db.execute("UPDATE alembic_version SET version_num = ?", (known,))
            db.commit()
        await recovers(gateway, device, 1, presses=1)


@pytest.mark.promise("P13")
@pytest.mark.promise("P4")
async def test_hub_that_starts_beside_a_locked_database_goes_on_where_it_was(tmp_path: Path) -> None:
    async with gateway_with_button(tmp_path) as (gateway, device):
        await gateway.start_hub(kill_at="before TwilioSms.send#1")
        await device.presses(2)
        await gateway.hub_ended()  # its message was about to be sent
        with locked(gateway.file):
            await gateway.start_hub(wait=False)
            await device.presses(1)
            # The hub hears it once it has given up waiting for the lock.
            await told_without_store(gateway, 1, time.monotonic(), within_s=LOCK_WAIT_S + SOON_S)
            await until(_answers(gateway, 503), "/readyz fails", 10)
        await gateway.gets(family_of(2), USUAL, patience_s=10)  # not only when its attempt is long overdue
        await recovers(gateway, device, 1, presses=1)


@pytest.mark.promise("P13")
async def test_press_is_texted_by_a_hub_that_starts_before_its_server(tmp_path: Path, postgres: Postgres) -> None:
    async with gateway_with_button(tmp_path, database=postgres.database()) as (gateway, device):
        await gateway.start_hub()
        await gateway.kill_hub()
        await asyncio.to_thread(postgres.stop)
        try:
            await gateway.start_hub(wait=False)
            await until(lambda: gateway.logged('"running"') == 2, "the hub is up")
            pressed_at = time.monotonic()
            await device.presses(1)
            await told_without_store(gateway, 1, pressed_at)
            await says_that_it_is_sick(gateway)
        finally:
            await asyncio.to_thread(postgres.start)
        await recovers(gateway, device, 1, presses=1)
