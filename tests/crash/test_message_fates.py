"""P5 across a crash: a message whose fate nobody wrote down is looked up at the carrier before it is sent again."""

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from simulators.carrier import Fault, FaultKind, Traffic
from tests.crash.ledger import Books, Device, Ledger, check, drained
from tests.harness.process import PATIENT_STEPS, STAFF, Gateway, family_of, until

USUAL = "Reply 1"


async def dies(gateway: Gateway) -> None:
    """Wait until the hub has killed itself where it was told to."""
    assert await gateway.hub_ended() == -signal.SIGKILL


@pytest.mark.promise("P5")
@pytest.mark.parametrize("where", ["before TwilioSms.send#1", "after TwilioSms.send#1"])
async def test_text_is_sent_once_whichever_side_of_the_request_the_hub_dies(tmp_path: Path, where: str) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub(kill_at=where)
        await device.presses(1)
        await dies(gateway)
        await gateway.start_hub()
        books = await drained(gateway, device.ledger)
        check(gateway, device.ledger, books)
        assert len(gateway.texts(family_of(1))) == 1
        await device.leave()


@pytest.mark.promise("P5")
@pytest.mark.parametrize("where", ["before TwilioSms.send#2", "after TwilioSms.send#2"])
async def test_link_is_sent_once_and_opens_whichever_side_of_its_request_the_hub_dies(
    tmp_path: Path, where: str
) -> None:
    async with Gateway(tmp_path, links=True) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub(kill_at=where)
        await device.presses(1)
        await dies(gateway)
        await gateway.start_hub()
        await gateway.gets(family_of(1), "See who has it, take it: http")
        first, second = gateway.texts(family_of(1))
        assert "http" not in first
        async with aiohttp.ClientSession() as browser, browser.get(second.rpartition(" ")[2]) as page:
            assert page.status == 200
            assert "Nobody has taken it yet" in await page.text()
        await device.leave()


@pytest.mark.promise("P4")
@pytest.mark.promise("P5")
@pytest.mark.parametrize("where", ["before TwilioSms.send#1", "after TwilioSms.send#1"])
async def test_look_up_that_died_too_is_made_anew_at_once(tmp_path: Path, where: str) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub(kill_at=where)
        await device.presses(1)
        await dies(gateway)
        await gateway.start_hub(kill_at="before TwilioSms.look_up#1", wait=False)
        await dies(gateway)
        await gateway.start_hub()
        # The claim of the dead hub lasts 25 s; nobody waits for it.
        await gateway.gets(family_of(1), USUAL, patience_s=10)
        check(gateway, device.ledger, await drained(gateway, device.ledger))
        await device.leave()


@pytest.mark.promise("P5")
async def test_hub_that_dies_again_and_again_does_not_give_a_message_up(tmp_path: Path) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub(kill_at="before TwilioSms.send#1")
        await device.presses(1)
        for _ in range(4):
            await dies(gateway)
            await gateway.start_hub(kill_at="before TwilioSms.send#1", wait=False)
        await dies(gateway)
        await gateway.start_hub()
        check(gateway, device.ledger, await drained(gateway, device.ledger))
        assert len(gateway.texts(family_of(1))) == 1
        await device.leave()


@pytest.mark.promise("P5")
async def test_emergency_is_sent_again_with_the_same_code_when_the_carrier_cannot_say(tmp_path: Path) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub(kill_at="after TwilioSms.send#1")
        await device.presses(1)
        await dies(gateway)
        gateway.carrier.faults.add(Fault(FaultKind.UNAVAILABLE, on=Traffic.READ))
        await gateway.start_hub()
        await gateway.gets(family_of(1), USUAL, times=2)
        first, again = gateway.texts(family_of(1))
        assert first == again, "a second text for the same press must look like the first"
        gateway.carrier.faults.clear()
        check(gateway, device.ledger, await drained(gateway, device.ledger), doubled=1)
        await device.leave()


@pytest.mark.promise("P5")
async def test_second_answer_of_the_same_words_is_not_taken_for_the_first(tmp_path: Path) -> None:
    """The look-up finds the text of the first answer at the carrier; it is no proof that the second one left."""
    async with Gateway(tmp_path) as gateway:
        ledger = Ledger()
        await gateway.start_hub(kill_at="before TwilioSms.send#2")
        gateway.carrier.reply(family_of(1), "who is this?")
        await gateway.gets(family_of(1))
        await drained(gateway, ledger, lambda books: len(books.messages) == 1)
        gateway.carrier.reply(family_of(1), "who is this?")
        await dies(gateway)
        await gateway.start_hub()
        books = await drained(gateway, ledger, lambda books: len(books.messages) == 2)
        check(gateway, ledger, books)
        assert len(gateway.texts(family_of(1))) == 2


@pytest.mark.promise("P4")
async def test_reply_that_nobody_could_take_is_asked_for_after_the_restart(tmp_path: Path) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub()
        await device.presses(1)
        await drained(gateway, device.ledger)
        await gateway.kill_hub()
        gateway.carrier.reply(family_of(1), "1")
        await gateway.carrier.settled()  # its webhook found nobody, and the carrier does not repeat it
        await gateway.start_hub()
        books = await drained(gateway, device.ledger, lambda books: books.of(1)[0].holder == "family-1")
        check(gateway, device.ledger, books)
        await device.leave()


@pytest.mark.promise("P4")
async def test_duty_is_delayed_by_no_more_than_the_restart(tmp_path: Path) -> None:
    wait = timedelta(seconds=3)
    steps = [{**PATIENT_STEPS[0], "wait": f"{wait.seconds}s"}, *PATIENT_STEPS[1:]]
    async with Gateway(tmp_path, steps=steps) as gateway:
        device = Device(gateway, Ledger(), qos=0)
        await gateway.start_hub()
        await device.presses(1)
        await gateway.gets(family_of(1), USUAL)
        [alert] = (gateway.read(Books.read) or pytest.fail("nothing to read")).of(1)
        await gateway.kill_hub()
        await gateway.start_hub()
        back_at = datetime.now(UTC)
        await gateway.gets(STAFF, USUAL)
        text = next(m for m in gateway.carrier.messages if m.to == STAFF)
        due_at = alert.opened_at + wait
        # Not before it is due; not later than due, or than the hub was back, by more than a busy machine needs.
        assert due_at <= text.created_at + timedelta(milliseconds=5)
        assert text.created_at <= max(due_at, back_at) + timedelta(seconds=2)
        check(gateway, device.ledger, await drained(gateway, device.ledger))
        await device.leave()


@pytest.mark.promise("P5")
async def test_text_leaves_once_when_the_carrier_comes_back(tmp_path: Path) -> None:
    async with Gateway(tmp_path) as gateway:
        device = Device(gateway, Ledger(), qos=1)
        await gateway.start_hub()
        await gateway.server.stop(abrupt=True)
        await device.presses(1)
        await until(lambda: gateway.logged('"Rejected"'), "the hub has tried")
        await gateway.kill_hub()  # and the hub goes away too
        await gateway.start_hub()
        await device.presses(2)
        await until(lambda: gateway.logged('"Rejected"') >= 2, "the hub has tried again")
        await gateway.server.start()
        back_at = time.monotonic()
        books = await drained(gateway, device.ledger)
        assert time.monotonic() - back_at < 20, "retries are seconds apart, not minutes"
        check(gateway, device.ledger, books)
        for home in (1, 2):
            assert len(gateway.texts(family_of(home))) == 1
        await device.leave()
