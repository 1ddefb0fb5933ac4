"""`carehub shelf`: messages that were set aside."""

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, configuration

if TYPE_CHECKING:
    from hub.ports import Shelved

SHOWN = 200

app = Commands("""Messages that could not be read or handled: kept, counted, shown.

    A message is set aside when its bytes are not what its dialect promises, or when its handling failed three times.
    The newest 1,000 are kept, of one topic 20.
    """)


@app.callback()
def shelf() -> None:
    """Keep `list` a command of its own: typer would make a lone command the group itself."""


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
    clean = "".join(c if c.isprintable() else "?" for c in f"{row.topic}: {row.reason}{tries}: {payload}")
    return f"{row.id}  {at}  {clean}"


app.add("list", list_shelf, "carehub shelf list", "carehub shelf list --json")
