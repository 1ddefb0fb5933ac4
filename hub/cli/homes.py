"""`carehub check-config` and `carehub apply`: people, homes and devices from the files into the database."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hub.alerts.alert import Alert, Stage
from hub.cli.failure import fail, say, sentence
from hub.cli.place import ConfigOption, configuration, language
from hub.homes import Registry

if TYPE_CHECKING:
    from hub.engine import Engine
    from hub.ports import Transaction
    from hub.settings import Configuration


def check_config(config: ConfigOption = None) -> None:
    """Check hub.yaml and all homes*.yaml, without starting anything.

    Every mistake is shown with file, line, what is allowed and what to do, all at once; then it ends with 2. What is
    allowed but may not be meant is shown as a warning. Says too when the database holds something else than the files.
    """
    loaded = configuration(config)
    words = language()
    for warning in loaded.warnings:
        say(f"{'注意：' if words == 'zh-CN' else 'Warning: '}{warning.say(words)}")
    registry = loaded.registry
    devices = sum(len(home.devices) for home in registry.homes.values())
    counts = (_count(len(registry.homes), "home"), _count(len(registry.people), "person", "people"))
    typer.echo(f"{loaded.folder}: {', '.join(counts)}, {_count(devices, 'device')}. No mistakes found.")
    said = asyncio.run(_compared(loaded))
    if said:
        say(said)


def _count(number: int, one: str, more: str | None = None) -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def apply(
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also undo what was changed in the database since the last apply.")
    ] = False,
) -> None:
    """Bring people, homes and devices of the files into the database.

    Shows the difference to what was applied last, and asks. What was changed in the database since is listed and
    kept. People, homes and devices that an open alert needs cannot be removed. A running hub follows within a second:
    new topics are subscribed before old ones are dropped.
    """
    loaded = configuration(config)

    async def run() -> None:
        from hub.cli.opened import opened

        async with opened(loaded) as engine:
            await _apply(engine, loaded, yes=yes, overwrite=overwrite)

    asyncio.run(run())


async def _apply(engine: "Engine", loaded: "Configuration", *, yes: bool, overwrite: bool) -> None:
    from hub.app import applied, dump_text
    from hub.app import apply as write
    from hub.ports import Lane
    from hub.settings.difference import MergeRefused, difference, merge

    before = await engine.store.read(applied)
    found = difference(before, engine.world.registry, loaded.registry)
    try:
        wanted = merge(found, overwrite=overwrite)
    except MergeRefused as error:
        fail(sentence(str(error)))
    for line in found.lines(overwrite=overwrite):
        typer.echo(line)
    applied_before = before is not None and dump_text(before) == dump_text(loaded.registry)
    if applied_before and (found.is_empty or not overwrite):
        typer.echo("The database is as the files say." if found.is_empty else "The files hold nothing new.")
        return
    if not yes and not found.is_empty:
        _ask()
    version = engine.world.registry.version

    def change(transaction: "Transaction") -> int:
        if transaction.registry_version() != version:
            raise ChangedMeanwhile
        _refuse_open(transaction.unresolved(), transaction.registry(), wanted)
        return write(transaction, wanted, loaded.registry)

    try:
        await engine.store.write(Lane.SLOW, change)
    except StillNeeded as error:
        fail(str(error))
    except ChangedMeanwhile:
        fail("The database was changed while you read the difference. Nothing was changed; apply again.")
    # Files that were exported, or edited as the database was, hold nothing new.
    typer.echo("The database is as the files say." if found.is_empty and before is not None else "Applied.")


def _ask() -> None:
    """Ask on the terminal; no answer is no."""
    if not sys.stdin.isatty():
        sys.stderr.write("Apply this? [y/N]: ")
        agreed = sys.stdin.readline().strip().lower() in ("y", "yes")
        sys.stderr.write("\n")
    else:
        agreed = typer.confirm("Apply this?", err=True)
    if not agreed:
        fail("Nothing was changed. Answer y, or add --yes.")


class StillNeeded(Exception):
    """What would be removed has an open alert."""


class ChangedMeanwhile(Exception):
    """The database is not what the difference was made from."""


def _refuse_open(alerts: Sequence[Alert], before: Registry, after: Registry) -> None:
    """Refuse to remove a home, device or person that an open alert needs."""
    from hub.settings.difference import removed

    gone = removed(before, after)
    for alert in alerts:
        if alert.stage is Stage.RESOLVED:
            continue
        needed = {p for rung in alert.ladder.rungs for p in rung.people} | {alert.holder, *alert.helpers}
        lost = [f"Person {p}" for p in gone.people if p in needed]
        lost += [f"Home {h}" for h in gone.homes if h == alert.home_id]
        lost += [f"Device {d}" for h, d in gone.devices if (h, d) == (alert.home_id, alert.device_id)]
        if lost:
            raise StillNeeded(
                f"{lost[0]} cannot be removed while alert {alert.code} is open. "
                f"Resolve it (`carehub alerts resolve {alert.code}`), then apply again. Nothing was changed."
            )


async def _compared(loaded: "Configuration") -> str:
    """Say when the database holds something else than the files, or why that cannot be known."""
    from hub.app import applied
    from hub.cli.opened import database_file, is_there, why_unusable
    from hub.ports import StoreUnavailable
    from hub.settings.difference import difference
    from hub.store import DatabaseUnusable, open_store

    file = database_file(loaded.hub.database)
    if file is not None and not is_there(file):
        return ""
    try:
        store = await asyncio.to_thread(open_store, loaded.hub.database)
    except (DatabaseUnusable, StoreUnavailable, OSError) as error:
        return f"The files were not compared with the database: {why_unusable(error)}"
    try:
        version = await store.read(lambda t: t.registry_version())
        found = difference(await store.read(applied), await store.read(lambda t: t.registry()), loaded.registry)
    except StoreUnavailable as error:
        return f"The files were not compared with the database: {why_unusable(error)}"
    finally:
        await store.close()
    if version == 0 or found.is_empty:
        return ""
    return "The database differs from the files: `carehub apply` shows how, and asks."
