"""Stopping, crashing and coming back; state in memory and in a file; time; the command."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulators.carrier import Carrier, CarrierServer, Event, Fault, FaultKind, Journal, RealClock, VirtualClock
from simulators.carrier.command import describe, run
from simulators.carrier.message import count_segments

ACCOUNT, TOKEN = "AC" + "a1" * 16, "0123456789abcdef0123456789abcdef"
OURS, DAUGHTER = "+15005550006", "+447700900101"


async def send(client: Any, **more: Any) -> Any:
    return await client.messages.create_async(to=DAUGHTER, from_=OURS, body="SOS", **more)


@pytest.mark.parametrize("abrupt", [False, True])
async def test_a_stopped_carrier_comes_back_on_its_port_and_goes_on(
    client: Any, server: CarrierServer, carrier: Carrier, clock: VirtualClock, account: Any, abrupt: bool
) -> None:
    message = await send(client, status_callback=f"{account.url}/status")
    url = server.url
    await server.stop(abrupt=abrupt)
    with pytest.raises(aiohttp.ClientError):
        await send(client)
    await clock.advance(60)
    assert (carrier.messages[0].status, account.told) == ("queued", [])
    await server.start()
    assert server.url == url
    await carrier.settled()
    assert (await message.fetch_async()).status == "delivered"
    assert account.statuses == ["sending", "sent", "delivered"]


async def test_a_crash_breaks_requests_that_are_kept_waiting(
    client: Any, server: CarrierServer, carrier: Carrier
) -> None:
    carrier.faults.add(Fault(FaultKind.HANG, delay=timedelta(hours=1)))
    sending = asyncio.create_task(send(client))
    await carrier.events.wait(0, 5)
    assert carrier.pending()
    await server.stop(abrupt=True)
    with pytest.raises(aiohttp.ClientError):
        await sending
    assert carrier.messages == []


async def test_a_carrier_that_keeps_a_file_goes_on_in_a_new_process(tmp_path: Path, clock: VirtualClock) -> None:
    def carrier() -> Carrier:
        return Carrier(ACCOUNT, TOKEN, [OURS], clock=clock, journal=Journal(tmp_path / "var" / "carrier.jsonl"))

    first = carrier()
    sent = first.accept({"To": DAUGHTER, "From": OURS, "Body": "第2遍"})
    answer = first.reply("+447700900102", "STOP")
    second = carrier()
    assert [message.to_row() for message in second.messages] == [sent.to_row(), answer.to_row()]
    assert second.opted_out == {"+447700900102"}
    clock.join(second)
    await second.start()
    await clock.advance(5)
    await second.stop()
    third = carrier()
    assert [(message.sid, message.status) for message in third.messages] == [
        (sent.sid, "delivered"),
        (answer.sid, "received"),
    ]
    assert third.accept({"To": DAUGHTER, "From": OURS, "Body": "x"}).number == 3


def test_a_line_cut_off_by_a_crash_is_no_message(tmp_path: Path) -> None:
    path = tmp_path / "carrier.jsonl"
    carrier = Carrier(ACCOUNT, TOKEN, [OURS], journal=Journal(path))
    carrier.accept({"To": DAUGHTER, "From": OURS, "Body": "whole"})
    with path.open("a") as file:
        file.write('{"sid": "SM1", "bo')
    assert [m.body for m in Carrier(ACCOUNT, TOKEN, [OURS], journal=Journal(path)).messages] == ["whole"]


async def test_a_clock_shared_with_others_needs_only_now_and_sleep() -> None:
    class Shared:
        """A harness's clock: the carrier learns of a jump only by `settled`, or by its own sleep ending."""

        at = datetime(2026, 3, 1, tzinfo=UTC)

        def now(self) -> datetime:
            return self.at

        async def sleep(self, span: timedelta, wake: asyncio.Event | None = None) -> None:
            await asyncio.Event().wait()

    clock = Shared()
    carrier = Carrier(ACCOUNT, TOKEN, [OURS], clock=clock)
    await carrier.start()
    message = carrier.accept({"To": DAUGHTER, "From": OURS, "Body": "SOS"})
    assert carrier.next_due() == clock.at + timedelta(milliseconds=100)
    assert not carrier.busy
    clock.at += timedelta(seconds=5)
    assert carrier.busy
    await carrier.settled()
    assert (message.status, carrier.next_due()) == ("delivered", None)
    await carrier.stop()


async def test_one_step_that_fails_does_not_stop_the_carrier(server: CarrierServer, carrier: Carrier) -> None:
    def listener(event: Event) -> None:
        if event.what == "status" and event.phone == DAUGHTER:
            raise OSError("disk full")

    carrier.events.listen(listener)
    for to in (DAUGHTER, "+447700900102"):
        carrier.accept({"To": to, "From": OURS, "Body": "SOS"})
    await carrier.clock.advance(5)  # type: ignore[attr-defined]
    assert carrier.messages[1].status == "delivered"


async def test_virtual_time_stops_at_each_instant_in_order() -> None:
    clock = VirtualClock()
    woken: list[float] = []

    async def wait(seconds: float) -> None:
        start = clock.now()
        await clock.sleep(timedelta(seconds=seconds))
        woken.append((clock.now() - start).total_seconds())

    tasks = [asyncio.create_task(wait(seconds)) for seconds in (3, 1, 2, 0, 10)]
    await clock.advance(5)
    assert woken == [0, 1, 2, 3]
    tasks[-1].cancel()
    await clock.advance(timedelta(seconds=5))
    assert woken == [0, 1, 2, 3]


@pytest.fixture
async def real() -> AsyncIterator[Carrier]:
    carrier = Carrier(ACCOUNT, TOKEN, [OURS], clock=RealClock())
    await carrier.start()
    yield carrier
    await carrier.stop()


async def test_on_the_wall_clock_a_text_arrives_by_itself(real: Carrier) -> None:
    real.settings.pace = type(real.settings.pace)(*(timedelta(milliseconds=n) for n in (1, 2, 3, 0)))
    real.accept({"To": DAUGHTER, "From": OURS, "Body": "SOS"})
    seen = 0
    while not real.texts(DAUGHTER):
        assert await real.events.wait(seen, 5)
        seen = real.events.last


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 307, 3),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("中" * 135, 3),
        ("🆘" * 35, 1),
        ("🆘" * 36, 2),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, segments: int) -> None:
    assert count_segments(text) == segments


def test_the_log_has_one_line_per_text() -> None:
    at = datetime(2026, 3, 1, 8, 0, 1, tzinfo=UTC)

    def line(what: str, fate: str, error: str = "") -> str | None:
        return describe(Event(1, at, what, phone=DAUGHTER, text="第一行\n第二行", fate=fate, error=error))

    assert str(line("status", "delivered")).endswith(f"  to   {DAUGHTER}  第一行 / 第二行  [delivered]")
    assert str(line("status", "undelivered", "30003")).endswith("[undelivered 30003]")
    assert str(line("refused", "refused", "21211")).endswith("[refused, 21211]")
    assert str(line("accepted", "lost")).endswith("[accepted, then lost]")
    assert str(line("arrived", "sent")).endswith("[arrived, no receipt]")
    assert f"  from {DAUGHTER}  " in str(line("inbound", "received"))
    assert str(line("callback", "sent", "11200 500")).endswith(f"callback about {DAUGHTER} failed: 11200 500")
    assert [line("accepted", "queued"), line("status", "sent"), line("arrived", "delivered")] == [None] * 3


def test_the_command_says_in_a_sentence_that_a_port_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run("127.0.0.1", taken.getsockname()[1], ACCOUNT, TOKEN, OURS, None) == 1
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err
