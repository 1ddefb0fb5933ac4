"""`carehub homes`: who is away, and until when, beside a running hub."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from hub.cli.alert_lines import DESK
from hub.cli.failure import USAGE, fail
from hub.cli.helping import Commands
from hub.cli.place import ConfigOption, JsonOption, configuration

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.homes import Home
    from hub.settings import Configuration

# Stillness goes unjudged for so long: whoever means more has mistyped a year.
LONGEST = timedelta(days=366)
_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_ALLOWED = '"18:00", "2026-11-24 18:00" or 2026-11-24T18:00+08:00'

app = Commands("""Homes, and what is set for them beside the configuration files.

    What is set here is kept in the database: `carehub apply` lists it and keeps it, `carehub export` writes it back.
    """)


def away(
    home: Annotated[str | None, typer.Argument(metavar="HOME", help="The home's id; without it, who is away.")] = None,
    until: Annotated[
        list[str] | None,
        typer.Argument(metavar="UNTIL", help=f"Local time until which nobody is there: {_ALLOWED}."),
    ] = None,
    until_option: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="The same as UNTIL.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", min=1, max=LONGEST.days, help="For N days from now.")
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="They are back: stillness counts from now.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", metavar="PERSON", help="Who says so: a person's id. Default: the duty desk.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say until when nobody is at home, or that they are back; without a home, list who is away.

    Until then stillness is not judged; after it counts from that time. Being away silences nothing else: calls, gas,
    smoke, carbon monoxide and falls alarm as always. A running hub follows within a second.
    """
    loaded = configuration(config)
    texts = [text for text in (" ".join(until or ()), until_option) if text]
    if len(texts) + (days is not None) + back > 1:
        fail("Say it in one way: a time, --days or --back.", USAGE)
    wanted = bool(texts or days is not None or back)
    if home is None and (wanted or by):
        fail("Name the home: `carehub homes away HOME 18:00`.", USAGE)
    if home is not None and not wanted:
        fail(f"Say until when: `carehub homes away {home} 18:00`, --days N, or --back.", USAGE)

    async def run() -> None:
        from hub.cli.opened import opened

        async with opened(loaded) as engine:
            if home is None:
                _list(engine, loaded, as_json=as_json)
                return
            require(engine, home, by)
            now = engine.clock.now()
            at = now if back else end(texts[0] if texts else days or 0, now, loaded.hub.timezone)
            changed = await engine.away(home, at, by or DESK)
            _tell(changed, engine.clock.now(), loaded.hub.timezone, as_json=as_json)

    asyncio.run(run())


def end(said: str | int, now: datetime, zone: ZoneInfo, *, instead: str = "--back") -> datetime:
    """Return when an absence ends: a local time, the next one of a time of day, or so many days from now.

    What cannot be read, is past or lies years ahead ends the command with a sentence; `instead` ends the mode.
    """
    local = now.astimezone(zone)
    if isinstance(said, int):
        return (local + timedelta(days=said)).astimezone(UTC)
    text = said.strip().replace("：", ":")
    if match := _TIME_OF_DAY.fullmatch(text):
        found = local.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0, fold=0)
        return (found if found > local else found + timedelta(days=1)).astimezone(UTC)
    try:
        read = datetime.fromisoformat(text)
        found = (read.replace(tzinfo=zone) if read.tzinfo is None else read).astimezone(UTC)
    except (ValueError, OverflowError):
        fail(f'"{said}" is not a time. Write {_ALLOWED}.', USAGE)
    if found <= now:
        fail(f"{shown(found, zone)} is past: it is {shown(now, zone)} now. Name a time ahead, or {instead}.", USAGE)
    if found - now > LONGEST:
        fail(f"{shown(found, zone)} is more than a year ahead. Name a time within a year.", USAGE)
    return found


def require(engine: "Engine", home: str, by: str | None) -> None:
    """End the command with a sentence unless home and person exist."""
    registry = engine.world.registry
    if home not in registry.homes:
        fail(f"There is no home {home}. Name one by id: {_some(registry.homes)}.")
    if by is not None and by not in registry.people:
        fail(f"There is no person {by}. Name one by id: {_some(registry.people)}.")


def _some(known: Any) -> str:
    return ", ".join(sorted(known)[:8]) + (" …" if len(known) > 8 else "")


def _list(engine: "Engine", loaded: "Configuration", *, as_json: bool) -> None:
    now, zone = engine.clock.now(), loaded.hub.timezone
    found = [home for home in engine.world.registry.homes.values() if _is_away(home, now)]
    if as_json:
        typer.echo(json.dumps([_row(home, now) for home in found], ensure_ascii=False))
        return
    if not found:
        typer.echo("Nobody is away.")
    for home in sorted(found, key=lambda home: (home.away_until or now, home.id)):
        where = f"{home.who} {home.address}" if home.residents else home.address
        typer.echo(f"{home.id} · {where} · away until {shown(home.away_until or now, zone)}")


def _tell(home: "Home", now: datetime, zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_row(home, now), ensure_ascii=False))
    elif home.away_until is not None and home.away_until > now:
        typer.echo(
            f"{home.id} is away until {shown(home.away_until, zone)}. Stillness is not judged until then; "
            "calls, gas, smoke, carbon monoxide and falls alarm as always."
        )
    else:
        typer.echo(f"{home.id} is back: stillness counts from now.")


def _row(home: "Home", now: datetime) -> dict[str, Any]:
    away_until = home.away_until if _is_away(home, now) else None
    return {"home": home.id, "away": away_until is not None, "away_until": away_until and away_until.isoformat()}


def _is_away(home: "Home", now: datetime) -> bool:
    return home.away_until is not None and home.away_until > now


def shown(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as local date and time."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


app.add(
    "away",
    away,
    "carehub homes away",
    'carehub homes away ah-001 "2026-11-24 18:00"',
    "carehub homes away ah-001 --days 3 --by wang-li",
    "carehub homes away ah-001 --back",
)
