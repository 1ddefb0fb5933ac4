"""Broker and hub come and go while a QoS 0 device presses: what the broker accepted is told, once."""

import asyncio
import random
from pathlib import Path

import aiomqtt
import pytest

from hub.alerts.alert import Stage
from tests.conftest import SoakLimits
from tests.crash.ledger import Books, Device, Ledger, check, drained
from tests.crash.load import loaded
from tests.harness.process import STAFF, Gateway, family_of, until

USUAL = "Reply 1"


async def presses_surely(device: Device, home: int) -> None:
    """Press until the broker has accepted one, as a person does who sees no light."""

    async def once() -> bool:
        try:
            await device.presses(home)
        except (aiomqtt.MqttError, OSError):
            return False
        return True

    await until(once, "the broker takes a press")


async def is_on_disk(gateway: Gateway, words: str) -> None:
    """Wait until the broker has written a message down: the time before that is its own, not ours."""
    file = gateway.broker.folder / "state" / "mosquitto.db"
    await until(lambda: file.exists() and words.encode() in file.read_bytes(), "the broker has written it down")


@pytest.mark.promise("P1")
async def test_press_that_waits_at_the_broker_survives_hub_and_broker(tmp_path: Path) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=0)
        await gateway.start_hub()
        await gateway.kill_hub()
        await device.presses(1)
        await is_on_disk(gateway, device.ledger.accepted[-1][1])
        await device.leave()
        await asyncio.to_thread(gateway.broker.kill)
        await asyncio.to_thread(gateway.broker.start)
        await gateway.start_hub()
        await gateway.gets(family_of(1), USUAL)
        books = await drained(gateway, device.ledger)
        check(gateway, device.ledger, books, repeats=True)
        assert len(gateway.texts(family_of(1), USUAL)) == 1


async def kill_brokers(folder: Path, seed: int, kills: int) -> None:
    """Kill broker or hub, or both, while two homes press; presses on both sides of each kill."""
    draw = random.Random(seed)
    async with Gateway(folder) as gateway:
        device = Device(gateway, Ledger(), qos=0)
        await gateway.start_hub()
        for _ in range(kills):
            await presses_surely(device, draw.randint(1, 2))
            victims = draw.choice(["broker", "hub", "broker and hub"])
            if "hub" in victims:
                await drained(gateway, device.ledger)  # a broker that dies now must owe the hub nothing
                await gateway.kill_hub()
            if "broker" in victims:
                await device.leave()
                await asyncio.to_thread(gateway.broker.kill)
                await asyncio.to_thread(gateway.broker.start)
            await presses_surely(device, draw.randint(1, 2))
            if "hub" in victims:
                await gateway.start_hub()
            # What was pressed while the hub was not connected is accepted for its session, which outlives the broker.
            await drained(gateway, device.ledger)
        books = await drained(gateway, device.ledger)
        # A broker that was killed may not know that it had delivered a press: it then counts twice, in one alert.
        check(gateway, device.ledger, books, repeats=True)
        for home in (1, 2):
            alerts = books.of(home)
            assert len(alerts) == bool(device.ledger.presses(home)), f"seed {seed}: {alerts}"
        await device.leave()


@pytest.mark.promise("P1")
@pytest.mark.promise("P7")
async def test_presses_survive_kills_of_the_broker(tmp_path: Path) -> None:
    await kill_brokers(tmp_path, seed=2, kills=3)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.promise("P1")
@pytest.mark.promise("P7")
async def test_presses_survive_many_kills_of_the_broker(tmp_path: Path, soak_limits: SoakLimits) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    await kill_brokers(tmp_path, seed, kills=max(10, soak_limits.kills // 4))


@pytest.mark.promise("P1")
@pytest.mark.promise("P4")
async def test_hub_that_is_told_to_stop_ends_in_time_and_drops_nothing(tmp_path: Path) -> None:
    async with Gateway(tmp_path, homes=4) as gateway:
        ledger = Ledger()
        await gateway.start_hub()
        async with loaded(gateway, ledger) as load:
            await load.many(150)
            code, took_s = await gateway.stop_hub()
            assert code == 0, gateway.log[-20:]
            assert took_s < 5, "systemd would have killed it"
            await load.many(50)
            await gateway.start_hub()
            load.hub_is_back()
            await load.many(50)
        check(gateway, ledger, await drained(gateway, ledger))


@pytest.mark.promise("P7")
@pytest.mark.parametrize("running", [True, False], ids=["hub-runs", "hub-stopped"])
async def test_staff_hear_of_a_session_that_the_broker_lost(tmp_path: Path, running: bool) -> None:
    """With the retained press that differs from the last one known: it may be from the time nobody heard."""
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub()
        await device.presses(1)
        await gateway.gets(family_of(1), USUAL)
        await drained(gateway, device.ledger)
        await device.leave()
        if not running:
            assert (await gateway.stop_hub())[0] == 0
        await asyncio.to_thread(gateway.broker.wipe)
        await device.says("carehub/h2-sos", device.ledger.numbered("button", "active"), retain=True)
        if not running:
            await gateway.start_hub()
        await gateway.gets(STAFF, "The broker lost data")
        [text] = gateway.texts(STAFF, "The broker lost data")
        books = await drained(gateway, device.ledger)
        [lost] = [a for a in books.alerts if a.cause.startswith("session-lost:")]
        assert lost.stage is Stage.OPEN
        if not running:
            # A live subscription would have heard it as a press; one that comes after it hears of it as retained.
            assert "Resident 2" in str(lost.facts["list"]), lost.facts
            assert not books.of(2), "a retained press is not a new press"
            assert "Resident 2" in text or "home-2" in text, text
        assert len(gateway.texts(family_of(1), USUAL)) == 1
        await device.leave()


@pytest.mark.promise("P7")
@pytest.mark.parametrize("left", ["nothing", "all but the database"])
async def test_staff_hear_of_a_data_folder_that_lost_its_database(tmp_path: Path, left: str) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub()
        await device.presses(1)
        await gateway.gets(family_of(1), USUAL)
        await drained(gateway, device.ledger)
        assert (await gateway.stop_hub())[0] == 0
        for file in gateway.file.parent.iterdir():
            if left == "nothing" or file == gateway.file:
                file.unlink()
        if left != "nothing":  # then the folder itself shows it, whatever the broker knows
            await device.leave()
            await asyncio.to_thread(gateway.broker.wipe)
        await gateway.start_hub()
        await gateway.gets(STAFF, "new database")
        await device.presses(2)
        await gateway.gets(family_of(2), USUAL)
        books = gateway.read(Books.read)
        assert books is not None
        assert [a.cause for a in books.alerts if a.home_id not in ("home-1", "home-2")] == ["database-lost"]
        assert not books.of(1), "an alert of the old database rose again"
        await device.leave()
