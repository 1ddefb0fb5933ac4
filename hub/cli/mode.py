"""`carehub homes mode`: what a home is in until a time, beside a running hub."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.alert_lines import DESK
from hub.cli.away import end, require, shown
from hub.cli.failure import USAGE, fail
from hub.cli.place import ConfigOption, JsonOption, configuration
from hub.homes import HomeMode

if TYPE_CHECKING:
    from hub.cli.helping import Commands
    from hub.engine import Engine
    from hub.homes import Home
    from hub.settings import Configuration

AS_ALWAYS = "home"
# A test has somebody who stands beside it: it is begun where its results are seen.
_BY_HAND = (HomeMode.AWAY, HomeMode.VISITOR, HomeMode.HOSPITAL, HomeMode.MAINTENANCE)
_WORDS = (AS_ALWAYS, *(mode.value for mode in _BY_HAND))
_MEANS = {
    HomeMode.AWAY: "Nobody is there: stillness is not judged until then, and counts from then.",
    HomeMode.VISITOR: "Somebody else is there too; stillness is judged as always.",
    HomeMode.HOSPITAL: "Nobody is there: stillness is not judged until then, and counts from then.",
    HomeMode.MAINTENANCE: "Notices about its devices wait until then.",
    HomeMode.TEST: "Its devices are being tested.",
}
_ALWAYS = "Calls, gas, smoke, carbon monoxide and falls alarm as always."


def mode(
    home: Annotated[
        str | None, typer.Argument(metavar="HOME", help="The home's id; without it, all homes in a mode.")
    ] = None,
    wanted: Annotated[str | None, typer.Argument(metavar="MODE", help=", ".join(_WORDS))] = None,
    until: Annotated[
        list[str] | None,
        typer.Argument(metavar="UNTIL", help='Local time of its end: "18:00" or "2026-11-24 18:00"; not for `home`.'),
    ] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="For N days from now.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="PERSON", help="Who says so: a person's id. Default: the duty desk.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a home is away, visited, in hospital or being worked on, until a time; it ends by itself.

    away, hospital: stillness is not judged. visitor: shown to staff. maintenance: notices about the home's devices
    wait until its end, at most 8 hours. home: as always. No mode silences calls, gas, smoke, carbon monoxide or falls.
    """
    loaded = configuration(config)
    said, text = _wanted(home, wanted), " ".join(until or ())
    if said is not None and bool(text) == (days is not None):
        fail(f"Say until when, in one way: `carehub homes mode {home} {said.value} 18:00`, or --days N.", USAGE)
    if said is None and (text or days is not None):
        fail("A home that is as always has no end: leave the time out.", USAGE)

    async def run() -> None:
        from hub.cli.opened import opened
        from hub.engine import NoSuchTime

        async with opened(loaded) as engine:
            if home is None or wanted is None:
                _list(engine, loaded, as_json=as_json)
                return
            require(engine, home, by)
            now, zone = engine.clock.now(), loaded.hub.timezone
            at = end(text or days or 0, now, zone, instead=AS_ALWAYS) if said is not None else None
            try:
                changed = await engine.mode(home, said, at, by or DESK)
            except NoSuchTime:
                fail(_too_long(said, now, zone), USAGE)
            _tell(changed, engine.clock.now(), zone, as_json=as_json)

    asyncio.run(run())


def _wanted(home: str | None, wanted: str | None) -> HomeMode | None:
    """Return the mode that is meant; None: as always, or nothing was asked for."""
    if home is not None and wanted is None:
        fail(f"Say which mode: `carehub homes mode {home} away 18:00`. There are {', '.join(_WORDS)}.", USAGE)
    if wanted is None or wanted == AS_ALWAYS:
        return None
    if wanted not in _WORDS:
        fail(f'There is no mode "{wanted}". Write {", ".join(_WORDS)}.', USAGE)
    return HomeMode(wanted)


def _too_long(mode: HomeMode | None, now: datetime, zone: ZoneInfo) -> str:
    from hub.engine.modes import LONGEST

    longest = LONGEST[mode] if mode is not None else timedelta(0)
    return f"{mode} ends by {shown(now + longest, zone)} at the latest. Name an earlier time, and set it anew then."


def _list(engine: "Engine", loaded: "Configuration", *, as_json: bool) -> None:
    now, zone = engine.clock.now(), loaded.hub.timezone
    found = [home for home in engine.world.registry.homes.values() if home.mode_at(now) is not None]
    if as_json:
        typer.echo(json.dumps([_row(home, now) for home in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("All homes are as always.")
    for home in sorted(found, key=lambda home: (_end(home, now), home.id)):
        where = f"{home.who} {home.address}" if home.residents else home.address
        typer.echo(f"{home.id} · {where} · {_row(home, now)['mode']} until {shown(_end(home, now), zone)}")


def _tell(home: "Home", now: datetime, zone: ZoneInfo, *, as_json: bool) -> None:
    holds = home.mode_at(now)
    if as_json:
        typer.echo(json.dumps(_row(home, now), ensure_ascii=False))
    elif holds is not None:
        typer.echo(f"{home.id}: {holds[0].value} until {shown(holds[1], zone)}. {_MEANS[holds[0]]} {_ALWAYS}")
    else:
        typer.echo(f"{home.id} is as always.")


def _row(home: "Home", now: datetime) -> dict[str, Any]:
    holds = home.mode_at(now)
    return {
        "home": home.id,
        "mode": holds[0].value if holds else AS_ALWAYS,
        "until": holds[1].isoformat() if holds else None,
    }


def _end(home: "Home", now: datetime) -> datetime:
    holds = home.mode_at(now)
    return holds[1] if holds is not None else now


def add_to(homes: "Commands") -> None:
    """Add the command to those of homes."""
    homes.add(
        "mode",
        mode,
        "carehub homes mode",
        'carehub homes mode ah-001 hospital "2026-11-24 18:00" --by wang-li',
        "carehub homes mode ah-001 maintenance 17:30",
        "carehub homes mode ah-001 home",
    )
