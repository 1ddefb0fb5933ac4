"""The command: a carrier in a process of its own, with each text on a line of its log."""

import asyncio
import contextlib
import io
import signal
import sys
from pathlib import Path

from simulators.carrier.carrier import Carrier
from simulators.carrier.events import Event
from simulators.carrier.journal import Journal
from simulators.carrier.message import FINAL
from simulators.carrier.server import CarrierServer


def run(
    host: str,
    port: int,
    account_sid: str,
    auth_token: str,
    number: str,
    webhook_url: str | None,
    state_file: Path | None = None,
) -> int:
    """Serve until SIGTERM or Ctrl-C; return 0, or 1 with a sentence on stderr if the port or file cannot be had.

    `number` is ours, `webhook_url` where answers of the phones are reported, `state_file` what outlives a restart.
    """
    try:
        journal = Journal(state_file) if state_file else None
        carrier = Carrier(account_sid, auth_token, [number], webhook_url=webhook_url, journal=journal)
    except OSError as error:
        print(f"The carrier cannot keep its state in {state_file}: {error}", file=sys.stderr)
        return 1
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Chinese still gets its line
    carrier.events.listen(_print)
    try:
        asyncio.run(_serve(CarrierServer(carrier, host, port), number))
    except OSError as error:
        print(f"The carrier cannot listen on {host}:{port}: {error}. Choose another --port.", file=sys.stderr)
        return 1
    return 0


async def _serve(server: CarrierServer, number: str) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    async with server:
        print(f"Simulated carrier on {server.url}, our number {number}. A phone answers with:", flush=True)
        print(
            f"  curl -d '{{\"text\": \"1\"}}' -H 'Content-Type: application/json' "
            f"{server.url}/control/phones/%2B447700900101/reply",
            flush=True,
        )
        await ended.wait()


def _print(event: Event) -> None:
    if line := describe(event):
        with contextlib.suppress(OSError):  # whoever read the log has gone; the carrier goes on
            print(line, flush=True)


def describe(event: Event) -> str | None:
    """Return the log line of an event, time, number, text, fate; None if it says nothing new about a text."""
    if event.what == "inbound":
        fate, direction = "received", "from"
    elif event.what == "refused":
        fate, direction = f"refused, {event.error}", "to  "
    elif event.what == "accepted" and event.fate == "lost":
        fate, direction = "accepted, then lost", "to  "
    elif event.what == "status" and event.fate in FINAL:
        fate, direction = f"{event.fate} {event.error}".strip(), "to  "
    elif event.what == "arrived" and event.fate not in FINAL:
        fate, direction = "arrived, no receipt", "to  "
    elif event.what in ("callback", "webhook") and event.error:
        return f"{_local(event)}  {event.what} about {event.phone} failed: {event.error}"
    else:
        return None
    text = " / ".join(event.text.splitlines())
    return f"{_local(event)}  {direction} {event.phone}  {text}  [{fate}]"


def _local(event: Event) -> str:
    return event.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
