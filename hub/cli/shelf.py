"""`carehub shelf`: messages that were set aside."""

import asyncio
import base64
import json

import typer

from hub.cli.opened import opened
from hub.cli.place import ConfigOption, JsonOption, configuration

app = typer.Typer(help="Messages that could not be read or handled: kept, counted, shown.", no_args_is_help=True)
SHOWN = 200


@app.callback()
def shelf() -> None:
    """Messages that could not be read or handled."""


@app.command("list")
def list_shelf(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what was set aside, newest first, with the reason."""
    loaded = configuration(config)

    async def run() -> None:
        async with opened(loaded) as engine:
            rows = await engine.store.read(lambda t: t.shelf())
        if as_json:
            typer.echo(
                json.dumps(
                    [
                        {
                            "id": r.id,
                            "at": r.at.isoformat(),
                            "session": r.session,
                            "topic": r.topic,
                            "payload_base64": base64.b64encode(r.payload).decode(),
                            "reason": r.reason,
                            "tries": r.tries,
                        }
                        for r in rows
                    ],
                    ensure_ascii=False,
                )
            )
            return
        if not rows:
            typer.echo("The shelf is empty.")
        for row in rows:
            at = row.at.astimezone(loaded.hub.timezone).strftime("%m-%d %H:%M:%S")
            shown = row.payload[:SHOWN].decode("utf-8", "backslashreplace")
            clean = "".join(c if c.isprintable() else "?" for c in f"{row.topic}: {row.reason}: {shown}")
            typer.echo(f"{row.id} {at} {clean}{'…' if len(row.payload) > SHOWN else ''}")

    asyncio.run(run())
