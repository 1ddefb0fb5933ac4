"""`carehub shelf`: messages that were set aside."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.failure import USAGE, fail
from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, configuration, hub_alone

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.engine.shelf import Retried
    from hub.ports import Shelved
    from hub.settings import Configuration

SHOWN = 200

app = Commands("""Messages that could not be read or handled: kept, counted, shown.

    A message is set aside when its bytes are not what its dialect promises, or when its handling failed three times.
    The newest 1,000 are kept, of one topic 20. `retry` hands them in again, for example after an update.
    """)


def list_shelf(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what was set aside, newest first, with the reason.

    With --json the whole payload is there too, in base64: it may hold any bytes.
    """
    from hub.cli.opened import opened

    loaded = configuration(config)

    async def read() -> "list[Shelved]":
        async with opened(loaded) as engine:
            return await engine.store.read(lambda t: t.shelf())

    rows = asyncio.run(read())
    if as_json:
        typer.echo(json.dumps([_row(row) for row in rows], ensure_ascii=False))
        return
    if not rows:
        typer.echo("The shelf is empty.")
    for row in rows:
        typer.echo(_line(row, loaded.hub.timezone))


def _row(row: "Shelved") -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at.isoformat(),
        "session": row.session,
        "topic": row.topic,
        "payload_base64": base64.b64encode(row.payload).decode(),
        "reason": row.reason,
        "tries": row.tries,
    }


def _line(row: "Shelved", zone: ZoneInfo) -> str:
    """Return a line that no payload can break: a terminal obeys control characters."""
    at = row.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    payload = row.payload[:SHOWN].decode("utf-8", "backslashreplace") + ("…" if len(row.payload) > SHOWN else "")
    tries = f", {row.tries} tries" if row.tries else ""
    return f"{row.id}  {at}  {_printable(f'{row.topic}: {row.reason}{tries}: {payload}')}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def retry_shelf(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID…", help="Which messages, as `shelf list` shows them.", min=1)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is on the shelf.")] = False,
    config: ConfigOption = None,
) -> None:
    """Hand shelved messages in again: after an update, or once a device was configured.

    Each goes the way of all messages, as one that waited since it was set aside: a press is told as late, with its age.
    What was handled leaves the shelf; what could not be stays, with the new reason, and the command ends with 1.
    """
    if bool(ids) == everything:
        fail("Name the messages to try again, as `carehub shelf list` shows them, or --all.", USAGE)
    loaded = hub_alone(config)
    failed = asyncio.run(_retry(loaded, set(ids or ())))
    if failed:
        fail(f"{failed} message{'s' * (failed != 1)} could not be handled. The reason stands above.")


async def _retry(loaded: "Configuration", wanted: set[int]) -> int:
    """Hand messages in again, oldest first; return how many were not handled."""
    from hub.cli.opened import opened

    async with opened(loaded) as engine:
        rows = await engine.store.read(lambda t: t.shelf())
        chosen = [row for row in reversed(rows) if not wanted or row.id in wanted]
        missing = sorted(wanted - {row.id for row in chosen})
        for number in missing:
            typer.echo(f"{number}  is not on the shelf.")
        if not rows:
            typer.echo("The shelf is empty.")
        again = await _reader(engine, loaded)
        results = [(row, await again(row)) for row in chosen]
    for row, done in results:
        typer.echo(_outcome(row, done))
    return len(missing) + sum(done.why is not None for _, done in results)


async def _reader(engine: "Engine", loaded: "Configuration") -> "Callable[[Shelved], Awaitable[Retried]]":
    """Return what hands a message in again, read with all that is known of devices now."""
    from devices.dialects import build
    from hub.engine.shelf import delivery_of, retry
    from hub.ingest.decoding import Decoder
    from hub.ingest.learning import Learning
    from hub.ports import Arrival

    registry = engine.world.registry
    learning = Learning(registry, engine.clock, engine.store)
    decoder = Decoder(registry, build(loaded.hub.dialects), learning)
    await learning.recall(decoder.route, patience_s=None)

    async def again(row: "Shelved") -> "Retried":
        delivery = delivery_of(row, engine.clock.now())
        said = decoder.read(delivery.message)
        route = decoder.route(row.topic)
        if said.teaches and route is not None:
            await learning.learn(*route, delivery.message)
        return await retry(engine, row, Arrival(delivery, said.prefix, said.readings, said.fault))

    return again


def _outcome(row: "Shelved", done: "Retried") -> str:
    """Return a line that no payload can break, as `_line` does."""
    if done.why is not None:
        said = f"stays: {done.why}"
    else:
        said = f"handled: opened alert {', '.join(done.opened)}" if done.opened else "handled"
    return f"{row.id}  {_printable(f'{row.topic}: {said}')}"


app.add("retry", retry_shelf, "carehub shelf retry 17 18", "carehub shelf retry --all")
app.add("list", list_shelf, "carehub shelf list", "carehub shelf list --json")
