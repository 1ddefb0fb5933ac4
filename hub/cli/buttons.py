"""`carehub homes buttons`: which call buttons were pressed this week, which are due, which were missed."""

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, configuration

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.weekly import Button, Village


def buttons(
    area: Annotated[str, typer.Option(metavar="CODE", help="Only this area and those below it: a 12-digit code.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the call buttons whose week is over or ends within a day, by area; any press that was heard counts."""
    loaded = configuration(config)

    async def run() -> None:
        from hub.cli.opened import opened

        async with opened(loaded) as engine:
            villages = await _week(engine, area)
            if as_json:
                typer.echo(json.dumps([_row(village) for village in villages], ensure_ascii=False))
            else:
                _tell(engine, villages, loaded.hub.timezone)

    asyncio.run(run())


async def _week(engine: "Engine", area: str) -> "list[Village]":
    from hub.homes import area_stem
    from hub.rules.silence import NAME as SILENCE
    from hub.weekly import unpressed, week

    homes = [home for home in engine.world.registry.homes.values() if home.area.startswith(area_stem(area))]
    presses = await engine.store.read(lambda t: t.presses())
    since = await engine.store.read(lambda t: t.watched_since(SILENCE, unpressed(homes, presses)))
    return week(homes, presses, since, engine.clock.now())


def _tell(engine: "Engine", villages: "list[Village]", zone: ZoneInfo) -> None:
    if not villages:
        typer.echo("No home here has a call button.")
    for village in villages:
        name = engine.world.registry.area_name(village.area)
        typer.echo(f"{name}: {village.missed} missed, {village.due} due, {village.done} done")
        for one in village.waiting:
            pressed = (
                f"last pressed {_shown(one.weekly.last_press, zone)}" if one.weekly.last_press else "never pressed"
            )
            by = _shown(one.weekly.due_at, zone)
            typer.echo(
                f"  {one.weekly.standing.value} · {one.home.id} {one.device.id} · {one.home.who} · {pressed} · by {by}"
            )


def _row(village: "Village") -> dict[str, Any]:
    return {
        "area": village.area,
        "missed": village.missed,
        "due": village.due,
        "done": village.done,
        "buttons": [_button(one) for one in village.waiting],
    }


def _button(one: "Button") -> dict[str, Any]:
    weekly = one.weekly
    return {
        "home": one.home.id,
        "device": one.device.id,
        "standing": weekly.standing.value,
        "last_press": weekly.last_press and weekly.last_press.isoformat(),
        "due_at": weekly.due_at.isoformat(),
    }


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def add_to(app: Commands) -> None:
    """Add the command to those about homes."""
    app.add("buttons", buttons, "carehub homes buttons", "carehub homes buttons --area 620702207200 --json")
